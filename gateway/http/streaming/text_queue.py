"""The text queue of a WebSocket's job: text that the client sent and the job has not taken yet.

The connection can go on reading while text waits here, so that a `cancel` overtakes it. Short neighbouring pieces are
joined: a thousand words that came one by one are a few steps for the job.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

MAX_CHARS = 1_000_000  #: that wait here; further text waits in the client's connection
JOINED_CHARS = 500  #: length up to which pieces are joined

Step = Literal["text", "flush", "close"]


@dataclass(slots=True)
class TextQueue:
    """Steps in order: text, `flush`, `close`. For one reader and one writer on an event loop."""

    ended: bool = False  #: `close` was added; what follows is dropped
    _steps: deque[tuple[Step, str]] = field(default_factory=deque)
    _chars: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def put(self, step: Step, text: str = "") -> None:
        """Add a step; waits while MAX_CHARS of text are waiting."""
        while self._chars >= MAX_CHARS:
            self._changed.clear()
            await self._changed.wait()
        if not self.ended:
            self._steps.append((step, text))
            self._chars += len(text)
            self.ended = step == "close"
            self._changed.set()

    async def get(self) -> tuple[Step, str]:
        """The next step; waits for one."""
        while not self._steps:
            self._changed.clear()
            await self._changed.wait()
        step, text = self._steps.popleft()
        pieces, n_chars = [text], len(text)
        while step == "text" and self._steps and self._steps[0][0] == "text":
            n_chars += len(self._steps[0][1])
            if n_chars > JOINED_CHARS:
                break
            pieces.append(self._steps.popleft()[1])
        text = "".join(pieces)
        self._chars -= len(text)
        self._changed.set()
        return step, text
