"""Crashes of workers: they die, stall, or drop what they took (docs/explanation/architecture.md)."""

import pytest
from redis import Redis

from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import ClaimVerdict, FinishedSentence, FinishVerdict, NextSentence, RetryPolicy
from seriatim.lua.pool_scripts import outbox_entry
from seriatim.records import TaskMessage
from seriatim.state.worker_record import write_gauges
from tests.scripts.pool.pool_driver import LEASE_MS, POOL, P, PoolDriver


def in_one_process(redis: Redis, n: int, **options: object) -> tuple[PoolDriver, list[TaskMessage]]:
    """`n` sentences in one batching process."""
    stage = PoolDriver(redis, slots=n)
    stage.accept("j", *[1_000] * n, **options)
    messages = stage.pick(n)
    stage.takes("w1", *messages)
    return stage, messages


def test_the_crash_of_a_batch_makes_suspects_and_no_culprit(redis: Redis) -> None:
    """Of several sentences in a process that died it is unknown which it was: none is blamed, each runs alone next."""
    stage, messages = in_one_process(redis, 4)
    stage.leave("w1", died=True)
    assert stage.in_flight() == 0
    for message in messages:
        state, _, failures, *_, suspect, _ = stage.record(message)
        assert (state, failures, suspect) == ("Q", "0", "1")


def test_only_the_guilty_sentence_dies(redis: Redis) -> None:
    """It kills every process that speaks it; its neighbours are spoken, however often they were beside it."""
    stage = PoolDriver(redis, slots=0)
    stage.hire("life0", 4)
    stage.accept("j", *[1_000] * 4, gap="skip")
    for life in range(30):
        claimed = [
            message for message in stage.pick() if stage.claim(message, f"life{life}").verdict is ClaimVerdict.CLAIMED
        ]
        if all(message.seq != 2 for message in claimed):
            for message in claimed:
                stage.finish(message, 1_000)
        stage.leave(f"life{life}", died=True)
        stage.hire(f"life{life + 1}", 4)
        stage.passes(LEASE_MS + 1_000)
        stage.beat(f"life{life + 1}", slots=4)
        stage.sweep()
        if stage.job("j", "live") == "1":
            break
    assert set(stage.held()[":dead"]) == {"j|2"}
    assert list(stage.held()[":js:j"]) == ["2"]


def test_a_lone_crash_is_blamed_and_backs_off(redis: Redis) -> None:
    stage, (message,) = in_one_process(redis, 1)
    stage.leave("w1", died=True)
    state, _, failures, *_, suspect, _ = stage.record(message)
    assert (state, failures, suspect) == ("Q", "1", "0")
    stage.hire("w2")
    assert stage.pick() == [], "not before its back-off is over"
    stage.now += 200
    assert stage.pick_one().seq == 0


def test_back_off_doubles(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.retry = RetryPolicy(max_failures=9, backoff_ms=200)
    stage.accept("j", 1_000)
    for wait_ms in (200, 400, 800, 1_600):
        message = stage.pick_one()
        stage.takes("w1", message)
        stage.fail(message)
        stage.now += wait_ms - 1
        assert stage.pick() == []
        stage.now += 1


@pytest.mark.parametrize(
    ("backoff_ms", "n_failures", "wait_ms"), [(0, 1_030, 0), (200, 12, 60_000), (90_000, 3, 90_000)]
)
def test_back_off_does_not_grow_beyond_a_minute_or_what_is_set(
    redis: Redis, backoff_ms: int, n_failures: int, wait_ms: int
) -> None:
    """Not even behind a thousand failures: 2 to the power of 1,024 is no number."""
    stage = PoolDriver(redis)
    stage.retry = RetryPolicy(max_failures=n_failures + 2, backoff_ms=backoff_ms)
    stage.accept("j", 1_000)
    for _ in range(n_failures):
        stage.passes(wait_ms)
        message = stage.pick_one()
        stage.takes("w1", message)
        stage.fail(message)
    if wait_ms:
        stage.passes(wait_ms - 1)
        assert stage.pick() == []
        stage.passes(1)
    assert stage.pick_one().seq == 0


def test_gauges_that_come_late_do_not_make_a_removed_worker_known(redis: Redis) -> None:
    """It was stopped between its heartbeat and its gauges, and taken for dead: it has to register again to speak."""
    stage = PoolDriver(redis)
    stage.leave("w1", died=True)
    write_gauges(redis, POOL, "w1", {"memory_bytes": 1e8}, gone=())
    known, _ = stage.beat("w1")
    assert not known
    assert stage.held()[":m"]["slots"] == "0"
    stage.hire("w1")
    known, _ = stage.beat("w1")
    assert known
    stage.accept("j", 1_000)
    stage.takes("w1", stage.pick_one())


def test_a_suspect_waits_until_its_process_is_empty_and_then_runs_alone(redis: Redis) -> None:
    stage, _ = in_one_process(redis, 2)
    stage.leave("w1", died=True)
    stage.hire("w2", 4)
    stage.accept("other", *[1_000] * 3, user="bob")
    again = {(message.job, message.seq): message for message in stage.pick()}
    suspect, second = again["j", 0], again["j", 1]
    stage.takes("w2", again["other", 0])
    assert stage.claim(suspect, "w2").verdict is ClaimVerdict.WAIT, "a sentence is in there"
    assert stage.claim(again["other", 1], "w2").verdict is ClaimVerdict.WAIT, "no other goes in"
    assert stage.claim(second, "w2").verdict is ClaimVerdict.WAIT
    stage.finish(again["other", 0], 1_000)
    assert stage.claim(suspect, "w2").verdict is ClaimVerdict.CLAIMED
    assert stage.claim(second, "w2").verdict is ClaimVerdict.WAIT
    stage.finish(suspect, 1_000)
    assert stage.claim(second, "w2").verdict is ClaimVerdict.CLAIMED
    stage.finish(second, 1_000)
    assert stage.claim(again["other", 1], "w2").verdict is ClaimVerdict.CLAIMED


def test_a_doubled_message_does_not_make_two_processes_wait_for_one_suspect(redis: Redis) -> None:
    """The second would stay closed to all for ever: only the one that the sentence names is freed by it."""
    stage, _ = in_one_process(redis, 2)
    stage.leave("w1", died=True)
    for owner in ("w2", "w3"):
        stage.hire(owner, 2)
    stage.accept("other", 1_000, 1_000, user="bob")
    again = {(message.job, message.seq): message for message in stage.pick()}
    stage.takes("w2", again["other", 0])
    suspect = again["j", 0]
    assert stage.claim(suspect, "w2").verdict is ClaimVerdict.WAIT
    assert stage.claim(suspect, "w3").verdict is ClaimVerdict.STALE
    stage.finish(again["other", 0], 1_000)
    stage.speaks(suspect, 1_000, "w2")
    assert stage.claim(again["other", 1], "w3").verdict is ClaimVerdict.CLAIMED, "the third process was never closed"


def test_a_message_that_arrived_is_not_published_again_while_it_waits(redis: Redis) -> None:
    stage, messages = in_one_process(redis, 2)
    stage.leave("w1", died=True)
    stage.hire("w2", 2)
    stage.accept("other", 1_000, user="bob")
    again = {(message.job, message.seq): message for message in stage.pick()}
    stage.takes("w2", again["other", 0])
    suspect = again["j", messages[0].seq]
    assert stage.claim(suspect, "w2").verdict is ClaimVerdict.WAIT
    assert suspect not in stage.sweep().outbox


def suspects_picked_again(redis: Redis) -> tuple[PoolDriver, dict[tuple[str, int], TaskMessage]]:
    """Two suspects of a process that died, and two sentences of another job; the first of these runs in "w2"."""
    stage, _ = in_one_process(redis, 2)
    stage.leave("w1", died=True)
    stage.hire("w2", 4)
    stage.accept("other", *[1_000] * 2, user="bob")
    again = {(message.job, message.seq): message for message in stage.pick()}
    stage.takes("w2", again["other", 0])
    return stage, again


def suspects_beside_another_process(redis: Redis) -> tuple[PoolDriver, list[TaskMessage]]:
    """Two suspects of a process that died; of another job, two sentences run in "w2" and a third waits."""
    stage, _ = in_one_process(redis, 2)
    stage.hire("w2", 4)
    stage.accept("other", *[1_000] * 3, user="bob")
    running = stage.pick(2)
    stage.takes("w2", *running)
    assert [message.job for message in running] == ["other", "other"]
    stage.leave("w1", died=True)
    return stage, running


def finish_and_claim(stage: PoolDriver, message: TaskMessage) -> NextSentence:
    finished = FinishedSentence(stage.epochs[message], 250, 1_000)
    call = pool_scripts.finish_and_claim(POOL, message, finished, 600_000, "w2", LEASE_MS, 1, 4_000)
    following: NextSentence = stage.do(call.at(stage.now))
    assert following.verdict is FinishVerdict.OK
    return following


def test_a_hot_slot_leaves_a_suspect_to_its_message(redis: Redis) -> None:
    """It may have to wait until the process is empty, and a slot does not wait."""
    stage, running = suspects_beside_another_process(redis)
    following = finish_and_claim(stage, running[0])
    assert following.message is None
    assert [(message.job, message.seq) for message in following.picked] == [("j", 0)]
    assert outbox_entry(following.picked[0]) in stage.held()[":outbox"]


def test_a_hot_slot_takes_nothing_while_its_process_waits_to_be_empty(redis: Redis) -> None:
    stage, running = suspects_beside_another_process(redis)
    suspects = stage.pick(2)
    assert [message.job for message in suspects] == ["j", "j"]
    assert stage.claim(suspects[0], "w2").verdict is ClaimVerdict.WAIT
    following = finish_and_claim(stage, running[0])
    assert following.message is None
    assert [(message.job, message.seq) for message in following.picked] == [("other", 2)]
    assert outbox_entry(following.picked[0]) in stage.held()[":outbox"], "its message is not published yet"


@pytest.mark.parametrize("how", ["left", "died", "fell silent"])
def test_what_waited_in_a_process_that_is_gone_is_dispatched_at_once(redis: Redis, how: str) -> None:
    """The suspect that waits to run alone, and what waits behind it: none is blamed, and none waits for its lease."""
    stage, again = suspects_picked_again(redis)
    waiting = [again["j", 0], again["j", 1], again["other", 1]]
    stage.now += LEASE_MS - 1
    stage.beat("w2", again["other", 0], slots=4)
    for message in waiting:
        assert stage.claim(message, "w2").verdict is ClaimVerdict.WAIT
    if how == "fell silent":
        stage.now += LEASE_MS - 1
        for message in waiting:
            assert stage.claim(message, "w2").verdict is ClaimVerdict.WAIT
        stage.now += 1
        stage.sweep()
    else:
        stage.leave("w2", died=how == "died")
    assert [stage.record(message)[0] for message in waiting] == ["Q"] * 3
    assert [stage.record(message)[2] for message in waiting] == ["0"] * 3, "failures"
    assert stage.m("lost_messages") == 0
    stage.hire("w3", 4)
    assert {(m.job, m.seq) for m in stage.pick()} >= {(m.job, m.seq) for m in waiting}


def test_what_waited_in_one_process_and_is_spoken_by_another_stays_there(redis: Redis) -> None:
    """A doubled message: the end of the first process takes nothing from the second."""
    stage, _ = in_one_process(redis, 2)
    stage.leave("w1", died=True)
    for owner in ("w2", "w3"):
        stage.hire(owner, 2)
    stage.accept("other", 1_000, 1_000, user="bob")
    again = {(message.job, message.seq): message for message in stage.pick()}
    stage.takes("w2", again["other", 0])
    assert stage.claim(again["j", 0], "w2").verdict is ClaimVerdict.WAIT
    assert stage.claim(again["other", 1], "w2").verdict is ClaimVerdict.WAIT
    stage.takes("w3", again["other", 1])
    assert f"waiting|other|{again['other', 1].seq}" not in stage.held()[":w:w2"]
    stage.leave("w2", died=True)
    assert stage.finish(again["other", 1], 1_000) is FinishVerdict.OK


@pytest.mark.parametrize("how", ["cancelled", "expired", "left"])
def test_a_process_that_waited_for_a_suspect_is_open_again_when_that_is_gone(redis: Redis, how: str) -> None:
    stage, again = suspects_picked_again(redis)
    assert stage.claim(again["j", 0], "w2").verdict is ClaimVerdict.WAIT
    if how == "cancelled":
        stage.cancel("j")
    elif how == "expired":
        stage.now += LEASE_MS
        stage.beat("w2", again["other", 0], slots=4)
        stage.sweep()
    else:
        stage.leave("w2", died=False)
        stage.hire("w2", 4)
    if how != "left":
        stage.finish(again["other", 0], 1_000)
    message = again["other", 1] if stage.record(again["other", 1])[0] == "D" else stage.pick()[0]
    assert stage.claim(message, "w2").verdict is ClaimVerdict.CLAIMED


def test_a_process_that_falls_silent_loses_all_it_spoke(redis: Redis) -> None:
    stage, messages = in_one_process(redis, 3)
    stage.now += LEASE_MS
    stage.sweep()
    assert [stage.record(message)[0] for message in messages] == ["Q"] * 3
    assert stage.m("slots") == 0
    assert stage.beat("w1", *messages) == (False, frozenset(messages)), (
        "it has to register again, and learns what it lost"
    )
    assert stage.finish(messages[0], 1_000) is FinishVerdict.STALE


def test_a_sentence_that_a_living_process_dropped_comes_back_alone(redis: Redis) -> None:
    """Its claim's answer was lost, or its slot was gone: the neighbours are spoken on, the process keeps its slots."""
    stage, messages = in_one_process(redis, 3)
    for _ in range(4):
        stage.now += 1_000
        assert stage.beat("w1", *messages[1:], slots=3) == (True, frozenset())
        stage.sweep()
    assert [stage.record(message)[0] for message in messages] == ["Q", "R", "R"]
    assert stage.record(messages[0])[2] == "1", "it counts, so that it cannot be dropped for ever"
    assert stage.m("slots") == 3
    assert stage.finish(messages[1], 1_000) is FinishVerdict.OK


def test_a_process_that_leaves_in_order_blames_no_sentence(redis: Redis) -> None:
    stage, messages = in_one_process(redis, 2)
    assert stage.leave("w1", died=False) == 2
    assert [stage.record(message)[2] + stage.record(message)[7] for message in messages] == ["00", "00"]
    assert stage.leave("w1", died=False) == 0


def test_a_lost_message_is_blamed_on_no_sentence_and_costs_nothing(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000, 1_000)
    message = stage.pick_one()
    assert stage.tag("ann") == 250
    stage.passes(20_000)
    stage.beat("w1")
    stage.hire("w1")
    stage.sweep()
    assert stage.record(message)[:3] == ["Q", str(message.attempt), "0"]
    assert stage.tag("ann") == 0, "the charge is given back"
    assert stage.pick_one().seq == message.seq


def test_a_message_may_wait_for_two_sentences_before_it_counts_as_lost(redis: Redis) -> None:
    """It stands in the queue until a slot is free: where sentences take long, that is longer than any fixed time."""
    stage = PoolDriver(redis)
    stage.accept("j", *[9_000] * 3)
    message = stage.pick(1)[0]
    stage.takes("w1", message)
    stage.finish(message, 9_000, wall_ms=20_000)
    waiting = stage.pick_one()
    stage.passes(43_000)
    stage.beat("w1")
    stage.sweep()
    assert stage.record(waiting)[0] == "D"
    stage.passes(1_001)
    stage.hire("w1")
    stage.sweep()
    assert stage.record(waiting)[0] == "Q"


def test_what_came_to_nothing_is_given_back(redis: Redis) -> None:
    """A failed attempt, a crash, a cancel: the user pays for none of them."""
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", *[1_000] * 4)
    message = stage.pick(1)[0]
    stage.takes("w1", message)
    stage.fail(message)
    assert stage.tag("ann") == 0
    stage.takes("w1", *stage.pick(2))
    assert stage.tag("ann") == 500
    stage.leave("w1", died=True)
    assert stage.tag("ann") == 0
    stage.hire("w1", 2)
    stage.accept("k", *[1_000] * 4)
    stage.passes(2_000)
    stage.pick(3)
    assert stage.tag("ann") == 750
    stage.cancel("j")
    stage.cancel("k")
    assert ":u:ann" not in stage.held(), "nothing is owed, and no user is remembered"


def test_a_retry_keeps_its_own_deadline(redis: Redis) -> None:
    """It stands where its sentence stands, not before all others: here the other listener needs sound sooner."""
    stage = PoolDriver(redis, slots=2)
    stage.accept("far", *[9_000] * 3, window_ms=60_000, user="ann")
    for message in stage.pick(2):
        stage.takes("w1", message)
        if message.seq == 0:
            stage.finish(message, 9_000)
        else:
            stage.fail(message)
    stage.now += 1_000
    stage.accept("near", 1_000, user="bob")
    assert [(message.job, message.seq) for message in stage.pick(2)] == [("near", 0), ("far", 1)]


def test_the_end_of_a_job_by_its_poison_takes_nothing_out_of_flight_twice(redis: Redis) -> None:
    """Else the pool would believe in slots that it does not have, and the user would have them for nothing."""
    stage = PoolDriver(redis, slots=4)
    stage.retry = RetryPolicy(max_failures=1)
    stage.accept("j", *[1_000] * 3, gap="fail")
    stage.accept("k", *[1_000] * 9, target_ms=9_000)
    messages = stage.pick()
    assert [message.job for message in messages] == ["j", "j", "j", "k", "k"]
    stage.takes("w1", *messages)
    stage.fail(messages[0], "poison")
    assert (stage.job("j", "state"), stage.job("j", "reason")) == ("failed", "sentence 0: poison")
    assert stage.in_flight() == 2
    assert stage.tag("ann") == 500


def test_speaking_is_remembered_as_long_as_the_sentence_is(redis: Redis) -> None:
    """All was down for longer than any lease; what the dead process spoke must still be found."""
    stage, messages = in_one_process(redis, 2)
    for name in (f"{P}:run:w1", f"{P}:w:w1", f"{P}:js:j", f"{P}:j:j", f"{P}:jt:j", f"{P}:u:ann"):
        assert redis.pttl(name) > 7 * 24 * 3_600_000 - 60_000
    redis.delete(f"{P}:run:w1")
    stage.now += LEASE_MS
    stage.sweep()
    assert [stage.record(message)[0] for message in messages] == ["Q", "Q"], "even if the list of them was lost"
    assert stage.in_flight() == 0


def test_a_late_finish_of_a_process_that_is_gone_leaves_no_trace(redis: Redis) -> None:
    stage, messages = in_one_process(redis, 1)
    stage.leave("w1", died=True)
    assert stage.finish(messages[0], 1_000) is FinishVerdict.STALE
    assert stage.fail(messages[0]) is FinishVerdict.STALE
    assert ":w:w1" not in stage.held()


def test_nor_does_a_finish_of_what_only_waited_there(redis: Redis) -> None:
    """A process is not brought back to life, without a time to live, by the count of what it spoke."""
    stage, _ = in_one_process(redis, 2)
    stage.leave("w1", died=True)
    stage.hire("w2", 2)
    stage.accept("other", 1_000, user="bob")
    again = {(message.job, message.seq): message for message in stage.pick()}
    stage.takes("w2", again["other", 0])
    assert stage.claim(again["j", 0], "w2").verdict is ClaimVerdict.WAIT
    stage.leave("w2", died=False)
    stage.epochs[again["j", 0]] = stage.epochs[again["other", 0]]
    assert stage.finish(again["j", 0], 1_000, wall_ms=0) is FinishVerdict.STALE
    assert ":w:w2" not in stage.held()


def test_a_second_claim_is_stale_and_an_unknown_process_gets_nothing(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    assert stage.claim(message, "stranger").verdict is ClaimVerdict.UNKNOWN
    assert outbox_entry(message) in stage.held()[":outbox"]
    stage.takes("w1", message)
    assert ":outbox" not in stage.held()
    assert stage.claim(message, "w1").verdict is ClaimVerdict.STALE
    stage.cancel("j")
    assert stage.claim(message, "w1").verdict is ClaimVerdict.GONE


def test_the_reason_of_a_death_may_hold_any_sign(redis: Redis) -> None:
    """To-do entries are cut at the first bars only: the reason comes last."""
    stage = PoolDriver(redis)
    stage.retry = RetryPolicy(max_failures=1)
    stage.accept("j", 1_000, gap="silence")
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.fail(message, 'a|b " ü\n')
    entries = [entry for entry in stage.sweep().todo if entry.startswith("fill")]
    assert [entry.split("|", 4) for entry in entries] == [["fill", "j", "0", "1000", 'a|b " ü\n']]


def test_an_attempt_cannot_finish_for_the_one_that_follows_it(redis: Redis) -> None:
    """A worker that was taken for dead comes back while another speaks the sentence."""
    stage = PoolDriver(redis, slots=1)
    stage.accept("j", 1_000)
    first = stage.pick_one()
    stage.takes("w1", first)
    stage.leave("w1", died=False)
    stage.hire("w2")
    second = stage.pick_one()
    stage.takes("w2", second)
    assert (first.seq, stage.finish(first, 1_000)) == (second.seq, FinishVerdict.STALE)
    assert stage.finish(second, 1_000) is FinishVerdict.OK
