"""Slots on standby: an idle slot is given its next sentence in the step that picks it, without a message."""

from dataclasses import replace
from typing import Any

from redis import Redis

from seriatim.engine import ServerLimits
from seriatim.keys import EARLY_SLOT, standby_list, standby_slots
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import (
    ClaimVerdict,
    FinishedSentence,
    FinishVerdict,
    NextSentence,
    StandbySentence,
    Submission,
)
from seriatim.lua.pool_scripts import outbox_entry
from seriatim.records import JobKind, TaskMessage
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, PoolDriver, rows

STANDBY_MS = 2_000


def finish(
    stage: PoolDriver,
    message: TaskMessage,
    slot: str = "1",
    owner: str = "w1",
    verdict: FinishVerdict = FinishVerdict.OK,
) -> NextSentence:
    """A slot ends its sentence, and waits if there is no next one."""
    finished = FinishedSentence(stage.epochs[message], 20, 1_000)
    call = pool_scripts.finish_and_claim(
        POOL, message, finished, 600_000, owner, LEASE_MS, 32, 4_000, slot, STANDBY_MS
    )  # fmt: skip
    following: NextSentence = stage.do(call.at(stage.now))
    assert following.verdict is verdict
    return following


def entries_of(stage: PoolDriver, slot: str) -> list[str]:
    """What a slot finds in its list; it takes it."""
    found: Any = stage.redis.lpop(standby_list(POOL, slot), 10)
    return [entry.decode() for entry in found or []]


def waiting(stage: PoolDriver) -> list[str]:
    found: Any = stage.redis.zrange(standby_slots(POOL), 0, -1)
    return [slot.decode() for slot in found]


def on_standby(stage: PoolDriver, job: str = "first", slot: str = "1", owner: str = "w1") -> None:
    """A slot that has spoken a whole job."""
    stage.accept(job, 1_000)
    message = stage.pick_one()
    stage.takes(owner, message)
    assert finish(stage, message, slot, owner).standby


def test_a_sentence_goes_to_the_slot_that_waits(redis: Redis) -> None:
    """It needs no message, and is in the outbox until it is claimed, as if it were to be published."""
    stage = PoolDriver(redis, slots=1)
    on_standby(stage)
    stage.accept("j", 1_000)
    assert stage.pick() == []
    (entry,) = entries_of(stage, "w1|1")
    assert list(stage.held()[":outbox"]) == [entry]
    assert waiting(stage) == []
    message = TaskMessage.parse(entry)
    stage.takes("w1", message)
    assert ":outbox" not in stage.held()
    assert stage.finish(message, 1_000) is FinishVerdict.OK


def test_the_step_that_accepts_a_job_gives_its_sentence_to_a_slot(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    on_standby(stage)
    submission = Submission("j", "ann", JobKind.LIVE, '{"v":1}')
    call = pool_scripts.submit_and_pick(POOL, submission, rows([1_000, 1_000]), 32, 4_000)
    _, published = stage.do(call.at(stage.now))
    assert [entry.rpartition("|")[0] for entry in entries_of(stage, "w1|1")] == ["j|0"]
    assert [message.seq for message in published] == [1], "no slot waits for it"


def test_a_slot_that_begins_before_its_claim_is_given_what_that_would_tell(redis: Redis) -> None:
    """Of a first attempt: another one may have to go on behind what is there."""
    stage = PoolDriver(redis, slots=1)
    on_standby(stage, slot=f"1{EARLY_SLOT}")
    stage.accept("j", 1_000, 2_000)
    (following,) = stage.pick()
    (entry,) = entries_of(stage, f"w1|1{EARLY_SLOT}")
    sentence = StandbySentence.parse(entry)
    message, claimed = sentence.message, stage.claim(sentence.message)
    assert sentence.expected == replace(claimed, epoch="", estimate_ms=0, expected_ms=0, waited_ms=0, silence_ms=0)
    stage.epochs[message] = claimed.epoch
    stage.fail(message)
    stage.takes("w1", following)
    assert finish(stage, following, f"1{EARLY_SLOT}").message is None
    stage.now += 1_000
    assert stage.pick() == []
    (entry,) = entries_of(stage, f"w1|1{EARLY_SLOT}")
    assert TaskMessage.parse(entry).seq == message.seq, "its second attempt"


def test_a_slot_that_has_a_next_sentence_takes_it_before_those_that_wait(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    on_standby(stage)
    stage.accept("j", 1_000)
    stage.pick()
    first = TaskMessage.parse(entries_of(stage, "w1|1")[0])
    stage.takes("w1", first)
    on_standby(stage, "other", "2")
    stage.accept("k", 1_000, 1_000, user="bob")
    following = finish(stage, first)
    assert following.message is not None
    assert following.picked == ()
    assert len(entries_of(stage, "w1|2")) == 1


def test_a_slot_does_not_wait_while_a_message_may_come_for_it(redis: Redis) -> None:
    """A sentence was published when all slots but this one spoke: it would wait in the queue for this one."""
    stage = PoolDriver(redis, slots=1)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.hire("w2", 1)
    stage.accept("k", 1_000, user="bob")
    (published,) = stage.pick()
    stage.leave("w2", died=False)
    assert not finish(stage, message).standby
    assert waiting(stage) == []
    stage.takes("w1", published)


def test_a_slot_whose_time_is_over_is_given_nothing(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1)
    on_standby(stage)
    stage.now += STANDBY_MS
    stage.accept("j", 1_000)
    assert [message.job for message in stage.pick()] == ["j"]
    assert entries_of(stage, "w1|1") == []


def test_slots_of_a_process_that_drains_go_back_to_celery(redis: Redis) -> None:
    """With its first heartbeat; from then on none of its slots waits, however late it asks to."""
    stage = PoolDriver(redis, slots=2)
    stage.accept("first", 1_000, 1_000)
    one, other = stage.pick()
    stage.takes("w1", one, other)
    assert finish(stage, one, "1").standby
    stage.beat("w1", other, slots=0)
    assert waiting(stage) == []
    assert entries_of(stage, "w1|1") == [""]
    assert not finish(stage, other, "2").standby


def test_a_process_that_is_gone_is_given_nothing(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1)
    on_standby(stage)
    stage.leave("w1", died=True)
    stage.hire("w2", 1)
    stage.accept("j", 1_000)
    assert [message.job for message in stage.pick()] == ["j"]
    assert waiting(stage) == []


def test_slots_that_wait_get_no_more_than_the_engines_server_accepts(redis: Redis) -> None:
    """Requests that are left bound what is given as well as what is published."""
    stage = PoolDriver(redis, slots=3)
    stage.accept("first", 1_000, 1_000)
    messages = stage.pick()
    stage.takes("w1", *messages)
    assert all(finish(stage, message, slot).standby for message, slot in zip(messages, "12", strict=True))
    stage.do(pool_scripts.report_limits(POOL, ServerLimits(remaining=1, reset_s=3)).at(stage.now))
    stage.accept("j", 1_000, 1_000, 1_000)
    assert stage.pick() == []
    assert len(entries_of(stage, "w1|1") + entries_of(stage, "w1|2")) == stage.in_flight() == 1


def test_what_was_given_to_a_slot_that_died_is_published(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1)
    on_standby(stage)
    stage.accept("j", 1_000)
    assert stage.pick() == []
    (entry,) = entries_of(stage, "w1|1")
    stage.now += 1_000
    stage.beat("w1")
    assert [outbox_entry(message) for message in stage.sweep(1_000).outbox] == [entry]


def test_a_suspect_comes_by_message_and_a_slot_goes_back_for_it(redis: Redis) -> None:
    """It may have to wait in its process until that is empty."""
    stage = PoolDriver(redis, slots=2)
    stage.hire("w2", 1)
    stage.accept("first", 1_000)
    first = stage.pick_one()
    stage.takes("w2", first)
    stage.accept("j", 1_000, 1_000, user="bob")
    stage.takes("w1", *stage.pick())
    assert finish(stage, first, owner="w2").standby
    stage.leave("w1", died=True)
    suspect = stage.pick_one()
    assert stage.record(suspect)[7] == "1"
    assert entries_of(stage, "w2|1") == [""]
    stage.takes("w2", suspect)


def test_a_report_that_is_repeated_leaves_its_slot_waiting(redis: Redis) -> None:
    """The reply to the first was lost: its slot is on standby, and has to know it."""
    stage = PoolDriver(redis, slots=1)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    assert finish(stage, message).standby
    assert finish(stage, message, verdict=FinishVerdict.GONE).standby


def test_a_slot_without_a_name_never_waits(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=1)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    assert not finish(stage, message, "").standby
    assert stage.claim(message).verdict is not ClaimVerdict.CLAIMED
