"""uvicorn's WebSocket protocol with a function that cuts a connection at once, also after a keepalive timeout.

A connection that was lost has code 1006 (RFC 6455, 7.1.5); uvicorn reports it like a client that closed it properly.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.http.connection_cut import CUT


class LimitedWebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, CUT: self._cut}

    def connection_lost(self, exc: Exception | None) -> None:
        if self.handshake_complete and self.conn.close_rcvd is None:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1006})  # before uvicorn's own
        super().connection_lost(exc)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut()  # the close frame would wait behind unsent audio, for ever

    def _cut(self) -> None:
        self.transport.abort()
