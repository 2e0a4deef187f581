"""uvicorn's HTTP protocol with the limits that it lacks: size and time of a request's head, number of connections.

When there are too many connections, idle ones are closed to make room for new ones.

The protocol also gives the application a function that cuts a connection at once: an ordinary close waits for a client
that does not read. And it ignores offers to upgrade to HTTP/2, which Java's client sends with every first request
(RFC 9110, 7.8); the parser alone would take the request's body for the other protocol.
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
MAX_HEADERS = 200  #: of a request; browsers behind proxies send about forty
RESET = struct.pack("ii", 1, 0)  #: SO_LINGER: closing discards unsent data and resets the connection
UPGRADE_HEADERS = (b"upgrade", b"http2-settings")  #: of a client that offers another protocol


class UnchunkedResponse(RequestResponseCycle):
    """A response to HTTP/1.0, which has no chunks (RFC 9112, 7.1): a body without a length ends with the connection.

    A response that is cut short is reset, because an ordinary close would look like a complete one.
    """

    endless = False  #: its length is unknown

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.endless = all(name.lower() != b"content-length" for name, _ in message.get("headers", ()))
            self.chunked_encoding = False if self.endless else None
        elif self.endless:
            self.expected_content_length = len(message.get("body", b""))  # any length is as expected
        await super().send(message)

    async def run_asgi(self, app: Any) -> None:
        await super().run_asgi(app)
        if self.endless and not self.response_complete and not self.disconnected:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    head_s: ClassVar[float] = 30.0  #: time limit of a request's head
    max_connections: ClassVar[int] = 2_000  #: of this process
    idle: ClassVar[dict["LimitedHttpProtocol", None]] = {}  #: connections without a request, longest idle first

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = self._raw_bytes = 0  #: of this head: parsed, and received
        self._in_head = self._too_large = False
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._start_head()
        if len(self.connections) > self.max_connections:
            longest = next(iter(self.idle), self)
            self.idle.pop(longest, None)
            longest.transport.abort()
        self.idle[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        in_head = self._in_head
        self._unset_keepalive_if_required()
        try:
            self._feed_parser(data)
        except httptools.HttpParserError:
            self._send_refusal()
        if in_head and self._in_head:  # an unfinished header is in the parser, and not counted yet
            self._raw_bytes += len(data)
            self._too_large = self._raw_bytes > HEAD_BYTES
            if self._too_large and not self.transport.is_closing():
                self._send_refusal()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][CUT] = self.transport.abort
        if not self._in_head:
            self._start_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count_bytes(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # trailers after a body are ignored
            super().on_header(name, value)
            self._count_bytes(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        self._end_head()
        if not self._is_upgrade_offer():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._is_upgrade_offer():
            super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.scope["http_version"] == "1.0":
            cycle.__class__ = UnchunkedResponse
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:
            self.idle[self] = None

    def _feed_parser(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if self._should_upgrade():
                    self.handle_websocket_upgrade()
                    return
                data = self._head_without_upgrade() + data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
            else:
                return

    def _is_upgrade_offer(self) -> bool:
        """Whether the parser expects another protocol, which this server does not support."""
        other = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        return bool(other) and not self._should_upgrade()

    def _head_without_upgrade(self) -> bytes:
        """Rebuild the request's head without the upgrade headers."""
        version = self.parser.get_http_version().encode()
        lines = [b" ".join([self.parser.get_method(), self.url, b"HTTP/" + version])]
        for name, value in self.headers:
            if name == b"connection":
                value = b", ".join(t for t in map(bytes.strip, value.split(b",")) if t.lower() not in UPGRADE_HEADERS)
            if name not in UPGRADE_HEADERS and value:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

    def _count_bytes(self, n_bytes: int) -> None:
        self._head_bytes += n_bytes
        if self._head_bytes > HEAD_BYTES or len(self.headers) > MAX_HEADERS:
            self._too_large = True
            raise ValueError  # leaves the parser as its HttpParserError

    def _send_refusal(self) -> None:
        log.info("a request could not be read", extra={"large": self._too_large})
        if self._too_large:
            limits = f"at most {HEAD_BYTES} bytes and {MAX_HEADERS} headers"
            response = HttpProblem(431, "head_too_large", f"the request's head is too large: {limits}").response()
        else:
            response = HttpProblem(400, "bad_request", "malformed HTTP request").response()
        self._in_head = False
        self.transport.write(_raw_response(response))
        self.transport.close()

    def _start_head(self) -> None:
        self._in_head, self._head_bytes, self._raw_bytes = True, 0, 0
        self._head_timer = self.loop.call_later(self.head_s, self.transport.close)

    def _end_head(self) -> None:
        self._in_head = False
        self.idle.pop(self, None)
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _raw_response(response: Response) -> bytes:
    headers = [*response.raw_headers, (b"x-request-id", uuid4().hex.encode())]
    lines = [b"HTTP/1.1 %d" % response.status_code, *(b": ".join(header) for header in headers)]
    return b"\r\n".join([*lines, b"connection: close", b"", bytes(response.body)])
