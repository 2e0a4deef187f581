"""Faults that the simulator found, each as the shortest way to it."""

from collections.abc import Callable
from typing import cast

import pytest
from redis import Redis

from reassembler.emit_loop import create_consumer_groups, wait_for_notifications
from seriatim.client.job_options import JobRequest
from seriatim.dispatch import dispatch
from seriatim.errors import CommandRefused, PositionLost
from seriatim.keys import StreamPosition, notification_stream, ordered_stream, pool_prefix, shard_of, shard_prefix
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, JobSlot
from seriatim.lua.pool_records import FinishedSentence, FinishVerdict, Submission, SubmitVerdict, WorkerRegistration
from seriatim.lua.script_calls import run
from seriatim.records import DrainMode, JobKind, Sentence, TaskMessage
from seriatim.stream_entries import Audio, ReaderCursor, SentenceStart
from tests.support.process_system import RealSystem

NOW = 1_700_000_000_000
SENTENCE = '500|{"text": ""}'  #: estimated at 500 ms
JOB, POOL = "a-job", "voices"


def store_sentences(redis: Redis, *sentences: bytes) -> None:
    """A store job whose sentences are whole, and emitted."""
    run(redis, job_scripts.init(JOB, len(sentences), JobSlot(drain=DrainMode.STORE)).at(NOW))
    run(redis, job_scripts.life(JOB, accepted=True).at(NOW))
    for seq, pcm in enumerate(sentences):
        run(redis, job_scripts.open_sentence(JOB, seq, 1, "exact", 8_000, f"{seq}").at(NOW))
        for start in range(0, len(pcm), 4):
            last = start + 4 >= len(pcm)
            run(redis, job_scripts.append(JOB, seq, 1, ChunkAppend(start, pcm[start : start + 4], last, 0)).at(NOW))
    run(redis, job_scripts.emit(JOB).at(NOW))


def looked_at(redis: Redis, now_ms: int) -> list[str]:
    return run(redis, job_scripts.due(shard_of(JOB)).at(now_ms))


def ids(redis: Redis) -> list[str]:
    rows = redis.xrange(ordered_stream(JOB))
    return [row[0].decode() for row in rows]  # type: ignore[union-attr]  # redis-py's union of replies


def registered(redis: Redis, rtf: float, pool_name: str = POOL) -> None:
    """A pool with one slot."""
    run(redis, pool_scripts.rebase(pool_name).at(NOW))
    facts = WorkerRegistration(1, 8_000, "exact", rtf, 0.9, 0.05, "[]", "tone", "here", 1, 1)
    run(redis, pool_scripts.register(pool_name, "worker", 60_000, facts).at(NOW))


def live(name: str) -> Submission:
    return Submission(name, "a-user", JobKind.LIVE, "{}")


def test_what_was_sent_is_not_sent_again_although_handing_it_out_failed(new_system: Callable[..., RealSystem]) -> None:
    """A writer whose server failed it in between two steps goes on, and no sentence is spoken twice."""
    with new_system() as system:
        registered(system.redis, rtf=0.25, pool_name="tone")
        open_job = system.producer().open(JobRequest.of({"engine": "tone", "kind": "batch", "drain": "window"}))
        outbox, texts = f"{pool_prefix('tone')}:outbox", f"{pool_prefix('tone')}:jt:{open_job.job.id}"
        system.redis.set(outbox, "of another kind: every pick fails", ex=60)
        with pytest.raises(CommandRefused):
            open_job.say("The first. The second. The third. And ")
        system.redis.delete(outbox)
        open_job.say("the last. ")
        open_job.close()
        rows = cast("dict[bytes, bytes]", system.redis.hgetall(texts))
        assert [Sentence.from_json(rows[b"%d" % seq].partition(b"|")[2]).text for seq in range(len(rows))] == [
            "The first.", "The second.", "The third.", "And the last."
        ]  # fmt: skip


def test_a_job_that_was_accepted_is_not_refused_because_no_message_could_be_sent(
    new_system: Callable[..., RealSystem],
) -> None:
    """Memory became full right behind its acceptance: the sweep hands it out when there is room."""
    with new_system() as system:
        registered(system.redis, rtf=0.25, pool_name="tone")
        producer = system.producer()
        producer.begin("A sentence. Another one.", JobRequest.of({"engine": "tone", "kind": "batch"}))
        system.redis.config_set("maxmemory", 1)
        assert dispatch(producer.pool_client("tone")) == 0


def test_a_reassembler_begins_although_memory_is_full(redis: Redis) -> None:
    """It is the one who makes room: if it could not begin, memory would stay full for ever."""
    redis.config_set("maxmemory", 1)
    try:
        create_consumer_groups(redis)
        assert wait_for_notifications(redis, "the first to come", 1) == []
    finally:
        redis.config_set("maxmemory", 0)
    assert redis.ttl(notification_stream(0)) > 0


def test_an_ended_store_job_is_looked_at_until_it_is_stored(redis: Redis) -> None:
    """A reassembler that dies between the last emit and its file leaves no half file: the next one is notified."""
    store_sentences(redis, b"abcd")
    assert looked_at(redis, NOW + 60_000) == [JOB]
    run(redis, job_scripts.emit(JOB).at(NOW + 60_000))
    assert looked_at(redis, NOW + 120_000) == [JOB], "a look alone stores nothing"
    run(redis, job_scripts.recorded(JOB, ids(redis)[-1], 4, end=True).at(NOW))
    assert looked_at(redis, NOW + 180_000) == []


def test_sound_beyond_the_end_of_a_text_does_not_stay(redis: Redis) -> None:
    """A server that lost the end of an open job's text closes it without; who spoke that end knows nothing of it."""
    run(redis, job_scripts.init(JOB, -1).at(NOW))
    for seq in (1, 0):
        run(redis, job_scripts.open_sentence(JOB, seq, 1, "exact", 8_000, f"{seq}").at(NOW))
        run(redis, job_scripts.append(JOB, seq, 1, ChunkAppend(0, b"abcd", True, 0)).at(NOW))
    run(redis, job_scripts.close(JOB, 1).at(NOW))
    assert run(redis, job_scripts.emit(JOB).at(NOW)).state == "done"
    assert list(redis.scan_iter("*:b:*")) == []


def test_a_cancelled_store_job_reaches_a_recorder_at_once(redis: Redis) -> None:
    run(redis, job_scripts.init(JOB, 3, JobSlot(drain=DrainMode.STORE)).at(NOW))
    run(redis, job_scripts.end(JOB, "cancelled", "by its user").at(NOW))
    assert redis.xlen(f"{shard_prefix(shard_of(JOB))}:ntf") == 1


def test_a_recorder_that_was_overtaken_takes_nothing_from_the_stream(redis: Redis) -> None:
    store_sentences(redis, b"abcdefgh", b"ijklmnop")
    run(redis, job_scripts.recorded(JOB, "1-8", 8, end=False).at(NOW))
    assert run(redis, job_scripts.recorded(JOB, "2-8", 4, end=False).at(NOW)) == 8
    assert ids(redis)[0] == "1-8", "what is not stored is held"


def test_sound_whose_sentence_marker_was_trimmed_is_lost_and_not_misplaced() -> None:
    cursor = ReaderCursor()
    cursor.feed(SentenceStart(StreamPosition(1, 0), 0, 0, 8_000, "one"))
    with pytest.raises(PositionLost, match="the beginning of sentence 1 is not held any more"):
        cursor.feed(Audio(StreamPosition(2, 4), b"abcd"))


def test_a_clock_that_was_set_back_hides_no_job(redis: Redis) -> None:
    store_sentences(redis, b"abcd")
    assert looked_at(redis, NOW - 3_600_000) == [JOB]


def test_a_first_chunk_that_is_sent_again_moves_no_discontinuity(redis: Redis) -> None:
    """An engine that promised the same bytes and gave others: the listener learns where, once."""
    run(redis, job_scripts.init(JOB, 1).at(NOW))
    run(redis, job_scripts.open_sentence(JOB, 0, 1, "exact", 8_000, "0").at(NOW))
    run(redis, job_scripts.append(JOB, 0, 1, ChunkAppend(0, b"abcd", False, 1)).at(NOW))
    run(redis, job_scripts.emit(JOB).at(NOW))
    assert run(redis, job_scripts.open_sentence(JOB, 0, 2, "exact", 8_000, "0").at(NOW)).base == 4
    for pcm in (b"EFGH", b"EFGHIJ"):
        chunk = ChunkAppend(4, pcm, False, 2, differs=True)
        assert run(redis, job_scripts.append(JOB, 0, 2, chunk).at(NOW))[0] is AppendVerdict.OK
    run(redis, job_scripts.emit(JOB).at(NOW))
    run(redis, job_scripts.append(JOB, 0, 2, ChunkAppend(4, b"EFGHIJKL", True, 2, differs=True)).at(NOW))
    run(redis, job_scripts.emit(JOB).at(NOW))
    markers = [name for name in ids(redis) if int(name.split("-")[1]) % 2 and name.startswith("1-")]
    assert markers == ["1-5"]


def test_attempts_rise_although_the_restart_itself_was_lost_with_the_log(redis: Redis) -> None:
    """Killed twice in a row, and all that was written between is gone: no attempt is handed out twice."""

    def lose_the_tail() -> None:
        redis.hset(f"{pool_prefix(POOL)}:m", "epoch", "of an older server")
        redis.hset(f"{pool_prefix(POOL)}:m", "fence", 7)

    lose_the_tail()
    assert run(redis, pool_scripts.rebase(POOL).at(NOW)) == 2
    first = int(redis.hget(f"{pool_prefix(POOL)}:m", "fence") or 0)
    seconds, micros = redis.time()
    while redis.time() < (seconds, micros + 2_000):  # a restart takes longer
        pass
    lose_the_tail()
    assert run(redis, pool_scripts.rebase(POOL).at(NOW)) == 2
    assert int(redis.hget(f"{pool_prefix(POOL)}:m", "fence") or 0) > first + 16


def test_an_idle_pool_that_is_slower_than_speech_takes_one_live_job(redis: Redis) -> None:
    """To refuse it would be for ever: nothing but speaking measures the pool anew."""
    registered(redis, rtf=3.0)
    assert run(redis, pool_scripts.submit(POOL, live("one"), [SENTENCE]).at(NOW)).verdict is SubmitVerdict.ACCEPTED
    assert run(redis, pool_scripts.submit(POOL, live("two"), [SENTENCE]).at(NOW)).verdict is SubmitVerdict.BUSY


def test_a_tiny_sentence_does_not_make_a_pool_look_slow(redis: Redis) -> None:
    registered(redis, rtf=0.25)
    times = ((250, 1_000), (50, 10))  # ms of wall and of sound: a page's sentence, then "No."
    run(redis, pool_scripts.submit(POOL, live("one"), [SENTENCE] * len(times)).at(NOW))
    for seq, (wall_ms, audio_ms) in enumerate(times):
        (message,) = run(redis, pool_scripts.pick(POOL, 1, 1_000).at(NOW))
        assert message == TaskMessage("one", seq, message.attempt)
        epoch = run(redis, pool_scripts.claim(POOL, message, "worker", 1_000).at(NOW)).epoch
        assert (
            run(redis, pool_scripts.finish(POOL, message, FinishedSentence(epoch, wall_ms, audio_ms)).at(NOW))
            is FinishVerdict.OK
        )
    assert float(redis.hget(f"{pool_prefix(POOL)}:m", "rtf") or 0) < 0.26
