"""One listener of one job: what arrived, what is being played, what to report. Does no I/O.

It takes everything that is in the ordered stream, as a network does, but reports as used only what was played: the
window is what lies between synthesis and the ear. That is what a caller of `Job.audio` does who plays each piece
before it takes the next. One that buffers reports what it took, when the library's readers do.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bench.load.plan import Ask, RequestResult
from bench.load.player import Player
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.keys import StreamPosition
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import ScriptCall
from seriatim.reader_state import DeliveryState
from seriatim.stream_entries import Audio, End, Entry, ReaderCursor

REPORT_S = 0.5  #: between two reports of one listener


@dataclass(slots=True)
class Listening:
    """Times in seconds from the start of the run."""

    ask: Ask
    result: RequestResult
    job: Job
    cursor: ReaderCursor = field(default_factory=ReaderCursor)
    player: Player = field(init=False)
    after: str = "0-0"  #: read on from here
    places: deque[tuple[float, StreamPosition]] = field(
        default_factory=deque
    )  #: (ms of the job up to here, place), unheard
    due_s: float = 0.0  #: of the next report
    furthest: StreamPosition = field(default_factory=StreamPosition)
    delivery: DeliveryState = field(init=False)  #: of one that buffers

    def __post_init__(self) -> None:
        self.player, self.delivery = Player(self.ask.pace), DeliveryState(self.job.id, self.job.pool)

    def take(self, entries: Iterable[Entry], now_s: float) -> None:
        """Entries of its stream arrive."""
        for entry in entries:
            new = self.cursor.feed(entry)
            if isinstance(new, Audio):
                self._hear(new, now_s)
            elif isinstance(new, End):
                self.result.ended_s, self.result.state = now_s, new.state
                if self.player.got_ms:
                    self.player.begin(now_s)
        self.after = str(self.cursor.position)
        self.delivery.move(self.cursor)

    def _hear(self, audio: Audio, now_s: float) -> None:
        ms = ms_of_bytes(len(audio.pcm), self.cursor.rate_hz)
        if not self.result.chunks:
            self.due_s = now_s + REPORT_S
        self.result.chunks.append((round(now_s, 4), ms))
        self.player.take(now_s, ms)
        self.places.append((self.player.got_ms, audio.position))

    def report(self, now_s: float) -> list[ScriptCall[Any]]:
        """What to tell the pool and the stream now, if anything; nothing before the first sound."""
        if self.ask.buffers:
            due = self.delivery.due(now_s) if self.result.ended_s < 0 else self.delivery.moved
            return self.delivery.report(now_s) if due else []
        if self.ask.silent or not self.result.chunks or now_s < self.due_s or self.result.ended_s >= 0:
            return []
        self.due_s = now_s + REPORT_S
        heard_ms = self.player.heard_ms(now_s)
        while self.places and self.places[0][0] <= heard_ms:
            self.furthest = self.places.popleft()[1]
        ack = pool_calls.ack(self.job.pool, self.job.id, heard_ms, heard_ms)
        return [ack, job_calls.mark_heard(self.job.id, self.furthest)]

    def over(self, now_s: float) -> bool:
        """Has it heard the end, or had enough?"""
        if self.result.ended_s >= 0:
            return self.player.dry_s is None or now_s >= self.player.dry_s
        return self.leaves(now_s)

    def leaves(self, now_s: float) -> bool:
        """Has it had enough, before the end?"""
        chunks = self.result.chunks
        return bool(self.ask.leaves_s and chunks) and now_s >= chunks[0][0] + self.ask.leaves_s
