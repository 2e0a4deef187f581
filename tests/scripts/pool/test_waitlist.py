"""The waitlist of refused jobs: at the time that they get there is room, and newcomers do not take it."""

import heapq
import random
from collections.abc import Iterator

import pytest
from redis import Redis

from seriatim.lua.pool_records import SubmitVerdict
from seriatim.lua.pool_scripts import tune_user
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver

TALK = (1_000,) * 4


def full(redis: Redis, n: int = 3, rtf: float = 0.3) -> PoolDriver:
    """A pool with room for three listeners, who listen for 4, 8, 12 s."""
    stage = PoolDriver(redis, slots=1, rtf=rtf)
    for i in range(n):
        stage.accept(f"talk{i}", *[1_000] * 4 * (i + 1), user=f"u{i}")
    return stage


def test_each_refused_job_gets_another_time(redis: Redis) -> None:
    stage = full(redis)
    times = [stage.submit(f"new{i}", *TALK, user=f"new{i}").retry_after_ms for i in range(3)]
    assert times == [4_200, 8_200, 12_200]


def test_a_newcomer_does_not_take_the_room_that_was_promised(redis: Redis) -> None:
    stage = full(redis)
    assert stage.submit("first", *TALK, user="first").retry_after_ms == 4_200
    end_of(stage, "talk0")
    stage.now += 4_100
    assert stage.submit("thief", *TALK, user="thief").verdict is SubmitVerdict.BUSY
    stage.now += 100
    assert stage.submit("first", *TALK, user="first").verdict is SubmitVerdict.ACCEPTED


def test_who_does_not_come_is_not_waited_for(redis: Redis) -> None:
    """And the more of them stay away, the less room is kept for them."""
    stage = full(redis)
    stage.submit("first", *TALK, user="first")
    end_of(stage, "talk0")
    stage.now += 5_201
    assert stage.submit("next", *TALK, user="next").verdict is SubmitVerdict.ACCEPTED
    assert stage.m("kept") == pytest.approx(0.95)


def test_a_promise_that_is_late_keeps_its_turn(redis: Redis) -> None:
    stage = full(redis, rtf=0.25)  # there is room for what the lateness of its claims takes
    stage.submit("first", *TALK, user="first")
    stage.submit("second", *TALK, user="second")
    stage.now += 4_200
    again = stage.submit("first", *TALK, user="first")
    assert again.verdict is SubmitVerdict.BUSY
    assert again.retry_after_ms <= 4_000, "talk0 has not spoken at all: it is expected anew"
    end_of(stage, "talk0")
    stage.now += again.retry_after_ms
    assert stage.submit("second", *TALK, user="second").verdict is SubmitVerdict.BUSY
    assert stage.submit("first", *TALK, user="first").verdict is SubmitVerdict.ACCEPTED


def test_who_asks_again_and_again_keeps_no_room_from_others(redis: Redis) -> None:
    stage = full(redis)
    for i in range(40):
        stage.submit(f"hog{i}", *TALK, user="hog")
    assert redis.zcard(f"{P}:line") == 8
    for i in range(400):
        stage.submit(f"many{i}", *TALK, user=f"many{i}")
    assert redis.zcard(f"{P}:line") == 256


def test_a_late_promise_keeps_the_order(redis: Redis) -> None:
    stage = full(redis)
    times = [stage.submit(name, *TALK, user=name).retry_after_ms for name in ("first", "second")]
    assert times == [4_200, 8_200]
    late = times[0]
    for _ in range(4):
        stage.now += late
        late = stage.submit("first", *TALK, user="first").retry_after_ms
    assert stage.submit("second", *TALK, user="second").retry_after_ms > late, "though it got an earlier time"


def test_who_is_spoken_to_the_end_keeps_its_share_until_it_has_heard_it(redis: Redis) -> None:
    stage = full(redis)
    stage.now += 500
    end_of(stage, "talk0")
    assert [stage.m("demand"), stage.m("held")] == pytest.approx([0.6, 0.3])
    assert stage.submit("new", *TALK, user="new").verdict is SubmitVerdict.BUSY
    stage.now += 3_500
    stage.accept("newer", *TALK, user="new")
    assert stage.m("held") == 0


def test_a_listener_who_heard_the_end_or_cancels_after_it_was_spoken_gives_its_share_back(redis: Redis) -> None:
    stage = full(redis)
    for name in ("talk0", "talk1"):
        end_of(stage, name)
    assert redis.zcard(f"{P}:held") == 2
    stage.ack("talk0", 4_000, heard_ms=3_999)
    assert redis.zcard(f"{P}:held") == 2
    stage.ack("talk0", 4_000, heard_ms=4_000)
    stage.cancel("talk1")
    assert (redis.zcard(f"{P}:held"), stage.m("held")) == (0, 0)


def test_a_held_share_blocks_no_slot_that_is_not_needed(redis: Redis) -> None:
    """All is spoken and they still listen: others may come, but no more than 1.4 times as many as the room is for."""
    stage = PoolDriver(redis, slots=2, rtf=0.25)
    for i in range(7):
        stage.accept(f"talk{i}", *TALK, user=f"u{i}")
    assert stage.submit("new", *TALK, user="new").verdict is SubmitVerdict.BUSY
    while messages := stage.pick():
        for message in messages:
            stage.speaks(message, 1_000)
    for i in range(7, 10):
        stage.accept(f"talk{i}", *TALK, user=f"u{i}")
        end_of(stage, f"talk{i}")
    assert stage.submit("newer", *TALK, user="newer").verdict is SubmitVerdict.BUSY


@pytest.mark.parametrize("rtf", [0.5, 0.9])
def test_a_small_pool_that_speaks_nothing_takes_the_next_though_the_last_is_still_heard(
    redis: Redis, rtf: float
) -> None:
    """A client that asks for its sentences one by one, each before the one before it is over."""
    stage = PoolDriver(redis, slots=1, rtf=rtf)
    stage.accept("one", *TALK)
    end_of(stage, "one")
    stage.accept("two", *TALK)
    end_of(stage, "two")
    assert stage.submit("three", *TALK).verdict is SubmitVerdict.BUSY


def test_a_newcomer_may_use_room_that_is_kept_for_later(redis: Redis) -> None:
    """A job ends before its time, which was promised: until then a short talk may have its room, and no long one."""
    stage = full(redis)
    assert stage.submit("first", *TALK, user="first").retry_after_ms == 4_200
    stage.cancel("talk0")
    stage.now += 1_100
    assert stage.submit("long", *[1_000] * 4, user="long").verdict is SubmitVerdict.BUSY
    stage.accept("short", *[1_000] * 3, user="short")


def test_barge_in_finds_its_room_past_those_who_wait(redis: Redis) -> None:
    """The listener interrupts: what it said before ends, what it says now begins, and no other sentence is cut."""
    stage = full(redis)
    for i in range(3):
        stage.submit(f"new{i}", *TALK, user=f"new{i}")
    messages = stage.pick()
    for message in messages:
        stage.takes("w1", message)
    stage.cancel("talk2")
    stage.now += 800
    assert stage.submit("new9", *TALK, user="new9").verdict is SubmitVerdict.BUSY
    stage.accept("again", *TALK, user="u2")
    for message in messages:
        if message.job != "talk2":
            stage.finish(message, 1_000)
    assert stage.pick_one().job == "again", "within one sentence of the others"


def test_a_barge_in_that_does_not_come_is_waited_for_a_second(redis: Redis) -> None:
    stage = full(redis)
    stage.submit("first", *TALK, user="first")
    stage.cancel("talk2")
    stage.now += 1_001
    assert stage.submit("first", *TALK, user="first").verdict is SubmitVerdict.ACCEPTED
    assert redis.zcard(f"{P}:line") == 0


def test_the_end_of_open_jobs_is_unknown(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1, rtf=0.5)
    stage.accept("talk", 1_000, closed=False, producer_ms=60_000)
    assert stage.submit("new", 1_000, user="bob").retry_after_ms == 20_200
    assert redis.zcard(f"{P}:ends") == 0


@pytest.mark.parametrize(
    "share",
    [pytest.param(0.9, id="most come back"), pytest.param(0.5, id="half come back", marks=pytest.mark.thorough)],
)
@pytest.mark.thorough
def test_of_those_who_come_back_in_time_nine_of_ten_get_in(redis: Redis, share: float) -> None:
    """A quarter more than the pool can serve, talks of 4 to 20 s, three minutes; who is accepted is spoken in time."""
    stage = PoolDriver(redis, slots=4, rtf=0.25)
    came, got = simulate(stage, random.Random(7), share)
    assert came > 30
    assert got / came >= 0.9


def simulate(stage: PoolDriver, rng: random.Random, share: float) -> tuple[int, int]:
    """Listeners come on their own; of those refused `share` comes back in time. Returns how many did, and got in."""
    events: list[tuple[int, int, str, int]] = []
    count = iter(range(100_000))

    def later(at_ms: float, what: str, n: int) -> None:
        heapq.heappush(events, (int(at_ms), next(count), what, n))

    begin, came, got = stage.now, 0, 0
    later(begin, "new", 0)
    for tick in range(begin, begin + 180_000, 500):
        later(tick, "speak", 0)
    for at_ms, _, what, n in _in_order(events, begin + 180_000):
        stage.now = at_ms
        if what == "speak":
            speak_in_time(stage)
            continue
        if what == "new":
            n = at_ms
            later(at_ms + rng.expovariate(1.25 * 15 / 12_000), "new", 0)
        lasts_s = random.Random(n).randint(4, 20)
        answer = stage.submit(f"{n}.{at_ms}", *[1_000] * lasts_s, user=f"u{n}", window_ms=4_000)
        came, got = came + (what == "again"), got + (what == "again" and answer.verdict is SubmitVerdict.ACCEPTED)
        if answer.verdict is SubmitVerdict.BUSY and rng.random() < share:
            later(at_ms + answer.retry_after_ms + rng.randint(0, 80), "again", n)
    return came, got


def _in_order(events: list[tuple[int, int, str, int]], end_ms: int) -> Iterator[tuple[int, int, str, int]]:
    while events and events[0][0] < end_ms:
        yield heapq.heappop(events)


def speak_in_time(stage: PoolDriver) -> None:
    """What four slots at RTF 0.25 speak in half a second, and what all have heard by now."""
    for raw in stage.redis.zrange(f"{P}:act", 0, -1):
        name = str(raw, "utf-8")  # type: ignore[arg-type]  # bytes: this client does not decode
        began, spoken_ms = float(stage.job(name, "since")) + 500, float(stage.job(name, "dispatched"))
        stage.ack(name, spoken_ms, max(0.0, min(stage.now - began, spoken_ms)))
    for _ in range(8):
        for message in stage.pick(1):
            stage.speaks(message, 1_000)


def end_of(stage: PoolDriver, job: str) -> None:
    """Speak until it is over."""
    while stage.job(job, "state") == "run":
        stage.speaks(stage.pick_one(), 1_000)


def test_what_an_operator_sets_for_a_user_goes_before_what_its_requests_say(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=8)
    stage.accept("a", *TALK, user="ann")
    share = stage.do(tune_user(POOL, "ann", {"weight": 4.0, "jobs": 2, "in_flight": 1}).at(stage.now))
    assert (share.weight, share.jobs, share.in_flight, share.queued_s) == (4.0, 2, 1, None)
    assert len(stage.pick()) == 1, "the cap counts for what runs already"
    stage.accept("b", *TALK, user="ann", weight=1.0)
    assert redis.hget(f"{P}:u:ann", "weight") == b"4"
    assert stage.submit("c", *TALK, user="ann").verdict is SubmitVerdict.CAP_JOBS
    assert stage.do(tune_user(POOL, "ann", {"jobs": None, "in_flight": None}).at(stage.now)).jobs is None
    stage.accept("c", *TALK, user="ann")
    assert len(stage.pick()) > 1
