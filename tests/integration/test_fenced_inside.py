"""Which attempts of a worker process count as fenced ones, seen from inside it."""

import time

import pytest
from redis import Redis

from seriatim import pool
from seriatim.keys import pool_prefix
from seriatim.pool import Done, Retry
from seriatim.records import Doorbell
from seriatim.settings import Settings
from tasks.app import make_app
from tasks.dispatch import Desk
from tests.scripts.stage import POOL, Stage
from workers import pulse
from workers.engines.registry import load
from workers.facts import facts_of
from workers.fenced import refused
from workers.pulse import beat
from workers.station import Speaking, Station, Told


@pytest.fixture
def station(redis: Redis) -> Station:
    settings, engine = Settings(redis_url="redis://nowhere"), load("tone", {"rate_hz": "8000"})
    desk = Desk(redis, make_app("memory://", POOL), POOL, settings)
    return Station(desk, engine, "w1", facts_of(engine, settings, 1))


def test_only_an_end_that_the_pool_would_not_hear_is_counted(station: Station) -> None:
    """A job that is over (GONE) took the sentence from everybody: no other has it."""
    bells = [Doorbell("j", seq, 10 + seq) for seq in range(5)]
    told = [Told(bell, pool.fail(POOL, bell, "epoch", "why", Retry())) for bell in bells]
    calls = refused(station, told, [Done.OK, Done.STALE, Done.GONE, True, Done.STALE])
    assert [call.args[1:] for call in calls] == [(11,), (14,)]


@pytest.mark.parametrize("died", [True, False])
def test_a_beat_tells_what_others_took_from_what_nobody_wants(station: Station, redis: Redis, died: bool) -> None:
    stage = Stage(redis)
    stage.accept("j", 1_000)
    bell = stage.pick_one()
    stage.claim(bell)
    speaking = Speaking(bell, "", allowed_s=5.0)
    station.begin(speaking)
    assert beat(station)
    assert not speaking.dropped.is_set()
    if died:
        stage.leave("w1", died=True)
    else:
        stage.cancel("j")
    assert beat(station) is not died, "a process that was taken for dead is told so"
    assert speaking.dropped.is_set()
    assert speaking.taken is died


def test_a_process_that_connects_again_while_it_asks_about_the_broker_is_not_deaf(
    station: Station, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question takes up to seconds on a busy machine; what happened meanwhile counts."""

    def reconnects(asked: Station) -> bool:
        asked.consumes_s = time.monotonic()
        return True

    station.reached.clear()
    station.consumes_s = time.monotonic() - 3_600
    known = pulse._listen(station, -1)
    redis.hincrby(f"{pool_prefix(POOL)}:m", "lost_messages", pulse.DEAF_AFTER)
    redis.expire(f"{pool_prefix(POOL)}:m", 60)
    monkeypatch.setattr(pulse, "_broker_answers", reconnects)
    monkeypatch.setattr("os._exit", lambda status: pytest.fail(f"it ended with {status}"))
    assert pulse._listen(station, known) == -1
