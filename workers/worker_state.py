"""The state of one worker process: its engine, its running attempts, and flags that its threads share."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from queue import SimpleQueue
from typing import Any

from redis import Redis

from seriatim.dispatch import PoolClient
from seriatim.engine import Engine
from seriatim.lua.pool_records import ClaimResult, NextSentence, WorkerRegistration
from seriatim.lua.script_calls import ScriptCall
from seriatim.records import TaskMessage
from seriatim.tracing import TraceSpan
from workers.hot_slots.sentence_ahead import EnginePlaces, ThreadAhead
from workers.tune.speed_check import SpeedCheck
from workers.worker_lifetime import Lifetime

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SlotRun:
    """The sentences that a slot speaks for one message, which names only the first (hot_slots/next_sentence.py)."""

    until_s: float  #: monotonic time after which the slot's next sentence comes by message again
    free_since_s: float | None = None  #: monotonic time at which the slot's last run ended; None: this is its first
    following: NextSentence | None = None  #: the answer to the last finish
    is_ahead: bool = False  #: it began with a sentence ahead, in a thread beside Celery's
    asks_ahead: bool = False  #: its finish asks for a sentence ahead

    @property
    def on_standby(self) -> bool:
        """Was there no next sentence, and is the slot on standby for one?"""
        return self.following is not None and self.following.standby

    def idle_ms(self, now_s: float) -> int | None:
        """How long the slot has had no sentence, at a monotonic time; None if it never had one."""
        return None if self.free_since_s is None else round((now_s - self.free_since_s) * 1000)

    def give_up_ahead(self, thread: ThreadAhead) -> None:
        """Ask for no sentence ahead any more."""
        if self.asks_ahead:
            self.asks_ahead = False
            thread.give_up()

    def take_following(self) -> "FollowingSentence | None":
        """The sentence that the slot has claimed, once."""
        reply, self.following = self.following, None
        return FollowingSentence(reply.message, reply.claimed) if reply and reply.message and reply.claimed else None


@dataclass(frozen=True, slots=True)
class FollowingSentence:
    """The next sentence of a slot's run."""

    message: TaskMessage
    claimed: ClaimResult | None = None  #: None: the slot has to claim it
    expected: ClaimResult | None = None  #: what that will tell, if the engine may begin meanwhile


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """Longest times for which an attempt may give no audio, in seconds (workers/handover/engine_silence.py)."""

    stalled_s: float  #: then it is stuck, wherever its thread is
    end_s: float = float("inf")  #: then it is stuck, if it was handed over and its thread is in the engine
    handover_s: float = float("inf")  #: then another process speaks it, too
    most_engine_s: float = float("inf")  #: so does it where the engine takes longer than this in all: it trickles


@dataclass(slots=True)
class RunningAttempt:
    """An attempt that this process is speaking. Written by its own thread, read by the heartbeat."""

    message: TaskMessage
    epoch: str
    limits: SilenceLimits
    slot_run: SlotRun = field(default_factory=lambda: SlotRun(0.0))  #: by default no sentence follows this one
    began_s: float = 0.0  #: monotonic time at which the engine had a place for it
    ahead_ms: float = 0.0  #: until then, if it waited for that place
    claimed_s: float = field(default_factory=time.monotonic)  #: monotonic time of the claim
    last_sound_s: float = field(default_factory=time.monotonic)  #: monotonic time of the last audio
    longest_silence_s: float = 0.0  #: longest time that the engine took for a chunk
    engine_s: float = 0.0  #: time that the engine took for all chunks so far
    in_engine: bool = False  #: its thread waits for the engine, not for Redis
    handed_over: bool = False  #: another process speaks it, too: its lease is not renewed
    dropped: threading.Event = field(
        default_factory=threading.Event
    )  #: set when another worker has it, or its job has ended
    reassigned: bool = False  #: with `dropped`: another worker has it, since this process's registration had expired
    first_sound_s: float | None = None  #: monotonic time at which its first audio was in Redis
    span: TraceSpan = field(default_factory=TraceSpan)  #: of the job's trace, if it has one
    waited_ms: int = 0  #: from its dispatch to its claim
    slot: int = 0  #: 0-based, the lowest free one of this process
    n_busy: int = 1  #: slots of its process that spoke as it began, its own among them
    cached: bool = False  #: its audio comes from the cache

    @property
    def first_ms(self) -> float | None:
        """Time from the claim to the first audio, if there is any."""
        return None if self.first_sound_s is None else round((self.first_sound_s - self.claimed_s) * 1000, 1)

    def log_fields(self) -> dict[str, object]:
        """The attempt and its times as fields of a log line."""
        return {
            "job": self.message.job, "seq": self.message.seq, "attempt": self.message.attempt, "slot": self.slot,
            "waited_ms": self.waited_ms, "ahead_ms": round(self.ahead_ms, 1), "first_ms": self.first_ms,
            "elapsed_ms": round((time.monotonic() - self.claimed_s) * 1000, 1),
        }  # fmt: skip

    def note_claim(self, claimed: ClaimResult, limits: SilenceLimits) -> None:
        """Note the answer to the claim of an attempt that began before it (hot_slots/early_start.py)."""
        self.epoch, self.limits, self.waited_ms = claimed.epoch, limits, claimed.waited_ms

    def begin_speaking(self, ahead_s: float = 0.0) -> None:
        """Note that the engine has a place for it now, for which it waited `ahead_s`."""
        self.began_s, self.ahead_ms = time.monotonic(), ahead_s * 1000

    def enter_engine(self) -> None:
        """Note that the engine is asked for audio now."""
        self.last_sound_s, self.in_engine = time.monotonic(), True

    def leave_engine(self) -> None:
        """Note that the engine gave audio now, or its end."""
        now_s, self.in_engine = time.monotonic(), False
        took_s = now_s - self.last_sound_s
        self.longest_silence_s, self.engine_s = max(self.longest_silence_s, took_s), self.engine_s + took_s
        self.last_sound_s = now_s

    def silent_s(self, now_s: float) -> float:
        """How long it has given no audio."""
        return now_s - self.last_sound_s

    def overdue_s(self, now_s: float) -> float:
        """How long another process has been needed for it: a silence, or all the engine's time; 0 if none is."""
        if not self.in_engine:
            return 0.0
        silent_s = self.silent_s(now_s)
        if silent_s > self.limits.handover_s:
            return silent_s
        total_s = self.engine_s + silent_s
        return total_s if total_s > self.limits.most_engine_s else 0.0

    def is_stuck(self, now_s: float) -> bool:
        """True if it has given no audio for longer than its limits allow.

        The shorter limit is for what was handed over, as few sentences are: a machine that is late as a whole must
        not lose all its processes.
        """
        ends = self.in_engine and self.handed_over
        allowed_s = min(self.limits.end_s, self.limits.stalled_s) if ends else self.limits.stalled_s
        return self.silent_s(now_s) > allowed_s


@dataclass(frozen=True, slots=True)
class ReportedOutcome:
    """The outcome of a sentence, and the call that reports it. Its lease is renewed until the call was made."""

    message: TaskMessage
    call: ScriptCall[Any]


def _set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass(slots=True)
class WorkerState:
    """State that the threads of one worker process share."""

    pool_client: PoolClient
    engine: Engine
    owner: str  #: this process among all of the pool: host, pid and a random part
    facts: WorkerRegistration  #: as last sent to the pool
    running: dict[TaskMessage, RunningAttempt] = field(default_factory=dict)
    busy_slots: set[int] = field(default_factory=set)  #: slots that are speaking, 0-based
    lock: threading.Lock = field(default_factory=threading.Lock)
    draining: threading.Event = field(default_factory=threading.Event)  #: finish running sentences, take no more
    accepting: threading.Event = field(default_factory=_set_event)  #: cleared while an operator has paused the consumer
    consuming_since_s: float | None = (
        None  #: monotonic time at which Celery connected to the broker; None: not connected
    )
    waiting_redis: "Redis | None" = None  #: for slots on standby; None: none is
    broker_away: threading.Event = field(
        default_factory=threading.Event
    )  #: Celery tries to connect, or waits until it may: this process takes sentences without messages
    taken: set[TaskMessage] = field(
        default_factory=set
    )  #: by the threads of slots: of each the first message of its run
    thread_end: threading.local = field(
        default_factory=threading.local
    )  #: `at_s`: monotonic time at which the last run of this thread, which is a slot, ended
    places: EnginePlaces = field(init=False)
    ahead: ThreadAhead = field(init=False)
    claims: ThreadPoolExecutor = field(init=False)  #: claims of sentences with which the engine has begun
    n_finished: int = 0  #: sentences finished by this process
    lifetime: Lifetime = field(default_factory=Lifetime)
    speed: SpeedCheck = field(default_factory=SpeedCheck)  #: of its slots, beside what was tuned
    predecessor_gone: bool = False  #: it takes work, and its predecessor's renewal turn is released
    renewing: threading.Event = field(
        default_factory=threading.Event
    )  #: with `draining`: the supervisor starts a fresh process
    renewal_lock: threading.Lock = field(
        default_factory=threading.Lock
    )  #: held while checking whether it may be renewed
    outcomes: "SimpleQueue[ReportedOutcome | tuple[TaskMessage, ...] | None]" = field(
        default_factory=SimpleQueue
    )  #: for the result reporter, with messages to be published; None ends it
    message_received: threading.Event = field(
        default_factory=threading.Event
    )  #: a message arrived since the last heartbeat

    def __post_init__(self) -> None:
        self.places, self.ahead = EnginePlaces(self.engine.slots), ThreadAhead(self.facts.ahead)
        self.claims = ThreadPoolExecutor(self.engine.slots, thread_name_prefix="claim")

    @property
    def closed(self) -> bool:
        """True while it takes no work, paused or draining."""
        return self.draining.is_set() or not self.accepting.is_set()

    def add_attempt(self, attempt: RunningAttempt) -> None:
        """Add a running attempt, and assign it a slot; the heartbeat renews its lease from now on."""
        with self.lock:
            attempt.slot = next(slot for slot in count() if slot not in self.busy_slots)
            self.busy_slots.add(attempt.slot)
            attempt.n_busy = min(len(self.busy_slots), self.places.places)  # one may be ahead
            self.running[attempt.message] = attempt

    def free_slot(self, slot: int) -> None:
        """Free a slot for its next sentence; the outcome of the last one may still be unreported."""
        with self.lock:
            self.busy_slots.discard(slot)

    def note_speed(self, attempt: RunningAttempt, audio_ms: float) -> None:
        """Note how fast a sentence was spoken. The next heartbeat offers fewer or more slots, if that says so."""
        with self.lock:
            n_busy = 0 if attempt.cached else min(attempt.n_busy, len(self.busy_slots))
            change = self.speed.note(audio_ms, attempt.engine_s * 1000, n_busy)
        if change:
            log.warning("speed departs from what was tuned; run seriatim tune", extra=change.log_fields())

    def remove_attempt(self, message: TaskMessage) -> None:
        """Remove an attempt whose outcome was reported; its lease is no longer renewed."""
        with self.lock:
            self.running.pop(message, None)

    def running_attempts(self) -> list[RunningAttempt]:
        """A snapshot of the attempts whose leases are to be renewed."""
        with self.lock:
            return list(self.running.values())

    def drop_attempt(self, message: TaskMessage) -> None:
        """Drop a sentence that is no longer needed: its thread stops at the engine's next chunk.

        Unknown ones are ignored.
        """
        with self.lock:
            attempt = self.running.get(message)
        if attempt is not None:
            attempt.dropped.set()
