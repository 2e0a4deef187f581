"""Playback of a turn: how far an agent's audio output has played it, for the gateway, which speaks just ahead of that.

LiveKit says when its output begins to play a turn, and how much of it was played when that is over. In between the
position is estimated: playback moves at the speed of speech, never beyond the audio that has arrived, and stands still
while the agent's state is another than "speaking", as when LiveKit waits whether a noise is an interruption.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import Any

from livekit.agents import AgentSession
from livekit.agents.voice import AgentStateChangedEvent, SpeechHandle, agent_activity
from livekit.agents.voice.io import PlaybackFinishedEvent, PlaybackStartedEvent

REPORT_S = 1.0  #: between two reports while a turn is played

Send = Callable[..., Awaitable[None]]  #: sends a message about a job, `send(type, **fields)`


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


class Playback:
    """The playback of one turn by an agent's audio output."""

    def __init__(self, session: AgentSession, speech: SpeechHandle, send: Send) -> None:
        """Watch the agent's output for a speech that has its first audio.

        Args:
            session: of the agent.
            speech: the one that the turn belongs to.
            send: sends a message about the turn's job, while it runs and later.
        """
        self.clock = PlaybackClock()
        self.job_ended = False  #: the gateway has sent all audio of the turn
        self._session, self._speech, self._send = session, speech, send
        self._started = False
        self._finished: PlaybackFinishedEvent | None = None
        self._over = False  #: the turn was played, or is not played at all
        self._changed = asyncio.Event()
        output = session.output.audio
        self._subscriptions = (
            (output, "playback_started", self._on_started),
            (output, "playback_finished", self._on_finished),
            (session, "agent_state_changed", self._on_state),
        )
        for source, event, handler in self._subscriptions:
            source.on(event, handler)
        speech.add_done_callback(self._on_done)

    @property
    def position_ms(self) -> int:
        """Milliseconds of the turn that were played."""
        return round(self.clock.position(_now_s()) * 1000)

    def add_audio(self, audio_s: float) -> None:
        """Add audio that was passed on to the output."""
        self.clock.add(audio_s, _now_s())

    async def report(self) -> None:
        """Send reports until the turn was played, or was interrupted."""
        try:
            while not self._over:
                with suppress(TimeoutError):
                    async with asyncio.timeout(REPORT_S):
                        await self._changed.wait()
                self._changed.clear()
                if self._started and not self._over:
                    await self._send("heard", ms=self.position_ms)
            await self._report_end()
        finally:
            self._unsubscribe()

    async def _report_end(self) -> None:
        if not self.job_ended:
            return  # it was cancelled with its stream, which has reported the position, or it failed
        if self._finished is not None and not self._finished.interrupted:
            # Not less than the length that the gateway knows, at another sample rate: the listener's share is free.
            await self._send("heard", ms=ceil(self.clock.audio_s * 1000) + 1)
            return
        if self._finished is not None:
            await self._send("heard", ms=round(self._finished.playback_position * 1000))
        await self._send("cancel")

    def _is_current(self) -> bool:
        return self._session.current_speech is self._speech

    def _on_started(self, _event: PlaybackStartedEvent) -> None:
        if self._is_current():
            self._started = True
            self.clock.start(_now_s())
            self._changed.set()

    def _on_finished(self, event: PlaybackFinishedEvent) -> None:
        if self._is_current():
            self.clock.pause(_now_s())
            self._finished, self._over = event, True
            self._changed.set()

    def _on_state(self, event: AgentStateChangedEvent) -> None:
        if self._started and self._is_current():
            (self.clock.start if event.new_state == "speaking" else self.clock.pause)(_now_s())
            self._changed.set()

    def _on_done(self, _speech: SpeechHandle) -> None:
        self._over = True
        self._changed.set()

    def _unsubscribe(self) -> None:
        for source, event, handler in self._subscriptions:
            source.off(event, handler)
        self._speech.remove_done_callback(self._on_done)


def playback_of_agent(send: Send) -> Playback | None:
    """Watch the playback of the speech that the current task synthesizes; None outside an agent with audio output."""
    activity, speech = _of_task("_AgentActivityContextVar"), _of_task("_SpeechHandleContextVar")
    if activity is None or speech is None or activity.session.output.audio is None:
        return None
    return Playback(activity.session, speech, send)


def _of_task(name: str) -> Any:
    """A context variable of LiveKit's, which has no public way to it; None where it is not set, or gone."""
    variable = getattr(agent_activity, name, None)
    return variable.get(None) if variable is not None else None


def _now_s() -> float:
    return asyncio.get_running_loop().time()
