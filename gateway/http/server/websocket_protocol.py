"""uvicorn's WebSocket protocol with a way to cut a connection at once, and without hanging on one that is silent."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.http.connection_cut import CUT


class LimitedWebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, CUT: self._cut}

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut()  # it says goodbye behind all that the client has not taken, which it never will

    def _cut(self) -> None:
        self.transport.abort()
