"""Playback of audio contexts: how far the output transport is, for the gateway, which speaks just ahead of that.

The transport says when the bot begins to speak, that it does, and when it has ceased; contexts are played one after
another. In between playback moves at the speed of speech, never beyond the audio that has arrived.
"""

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass, field
from math import ceil

from pipecat.frames.frames import BotSpeakingFrame, BotStartedSpeakingFrame, BotStoppedSpeakingFrame, Frame
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

REPORT_S = 1.0  #: between two reports while a context is played


@dataclass(slots=True)
class PlaybackClock:
    """The position of playback. Times are in s of one clock that never goes back."""

    audio_s: float = 0.0  #: seconds of audio that have arrived
    reached_s: float = 0.0  #: the position at the last change
    running_since_s: float | None = None  #: the time of the last change; None: it stands still

    def position(self, now_s: float) -> float:
        """Seconds of audio that were played."""
        if self.running_since_s is None:
            return self.reached_s
        return min(self.audio_s, self.reached_s + now_s - self.running_since_s)

    def add(self, audio_s: float, now_s: float) -> None:
        """Add audio that arrives now: playback that had run out of it goes on."""
        self._run(now_s, running=self.running_since_s is not None)
        self.audio_s += audio_s

    def start(self, now_s: float) -> None:
        """Playback begins, or goes on."""
        self._run(now_s, running=True)

    def pause(self, now_s: float) -> None:
        """Playback stands still."""
        self._run(now_s, running=False)

    def _run(self, now_s: float, *, running: bool) -> None:
        self.reached_s = self.position(now_s)
        self.running_since_s = now_s if running else None


@dataclass(eq=False)
class SpokenContext:
    """One audio context: its connection, and the task that receives its audio."""

    connection: ClientConnection
    job: str = ""  #: its id; "" before it has started
    receiving: "asyncio.Task[None] | None" = None
    cancelled: bool = False  #: by an interruption: audio that still comes is dropped
    clock: PlaybackClock = field(default_factory=PlaybackClock)
    reported_s: float = 0.0  #: time of the latest report of its playback
    played_out: bool = False  #: the transport has ceased, and no audio has come since
    ended: asyncio.Event = field(default_factory=asyncio.Event)  #: no more audio comes

    async def report(self) -> None:
        """Report how much of it was played."""
        self.reported_s = now_s()
        await self.send("heard", ms=round(self.clock.position(self.reported_s) * 1000))

    async def send(self, kind: str, **fields: float) -> None:
        """Send a message about playback, also behind the end of the job; without a connection it is dropped."""
        if self.job:
            with contextlib.suppress(WebSocketException):
                await self.connection.send(json.dumps({"type": kind, "job": self.job, **fields}))


class PlaybackReports:
    """Reports of the contexts that are played, or will be."""

    def __init__(self) -> None:
        self._contexts: deque[SpokenContext] = deque()  #: in the order in which they are played

    def add_audio(self, context: SpokenContext, audio_s: float) -> None:
        """Add audio of a context that was passed on."""
        if not context.clock.audio_s:
            self._contexts.append(context)
        context.played_out = False
        context.clock.add(audio_s, now_s())

    async def handle_frame(self, frame: Frame) -> None:
        """Handle a frame of the output transport; others are ignored."""
        if not self._contexts:
            return
        context = self._contexts[0]
        if isinstance(frame, BotStartedSpeakingFrame):
            context.clock.start(now_s())
            await context.report()
        elif isinstance(frame, BotSpeakingFrame) and now_s() - context.reported_s >= REPORT_S:
            await context.report()
        elif isinstance(frame, BotStoppedSpeakingFrame) and context.clock.running_since_s is not None:
            context.clock.pause(now_s())  # if it runs: the frame of an interruption may come when another waits
            context.played_out = True
            await self._finish(context)

    async def handle_end(self, context: SpokenContext) -> None:
        """No more audio of a context comes; the transport has ceased already if its silence before that was long."""
        context.ended.set()
        if self._contexts and context is self._contexts[0]:
            await self._finish(context)

    async def interrupt(self) -> None:
        """Nothing more is played. Jobs that still run are cancelled with their audio contexts."""
        stopped, self._contexts = self._contexts, deque()
        for context in stopped:
            await context.report()
            if context.ended.is_set():
                await context.send("cancel")

    def discard(self, context: SpokenContext) -> None:
        """Forget a context that is not played."""
        with contextlib.suppress(ValueError):
            self._contexts.remove(context)

    async def _finish(self, context: SpokenContext) -> None:
        """Report a context that was played; one whose audio is not whole goes on."""
        if context.ended.is_set() and context.played_out:
            self._contexts.popleft()
            # Not less than the length that the gateway knows, at another sample rate: the listener's share is free.
            await context.send("heard", ms=ceil(context.clock.audio_s * 1000) + 1)


def now_s() -> float:
    """The time of the event loop."""
    return asyncio.get_running_loop().time()
