"""uvicorn's HTTP protocol with limits that it lacks: how large a request's head may be, and how long it may take.

It also tells the application how to cut a connection at once: closing one the polite way waits for a client that takes
nothing, for ever.
"""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 32 * 1024  #: of a request's line and headers
CUT = "cut"  #: in the scope's state: cuts the connection


class Limited(HttpToolsProtocol):
    """One connection."""

    head_s: ClassVar[float] = 30.0  #: a head must have come within so long

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._in_head = False
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        in_head = self._in_head
        super().data_received(data)
        if in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("The request's head is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][CUT] = self.transport.abort
        if not self._in_head:
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if sum(len(n) + len(v) for n, v in self.headers) > HEAD_BYTES:
            raise ValueError  # the parser says 400 to the client

    def on_headers_complete(self) -> None:
        self._head_has_come()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._late = self.loop.call_later(self.head_s, self.transport.close)

    def _head_has_come(self) -> None:
        self._in_head = False
        if self._late is not None:
            self._late.cancel()
            self._late = None
