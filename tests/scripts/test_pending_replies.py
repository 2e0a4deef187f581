"""Pending replies: chunks whose answers are read while the engine makes the next one, whatever happens on the way."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from seriatim.engine import AudioChunk
from seriatim.errors import Unavailable
from seriatim.keys import job_prefix, ordered_stream
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import OpenVerdict
from seriatim.lua.pending_reply import PendingReply
from seriatim.lua.script_calls import run
from seriatim.records import TaskMessage
from seriatim.servers.redis_clients import command_client
from seriatim.stream_entries import Audio, decode
from tests.support.free_ports import free_port
from tests.support.process_system import wait_until
from workers.chunk_sender import AttemptDropped, ChunkSender
from workers.trim_and_fade import TrimFadeFilter

RATE_HZ = 8_000
NEVER_S = 20  #: for which a client waits for a reply that is lost
LONG_MS, PAUSE_MS, FAR_MS = 60_000, 150, 50
JOB = "ab" * 16
CHUNKS = [AudioChunk(bytes([n, 64] * 800)) for n in range(1, 7)]  #: 100 ms each
FIRST_CALL = job_scripts.open_sentence(JOB, 0, 1, "exact", RATE_HZ, "text")


@pytest.fixture
def client(redis: Redis) -> Iterator[Redis]:
    """A worker's client of the test's server."""
    with command_client(f"unix://{redis.connection_pool.connection_kwargs['path']}?socket_timeout={NEVER_S}") as made:
        yield made


@pytest.fixture
def over_tcp(redis: Redis) -> Iterator[Redis]:
    """A client of the same server over TCP."""
    port = free_port()
    redis.config_set("port", port)
    with command_client(f"redis://127.0.0.1:{port}") as made:
        yield made
    redis.config_set("port", 0)


@pytest.fixture
def sender(redis: Redis, client: Redis) -> ChunkSender:
    """That of a sentence whose every chunk is sent, and whose first one was, to a server that seems far."""
    run(client, job_scripts.init(JOB, 1))
    opened = run(client, FIRST_CALL)
    made = ChunkSender(client, TaskMessage(JOB, 0, 1), opened, TrimFadeFilter(RATE_HZ, 0), RATE_HZ, lead_ms=0)
    redis.client_pause(FAR_MS, all=False)
    made.feed(CHUNKS[0])
    assert made.first_sound_s is not None
    return made


def ordered_audio(redis: Redis) -> bytes:
    entries = [decode(*row) for row in cast("list[Any]", redis.xrange(ordered_stream(JOB)))]
    return b"".join(entry.pcm for entry in entries if isinstance(entry, Audio))


def expected() -> bytes:
    edges = TrimFadeFilter(RATE_HZ, 0)
    return b"".join(edges.feed(chunk.pcm) for chunk in CHUNKS) + edges.finish()


def test_the_engine_does_not_wait_for_the_reply_to_a_chunk(redis: Redis, sender: ChunkSender) -> None:
    """But one is pending at most: a server that is slow stops it."""
    released = threading.Event()

    def release() -> None:
        released.set()
        redis.client_unpause()

    redis.client_pause(LONG_MS, all=False)
    sender.feed(CHUNKS[1])
    timer = threading.Timer(0.1, release)
    timer.start()
    sender.feed(CHUNKS[2])
    assert released.is_set()
    timer.join()
    for chunk in CHUNKS[3:]:
        sender.feed(chunk)
    sender.finish()
    assert ordered_audio(redis) == expected()


def test_sound_that_was_sent_does_not_count_as_sound_that_waits(sender: ChunkSender) -> None:
    sender.lead_ms = 4_000  # of which a quarter may be held back
    offsets = [sender._next_offset]
    for _ in range(3):
        sender.feed(AudioChunk(bytes([7, 64] * 600 * (RATE_HZ // 1000))))
        offsets.append(sender._next_offset)
    assert offsets[0] == offsets[1] < offsets[2] == offsets[3]


def test_a_server_is_far_by_its_reply_to_the_first_chunk(redis: Redis, sender: ChunkSender) -> None:
    for chunk in CHUNKS[1:]:
        sender.feed(chunk)
        assert sender._pending is not None
    near = ChunkSender(
        sender.redis, sender.message, sender.opened, TrimFadeFilter(RATE_HZ, 0), RATE_HZ, lead_ms=0
    )  # fmt: skip
    near._is_far = False
    redis.client_pause(FAR_MS, all=False)
    for chunk in CHUNKS:
        near.feed(chunk)
        assert near._pending is None


def test_the_last_chunk_follows_on_the_same_connection(redis: Redis, client: Redis, sender: ChunkSender) -> None:
    for chunk in CHUNKS[1:]:
        sender.feed(chunk)
    pending = sender._pending
    assert pending is not None
    wait_until(lambda: pending.reply.has_arrived)
    connections = len(client.client_list())
    redis.config_resetstat()
    sender.finish(lambda append, _: append)
    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == 1
    assert len(client.client_list()) == connections
    assert ordered_audio(redis) == expected()


def test_a_chunk_whose_connection_breaks_arrives_once(redis: Redis, sender: ChunkSender) -> None:
    for chunk in CHUNKS[1:]:
        sender.feed(chunk)
        redis.client_kill_filter(skipme=True, _type="normal")
    sender.finish()
    assert ordered_audio(redis) == expected()


def test_a_call_that_finds_no_server_says_so(tmp_path: Path) -> None:
    with command_client(f"unix://{tmp_path}/none", outage_s=0.1) as client, pytest.raises(Unavailable):
        PendingReply(client, FIRST_CALL)


def test_a_chunk_whose_connection_the_server_closed_meanwhile_is_sent_on_another(over_tcp: Redis, redis: Redis) -> None:
    """Over TCP the first bytes behind the server's end can be written, and are lost."""
    run(over_tcp, job_scripts.init(JOB, 1))
    run(over_tcp, FIRST_CALL)
    closed = over_tcp.client_id()
    redis.client_kill_filter(_id=str(closed))
    wait_until(lambda: closed not in [int(row["id"]) for row in redis.client_list()])
    reply = PendingReply(over_tcp, job_scripts.open_sentence(JOB, 0, 2, "exact", RATE_HZ, "text"))
    wait_until(lambda: redis.hget(f"{job_prefix(JOB)}:c:{JOB}", "a0") == b"2", "the call")
    assert reply.is_pending
    assert reply.read().verdict is OpenVerdict.OPEN


def test_redis_pys_own_ping_does_not_read_the_reply(redis: Redis) -> None:
    path = redis.connection_pool.connection_kwargs["path"]
    with command_client(f"unix://{path}?health_check_interval=60&socket_timeout={NEVER_S}") as client:
        run(client, job_scripts.init(JOB, 1))
        run(client, FIRST_CALL)
        reply = PendingReply(client, FIRST_CALL)
        connection: Any = reply._connection
        connection.next_health_check = 0  # it would ask now
        start_s = time.monotonic()
        opened, again = reply.read_with(FIRST_CALL)
        assert opened == again
        assert time.monotonic() - start_s < NEVER_S


def test_a_pool_that_is_closed_meanwhile_loses_no_reply(client: Redis, sender: ChunkSender, redis: Redis) -> None:
    for chunk in CHUNKS[1:]:
        sender.feed(chunk)
        client.connection_pool.disconnect()
    start_s = time.monotonic()
    sender.finish()
    assert time.monotonic() - start_s < NEVER_S
    assert ordered_audio(redis) == expected()


def test_a_server_that_forgot_its_scripts_learns_them_again(redis: Redis, sender: ChunkSender) -> None:
    for chunk in CHUNKS[1:]:
        redis.script_flush()
        sender.feed(chunk)
    sender.finish()
    assert ordered_audio(redis) == expected()


def test_an_attempt_that_is_fenced_learns_it_at_its_next_chunk(client: Redis, sender: ChunkSender) -> None:
    run(client, job_scripts.open_sentence(JOB, 0, 2, "exact", RATE_HZ, "text"))
    sender.feed(CHUNKS[1])
    with pytest.raises(AttemptDropped, match="FENCED"):
        sender.feed(CHUNKS[2])


def test_an_attempt_that_is_fenced_learns_it_at_the_end_of_its_engine(client: Redis, sender: ChunkSender) -> None:
    run(client, job_scripts.open_sentence(JOB, 0, 2, "exact", RATE_HZ, "text"))
    sender.feed(CHUNKS[1])
    with pytest.raises(AttemptDropped, match="FENCED"):
        sender.finish()


def test_bytes_that_the_server_lost_are_sent_again(redis: Redis, client: Redis, sender: ChunkSender) -> None:
    """Its log was cut: it asks for them in its answer."""
    contents = {key: redis.dump(key) for key in redis.scan_iter(f"*{JOB}*")}
    sender.feed(CHUNKS[1])
    sender._await_pending()
    for key, content in contents.items():
        redis.restore(key, 60_000, cast("bytes", content), replace=True)
    for chunk in CHUNKS[2:]:
        sender.feed(chunk)
    sender.finish()
    assert ordered_audio(redis) == expected()


def test_a_full_server_gets_the_chunk_once_it_has_room(redis: Redis, sender: ChunkSender) -> None:
    redis.config_set("maxmemory", 1)
    try:
        sender.feed(CHUNKS[1])
        room = threading.Timer(0.3, lambda: redis.config_set("maxmemory", 0))
        room.start()
        for chunk in CHUNKS[2:]:
            sender.feed(chunk)
        room.join()
    finally:
        redis.config_set("maxmemory", 0)
    sender.finish()
    assert ordered_audio(redis) == expected()


def test_an_attempt_that_comes_to_nothing_leaves_no_answer_to_others(
    redis: Redis, client: Redis, sender: ChunkSender
) -> None:
    redis.client_pause(PAUSE_MS, all=False)
    with sender:
        sender.feed(CHUNKS[1])
    assert [client.echo(str(i)) for i in range(5)] == [str(i).encode() for i in range(5)]
    pool: Any = client.connection_pool
    assert pool._taken == set()
