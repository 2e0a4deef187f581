"""The ledger of a run: what happened, as far as the checks need it. It outlives every process."""

from collections import Counter
from dataclasses import dataclass, field

from seriatim.stream_entries import ReaderCursor
from tests.simulator.stream_check import StreamCheck


@dataclass(slots=True)
class Ledger:
    """Facts by job id; a sentence is (job id, seq)."""

    acked_ms: dict[str, float] = field(default_factory=dict)  #: job -> the most that the pool was ever seen to know
    confirmed: set[str] = field(default_factory=set)  #: jobs whose slot learned of it
    accepted: set[str] = field(default_factory=set)  #: jobs whose producer learned of it
    waiting: set[str] = field(default_factory=set)  #: producers (plan's job) that are not through
    refused: set[str] = field(default_factory=set)  #: plan's jobs whose producer gave up
    attempts: dict[tuple[str, int], int] = field(default_factory=dict)  #: highest attempt handed out
    gave_way: int = 0  #: sentences that the pool took back for live ones
    fence: int = 0  #: highest attempt of all
    claims: Counter[tuple[str, int]] = field(default_factory=Counter)
    streams: dict[str, StreamCheck] = field(default_factory=dict)
    cursors: dict[str, ReaderCursor] = field(default_factory=dict)  #: where a job's reader is
    reading: set[str] = field(default_factory=set)  #: jobs whose reader is not through
    vanished: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)  #: jobs whose reader got `unknown job`
    signs: dict[str, int] = field(default_factory=dict)  #: job -> virtual ms of the last sign of its reader
    silence_ms: dict[str, int] = field(default_factory=dict)  #: job -> the longest time between two signs
    producer_signs: dict[str, int] = field(default_factory=dict)  #: open job -> virtual ms of its producer's last sign
    pause_ms: dict[str, int] = field(default_factory=dict)

    def sign(self, job: str, now_ms: int) -> None:
        """A reader's report reached the pool."""
        since = self.signs.get(job, now_ms)
        self.silence_ms[job] = max(self.silence_ms.get(job, 0), now_ms - since)
        self.signs[job] = now_ms

    def utter(self, job: str, now_ms: int) -> None:
        """A producer's sign of life reached the pool."""
        since = self.producer_signs.get(job, now_ms)
        self.pause_ms[job] = max(self.pause_ms.get(job, 0), now_ms - since)
        self.producer_signs[job] = now_ms
