"""Entries `todo`: steps from one slot to the other that a crash cuts in the middle. The sweep completes them."""

import pytest
from redis import Redis

from seriatim.keys import job_prefix
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.pool_records import RetryPolicy
from seriatim.lua.script_calls import run
from seriatim.stream_entries import End, Gap
from tests.scripts.job.slot_driver import RATE_HZ, Slot, pcm
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver

PATIENCE_MS = 1_000


def heal(stage: PoolDriver, slot: Slot) -> list[str]:
    """What any other process does for the one that died: the to-do entries that were left alone long enough."""
    todo = list(stage.sweep(PATIENCE_MS).todo)
    for entry in todo:
        verb, name, rest = [*entry.split("|", 2), ""][:3]
        if verb == "life":
            slot.do(job_scripts.life(name, accepted=True))
        elif verb == "close":
            n, _, reason = rest.partition("|")
            slot.do(job_scripts.close(name, int(n), reason))
        elif verb == "end":
            state, _, reason = rest.partition("|")
            slot.do(job_scripts.end(name, state, reason))
        else:
            seq, ms, reason = rest.split("|", 2)
            _, n_bytes = slot.do(job_scripts.fill(name, int(seq), int(ms) * RATE_HZ // 1000 * 2, reason, "", RATE_HZ))
            filled_ms = n_bytes / 2 * 1000 / RATE_HZ
            stage.do(pool_scripts.fill_done(POOL, name, int(seq), entry, filled_ms).at(stage.now))
        stage.redis.zrem(f"{P}:todo", entry)
    return todo


def both(redis: Redis, n: int, *estimates: int, **options: object) -> tuple[PoolDriver, Slot]:
    """A producer that died right behind submit: the job's slot has the short life of the unconfirmed."""
    slot = Slot(redis, n)
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", *estimates, **options)
    return stage, slot


def test_a_slot_whose_producer_died_before_submit_is_gone_soon(redis: Redis) -> None:
    Slot(redis, 2)
    for name in (f"{job_prefix('j')}:c:j", f"{job_prefix('j')}:o:j"):
        assert 0 < redis.pttl(name) <= 60_000


def test_a_crash_between_submit_and_its_confirmation_heals(redis: Redis) -> None:
    """The whole life begins, also for what was spoken meanwhile."""
    stage, slot = both(redis, 2, 1_000, 1_000)
    slot.says(1, 1, pcm(1))
    assert 0 < redis.pttl(f"{slot.prefix}:b:j:1") <= 60_000
    assert heal(stage, slot) == [], "it is left to the producer for a while"
    stage.passes(PATIENCE_MS)
    assert heal(stage, slot) == ["life|j"]
    for name in (f"{slot.prefix}:c:j", f"{slot.prefix}:o:j", f"{slot.prefix}:b:j:1"):
        assert redis.pttl(name) > 4_000_000
    assert heal(stage, slot) == []


def test_a_crash_in_the_middle_of_a_cancel_heals(redis: Redis) -> None:
    stage, slot = both(redis, 2, 1_000, 1_000)
    slot.says(0, 1, pcm(0))
    slot.emit()
    stage.cancel("j", "enough|really")
    assert slot.emit().state == "run", "the other slot does not know yet"
    stage.passes(PATIENCE_MS)
    heal(stage, slot)
    last = slot.stream()[-1]
    assert isinstance(last, End)
    assert (last.state, last.reason) == ("cancelled", "enough|really")


def test_a_crash_behind_the_last_extend_heals(redis: Redis) -> None:
    stage, slot = both(redis, -1, closed=False)
    stage.extend("j", 0, 1_000, close=True)
    slot.says(0, 1, pcm(0))
    assert slot.emit().state == "run"
    stage.passes(PATIENCE_MS)
    heal(stage, slot)
    assert slot.emit().state == "done"


@pytest.mark.parametrize(("gap", "sound_ms"), [("silence", 1_000), ("skip", 50)])
def test_a_crash_behind_the_death_of_a_sentence_heals(redis: Redis, gap: str, sound_ms: int) -> None:
    """Half a sentence was heard before it was given up; the pool counts what is really in the stream."""
    stage, slot = both(redis, 2, 1_000, 1_000, gap=gap)
    stage.retry = RetryPolicy(max_failures=1)
    message = stage.pick(1)[0]
    stage.takes("w1", message)
    slot.open(0, message.attempt)
    slot.append(0, message.attempt, 0, pcm(0, 800))
    slot.emit()
    stage.fail(message, "poison")
    stage.passes(PATIENCE_MS)
    heal(stage, slot)
    slot.emit()
    assert any(isinstance(entry, Gap) and entry.reason == "poison" for entry in slot.stream())
    assert float(stage.job("j", "dispatched")) == sound_ms
    assert stage.job("j", "live") == "1"


def test_a_crash_between_filling_and_counting_heals(redis: Redis) -> None:
    """The second fill changes nothing, and still says how much silence the first one put in."""
    stage, slot = both(redis, 1, 1_000, gap="silence")
    stage.retry = RetryPolicy(max_failures=1)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.fail(message)
    slot.fill(0, 16_000)
    slot.emit()
    stage.passes(PATIENCE_MS)
    heal(stage, slot)
    assert stage.job("j", "state") == "spoken"
    assert float(stage.job("j", "dispatched")) == 1_000


def test_a_crash_behind_the_death_of_a_job_heals(redis: Redis) -> None:
    stage, slot = both(redis, 2, 1_000, 1_000, gap="fail")
    stage.retry = RetryPolicy(max_failures=1)
    message = stage.pick(1)[0]
    stage.takes("w1", message)
    stage.fail(message, "poison")
    stage.passes(PATIENCE_MS)
    heal(stage, slot)
    assert slot.emit().state == "failed"
    assert isinstance(slot.stream()[-1], End)
    assert slot.field("reason") == "sentence 0: poison"


def test_a_sentence_that_was_picked_and_never_published_is_published_by_the_sweep(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    assert stage.sweep(PATIENCE_MS).outbox == ()
    stage.passes(PATIENCE_MS)
    assert stage.sweep(PATIENCE_MS).outbox == (message,)
    redis.zrem(f"{P}:outbox", pool_scripts.outbox_entry(message))
    assert stage.sweep(PATIENCE_MS).outbox == ()


def test_of_many_sweepers_one_an_interval_does_the_work(redis: Redis) -> None:
    stage = PoolDriver(redis)
    ran = [
        run(redis, pool_scripts.sweep(POOL, 400, 0, stage.retry).at(stage.now + ms)).ran for ms in (0, 1, 399, 400, 401)
    ]
    assert ran == [True, False, False, True, False]


def test_what_a_restarted_server_may_have_lost_is_not_struck_off(redis: Redis) -> None:
    """A step that was made before the restart is made again behind it: the entry stays for the sweep."""
    stage, _ = both(redis, 2, 1_000, 1_000)
    stage.do(pool_scripts.rebase(POOL).at(stage.now))
    epoch = redis.hget(f"{P}:m", "epoch")
    assert isinstance(epoch, bytes)
    assert stage.do(pool_scripts.strike(POOL, "of the server before", ["life|j"]).at(stage.now)) == 0
    assert redis.zscore(f"{P}:todo", "life|j") is not None
    assert stage.do(pool_scripts.strike(POOL, epoch.decode(), ["life|j"]).at(stage.now)) == 1
    assert stage.do(pool_scripts.strike(POOL, epoch.decode(), ["life|j"]).at(stage.now)) == 0
    assert redis.zscore(f"{P}:todo", "life|j") is None


def test_a_gap_that_was_filled_on_the_server_before_is_filled_again(redis: Redis) -> None:
    stage, _ = both(redis, 1, 1_000)
    assert not stage.do(pool_scripts.fill_done(POOL, "j", 0, "life|j", 0, epoch="of the server before").at(stage.now))
    assert redis.zscore(f"{P}:todo", "life|j") is not None, "in another epoch nothing is taken away"
