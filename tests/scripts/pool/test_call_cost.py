"""The cost of one call for the server: of a pick however many slots are busy, of a submission however long it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from redis import Redis

from bench.load.picks import SLOTS, measure
from seriatim.celery_app import make_app
from seriatim.dispatch import PoolClient, sweep
from seriatim.lua.pool_records import Submission
from seriatim.lua.pool_scripts import extend, sentence_argument, submit
from seriatim.lua.pool_scripts import sweep as sweep_call
from seriatim.records import JobKind, TaskMessage
from seriatim.settings import Settings
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver

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


def busy(redis: Redis, slots: int, kind: JobKind) -> tuple[PoolDriver, list[TaskMessage]]:
    """All slots speak sentences of one kind, and a listener waits for the first of its job."""
    redis.flushall()
    stage = PoolDriver(redis, slots=slots)
    stage.accept("first", COST_MS * 4, user="zoe")
    stage.speaks(stage.pick_one(), COST_MS * 4)  # now it is known what a sentence costs
    for n in range(0, slots, 2):
        stage.accept(f"job{n}", *[COST_MS * 4] * 2, user=f"user{n}", kind=kind, window_ms=10**7)
    messages: list[TaskMessage] = []
    while len(messages) < slots:
        messages += stage.pick()
    assert len(messages) == slots
    for message in messages:
        stage.now += 1
        stage.takes("w1", message)
    stage.accept("talk", 1_000, user="ann")
    return stage, messages


def test_a_pick_reads_as_much_with_two_hundred_busy_slots_as_with_four(redis: Redis) -> None:
    found = []
    for slots in (FEW, MANY):
        stage, _ = busy(redis, slots, JobKind.LIVE)
        found.append(cost(redis, stage.pick))
    assert found[0] == found[1]


def test_making_way_reads_as_much_with_two_hundred_batch_sentences_as_with_four(redis: Redis) -> None:
    found = []
    for slots in (FEW, MANY):
        stage, messages = busy(redis, slots, JobKind.BATCH)
        found.append(cost(redis, stage.pick_one))
        assert stage.job("talk", "infl") == "1"
        assert stage.record(messages[-1])[0] == "Q", "the one that was begun last made way"
    assert found[0] == found[1]


def test_batch_that_is_half_spoken_is_looked_at_once_and_not_at_every_pick(redis: Redis) -> None:
    found = []
    for slots in (FEW, MANY):
        stage, _ = busy(redis, slots, JobKind.BATCH)
        stage.now += COST_MS // 2
        assert stage.pick() == [], "nothing makes way any more"
        found.append(cost(redis, stage.pick))
    assert found[0] == found[1]


def test_only_the_process_that_swept_hands_out(redis: Redis) -> None:
    """Two hundred processes that ask who is next, each several times a second, would be the pool's whole load."""
    PoolDriver(redis, slots=2)
    pool_client = PoolClient(redis, make_app("memory://", POOL), POOL, Settings(sweep_ms=60_000))
    redis.hdel(f"seriatim:1:{{p:{POOL}}}:m", "now")  # the server's own clock from here on
    sweep(pool_client)
    redis.config_resetstat()
    sweep(pool_client)
    assert calls(redis, of="evalsha") == 1


def test_each_process_of_a_large_pool_asks_for_the_sweep_less_often(redis: Redis) -> None:
    """Together they ask eight times an interval or more, so that another process sweeps soon where one has died."""
    stage = PoolDriver(redis)
    for n in range(1, 100):
        stage.hire(f"worker {n}")
    assert stage.sweep().processes == 100
    second = stage.do(sweep_call(POOL, 60_000, 0, stage.retry).at(stage.now))
    assert (second.ran, second.processes) == (False, 100), "whoever asks hears how many there are"
    assert [replace(second, processes=n).stretch for n in (0, 1, 8, 20, 80, 1_000)] == [1, 1, 1, 2.5, 10, 10]


def commands_of_a_book(redis: Redis, n: int) -> int:
    """The commands that submit it in two calls, the second of which sends some of the first again."""
    redis.flushall()
    stage = PoolDriver(redis)
    book = [sentence_argument(1_000, f'{{"text":"{seq}"}}') for seq in range(n)]
    job = Submission("book", "ann", JobKind.BATCH, '{"v":1}', closed=False, queue_limit_ms=10**9)
    first, second = submit(POOL, job, book[: n // 2]), extend(POOL, "book", n // 2 - 5, book[n // 2 - 5 :], close=True)
    commands = cost(redis, lambda: stage.do(first)) + cost(redis, lambda: stage.do(second))
    texts = redis.hgetall(f"{P}:jt:book")
    assert texts == {str(seq).encode(): row.encode() for seq, row in enumerate(book)}, "each stands where it belongs"
    assert redis.pttl(f"{P}:jt:book") > 0
    return commands


def test_a_book_is_submitted_with_as_many_commands_as_a_page(redis: Redis) -> None:
    """But for one per five hundred sentences."""
    assert commands_of_a_book(redis, 3_000) - commands_of_a_book(redis, 60) <= 3_000 / 500


def test_the_bench_times_each_pick_of_a_full_pool() -> None:
    found = measure(jobs=100, picks=3)
    assert (found.jobs, found.slots, found.users, found.picks) == (100, SLOTS, 20, 3)
    assert 0 < found.step_p50_ms <= found.step_p99_ms
    assert found.step_p50_ms <= found.trip_p50_ms, "the way there and back takes longer than the step"
    assert found.step_p99_ms <= found.trip_p99_ms
