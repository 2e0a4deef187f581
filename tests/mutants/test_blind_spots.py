"""Blind spots of the tests until a planted fault survived."""

import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from reassembler import emit_loop
from reassembler.emit_loop import abandoned_notifications, create_consumer_groups, wait_for_notifications
from reassembler.recorder import record
from seriatim import reader_state, recording_store
from seriatim.client import stream_reader
from seriatim.client.job_options import JobRequest
from seriatim.dispatch import run_with_epoch
from seriatim.engine import AudioChunk
from seriatim.keys import GROUP, StreamPosition, job_prefix, ordered_stream, pool_prefix
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.job_scripts import ChunkAppend, JobSlot, OpenVerdict
from seriatim.lua.pool_records import WorkerRegistration
from seriatim.lua.script_calls import LuaScript, ScriptCall, run
from seriatim.reader_state import LEAST_REPORT_S, DeliveryState
from seriatim.records import DrainMode, HoldPolicy, TaskMessage
from seriatim.servers.redis_clients import BLOCK_S, command_client
from seriatim.stream_entries import Audio, Discontinuity, Entry, ReaderCursor, SentenceStart, decode
from tests.conftest import binary_of
from tests.simulator.faults import LOGGED, newest_log
from tests.support.expected_audio import Listener, stream_of
from tests.support.process_system import RealSystem, wait_until
from tests.support.redis_servers import SERVER_KINDS, PrivateServer, embedded
from workers.chunk_sender import ChunkSender
from workers.trim_and_fade import TrimFadeFilter

POOL = "tone"
RATE_HZ = 8_000  #: the tone engine's
N_WINDOWS = 16  #: of a job
LONG_MS = 600_000  #: longer than any test takes
RENEW = (
    "#!lua\nreturn redis.call('HSET', KEYS[1] .. ':m', 'epoch', 'the next') + redis.call('EXPIRE', KEYS[1] .. ':m', 60)"
)


def test_an_engine_that_cannot_resume_is_given_no_state_of_one_that_can(redis: Redis) -> None:
    """A pool in which an engine was exchanged: the sentence is spoken again from what was heard."""
    run(redis, job_scripts.init("j", 1))
    run(redis, job_scripts.open_sentence("j", 0, 1, "resumable", RATE_HZ, "text"))
    run(redis, job_scripts.append("j", 0, 1, ChunkAppend(0, b"abcd", False, 1, b"behind 4")))
    opened = run(redis, job_scripts.open_sentence("j", 0, 2, "exact", RATE_HZ, "text"))
    assert (opened.verdict, opened.base, opened.state) == (OpenVerdict.OPEN, 0, b"")


def test_a_worker_that_takes_over_another_take_says_where_it_begins(redis: Redis) -> None:
    """Its engine promised the same bytes and gave others: what was heard stays, and the seam is marked."""
    pcm = bytes([0, 64] * 2_000)
    run(redis, job_scripts.init("j", 1, JobSlot(hold=HoldPolicy.NEVER)))
    run(redis, job_scripts.open_sentence("j", 0, 1, "exact", RATE_HZ, "text"))
    run(redis, job_scripts.append("j", 0, 1, ChunkAppend(0, bytes(1_000), False, zlib.crc32(bytes(1_000)))))
    run(redis, job_scripts.emit("j"))
    opened = run(redis, job_scripts.open_sentence("j", 0, 2, "exact", RATE_HZ, "text"))
    assert opened.base == 1_000
    delivery = ChunkSender(redis, TaskMessage("j", 0, 2), opened, TrimFadeFilter(RATE_HZ, 0), RATE_HZ, lead_ms=0)
    delivery.feed(AudioChunk(pcm))
    n_bytes = delivery.finish()
    run(redis, job_scripts.emit("j"))
    entries = [decode(*row) for row in cast("list[Any]", redis.xrange(ordered_stream("j")))]
    assert [entry.offset for entry in entries if isinstance(entry, Discontinuity)] == [1_000]
    assert sum(len(entry.pcm) for entry in entries if isinstance(entry, Audio)) == n_bytes


def test_the_epoch_of_a_step_is_that_of_before_it(redis: Redis) -> None:
    """A server that is restarted while a step is made may have lost it."""
    redis.hset(f"{pool_prefix(POOL)}:m", "epoch", "the first")
    step = ScriptCall(LuaScript("renew", RENEW, "0" * 40), pool_prefix(POOL), (), int)
    assert run_with_epoch(redis, POOL, step)[1] == "the first"
    assert redis.hget(f"{pool_prefix(POOL)}:m", "epoch") == b"the next"


def test_what_cannot_be_stored_is_not_marked_as_stored(redis: Redis, tmp_path: Path) -> None:
    run(redis, job_scripts.init("j", 1, JobSlot(drain=DrainMode.STORE)))
    run(redis, job_scripts.open_sentence("j", 0, 1, "exact", RATE_HZ, "text"))
    run(redis, job_scripts.append("j", 0, 1, ChunkAppend(0, b"abcd", True, 1)))
    run(redis, job_scripts.emit("j"))
    (tmp_path / "store").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="store"):
        record(redis, tmp_path / "store", "j")
    assert redis.hexists(f"{job_prefix('j')}:c:j", "stored") is False
    assert redis.xlen(ordered_stream("j")) == 3, "nothing is let go"


def test_a_marker_behind_a_line_that_a_crash_cut_short_is_not_lost(tmp_path: Path) -> None:
    """The next worker goes on with it, and speaks nothing again of what came before."""
    first: list[Entry] = [
        SentenceStart(StreamPosition(1, 0), 0, 0, RATE_HZ, "one"),
        Audio(StreamPosition(1, 4), b"abcd"),
    ]
    then: list[Entry] = [
        SentenceStart(StreamPosition(2, 0), 1, 4, RATE_HZ, "two"),
        Audio(StreamPosition(2, 4), b"efgh"),
    ]
    cursor = ReaderCursor()
    recording_store.write(tmp_path, "j", cursor, first)
    events = recording_store.folder(tmp_path, "j") / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-20])
    recording_store.write(tmp_path, "j", cursor, then)
    assert recording_store.events(tmp_path, "j") == [first[0], then[0]]


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_the_first_connection_to_a_restarted_server_has_its_log_rewritten(kind: str) -> None:
    """What a torn tail left open in it would swallow what comes behind (decision 6)."""
    with PrivateServer(binary_of(kind), *LOGGED) as server:
        with server.client() as client:
            client.set("k", 1, ex=60)
        server.kill()
        server.start()
        torn = newest_log(server.directory)
        with command_client(server.url) as client:
            client.ping()
        assert newest_log(server.directory) != torn


def test_a_reader_that_has_all_there_is_says_so_before_it_waits(
    new_system: Callable[..., RealSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sound that waits for its report comes as soon as it is spoken; waiting itself takes two seconds a time."""
    overdue = watch_waits(monkeypatch)
    with new_system() as system:
        system.reassembler()
        system.workers(1)
        text = [f"Sentence {n} is one of many." for n in range(N_WINDOWS)]  # each fills a window: a report for each
        job = system.producer().enqueue(text, JobRequest.of({"engine": "tone", "window_ms": 1_000}))
        assert Listener(job).pcm() == stream_of(text)
    assert set(overdue) <= {False}


def test_a_reader_reports_before_it_waits_for_longer_than_until_its_report_is_due(
    new_system: Callable[..., RealSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a quarter of a second of sound, and more text comes later: it waits for its report, then for sound."""
    monkeypatch.setattr(reader_state, "LEAST_REPORT_S", BLOCK_S - LEAST_REPORT_S)
    overdue = watch_waits(monkeypatch)
    with new_system() as system:
        system.reassembler()
        system.workers(1)
        opened = system.producer().open(JobRequest.of({"engine": "tone"}))
        listener = Listener(opened.job)
        opened.say("One.")
        opened.flush()
        wait_until(lambda: len(overdue) > 1, "it waits")
        opened.close()
        assert listener.pcm() == stream_of(["One."])
    assert set(overdue) == {False}


def watch_waits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A list that grows with each long wait of a reader of this process behind some sound: True if a report was due."""
    overdue: list[bool] = []
    readers: list[DeliveryState] = []
    report, read_entries = DeliveryState.report, stream_reader.read_entries

    def noted_report(state: DeliveryState, now_s: float) -> list[ScriptCall[Any]]:
        readers[:] = [state]
        return report(state, now_s)

    def noted_read(reader: Redis, job: str, after: StreamPosition, block_s: float) -> list[Entry]:
        (state,) = readers
        if block_s > 2 * LEAST_REPORT_S and state.delivered_ms:
            overdue.append(state.moved and block_s > state.due_s - state.reported_s)
        return read_entries(reader, job, after, block_s)

    monkeypatch.setattr(DeliveryState, "report", noted_report)
    monkeypatch.setattr(stream_reader, "read_entries", noted_read)
    return overdue


@pytest.mark.thorough
def test_a_sentence_that_takes_longer_than_a_lease_is_spoken_once(new_system: Callable[..., RealSystem]) -> None:
    """While it is spoken its lease is renewed, so that none of them ends before the sentence."""
    with new_system(lease_ms=LONG_MS, stall_timeout_ms=LONG_MS) as system, system.redis as redis:
        system.reassembler()
        system.workers(1)
        listener = Listener(system.producer().enqueue(system.held([]), JobRequest.of({"engine": "tone"})))
        wait_until(system.half_spoken, "it is being spoken")
        lease_end = partial(redis.zscore, f"{pool_prefix(POOL)}:lease", f"{listener.job.id}|0")
        first_ms = cast("float", lease_end())
        wait_until(lambda: cast("float", lease_end()) > first_ms, "its lease is renewed")
        system.gate.touch()
        assert listener.pcm()
        assert system.attempts_lost() == 0


@pytest.mark.thorough
def test_what_was_picked_while_the_broker_is_away_stays_in_the_outbox(new_system: Callable[..., RealSystem]) -> None:
    with PrivateServer(embedded()) as broker, new_system(broker=broker) as system:
        broker.kill()
        facts = WorkerRegistration(1, RATE_HZ, "exact", 0.25, 0.9, 0.05, "[]", "tone", "here", 1, 1)
        run(system.redis, pool_scripts.register(POOL, "worker", 60_000, facts))
        system.producer().begin("A sentence.", JobRequest.of({"engine": "tone", "kind": "batch"}))
        assert system.redis.zcard(f"{pool_prefix(POOL)}:outbox") == 1


def test_a_sentence_whose_worker_died_behind_its_last_chunk_is_over(new_system: Callable[..., RealSystem]) -> None:
    """It is not spoken again: what is heard is what the dead worker said."""
    pcm = bytes(range(256)) * 4
    with new_system() as system:
        facts = WorkerRegistration(1, RATE_HZ, "exact", 0.25, 0.9, 0.05, "[]", "tone", "here", 1, 1)
        run(system.redis, pool_scripts.register(POOL, "dead", 1, facts))
        job = system.producer().enqueue(["Said."], JobRequest.of({"engine": "tone"}))
        run(system.redis, job_scripts.open_sentence(job.id, 0, 1, "exact", RATE_HZ, "Said."))
        run(system.redis, job_scripts.append(job.id, 0, 1, ChunkAppend(0, pcm, True, 1)))
        system.reassembler()
        system.workers(1)
        assert Listener(job).pcm() == pcm
        state = f"{pool_prefix(POOL)}:j:{job.id}"
        with system.redis as redis:
            found = wait_until(
                lambda: (now := redis.hget(state, "state")) != b"run" and now, "the pool knows that it is over"
            )
        assert found == b"spoken"


def test_what_a_dead_reassembler_took_is_taken_over(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emit_loop, "ABANDONED_MS", LONG_MS)
    create_consumer_groups(redis)
    run(redis, job_scripts.init("j", 0))
    (taken,) = wait_for_notifications(redis, "dead", 1)
    assert abandoned_notifications(redis, "heir") == [], "it may be at it still"
    redis.xclaim(taken.stream, GROUP, "dead", 0, [taken.id], idle=2 * LONG_MS)
    assert abandoned_notifications(redis, "heir") == [taken]
