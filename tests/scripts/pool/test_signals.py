"""Signals of a pool: waits, slack, refusals, what was saved and wasted, how it degrades."""

from dataclasses import replace

import pytest
from redis import Redis

from seriatim.job_timeline import read
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import REFUSED, ClaimVerdict, FinishedSentence, SubmitVerdict
from seriatim.lua.pool_scripts import signals
from seriatim.pool_metrics import LENGTH_BOUNDS_MS, SLACK_BOUNDS_MS, TIME_BOUNDS_MS, WAIT_BOUNDS_MS, PoolMetrics
from seriatim.records import JobKind, TaskMessage
from seriatim.state.job_record import read_job
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import read_workers
from seriatim.user_limits import UserLimits
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver

CHARS = 4  #: of each sentence of the driver


def metrics_of(stage: PoolDriver) -> PoolMetrics:
    found: PoolMetrics = stage.do(signals(POOL))
    return found


def test_an_unknown_pool_has_signals_and_no_keys(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=0)
    redis.flushall()
    assert (metrics_of(stage).load, metrics_of(stage).degraded) == (0.0, ())
    assert redis.dbsize() == 0


def test_the_wait_is_from_dispatchable_to_claimed(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1)
    stage.accept("j", 1_000, 1_000)
    stage.now += 90
    (first, second) = stage.pick()
    stage.now += 60
    stage.speaks(first, 1_000)
    stage.now += 30
    stage.speaks(second, 1_000)
    counts = metrics_of(stage).counts
    assert counts["wait_L:200"] == 1, "the first waited from the submit on, 150 ms"
    assert counts["wait_L:100"] == 1, "the second from when the first was picked, 90 ms"
    assert metrics_of(stage).wait_live.n == 2


def test_a_job_counts_its_sentences_that_came_from_a_cache(redis: Redis) -> None:
    """Those have sound and cost no engine any time; an attempt that found its sentence whole has no sound."""
    stage = PoolDriver(redis, slots=3)
    stage.accept("j", 1_000, 1_000, 1_000)
    for message, (wall_ms, first_ms) in zip(stage.pick(), [(0.0, 2.0), (400.0, 2.0), (0.0, None)], strict=True):
        stage.takes("w1", message)
        finished = FinishedSentence(stage.epochs[message], wall_ms, 1_000, first_ms)
        for _ in range(2):
            stage.do(pool_scripts.finish(POOL, message, finished).at(stage.now))
    record = read_job(redis, POOL, "j")
    assert record is not None
    assert record.cached == 1


def test_slack_is_what_is_left_until_playback_reaches_the_sentence(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", 3_000, 1_000, target_ms=400)
    messages = stage.pick()
    stage.now += 500
    for message in messages:
        stage.speaks(message, 1_000)
    counts = metrics_of(stage).counts
    assert (counts["slack:0"], counts["slack:5000"]) == (1, 1), "100 ms late, and 2.9 s early"


@pytest.mark.parametrize("ms", [*SLACK_BOUNDS_MS, -20_000, 30_000])
def test_the_buckets_are_those_of_the_scripts(redis: Redis, ms: int) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000, target_ms=0)
    message = stage.pick_one()
    redis.hset(f"{P}:j:j", "t0", stage.now + ms)
    stage.takes("w1", message)
    bound = next((bound for bound in SLACK_BOUNDS_MS if ms <= bound), "inf")
    assert metrics_of(stage).counts[f"slack:{bound}"] == 1
    assert metrics_of(stage).counts[f"wait_L:{WAIT_BOUNDS_MS[0]}"] == 1


@pytest.mark.parametrize("ms", [*TIME_BOUNDS_MS, 51, 300_000])
def test_the_time_that_a_sentence_took_falls_into_the_scripts_buckets(redis: Redis, ms: int) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.finish(message, 1_000, wall_ms=ms)
    bound = next((bound for bound in TIME_BOUNDS_MS if ms <= bound), "inf")
    assert metrics_of(stage).counts[f"synthesis:{bound}"] == 1


def test_a_sentence_that_an_attempt_found_whole_is_no_audio_of_its_worker(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", 1_000, 2_000)
    (first, second) = stage.pick()
    stage.takes("w1", first, second)
    stage.finish(first, 1_000)
    stage.finish(second, 2_000, wall_ms=0)
    ((worker,),) = read_workers(redis, [read_pool(redis, POOL)])
    assert (worker.sentences, worker.audio_s) == (2, 1.0)


@pytest.mark.parametrize("ms", [300, *LENGTH_BOUNDS_MS, 1_001, 90_000])
def test_a_failure_is_counted_by_the_length_of_its_sentence(redis: Redis, ms: int) -> None:
    """Those that are blamed on it: a worker that leaves in order is no fault of the text, nor is a caller's mistake."""
    stage = PoolDriver(redis)
    stage.accept("j", ms, gap="skip")
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.fail(message)
    bound = next((bound for bound in LENGTH_BOUNDS_MS if ms <= bound), "inf")
    failures = {f"failed:{bound}": 1}
    assert {name: n for name, n in metrics_of(stage).counts.items() if name.startswith("failed")} == failures
    stage.passes(1_000)
    stage.takes("w1", message := stage.pick_one())
    stage.leave("w1", died=False)
    stage.hire("w2")
    stage.takes("w2", message := stage.pick_one())
    stage.retry = replace(stage.retry, max_failures=REFUSED)
    stage.fail(message)
    assert {name: n for name, n in metrics_of(stage).counts.items() if name.startswith("failed")} == failures


def test_each_attempt_counts_as_a_request_with_its_characters_beside_the_operators_limits(redis: Redis) -> None:
    """What is tried again is charged again; what is picked and not claimed was never requested."""
    stage = PoolDriver(redis, slots=3)
    stage.do(pool_scripts.limit_rates(POOL, {"requests": 120, "characters": 9_000}))
    stage.accept("j", 1_000, 1_000, 1_000)
    first, second, _ = stage.pick()
    stage.takes("w1", first, second)
    stage.fail(first)
    stage.passes(2_000)
    stage.speaks(stage.pick_one(), 1_000)
    found = metrics_of(stage)
    assert (found.counts["engine_requests"], found.counts["engine_characters"]) == (3, 3 * CHARS)
    assert (found.requests_minute, found.characters_minute) == (120, 9_000)
    assert (found.requests_lately, found.characters_lately) == (3, 3 * CHARS)
    stage.do(pool_scripts.limit_rates(POOL, {"requests": None}))
    assert (metrics_of(stage).requests_minute, metrics_of(stage).characters_minute) == (0, 9_000)


def test_what_a_routes_other_engine_is_sent_is_counted_apart(redis: Redis) -> None:
    """Each engine has its price; a doubt about a sentence is no other engine, and what is said twice counts once."""
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", 1_000, 1_000)
    first, second = stage.pick()
    stage.takes("w1", first, second)
    for message, word in ((first, "engine_hibari"), (first, "engine_hibari"), (second, "cut")):
        stage.do(pool_scripts.mark(POOL, message, word).at(stage.now))
    assert metrics_of(stage).route_characters == {"hibari": CHARS}
    stage.finish(first, 1_000)
    stage.do(pool_scripts.mark(POOL, first, "engine_late").at(stage.now))
    assert metrics_of(stage).route_characters == {"hibari": CHARS}


def test_recent_is_the_last_one_or_two_minutes(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1, rtf=0.9)
    stage.accept("j", *[1_000] * 400, window_ms=10**7)
    for _ in range(2):
        stage.submit("k", 1_000, user="bob", limits=UserLimits(jobs=0))
        stage.sweep()
        stage.passes(61_000)
    found = metrics_of(stage)
    assert (sum(found.refused.values()), found.refused_lately) == (2, 1)
    assert found.refused["cap_jobs"] == 2
    stage.passes(61_000)
    stage.sweep()
    stage.passes(61_000)
    stage.sweep()
    assert metrics_of(stage).refused_lately == 0


def test_a_cancel_counts_what_it_saved_and_what_was_made_in_vain(redis: Redis) -> None:
    """Ten seconds; four are spoken, of which one was heard; two run, half done."""
    stage = PoolDriver(redis, slots=9, rtf=0.5)
    stage.accept("j", *[1_000] * 10, window_ms=10**6)
    messages = stage.pick(6)
    for message in messages[:4]:
        stage.speaks(message, 1_000)
    stage.takes("w1", *messages[4:])
    stage.now += 250
    stage.ack("j", 3_000, heard_ms=1_000)
    stage.cancel("j")
    counts = metrics_of(stage).counts
    assert counts["wasted_ms"] == 3_000 + 2 * 500
    assert counts["saved_ms"] == 6_000 - 2 * 500
    assert counts["ended_cancelled"] == 1


def test_a_cancel_tells_the_process_that_speaks(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=4)
    stage.accept("j", *[1_000] * 3)
    messages = stage.pick()
    stage.takes("w1", *messages[:2])
    stage.cancel("j")
    drop = f"{P}:drop:w1"
    dropped = {TaskMessage.parse(str(raw, "utf-8")) for raw in stage.held()[":drop:w1"]}
    assert dropped == set(messages[:2])
    assert 0 < redis.pttl(drop) <= 10_000


def test_depth_of_the_queue(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1)
    stage.accept("book", *[1_000] * 30, kind=JobKind.BATCH)
    stage.accept("talk", *[1_000] * 3, closed=False, producer_ms=60_000)
    stage.extend("talk", 3, 1_000)
    assert metrics_of(stage).waiting == 34
    messages = stage.pick()
    assert metrics_of(stage).waiting == 34 - len(messages)
    stage.cancel("book")
    assert metrics_of(stage).waiting + metrics_of(stage).in_flight == 4
    assert (metrics_of(stage).users_live, metrics_of(stage).users_batch) == (1, 0)


def test_it_degrades_in_order_as_live_load_rises(redis: Redis) -> None:
    """Batch looks less far ahead, then pieces become smaller, then new listeners are refused."""
    stage = PoolDriver(redis, slots=1, rtf=0.1, reserve=0)
    stage.accept("book", *[1_000] * 90, kind=JobKind.BATCH, window_ms=12_000)
    seen = []
    for i in range(11):
        seen.append(metrics_of(stage).degraded)
        refused = stage.submit(f"t{i}", 1_000, user=f"u{i}").verdict is not SubmitVerdict.ACCEPTED
        assert refused == (i == 10)
    assert seen[7] == ()
    assert seen[8] == ("batch looks less far ahead",)
    assert seen[9] == ("batch looks less far ahead", "smaller pieces")
    assert seen[10] == ("batch looks less far ahead", "smaller pieces", "refusing")


def test_batch_in_a_busy_pool_is_dispatched_less_far_ahead(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=40, rtf=0.25, reserve=0)
    stage.accept("talk", 1_000, speed=160)
    stage.accept("book", *[1_000] * 40, kind=JobKind.BATCH, window_ms=12_000)
    assert metrics_of(stage).load == 1
    ahead = [message for message in stage.pick(40) if message.job == "book"]
    assert len(ahead) == 3, "a quarter of its window"
    stage.cancel("talk")
    stage.sweep()
    assert len(stage.pick(40)) == 9, "all of it, once there is room"


def test_a_worker_learns_that_the_pool_is_full(redis: Redis) -> None:
    """It sends smaller chunks; who is late is not made later."""
    stage = PoolDriver(redis, slots=1, rtf=1.0, reserve=0)
    stage.accept("talk", 4_000, 1_000, target_ms=1_000)
    stage.takes("w1", stage.pick_one())
    claimed = stage.claim(stage.pick_one())
    assert claimed.verdict is ClaimVerdict.CLAIMED
    assert claimed.lead_ms == 5_000 / 4


def test_a_worker_learns_how_long_the_pool_takes_for_such_a_sentence(redis: Redis) -> None:
    stage = PoolDriver(redis, rtf=0.1)
    stage.accept("j", *[1_000] * 50, window_ms=10**6)
    for _ in range(40):
        message = stage.pick_one()
        stage.takes("w1", message)
        stage.finish(message, 1_000, wall_ms=3_000)
    claimed = stage.claim(stage.pick_one())
    assert claimed.expected_ms == pytest.approx(1_000 * stage.m("rtf"), rel=0.1)
    assert claimed.expected_ms > 2_000, "as measured, not as the engine guessed"


def test_a_timeline_says_who_spoke_what_when_and_what_was_heard(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    stage.hire("w2")
    began = stage.now
    stage.accept("j", *[1_000] * 3)
    one, two, three = stage.pick()
    stage.takes("w1", one)
    stage.takes("w2", two)
    stage.now += 300
    stage.finish(one, 900)
    stage.leave("w2", died=True)
    stage.ack("j", 900, heard_ms=100)
    stage.now += 400
    stage.ack("j", 900, heard_ms=500)
    stage.cancel("j")
    found = read(redis, POOL, "j")
    assert (found.accepted_ms, found.state, found.ended_ms) == (began, "cancelled", stage.now)
    assert [(s.seq, s.owner, s.claimed_ms, s.ended_ms, s.audio_ms) for s in found.sentences] == [
        (0, "w1", began, began + 300, 900)
    ]
    assert [(lost.seq, lost.owner) for lost in found.lost] == [(1, "w2")]
    assert [(h.delivered_ms, h.heard_ms) for h in found.reports] == [(900, 100)], "once a second is enough"
    assert three.seq == 2


@pytest.mark.thorough
def test_a_timeline_is_small_and_ends_with_its_job(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1)
    stage.accept("book", *[1_000] * 2_000, kind=JobKind.BATCH, window_ms=10**7)
    for _ in range(1_999):
        stage.speaks(stage.pick_one(), 1_000)
    key = f"{P}:tl:book"
    assert redis.xlen(key) <= 700
    assert (redis.memory_usage(key) or 0) < 100_000
    stage.speaks(stage.pick_one(), 1_000)
    assert 0 < redis.pttl(key) <= 600_000
