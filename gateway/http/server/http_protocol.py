"""uvicorn's HTTP protocol with limits that it lacks: of a request's head, in size and in time, and of connections.

Where there are too many, those that wait for a request make room for new ones.

It also tells the application how to cut a connection at once: closing one the polite way waits for a client that takes
nothing. And it serves clients that offer to go on in HTTP/2, as Java's do with every first request: the offer is
declined by saying nothing (RFC 9110, 7.8), where the parser would take the request's body for the other protocol.
"""

import asyncio
import logging
import socket
import struct
from typing import Any, ClassVar
from uuid import uuid4

import httptools
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.http.connection_cut import CUT
from gateway.http.problems import HttpProblem

log = logging.getLogger(__name__)

HEAD_BYTES = 32 * 1024  #: of a request's line and headers
HEADERS = 200  #: of a request; browsers behind proxies send about forty
RESET = struct.pack("ii", 1, 0)  #: SO_LINGER: closing throws away, and tells the other side so
OFFERS = (b"upgrade", b"http2-settings")  #: what a client asks for that goes on in another protocol


class UnchunkedResponse(RequestResponseCycle):
    """An answer to HTTP/1.0, which knows no chunks (RFC 9112, 7.1): a body without a length ends with the connection.

    One that is cut is reset: an ordinary end would look like that of a whole one.
    """

    endless = False  #: its length is not known

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.endless = all(name.lower() != b"content-length" for name, _ in message.get("headers", ()))
            self.chunked_encoding = False if self.endless else None
        elif self.endless:
            self.expected_content_length = len(message.get("body", b""))  # as much as comes is what was expected
        await super().send(message)

    async def run_asgi(self, app: Any) -> None:
        await super().run_asgi(app)
        if self.endless and not self.response_complete and not self.disconnected:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    head_s: ClassVar[float] = 30.0  #: a head must have come within so long
    most: ClassVar[int] = 2_000  #: connections of this process
    idle: ClassVar[dict["LimitedHttpProtocol", None]] = {}  #: those without a request, the one that waits longest first

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = self._raw_bytes = 0  #: of this head: as it was read, and as it came
        self._in_head = self._large = False
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_head()
        if len(self.connections) > self.most:
            longest = next(iter(self.idle), self)
            self.idle.pop(longest, None)
            longest.transport.abort()
        self.idle[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        in_head = self._in_head
        self._unset_keepalive_if_required()
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._refuse()
        if in_head and self._in_head:  # one header without an end is in the parser, and not counted yet
            self._raw_bytes += len(data)
            self._large = self._raw_bytes > HEAD_BYTES
            if self._large and not self.transport.is_closing():
                self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][CUT] = self.transport.abort
        if not self._in_head:
            self._await_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # and not behind a body: nobody looks at what comes there
            super().on_header(name, value)
            self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        self._head_has_come()
        if not self._offered():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._offered():
            super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.scope["http_version"] == "1.0":
            cycle.__class__ = UnchunkedResponse
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:
            self.idle[self] = None

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self._should_upgrade():
                    self.handle_websocket_upgrade()
                    return
                data = self._without_offer() + data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
            else:
                return

    def _offered(self) -> bool:
        """Does the parser take what follows for another protocol, and nobody here speaks one?"""
        other = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        return bool(other) and not self._should_upgrade()

    def _without_offer(self) -> bytes:
        """The head that was read, without what made it an offer."""
        version = self.parser.get_http_version().encode()
        lines = [b" ".join([self.parser.get_method(), self.url, b"HTTP/" + version])]
        for name, value in self.headers:
            if name == b"connection":
                value = b", ".join(t for t in map(bytes.strip, value.split(b",")) if t.lower() not in OFFERS)
            if name not in OFFERS and value:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _count(self, n_bytes: int) -> None:
        self._head_bytes += n_bytes
        if self._head_bytes > HEAD_BYTES or len(self.headers) > HEADERS:
            self._large = True
            raise ValueError  # out of the parser, as its HttpParserError

    def _refuse(self) -> None:
        log.info("a request could not be read", extra={"large": self._large})
        if self._large:
            most = f"at most {HEAD_BYTES} bytes and {HEADERS} headers"
            answer = HttpProblem(431, "head_too_large", f"the request's head is too large: {most}").response()
        else:
            answer = HttpProblem(400, "bad_request", "this is no HTTP request that could be read").response()
        self._in_head = False
        self.transport.write(_raw(answer))
        self.transport.close()

    def _await_head(self) -> None:
        self._in_head, self._head_bytes, self._raw_bytes = True, 0, 0
        self._late = self.loop.call_later(self.head_s, self.transport.close)

    def _head_has_come(self) -> None:
        self._in_head = False
        self.idle.pop(self, None)
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _raw(answer: Response) -> bytes:
    headers = [*answer.raw_headers, (b"x-request-id", uuid4().hex.encode())]
    lines = [b"HTTP/1.1 %d" % answer.status_code, *(b": ".join(header) for header in headers)]
    return b"\r\n".join([*lines, b"connection: close", b"", bytes(answer.body)])
