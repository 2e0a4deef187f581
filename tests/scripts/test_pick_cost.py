"""What one pick costs the server: the same, however many slots are busy (docs/architecture.md)."""

from collections.abc import Callable
from typing import Any

from redis import Redis

from seriatim.records import Doorbell, Kind
from seriatim.settings import Settings
from tasks.app import make_app
from tasks.dispatch import Desk, sweep
from tests.scripts.stage import POOL, Stage

FEW, MANY = 4, 200
COST_MS = 4_000  #: of a sentence, in a slot


def calls(redis: Redis, *, of: str = "") -> int:
    """Commands that the server ran since its statistics were reset, those inside of scripts too."""
    stats: dict[str, Any] = redis.info("commandstats")
    named = {name.removeprefix("cmdstat_"): row["calls"] for name, row in stats.items()}
    return int(named.get(of, 0) if of else sum(named.values()))


def cost(redis: Redis, step: Callable[[], object]) -> int:
    redis.config_resetstat()
    step()
    return calls(redis)


def busy(redis: Redis, slots: int, kind: Kind) -> tuple[Stage, list[Doorbell]]:
    """All slots speak sentences of one kind, and a listener waits for the first of its job."""
    redis.flushall()
    stage = Stage(redis, slots=slots)
    stage.accept("first", COST_MS * 4, user="zoe")
    stage.speaks(stage.pick_one(), COST_MS * 4)  # now it is known what a sentence costs
    for n in range(0, slots, 2):
        stage.accept(f"job{n}", *[COST_MS * 4] * 2, user=f"user{n}", kind=kind, window_ms=10**7)
    bells: list[Doorbell] = []
    while len(bells) < slots:
        bells += stage.pick()
    assert len(bells) == slots
    for bell in bells:
        stage.now += 1
        stage.takes("w1", bell)
    stage.accept("talk", 1_000, user="ann")
    return stage, bells


def test_a_pick_reads_as_much_with_two_hundred_busy_slots_as_with_four(redis: Redis) -> None:
    found = []
    for slots in (FEW, MANY):
        stage, _ = busy(redis, slots, Kind.LIVE)
        found.append(cost(redis, stage.pick))
    assert found[0] == found[1]


def test_making_way_reads_as_much_with_two_hundred_batch_sentences_as_with_four(redis: Redis) -> None:
    found = []
    for slots in (FEW, MANY):
        stage, bells = busy(redis, slots, Kind.BATCH)
        found.append(cost(redis, stage.pick_one))
        assert stage.job("talk", "infl") == "1"
        assert stage.record(bells[-1])[0] == "Q", "the one that was begun last made way"
    assert found[0] == found[1]


def test_batch_that_is_half_spoken_is_looked_at_once_and_not_at_every_pick(redis: Redis) -> None:
    found = []
    for slots in (FEW, MANY):
        stage, _ = busy(redis, slots, Kind.BATCH)
        stage.now += COST_MS // 2
        assert stage.pick() == [], "nothing makes way any more"
        found.append(cost(redis, stage.pick))
    assert found[0] == found[1]


def test_only_the_process_that_swept_hands_out(redis: Redis) -> None:
    """Two hundred processes that ask who is next, each several times a second, would be the pool's whole load."""
    Stage(redis, slots=2)
    desk = Desk(redis, make_app("memory://", POOL), POOL, Settings(sweep_ms=60_000))
    redis.hdel(f"seriatim:1:{{p:{POOL}}}:m", "now")  # the server's own clock from here on
    sweep(desk)
    redis.config_resetstat()
    sweep(desk)
    assert calls(redis, of="evalsha") == 1
