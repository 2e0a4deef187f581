"""Lost ends of sentences in a cluster: a promoted replica in the job's slot lacks what the pool has finished."""

from typing import Any

import pytest
from redis import Redis

from seriatim.celery_app import make_app
from seriatim.dispatch import PoolClient
from seriatim.keys import job_prefix
from seriatim.lost_sentences import confirm_finished
from seriatim.lua import job_scripts, pool_scripts
from seriatim.records import JobKind
from seriatim.settings import Settings
from seriatim.stream_entries import End
from tests.scripts.job.slot_driver import Slot, pcm
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver

AUDIO_MS = 1_000
COUNTS = ("jobs", "sentences", "demand", "held", "infl")


def scattered(redis: Redis) -> PoolDriver:
    """A pool as in a cluster, where its jobs are at other masters."""
    redis.hset(f"{P}:m", "scattered", 1)
    return PoolDriver(redis, slots=2)


def pool_client(redis: Redis) -> PoolClient:
    settings = Settings()
    return PoolClient(redis, make_app(settings.broker), POOL, settings)


def replica_of(redis: Redis) -> dict[bytes, Any]:
    """What a replica of the job's master has by now."""
    return {key: redis.dump(key) for key in redis.scan_iter(f"{job_prefix('j')}*")}


def promote(redis: Redis, replica: dict[bytes, Any]) -> None:
    """It takes over: what it lacks is gone."""
    redis.delete(*redis.scan_iter(f"{job_prefix('j')}*"))
    for key, value in replica.items():
        redis.restore(key, 600_000, value)


def confirm(stage: PoolDriver) -> int:
    return confirm_finished(pool_client(stage.redis), stage.now)


def spoken_with_a_lost_end(redis: Redis, kind: JobKind) -> tuple[PoolDriver, Slot]:
    """A job of two sentences that is spoken; the second one's end has reached no replica."""
    stage, slot = scattered(redis), Slot(redis, 2)
    stage.accept("j", AUDIO_MS, AUDIO_MS, kind=kind)
    first, second = stage.pick()
    stage.takes("w1", first, second)
    slot.says(0, first.attempt, pcm(0))
    slot.open(1, second.attempt)
    slot.append(1, second.attempt, 0, pcm(1)[:400])
    replica = replica_of(redis)
    slot.append(1, second.attempt, 400, pcm(1)[400:], final=True)
    stage.finish(first, AUDIO_MS)
    stage.finish(second, AUDIO_MS)
    assert stage.job("j", "state") == "spoken"
    promote(redis, replica)
    slot.emit()
    assert slot.sound() == pcm(0) + pcm(1)[:400]
    return stage, slot


@pytest.mark.parametrize("kind", [*JobKind])
def test_a_lost_end_is_spoken_again_and_nothing_is_heard_twice(redis: Redis, kind: JobKind) -> None:
    """Also where its job was spoken to the end: it is open again, and ends as it would have."""
    stage, slot = spoken_with_a_lost_end(redis, kind)
    before = [round(stage.m(name), 6) for name in COUNTS]
    assert confirm(stage) == 1
    assert stage.job("j", "state") == "run"
    again = stage.pick_one()
    assert again.seq == 1
    stage.takes("w1", again)
    slot.says(1, again.attempt, pcm(1))
    stage.finish(again, AUDIO_MS)
    slot.emit()
    assert slot.sound() == pcm(0) + pcm(1)
    assert isinstance(slot.stream()[-1], End)
    assert stage.job("j", "state") == "spoken"
    assert [round(stage.m(name), 6) for name in COUNTS] == before
    assert confirm(stage) == 0
    assert ":confirm" not in stage.held(), "and this time it is whole"


def test_an_end_is_put_back_once(redis: Redis) -> None:
    """Several processes look, and a call may come twice."""
    stage, _ = spoken_with_a_lost_end(redis, JobKind.LIVE)
    (entry,) = (entry for entry in stage.held()[":confirm"] if entry.startswith("j|1|"))
    assert stage.do(pool_scripts.put_back(POOL, entry).at(stage.now))
    before = stage.held()
    assert not stage.do(pool_scripts.put_back(POOL, entry).at(stage.now))
    assert stage.held() == before


def test_what_is_whole_is_confirmed(redis: Redis) -> None:
    stage, slot = scattered(redis), Slot(redis, 2)
    stage.accept("j", AUDIO_MS, AUDIO_MS)
    first, second = stage.pick()
    for message in (first, second):
        stage.takes("w1", message)
        slot.says(message.seq, message.attempt, pcm(message.seq))
        stage.finish(message, AUDIO_MS)
    assert len(stage.held()[":confirm"]) == 2
    assert confirm(stage) == 0
    assert ":confirm" not in stage.held()
    assert stage.job("j", "state") == "spoken"


def test_a_job_that_was_cancelled_stays_cancelled(redis: Redis) -> None:
    """In the pool, before its own slot knows it."""
    stage, slot = scattered(redis), Slot(redis, 2)
    stage.accept("j", AUDIO_MS, AUDIO_MS)
    first, _ = stage.pick()
    stage.takes("w1", first)
    slot.open(0, first.attempt)
    stage.finish(first, AUDIO_MS)
    stage.cancel("j")
    assert confirm(stage) == 0
    assert stage.job("j", "state") == "cancelled"
    slot.do(job_scripts.end("j", "cancelled", "enough").at(slot.now))
    assert ":confirm" not in stage.held()


def test_one_server_keeps_no_copy_of_what_was_finished(redis: Redis) -> None:
    """It cannot lose a job's audio and keep what its pool knows of it."""
    stage = PoolDriver(redis)
    stage.accept("j", AUDIO_MS)
    stage.speaks(stage.pick_one(), AUDIO_MS)
    assert ":confirm" not in stage.held()
