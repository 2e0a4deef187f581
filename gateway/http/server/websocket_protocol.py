"""uvicorn's WebSocket protocol with a function that cuts a connection at once, also after a keepalive timeout."""

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
        self._cut()  # the close frame would wait behind unsent audio, for ever

    def _cut(self) -> None:
        self.transport.abort()
