"""Open jobs, whose text is still being generated (docs/explanation/architecture.md)."""

from typing import Any

import pytest
from redis import Redis

from seriatim.lua.pool_records import ExtendVerdict, SubmitVerdict
from seriatim.lua.pool_scripts import cancel, extend, sentence_argument
from tests.scripts.pool.pool_driver import POOL, PoolDriver


def test_an_open_job_of_a_key_takes_no_other_text(redis: Redis) -> None:
    """From wherever it is sent, and whether or not the job is over."""
    stage = PoolDriver(redis, slots=4)
    stage.accept("j", 1_000, closed=False, idempotency_key="k")
    assert stage.extend("j", 1, 1_000, 1_000) == (ExtendVerdict.OK, 3)
    other = [sentence_argument(1_000, f'{{"text":"other {seq}"}}') for seq in range(2)]
    for first in (0, 1, 2):
        call = extend(POOL, "j", first, other).at(stage.now)
        assert stage.do(call) == (ExtendVerdict.CONFLICT, 3)
    assert stage.extend("j", 0, 1_000, close=True) == (ExtendVerdict.CONFLICT, 3), "it is known to be longer"
    stage.cancel("j")
    assert stage.do(extend(POOL, "j", 1, other).at(stage.now)) == (ExtendVerdict.CONFLICT, 3)
    assert stage.extend("j", 0, 1_000)[0] is ExtendVerdict.GONE


def test_an_open_job_is_done_only_when_it_is_closed(redis: Redis) -> None:
    """All that is known was spoken; more may come."""
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000, closed=False)
    stage.speaks(stage.pick_one(), 1_000)
    assert stage.job("talk", "state") == "run"
    assert stage.extend("talk", 1, 1_000) == (ExtendVerdict.OK, 2)
    stage.speaks(stage.pick_one(), 1_000)
    assert stage.extend("talk", 2, close=True) == (ExtendVerdict.OK, 2)
    assert stage.job("talk", "state") == "spoken"


def test_extend_may_be_sent_again(redis: Redis) -> None:
    """An answer was lost; sending the same again, or the last part of it, adds nothing twice."""
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000, closed=False)
    assert stage.extend("talk", 1, 500, 600) == (ExtendVerdict.OK, 3)
    assert stage.extend("talk", 1, 500, 600) == (ExtendVerdict.OK, 3)
    assert stage.extend("talk", 2, 600, 700) == (ExtendVerdict.OK, 4)
    assert stage.job("talk", "total") == "2800"
    assert stage.job("talk", "live") == "4"
    assert stage.extend("talk", 9, 1) == (ExtendVerdict.GAP, 4), "send from there"


def test_the_last_extend_may_be_sent_again_too(redis: Redis) -> None:
    """Even when all is spoken meanwhile; but a closed job takes nothing new."""
    stage = PoolDriver(redis)
    stage.accept("talk", closed=False)
    assert stage.extend("talk", 0, 1_000, close=True) == (ExtendVerdict.OK, 1)
    assert stage.extend("talk", 0, 1_000, close=True) == (ExtendVerdict.OK, 1)
    stage.speaks(stage.pick_one(), 1_000)
    assert stage.extend("talk", 0, 1_000, close=True) == (ExtendVerdict.OK, 1)
    assert stage.extend("talk", 1, 1_000) == (ExtendVerdict.CLOSED, 1)


def test_text_for_a_job_that_was_cancelled_is_refused(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("talk", closed=False)
    stage.do(cancel(POOL, "talk", "cancelled", "enough").at(stage.now))
    assert stage.extend("talk", 0, 1_000) == (ExtendVerdict.GONE, 0)
    assert stage.extend("never", 0, 1_000) == (ExtendVerdict.GONE, 0)


def test_after_a_pause_nothing_is_late(redis: Redis) -> None:
    """The model thought for nine seconds: playback goes on a first-audio target from now."""
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000, closed=False, target_ms=500)
    stage.speaks(stage.pick_one(), 1_000)
    stage.passes(9_000)
    stage.extend("talk", 1, 1_000)
    assert int(stage.job("talk", "t0")) + 1_000 == stage.now + 500
    assert stage.claim(stage.pick_one()).lead_ms == 500


def test_text_that_comes_in_time_moves_nothing(redis: Redis) -> None:
    """Ten seconds of sound are ahead: the listener's clock goes on as it was."""
    stage = PoolDriver(redis)
    stage.accept("talk", 10_000, closed=False)
    t0 = stage.job("talk", "t0")
    stage.speaks(stage.pick_one(), 10_000)
    stage.now += 2_000
    stage.extend("talk", 1, 1_000)
    assert stage.job("talk", "t0") == t0


@pytest.mark.parametrize("share", [0.5, 0.9, 1.5])
def test_the_queue_limit_counts_what_waits_whatever_it_was_estimated_at(redis: Redis, share: float) -> None:
    """A long talk at estimates that are always wrong: the limit neither closes for ever nor wears away."""
    stage = PoolDriver(redis)
    stage.accept("talk", closed=False, queue_limit_ms=3_000, window_ms=10_000_000)
    for n in range(0, 40, 2):
        assert stage.extend("talk", n, 1_000, 1_000) == (ExtendVerdict.OK, n + 2)
        assert stage.extend("talk", n + 2, 1_000, 1_000) == (ExtendVerdict.FULL, n + 2)
        for _ in range(2):
            stage.speaks(stage.pick_one(), 1_000 * share)


def test_one_piece_that_is_larger_than_the_limit_is_taken_when_nothing_waits(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("talk", closed=False, queue_limit_ms=1_000)
    assert stage.extend("talk", 0, 5_000) == (ExtendVerdict.OK, 1)


def test_the_rate_of_an_open_job_is_the_pools_own(redis: Redis) -> None:
    """Nothing is known of its text: it reserves what speech costs here, until it ends."""
    stage = PoolDriver(redis, slots=1, rtf=0.5)
    stage.accept("talk", closed=False, user="ann")
    assert stage.m("demand") == 0.5
    assert stage.submit("second", closed=False, user="bob").verdict.name == "BUSY"
    stage.extend("talk", 0, close=True)
    assert stage.m("demand") == 0


def test_a_producer_that_is_gone_closes_its_job_with_a_reason(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("talk", 1_000, closed=False, producer_ms=5_000)
    stage.passes(4_000)
    stage.extend("talk", 1, producer_ms=5_000)
    stage.passes(4_900)
    assert "close|talk|1|the producer is gone" not in stage.sweep().todo, "an empty extend is a sign of life"
    stage.passes(600)  # the sweep looks twice a second
    assert "close|talk|1|the producer is gone" in stage.sweep().todo
    assert stage.job("talk", "closed") == "1"
    stage.hire("w1")
    stage.speaks(stage.pick_one(), 1_000)
    assert stage.job("talk", "state") == "spoken"


def test_a_text_whose_producer_is_gone_is_spoken_anew_under_its_key(redis: Redis) -> None:
    """While its lease lives the job goes on; afterwards it is closed, and its end may have been heard."""
    stage = PoolDriver(redis)
    key: dict[str, Any] = {"closed": False, "producer_ms": 5_000, "idempotency_key": "k"}
    stage.accept("half", 1_000, **key)
    assert stage.submit("early", 1_000, 1_000, **key).job == "half"
    stage.passes(5_100)
    assert "close|half|1|the producer is gone" in stage.sweep().todo
    stage.hire("w1")
    assert stage.submit("other", 2_000, **key).verdict is SubmitVerdict.ACCEPTED
    assert stage.submit("later", 2_000, **key).job == "other", "the key stands for it from now on"


def test_a_producer_that_waits_at_the_limit_lives(redis: Redis) -> None:
    """It asks again and again and learns that the queue is full: that is no reason to take it for dead."""
    stage = PoolDriver(redis)
    stage.accept("talk", 3_000, closed=False, producer_ms=5_000, queue_limit_ms=3_000)
    for _ in range(4):
        stage.passes(4_000)
        assert stage.extend("talk", 1, 1_000, producer_ms=5_000)[0] is ExtendVerdict.FULL
        stage.sweep()
    assert stage.job("talk", "closed") == "0"


def test_a_silent_producer_of_a_job_with_nothing_to_say_ends_it(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("talk", closed=False, producer_ms=5_000)
    stage.passes(5_000)
    stage.sweep()
    assert stage.job("talk", "state") == "spoken"
    assert stage.m("demand") == 0
