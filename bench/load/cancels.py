"""Cancels, to the first sound of the job that waited for the slot: one speaking, one waiting, again and again."""

import time
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from bench.broker import started
from bench.load.figures import quantile
from bench.load.load_system import RTF
from bench.load.plan import text_of
from bench.ours import request, system_on
from gateway.local.processes import WorkerPlan
from seriatim.client.job import Job
from seriatim.client.producer import Producer
from seriatim.lua.pool_scripts import ack
from seriatim.lua.script_calls import run
from seriatim.servers.redis_clients import command_client

TEXT_S = 40.0  #: longer than anybody is let speak
SPEAKS_S = (0.1, 3.0)  #: before the cancel, drawn evenly: at first chunks are short, later the buffer is ahead
POLL_S = 0.001
FIRST_CHUNK_MS = 60  #: of the tone engine
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Cancels:
    """Times in ms. The next one's first chunk, which takes `engine_ms`, is within them."""

    cancels: int
    engine_ms: float
    p50_ms: float
    p99_ms: float


def measure(n: int) -> Cancels:
    """Let one speak while the next waits; cancel; hear when the next begins."""
    random, seeds = Random(5), count()
    worker_plan = WorkerPlan("tone", 1, 1, "", (f"rtf={RTF}",))
    with started() as broker, system_on(broker, worker_plan) as system:
        producer, redis = Producer(system.settings), command_client(broker.url)
        speaking, taken_ms = _submitted(producer, next(seeds)), []
        _await_sound(redis, speaking)
        for _ in range(n):
            waiting = _submitted(producer, next(seeds))
            _listens(redis, speaking, random.uniform(*SPEAKS_S))
            began_s = time.perf_counter()
            speaking.cancel()
            _await_sound(redis, waiting)
            taken_ms.append((time.perf_counter() - began_s) * 1000)
            speaking = waiting
        speaking.cancel()
        producer.close()
    return Cancels(n, FIRST_CHUNK_MS * RTF, quantile(taken_ms, 0.5), quantile(taken_ms, 0.99))


def _submitted(producer: Producer, seed: int) -> Job:
    """Batch jobs: one alone fills a pool of one slot, so admission would refuse a second live one."""
    return producer.enqueue(" ".join(text_of(TEXT_S, seed)), request(user=f"user{seed}"))


def _listens(redis: Any, job: Job, for_s: float) -> None:
    """Hear it for a while, reporting, so that its deadlines lie where a listener's do."""
    end_s = time.perf_counter() + for_s
    while (left_s := end_s - time.perf_counter()) > 0:
        time.sleep(min(left_s, 0.2))
        run(redis, ack(job.pool, job.id, 0, max(0.0, (for_s - left_s) * 1000)))


def _await_sound(redis: Any, job: Job) -> None:
    """Wait for the first chunk in the ordered stream: the entry behind its sentence's marker."""
    until_s = time.perf_counter() + PATIENCE_S
    while redis.xlen(job.stream) < 2:
        if time.perf_counter() > until_s:
            raise TimeoutError(f"job {job.id} was not heard within {PATIENCE_S:.0f} s")
        time.sleep(POLL_S)
