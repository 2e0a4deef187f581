"""One worker process: its engine, what it is speaking, and what it knows of the time that takes."""

import threading
import time
from dataclasses import dataclass, field
from itertools import count
from queue import SimpleQueue
from typing import Any

from seriatim.dispatch import PoolClient
from seriatim.engine import Engine
from seriatim.lua.pool_records import WorkerRegistration
from seriatim.lua.script_calls import ScriptCall
from seriatim.records import TaskMessage
from seriatim.tracing import TraceSpan
from workers.worker_lifetime import Lifetime


@dataclass(slots=True)
class RunningAttempt:
    """A sentence that this process is speaking. Written by its own thread, read by the pulse."""

    message: TaskMessage
    epoch: str
    allowed_s: float  #: without a sound for so long it is stuck
    claimed_s: float = field(default_factory=time.monotonic)  #: monotonic time of the claim
    heard_s: float = field(default_factory=time.monotonic)  #: and of the last sound
    dropped: threading.Event = field(default_factory=threading.Event)  #: it belongs to somebody else now, or to nobody
    taken: bool = False  #: with `dropped`: others have it, since this process was taken for dead
    first_s: float | None = None  #: monotonic time at which its first sound was in Redis
    span: TraceSpan = field(default_factory=TraceSpan)  #: of the job's trace, if it has one
    waited_ms: int = 0  #: from its pick to its claim
    slot: int = 0  #: 0-based, the lowest of this process that was free

    @property
    def first_ms(self) -> float | None:
        """From the claim to the first sound, if this attempt gave any."""
        return None if self.first_s is None else round((self.first_s - self.claimed_s) * 1000, 1)

    def facts(self) -> dict[str, object]:
        """The attempt, and the time it took, for the log."""
        return {
            "job": self.message.job, "seq": self.message.seq, "attempt": self.message.attempt, "slot": self.slot,
            "waited_ms": self.waited_ms, "first_ms": self.first_ms,
            "elapsed_ms": round((time.monotonic() - self.claimed_s) * 1000, 1),
        }  # fmt: skip

    def sounded(self) -> None:
        """Note that the engine gave something."""
        self.heard_s = time.monotonic()

    def stuck(self, now_s: float) -> bool:
        """Has it been silent for too long?"""
        return now_s - self.heard_s > self.allowed_s


@dataclass(frozen=True, slots=True)
class ReportedOutcome:
    """What became of a sentence, and the call that tells the pool. Its lease is renewed until that was made."""

    message: TaskMessage
    call: ScriptCall[Any]


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass(slots=True)
class WorkerState:
    """What the threads of one worker process share."""

    pool_client: PoolClient
    engine: Engine
    owner: str  #: this process among all of the pool: host, pid and a random part
    facts: WorkerRegistration  #: what it said of itself last
    running: dict[TaskMessage, RunningAttempt] = field(default_factory=dict)
    busy: set[int] = field(default_factory=set)  #: slots that speak, 0-based
    lock: threading.Lock = field(default_factory=threading.Lock)
    draining: threading.Event = field(default_factory=threading.Event)  #: finish what runs, take nothing more
    takes: threading.Event = field(default_factory=_set)  #: clear: an operator has it take nothing, for a while
    consumes_s: float | None = None  #: monotonic time of Celery's connection to the broker; None: there is none
    spoken: int = 0  #: sentences finished here
    lifetime: Lifetime = field(default_factory=Lifetime)
    succeeded: bool = False  #: it takes work, and the process before it is forgotten
    renewing: threading.Event = field(default_factory=threading.Event)  #: with `draining`: a fresh one is to follow
    turn: threading.Lock = field(default_factory=threading.Lock)  #: of asking whether it may be renewed now
    told: "SimpleQueue[ReportedOutcome | None]" = field(
        default_factory=SimpleQueue
    )  #: for the clerk; None: that was all
    reached: threading.Event = field(default_factory=threading.Event)  #: a message came since the pulse last looked

    @property
    def closed(self) -> bool:
        """Does it take nothing more, for a while or for good?"""
        return self.draining.is_set() or not self.takes.is_set()

    def begin(self, speaking: RunningAttempt) -> None:
        """A sentence is being spoken from now on: the pulse renews its lease."""
        with self.lock:
            speaking.slot = next(slot for slot in count() if slot not in self.busy)
            self.busy.add(speaking.slot)
            self.running[speaking.message] = speaking

    def vacate(self, slot: int) -> None:
        """A slot takes its next sentence; what became of the last one may not be told yet."""
        with self.lock:
            self.busy.discard(slot)

    def end(self, message: TaskMessage) -> None:
        """It is over, one way or the other."""
        with self.lock:
            self.running.pop(message, None)

    def snapshot(self) -> list[RunningAttempt]:
        """What is being spoken now."""
        with self.lock:
            return list(self.running.values())

    def allowed_s(self, expected_ms: int) -> float:
        """How long a sentence may be silent: the floor, or twice what it is expected to take if that is more.

        `expected_ms` is the pool's: its engine's first guess until sentences were measured.
        """
        return max(self.pool_client.settings.stall_timeout_ms, 2 * expected_ms) / 1000

    def drop(self, message: TaskMessage) -> None:
        """Nobody wants a sentence any more: its thread stops at the engine's next piece. Unknown ones are no matter."""
        with self.lock:
            speaking = self.running.get(message)
        if speaking is not None:
            speaking.dropped.set()
