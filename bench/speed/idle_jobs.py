"""The processor time of jobs to which nothing happens: open texts whose readers wait for the next sentence.

Each job has spoken three sentences, and its reader reports itself as readers of this library do. What the reassembler
and Redis take with so many jobs, less what they take with none, is the jobs'.
"""

import threading
import time
from dataclasses import dataclass

import psutil  # type: ignore[import-untyped]  # its wheel ships no types
from redis import Redis

from bench.broker import BenchBroker, started
from gateway.local.processes import LocalSystem
from seriatim.keys import StreamPosition
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.job_scripts import ChunkAppend, JobSlot
from seriatim.lua.pool_records import Submission
from seriatim.lua.script_calls import run, run_many
from seriatim.reader_state import ALIVE_S
from seriatim.records import JobKind
from seriatim.settings import Settings

POOL = "idle"
RATE_HZ = 8_000
CHUNK = bytes(6_400)  #: 0.4 s
SENTENCES = 3  #: of each job: its reader frees those before the last, as readers do
TOGETHER = 500  #: jobs in one round trip
SETTLE_S = 20.0  #: until every job is looked at as seldom as it will be


@dataclass(frozen=True, slots=True)
class IdleCost:
    """The processor time of each idle job, in ms for each second of it."""

    jobs: int
    seconds: float
    reassembler_ms: float
    redis_ms: float  #: with the reports of the readers

    @property
    def carried(self) -> float:
        """How many such jobs one reassembler carries on a core; the clock of processes has ticks of 10 ms."""
        return 1000 / max(self.reassembler_ms, 10 / self.seconds / self.jobs)


def measure(jobs: int = 2_000, seconds: float = 20.0, settle_s: float = SETTLE_S) -> IdleCost:
    """Run a reassembler without jobs, then with so many, each time for `seconds`."""
    with started() as broker, broker.connect() as redis:
        settings = Settings(redis_url=broker.url, broker_url=broker.celery_url, store_dir=str(broker.folder))
        with LocalSystem(settings, broker.folder) as system:
            system.start_child("reassembler", "reassembler.main")
            time.sleep(settle_s / 4)
            before = _used_s(system, broker, seconds)
            names = _open_jobs(redis, jobs)
            stopping = threading.Event()
            readers = threading.Thread(target=_report, args=(redis, names, stopping))
            readers.start()
            try:
                time.sleep(settle_s)
                after = _used_s(system, broker, seconds)
            finally:
                stopping.set()
                readers.join()
    reassembler, server = (1000 * (b - a) / seconds / jobs for a, b in zip(before, after, strict=True))
    return IdleCost(jobs, seconds, reassembler, server)


def _open_jobs(redis: "Redis", n: int) -> list[str]:
    """Jobs whose texts go on, with some sentences each that were spoken, and read."""
    run(redis, pool_scripts.rebase(POOL))
    names = [f"{i:032x}" for i in range(n)]
    row = pool_scripts.sentence_argument(400, '{"text":"said"}')
    for first in range(0, n, TOGETHER):
        some = names[first : first + TOGETHER]
        steps = (
            lambda job: job_scripts.init(job, -1, JobSlot(pool=POOL)),
            lambda job: pool_scripts.submit(
                POOL,
                Submission(job, "user", JobKind.BATCH, '{"v":1}', closed=False, queue_limit_ms=10_000),
                [row] * SENTENCES,
            ),
            lambda job: job_scripts.life(job, accepted=True),
        )
        for step in steps:
            run_many(redis, [step(job) for job in some])
        for seq in range(SENTENCES):
            run_many(redis, [job_scripts.open_sentence(job, seq, 1, "exact", RATE_HZ, "said") for job in some])
            last = ChunkAppend(0, CHUNK, final=True, checksum=0)
            run_many(redis, [job_scripts.append(job, seq, 1, last, emits=True) for job in some])
    return names


def _report(redis: "Redis", names: list[str], stopping: threading.Event) -> None:
    """Report for each reader, as often as one reports that waits; all of them spread over that time."""
    position, n_parts = StreamPosition(SENTENCES, len(CHUNK)), max(1, len(names) // TOGETHER)
    while not stopping.is_set():
        for part in range(n_parts):
            run_many(redis, [job_scripts.mark_heard(job, position) for job in names[part::n_parts]])
            stopping.wait(ALIVE_S / n_parts)


def _used_s(system: LocalSystem, broker: BenchBroker, seconds: float) -> tuple[float, float]:
    """Processor time that the reassembler and the server use within `seconds`."""
    processes = [psutil.Process(pid) for pid in (system.children["reassembler"].pid, broker.pid)]
    before = [process.cpu_times() for process in processes]
    time.sleep(seconds)
    after = [process.cpu_times() for process in processes]
    reassembler, server = (b.user + b.system - a.user - a.system for a, b in zip(before, after, strict=True))
    return reassembler, server
