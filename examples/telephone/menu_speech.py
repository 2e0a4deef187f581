"""The speech of a telephone menu: one text at a time over the gateway's WebSocket, a new one instead of the last."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection

MENU = {
    "": "Welcome to the harbour office. For the ferry, press 1. For the tides, press 2.",
    "1": "The next ferry leaves at seven.",
    "2": "High tide is at noon.",
}


@dataclass
class MenuSpeech:
    """Speaks over one connection to a gateway."""

    gateway: ClientConnection
    options: dict[str, Any]  #: fields of `start`, such as the format that the telephone wants
    n_requested: int = 0  #: texts that were asked for
    n_started: int = 0  #: those that the gateway has begun

    def interrupt(self) -> None:
        """Let no more sound of the text before through; `speak` follows."""
        self.n_requested += 1

    async def speak(self, key: str) -> None:
        """Speak what belongs to a pressed key, or the menu itself."""
        messages = [{"type": "cancel"}, {"type": "start", **self.options}]
        messages += [{"type": "text", "text": MENU.get(key, MENU[""])}, {"type": "close"}]
        for message in messages:
            await self.gateway.send(json.dumps(message))

    async def sound(self) -> AsyncIterator[bytes]:
        """The sound of the newest text, as it is spoken; b"" at its end.

        Raises:
            RuntimeError: the gateway refused it.
        """
        event: dict[str, Any] = {}
        async for message in self.gateway:
            if isinstance(message, str):
                event = json.loads(message)
                if event["type"] == "error":
                    raise RuntimeError(event["error"]["message"])
                self.n_started += event["type"] == "started"
            is_newest = self.n_started == self.n_requested  # else it is of a text that was interrupted
            if is_newest and isinstance(message, bytes):
                yield message
            if is_newest and event["type"] == "end" and (isinstance(message, bytes) or not event["bytes"]):
                yield b""
