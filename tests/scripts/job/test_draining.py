"""Draining a job, and the end of one that no reader drains (docs/explanation/architecture.md)."""

import pytest
from redis import Redis

from seriatim.keys import job_prefix, ordered_stream, shard_of
from seriatim.lua.job_scripts import due, life, recorded
from seriatim.lua.script_calls import run
from seriatim.records import DrainMode, JobKind
from tests.scripts.job.slot_driver import Slot, pcm
from tests.scripts.pool.pool_driver import P, PoolDriver


def test_a_job_whose_reader_is_gone_is_cancelled_with_a_reason(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", *[1_000] * 3, grace_ms=10_000)
    stage.passes(9_000)
    stage.ack("j", 0)
    stage.passes(9_500)
    stage.sweep()
    assert stage.job("j", "state") == "run", "a reader that asks lives, even with nothing to hear yet"
    stage.passes(1_000)
    assert "end|j|cancelled|no reader for 10 s" in stage.sweep().todo
    assert (stage.job("j", "state"), stage.job("j", "reason")) == ("cancelled", "no reader for 10 s")


def test_a_job_of_the_store_needs_no_reader_but_has_an_end(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("book", *[1_000] * 3, kind=JobKind.BATCH, drain=DrainMode.STORE, grace_ms=10_000, timeout_ms=60_000)
    stage.passes(59_000)
    stage.sweep()
    assert stage.job("book", "state") == "run"
    stage.passes(2_000)
    assert "end|book|timed_out|not spoken within 60 s" in stage.sweep().todo


@pytest.mark.parametrize("how", ["finish", "cancel", "timeout"])
def test_a_job_that_ended_is_forgotten_in_time(redis: Redis, how: str) -> None:
    """Nothing is left of it in the pool but its last state, for ten minutes."""
    stage = PoolDriver(redis)
    stage.accept("j", 1_000, idempotency_key="k", timeout_ms=60_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    if how == "finish":
        stage.finish(message, 1_000)
    elif how == "cancel":
        stage.cancel("j")
    else:
        stage.passes(61_000)
        stage.sweep()
    assert stage.job("j", "state") in ("spoken", "cancelled", "failed", "timed_out")
    assert 0 < redis.pttl(f"{P}:j:j") <= 600_000
    assert 0 < redis.pttl(f"{P}:tl:j") <= 600_000
    theirs = {name for name in stage.held() if name.endswith(":j") or "ann" in name}
    assert theirs - {":u:ann"} == {":j:j", ":tl:j", ":idem:3:ann:k", ":said:j"}
    assert redis.pttl(f"{P}:said:j") > 0
    if ":u:ann" in stage.held():
        assert 0 < redis.pttl(f"{P}:u:ann") <= 600_000


def test_what_a_reader_has_heard_may_go(redis: Redis) -> None:
    """One sentence more is kept, for a reader that reconnects a little before where it was."""
    slot = Slot(redis, 4)
    for seq in range(3):
        slot.says(seq, 1, pcm(seq))
    slot.emit()
    assert slot.mark_heard("1-400") == 0
    assert slot.mark_heard("3-200") > 0
    assert slot.sound() == pcm(1) + pcm(2)
    assert slot.mark_heard("3-200") == 0
    assert slot.mark_heard("2-0") == 0, "an older report brings nothing back"
    slot.says(3, 1, pcm(3))
    assert slot.emit().state == "done"
    assert slot.sound() == pcm(1) + pcm(2) + pcm(3)


def test_what_is_in_the_store_may_go_up_to_the_last_entry(redis: Redis) -> None:
    slot = Slot(redis, 2, drain=DrainMode.STORE)
    slot.says(0, 1, pcm(0))
    slot.emit()
    assert slot.do(recorded("j", "1-800", 800, end=False)) == 800
    assert slot.sound() == pcm(0)[400:]
    assert slot.do(recorded("j", "1-400", 400, end=False)) == 800, "monotone"
    assert slot.field("stored_id") == "1-800"
    slot.says(1, 1, pcm(1))
    slot.emit()
    last = str(slot.stream()[-1].position)
    assert slot.do(recorded("j", last, 2_000, end=True)) == 2_000
    assert slot.field("stored_all") == "1"
    assert slot.do(recorded("never", "1-0", 5, end=False)) == -1
    assert not redis.exists(ordered_stream("never"), f"{job_prefix('never')}:c:never")


def test_a_job_without_a_notification_is_looked_at_again(redis: Redis) -> None:
    """Notifications may be lost: every live job is due from time to time, and an ended one never."""
    slot = Slot(redis, 1)
    shard = shard_of("j")
    assert run(redis, due(shard).at(slot.now)) == ["j"]
    assert run(redis, due(shard).at(slot.now)) == [], "a reassembler is on it"
    assert run(redis, due(shard).at(slot.now + 1_000)) == ["j"]
    slot.says(0, 1, pcm(0))
    slot.emit()
    assert run(redis, due(shard).at(slot.now + 99_000)) == []


def test_a_job_is_looked_at_although_the_clock_was_set_back(redis: Redis) -> None:
    """Its next look lies an hour ahead of a clock that was wrong: no process waits for that."""
    slot = Slot(redis, 1)
    slot.now += 3_600_000
    slot.emit()
    assert run(redis, due(shard_of("j")).at(1_000_000)) == ["j"]
    assert run(redis, due(shard_of("j")).at(1_000_500)) == []


@pytest.mark.parametrize("how", ["done", "cancelled"])
def test_an_ended_job_is_looked_at_until_the_store_has_all_of_it(redis: Redis, how: str) -> None:
    """Its recorder died with the last bytes in hand: another one must be notified, or the recording lacks its end."""
    slot = Slot(redis, 1, drain=DrainMode.STORE)
    slot.says(0, 1, pcm(0))
    slot.emit()
    if how == "cancelled":
        slot = Slot(redis, 2, name="k", drain=DrainMode.STORE)
        slot.end()
    name, shard = slot.name, shard_of(slot.name)
    later = slot.now + 60_000
    assert name in run(redis, due(shard).at(later))
    slot.emit()
    assert name in run(redis, due(shard).at(later))
    last = str(slot.stream()[-1].position)
    slot.do(recorded(name, last, 1_000, end=True))
    slot.emit()
    assert name not in run(redis, due(shard).at(later + 60_000))


def test_the_list_of_live_jobs_comes_back_with_a_life(redis: Redis) -> None:
    """It had expired, or was lost; the next emit writes it anew, and not for ever."""
    slot = Slot(redis, 1)
    redis.delete(f"{slot.prefix}:live")
    slot.emit()
    assert redis.zscore(f"{slot.prefix}:live", "j") is not None
    assert redis.pttl(f"{slot.prefix}:live") > 0


def test_an_emit_of_an_unknown_job_makes_nothing(redis: Redis) -> None:
    slot = Slot(redis, 1)
    redis.delete(f"{slot.prefix}:c:j", ordered_stream("j"))
    assert slot.emit().state == ""
    assert slot.end() is False
    assert slot.close(3) is False
    assert slot.fill(0) == (False, 0)
    assert list(redis.scan_iter("*:j*")) == []


def test_what_could_not_be_recorded_yet_outlives_the_end_of_its_job(redis: Redis) -> None:
    """The disk of the store may be full for a night: until it is recorded the job keeps its whole life."""
    slot = Slot(redis, 1, drain=DrainMode.STORE, life_ms=4_200_000, ended_life_ms=600_000)
    assert slot.do(life("j", accepted=True))
    slot.says(0, 1, pcm(0))
    assert slot.emit().state == "done"
    assert redis.pttl(ordered_stream("j")) > 600_000
    slot.do(recorded("j", str(slot.stream()[-1].position), 1_000, end=True))
    assert redis.pttl(ordered_stream("j")) <= 600_000
