"""Request loop: one event loop in a thread of its own makes the requests of all slots of a process.

A slot's thread waits on a queue for what its request brings, so that it notices at once when its sentence is no longer
needed: the request is then cancelled, which closes its connection, so that the server stops, too. Over HTTP/2 one
connection serves all, and httpx2 resets no stream: the server speaks what was dropped to its end.
Connections are reused. One that a server closed meanwhile is noticed when it is used; the request is then sent again,
once, if no byte of an answer had come.

Waits have limits: for a connection, for the first byte of the body, between two bytes.
"""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import httpx2

from seriatim.errors import UnknownOption, UpstreamFailed
from workers.providers.connection_options import ConnectionOptions, shown_host

CANCEL_POLL_S = 0.05  #: how soon a waiting slot notices that its sentence is not needed
KEEP_ALIVE_S = 60.0  #: an idle connection is kept: a new one costs an agent two round trips before its first sound
MOST_ERROR_BYTES = 1 << 16  #: of a body that explains a refusal
CLOSE_S = 5.0
CONNECT_ADVICE = "look at base_url, and whether the server runs"

UNCOMPRESSED = {
    "accept-encoding": "identity"
}  #: a proxy that compresses sound gains nothing, and keeps its first bytes back

Result = TypeVar("Result")
#: at INFO they log the address of every request, which may have a text in it (the engine http), at DEBUG headers, which
#: have the key
for _library in ("httpx2", "httpcore2", "h2", "hpack"):
    logging.getLogger(_library).setLevel(logging.WARNING)
BROKEN = (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError)  #: of a connection that was closed


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One request; `events` reads the body of its answer as server-sent events."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  #: the key is among them
    body: bytes = b""  #: JSON; b"" makes it a GET
    events: bool = False

    @property
    def host(self) -> str:
        """The server's name, for messages."""
        return shown_host(self.url)


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """Status and headers of an answer; the body of a refusal."""

    status: int
    headers: Mapping[str, str]  #: names in any case
    refusal: bytes = b""  #: at most MOST_ERROR_BYTES, where the status is not 200


Part = ResponseHead | bytes | str | UpstreamFailed | None  #: str is an event's data; None is the end
Parts = SimpleQueue[Part]


class RequestLoop:
    """The loop, and the client whose connections all slots share."""

    def __init__(self, options: ConnectionOptions) -> None:
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="requests", daemon=True)
        self._thread.start()
        self._client = self._run(self._make_client())

    def parts(self, request: ProviderRequest, cancelled: Callable[[], bool]) -> Iterator[ResponseHead | bytes | str]:
        """The head of the answer, then its body as it arrives; ends early once `cancelled()` returns True.

        Raises:
            UpstreamFailed: no connection, a limit of time, or an answer that was cut.
        """
        parts: Parts = SimpleQueue()
        exchange = asyncio.run_coroutine_threadsafe(self._exchange(request, parts), self._loop)
        try:
            while not cancelled():
                try:
                    part = parts.get(timeout=CANCEL_POLL_S)
                except Empty:
                    continue
                if part is None:
                    return
                if isinstance(part, UpstreamFailed):
                    raise part
                yield part
        finally:
            exchange.cancel()  # without effect on one that has ended

    def close(self) -> None:
        """Close all connections, and end the thread."""
        self._run(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _make_client(self) -> httpx2.AsyncClient:
        slots = self._options.slots
        return httpx2.AsyncClient(
            http2=self._options.http2,
            verify=_trusted(self._options.ca_file),
            timeout=httpx2.Timeout(None, connect=self._options.connect_s),  # others: `_exchange`
            limits=httpx2.Limits(max_connections=slots, max_keepalive_connections=slots, keepalive_expiry=KEEP_ALIVE_S),
            trust_env=self._options.environment,
        )

    async def _exchange(self, request: ProviderRequest, parts: Parts) -> None:
        """Make one request; its last part is None, or the reason why it failed."""
        try:
            await self._exchange_or_repeat(request, parts)
            parts.put(None)
        except httpx2.ConnectTimeout:
            limit_s = self._options.connect_s
            parts.put(UpstreamFailed(f"no connection to {request.host} within {limit_s:g} s: {CONNECT_ADVICE}"))
        except TimeoutError as error:
            parts.put(UpstreamFailed(f"{request.host}: {error}"))
        except httpx2.ConnectError as error:
            parts.put(UpstreamFailed(f"cannot connect to {request.host}: {error}; {CONNECT_ADVICE}"))
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            parts.put(UpstreamFailed(f"the answer of {request.host} was cut: {reason}"))
        except Exception as error:  # noqa: BLE001  # handed to the slot, which would wait for ever
            parts.put(UpstreamFailed(f"the request to {request.host} failed: {type(error).__name__}"))

    async def _exchange_or_repeat(self, request: ProviderRequest, parts: Parts) -> None:
        answered = asyncio.Event()
        try:
            await self._exchange_once(request, parts, answered)
        except BROKEN:
            if answered.is_set():
                raise
            await self._exchange_once(request, parts, answered)

    async def _exchange_once(self, request: ProviderRequest, parts: Parts, answered: asyncio.Event) -> None:
        wait_s, what, option = self._options.first_byte_s, "sound", "first_byte_s"
        try:
            async with asyncio.timeout(wait_s) as limit, self._opened(request) as response:
                answered.set()
                if response.status_code != httpx2.codes.OK:
                    body = await _beginning(response)
                    parts.put(ResponseHead(response.status_code, response.headers, body))
                    return
                parts.put(ResponseHead(response.status_code, response.headers))
                async for part in _body(response, events=request.events):
                    parts.put(part)
                    wait_s, what, option = self._options.between_bytes_s, "more sound", "between_bytes_s"
                    limit.reschedule(asyncio.get_running_loop().time() + wait_s)
        except TimeoutError:
            raise TimeoutError(f"no {what} within {wait_s:g} s; {option} sets how long to wait") from None

    def _opened(self, request: ProviderRequest) -> Any:
        method = "POST" if request.body else "GET"
        headers = UNCOMPRESSED | dict(request.headers)
        return self._client.stream(method, request.url, headers=headers, content=request.body or None)


def _trusted(ca_file: str) -> ssl.SSLContext | bool:
    """The authorities to check servers by; True: those of this machine.

    Raises:
        UnknownOption: the file cannot be read, or has no certificate.
    """
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=Path(ca_file).expanduser())
    except OSError as error:  # an SSLError is one
        raise UnknownOption(f"ca_file={ca_file}: {error.strerror or error}") from None


async def _beginning(response: httpx2.Response) -> bytes:
    """The body of a refusal, as much as explains it."""
    body = b""
    async for data in response.aiter_bytes():
        body += data
        if len(body) >= MOST_ERROR_BYTES:
            break
    return body[:MOST_ERROR_BYTES]


async def _body(response: httpx2.Response, *, events: bool) -> Any:
    """The parts of a body: bytes, or the data of its events where it consists of those."""
    if events and response.headers.get("content-type", "").lower().startswith("text/event-stream"):
        async for event in httpx2.EventSource(response):
            yield event.data
    else:
        async for data in response.aiter_bytes():
            if data:
                yield data
