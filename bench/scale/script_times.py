"""Script times in a filled pool: what a sentence, a listener, a text and a worker cost the server.

Every slot of the pool speaks and thousands of jobs wait. Then sentences go their whole way, one after another: opened,
appended in chunks of a second, read, reported as heard, looked at by a reassembler, finished; in turns by the step that
takes the slot's next sentence too (a hot slot), and by messages. No worker and no engine is needed for that: what is
measured is the server's own part of each step, without the way to it.
"""

import math
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from redis import Redis

from bench.broker import started
from bench.load.figures import quantile
from bench.scale.command_times import CommandTimes
from seriatim.dispatch import MAX_PICK
from seriatim.keys import StreamPosition, ordered_stream, shard_of
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.job_scripts import ChunkAppend
from seriatim.lua.pool_records import FinishedSentence, RetryPolicy, Submission, WorkerRegistration
from seriatim.lua.script_calls import ScriptCall, run, run_many
from seriatim.records import JobKind, TaskMessage
from seriatim.state.pool_record import read_epoch

POOL = "scale"
JOBS_OF_USER = 5
SENTENCES, CHUNKS = 3, 5  #: of a job; of a sentence, a second each
CHUNK = bytes(48_000)  #: a second at 24 kHz
SENTENCE_MS = CHUNKS * 1000.0
WALL_MS = 600.0  #: of a sentence in its slot
TOGETHER = 50  #: jobs submitted in one round trip
LEASE_MS = 3_600_000
MESSAGE_MS = 4_000
ENDED_MS = 600_000
HOUR_MS = 3_600_000
SLOWEST = 0.01  #: share of the calls that the mean leaves out: another process had the processor
_RTF = 1e-6  #: a first guess, so that all jobs may wait at once: admission is by demand


@dataclass(frozen=True, slots=True)
class PoolFill:
    """How full a pool is."""

    workers: int
    slots: int  #: of each
    jobs: int  #: live ones, a fifth as many users

    def __str__(self) -> str:
        return f"{self.workers:,} workers, {self.workers * self.slots:,} slots, {self.jobs:,} jobs"


SMALL, LARGE = PoolFill(4, 16, 300), PoolFill(1_000, 2, 4_000)
QUICK_LARGE = PoolFill(1_000, 1, 1_500)


@dataclass(frozen=True, slots=True)
class ScriptTime:
    """Times of one script, or command, in the server, in ms."""

    name: str
    calls: int
    p50_ms: float
    mean_ms: float  #: without the slowest hundredth
    p99_ms: float


def script_time(name: str, times_ms: list[float]) -> ScriptTime:
    """The times of one script, at least one."""
    kept = sorted(times_ms)[: max(1, round(len(times_ms) * (1 - SLOWEST)))]
    return ScriptTime(
        name, len(times_ms), quantile(times_ms, 0.5), sum(kept) / len(kept), quantile(times_ms, 0.99)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BusySlot:
    """A sentence that a worker speaks."""

    message: TaskMessage
    owner: str
    epoch: str


@dataclass(slots=True)
class FilledPool:
    """A pool of which every slot speaks."""

    redis: "Redis"
    fill: PoolFill
    times: CommandTimes
    busy: deque[BusySlot] = field(default_factory=deque)
    _numbers: Iterator[int] = field(default_factory=count)

    def make(self) -> None:
        """Register the workers, submit the jobs, and have all slots speak."""
        run(self.redis, pool_scripts.rebase(POOL))
        facts = WorkerRegistration(
            self.fill.slots, 24_000, "exact", _RTF, 1.0, 0.05, "[]", "tone", "here", 1, 0, hot=True
        )  # fmt: skip
        owners = [f"w{i}" for i in range(self.fill.workers)]
        for first in range(0, len(owners), TOGETHER):
            some = owners[first : first + TOGETHER]
            run_many(self.redis, [pool_scripts.register(POOL, owner, LEASE_MS, facts) for owner in some])
        epoch = read_epoch(self.redis, POOL)
        for _ in range(0, self.fill.jobs, TOGETHER):
            jobs = [self._job() for _ in range(TOGETHER)]
            run_many(self.redis, [call for job in jobs for call in self._submission(job, epoch, picks=False)])
        self._occupy()

    def submit_text(self, epoch: str) -> None:
        """Submit one more job, as a producer does."""
        for call in self._submission(self._job(), epoch, picks=True):
            reply = self.times.run(call)
            if call.script.name == "submit_and_pick":
                for message in reply[1]:
                    self._claim(message, "w0")

    def speak(self, *, hot: bool) -> None:
        """Let the oldest sentence in a slot go its whole way, and the slot take the next one."""
        slot = self.busy.popleft()
        job, seq, attempt = slot.message.job, slot.message.seq, slot.message.attempt
        self.times.run(job_scripts.open_sentence(job, seq, attempt, "exact", 24_000, "A sentence.", "a fingerprint"))
        stream, checksum = ordered_stream(job), 0
        for i in range(CHUNKS):
            checksum = zlib.crc32(CHUNK, checksum)
            chunk = ChunkAppend(i * len(CHUNK), CHUNK, i == CHUNKS - 1, checksum)
            self.times.run(job_scripts.append(job, seq, attempt, chunk, emits=True))
            self._read(stream, f"{seq + 1}-{i * len(CHUNK)}")
            self._report(job, seq, i + 1)
        self.times.run(job_scripts.emit(job))
        self.times.run(job_scripts.due(shard_of(job)))
        self.redis.unlink(stream)  # nothing else bounds the memory of the bench
        finished = FinishedSentence(slot.epoch, WALL_MS, SENTENCE_MS, first_ms=60.0)
        self._take_next_hot(slot, finished) if hot else self._take_next(slot, finished)

    def beat(self, number: int) -> None:
        """Send the heartbeat of one worker, with all that it speaks."""
        owner = f"w{number % self.fill.workers}"
        running = [slot.message for slot in self.busy if slot.owner == owner]
        self.times.run(pool_scripts.beat(POOL, owner, LEASE_MS, self.fill.slots, LEASE_MS, running))

    def sweep(self, interval_ms: int) -> None:
        """Sweep as a worker does, if the last sweep is `interval_ms` ago."""
        self.times.run(pool_scripts.sweep(POOL, interval_ms, 1_000, RetryPolicy()))

    def _job(self) -> Submission:
        number = next(self._numbers)
        return Submission(
            f"{number:032x}", f"user{number // JOBS_OF_USER}", JobKind.LIVE, '{"v":1}', grace_ms=HOUR_MS
        )  # fmt: skip

    def _submission(self, s: Submission, epoch: str, *, picks: bool) -> list[ScriptCall[Any]]:
        """The steps of a producer (seriatim/client/admission.py)."""
        rows = [pool_scripts.sentence_argument(round(SENTENCE_MS), '{"text":"A sentence."}')] * SENTENCES
        submit: ScriptCall[Any] = pool_scripts.submit(POOL, s, rows)
        if picks:
            submit = pool_scripts.submit_and_pick(POOL, s, rows, MAX_PICK, MESSAGE_MS)
        accepted = job_scripts.life(s.job, accepted=True)
        noted = pool_scripts.strike(POOL, epoch, [f"life|{s.job}"])
        return [job_scripts.init(s.job, SENTENCES), submit, accepted, noted]

    def _occupy(self) -> None:
        """As bench/load/picks.py: behind the first sentence it is known that they are long, so that none waits."""
        (first,) = run(self.redis, pool_scripts.pick(POOL, 1, MESSAGE_MS))
        self._claim(first, "w0")
        finished = FinishedSentence(self.busy.popleft().epoch, WALL_MS, SENTENCE_MS)
        run(self.redis, pool_scripts.finish(POOL, first, finished))
        owners = (f"w{i}" for i in range(self.fill.workers) for _ in range(self.fill.slots))
        while messages := run(self.redis, pool_scripts.pick(POOL, MAX_PICK, MESSAGE_MS)):
            named = [(message, next(owners, "w0")) for message in messages]
            claims = [pool_scripts.claim(POOL, message, owner, LEASE_MS) for message, owner in named]
            for (message, owner), claimed in zip(named, run_many(self.redis, claims), strict=True):
                self.busy.append(BusySlot(message, owner, claimed.epoch))

    def _claim(self, message: TaskMessage, owner: str) -> None:
        claimed = self.times.run(pool_scripts.claim(POOL, message, owner, LEASE_MS))
        self.busy.append(BusySlot(message, owner, claimed.epoch))

    def _read(self, stream: str, after: str) -> None:
        self.times.send("XREAD", lambda: self.redis.xread({stream: after}, 64))

    def _report(self, job: str, seq: int, n_chunks: int) -> None:
        """As readers do, once for each chunk."""
        delivered_ms = seq * SENTENCE_MS + n_chunks * 1000
        self.times.run(pool_scripts.ack(POOL, job, delivered_ms, max(0.0, delivered_ms - 3_000)))
        self.times.run(job_scripts.mark_heard(job, StreamPosition(seq + 1, n_chunks * len(CHUNK))))

    def _take_next_hot(self, slot: BusySlot, finished: FinishedSentence) -> None:
        call = pool_scripts.finish_and_claim(
            POOL, slot.message, finished, ENDED_MS, slot.owner, LEASE_MS, MAX_PICK, MESSAGE_MS
        )  # fmt: skip
        reply = self.times.run(call)
        if reply.message is not None and reply.claimed is not None:
            self.busy.append(BusySlot(reply.message, slot.owner, reply.claimed.epoch))
        for message in reply.picked:
            self._claim(message, slot.owner)

    def _take_next(self, slot: BusySlot, finished: FinishedSentence) -> None:
        self.times.run(pool_scripts.finish(POOL, slot.message, finished))
        for message in self.times.run(pool_scripts.pick(POOL, MAX_PICK, MESSAGE_MS)):
            self._claim(message, slot.owner)


def measure(fill: PoolFill, rounds: int) -> Mapping[str, ScriptTime]:
    """The times of all scripts in a pool that is filled so, by name, of `rounds` sentences."""
    with started() as broker, broker.connect() as redis:
        times = CommandTimes(redis)
        pool = FilledPool(redis, fill, times)
        pool.make()
        epoch = read_epoch(redis, POOL)
        _carry_out(pool, epoch, 2)  # so that the server has compiled all scripts
        times.begin()
        _carry_out(pool, epoch, rounds)
        times.collect()
        times.begin()
        for _ in range(rounds):
            pool.sweep(HOUR_MS)
        times.collect(", not due")
    return {name: script_time(name, some) for name, some in sorted(times.times_ms.items())}


def _carry_out(pool: FilledPool, epoch: str, rounds: int) -> None:
    """So many sentences, heartbeats and sweeps, and texts for the sentences."""
    for _ in range(math.ceil(rounds / SENTENCES)):
        pool.submit_text(epoch)
    for i in range(rounds):
        pool.speak(hot=i % 2 == 0)
    for i in range(rounds):
        pool.beat(i)
        pool.sweep(0)
