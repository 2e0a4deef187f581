"""The calls that scripts make for a sentence: a limit for each step of its way, by the server's own count."""

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from redis import Redis

from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.job_scripts import ChunkAppend, JobSlot
from seriatim.lua.pool_records import FinishedSentence, NextSentence
from seriatim.lua.script_calls import run
from seriatim.records import JobKind, TaskMessage
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, PoolDriver

RATE_HZ = 8_000
N_SENTENCES, JOB = 9, "a0" * 16
CHUNK = bytes(1_600)  #: 100 ms
OUTSIDE = ("evalsha", "eval", "config|resetstat", "info")  #: commands of the test
#: Redis commands within the script of each step, for the third sentence of a live job whose listener waits for it.
LIMITS = {
    "claim": 17, "open": 2, "first chunk": 6, "next chunk": 3, "last chunk": 12, "finish": 38, "pick": 35,
    "report": 14,
}  # fmt: skip
HOT_LIMIT = 89  #: of `finish_and_claim`, which is finish, pick and claim


class SentenceWay:
    """A live job, and the commands that its steps cost."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.costs = redis, dict.fromkeys(LIMITS, 0)
        self.pool = PoolDriver(redis, slots=2)
        run(redis, job_scripts.init(JOB, N_SENTENCES, JobSlot(pool=POOL)))
        self.pool.accept(JOB, *[1_000] * N_SENTENCES, kind=JobKind.LIVE, window_ms=60_000)
        run(redis, job_scripts.life(JOB, accepted=True))

    def cost(self, step: str, take: Callable[[], Any]) -> Any:
        """Take a step and note its commands."""
        self.redis.config_resetstat()
        reply = take()
        stats: dict[str, Any] = self.redis.info("commandstats")
        named = {name.removeprefix("cmdstat_"): row["calls"] for name, row in stats.items()}
        self.costs[step] = sum(calls for name, calls in named.items() if name not in OUTSIDE)
        return reply

    def pick(self) -> TaskMessage:
        message: TaskMessage = self.cost("pick", self.pool.pick_one)
        self.redis.zrem(f"seriatim:1:{{p:{POOL}}}:outbox", pool_scripts.outbox_entry(message))
        self.cost("claim", lambda: self.pool.takes("w1", message))
        return message

    def speak(self, message: TaskMessage, n_chunks: int = 3) -> None:
        """Deliver a sentence that was claimed."""
        call = job_scripts.open_sentence(JOB, message.seq, message.attempt, "exact", RATE_HZ, "said")
        self.cost("open", lambda: run(self.redis, call))
        crc = 0
        for i in range(n_chunks):
            crc = zlib.crc32(CHUNK, crc)
            chunk = ChunkAppend(i * len(CHUNK), CHUNK, i == n_chunks - 1, crc)
            append = job_scripts.append(JOB, message.seq, message.attempt, chunk, emits=True)
            step = "last chunk" if chunk.final else "next chunk" if i else "first chunk"
            self.cost(step, partial(run, self.redis, append))
        self.pool.now += 30

    def finished(self, message: TaskMessage) -> FinishedSentence:
        return FinishedSentence(self.pool.epochs[message], 30, 300, 10.0, 10.0)


@pytest.fixture
def way(redis: Redis) -> SentenceWay:
    return SentenceWay(redis)


def test_each_step_of_a_sentence_stays_within_its_limit(way: SentenceWay) -> None:
    for seq in range(3):
        message = way.pick()
        way.speak(message)
        call = pool_scripts.finish(POOL, message, way.finished(message)).at(way.pool.now)
        way.cost("finish", partial(run, way.redis, call))
        way.cost("report", partial(way.pool.ack, JOB, seq * 300 + 300, seq * 300 + 10))
    assert {step: n for step, n in way.costs.items() if n > LIMITS[step]} == {}


def test_a_hot_slot_takes_its_next_sentence_within_its_limit(way: SentenceWay) -> None:
    message = way.pick()
    for _ in range(3):
        way.speak(message)
        call = pool_scripts.finish_and_claim(
            POOL, message, way.finished(message), 600_000, "w1", LEASE_MS, 1, 4_000
        )  # fmt: skip
        following: NextSentence = way.cost("hot", partial(run, way.redis, call.at(way.pool.now)))
        assert following.message is not None
        assert following.claimed is not None
        message = following.message
        way.pool.epochs[message] = following.claimed.epoch
    assert way.costs["hot"] <= HOT_LIMIT
