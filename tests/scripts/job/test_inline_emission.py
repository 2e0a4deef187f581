"""Inline emission, in the step that appends a chunk: what is at the cursor is heard at once, the rest as before."""

import zlib

from redis import Redis

from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend
from seriatim.records import DrainMode, HoldPolicy
from tests.scripts.job.slot_driver import Slot, pcm


def append(slot: Slot, seq: int, data: bytes, start: int, end: int) -> None:
    chunk = ChunkAppend(start, data[start:end], end == len(data), zlib.crc32(data[:end]))
    call = job_scripts.append(slot.name, seq, 1, chunk, emits=True)
    assert slot.do(call.at(slot.now)) == (AppendVerdict.OK, end)


def buffered(slot: Slot, seq: int) -> int:
    return int(slot.redis.xlen(f"{slot.prefix}:b:{slot.name}:{seq}"))


def test_a_chunk_at_the_cursor_is_heard_at_once_and_stored_once(redis: Redis) -> None:
    slot, data = Slot(redis, 2), pcm(0)
    slot.open(0, 1)
    for start in (0, 400):
        append(slot, 0, data, start, start + 400)
        assert slot.sound() == data[: start + 400]
        assert buffered(slot, 0) == 0
    append(slot, 0, data, 800, 1_000)
    assert slot.field("cur") == "1"
    assert slot.notifications() == []


def test_a_sentence_that_was_waiting_follows_at_once(redis: Redis) -> None:
    slot = Slot(redis, 3)
    slot.open(1, 1)
    append(slot, 1, pcm(1), 0, 1_000)
    assert slot.sound() == b""
    assert slot.notifications() == [], "no process can do anything yet"
    slot.open(0, 1)
    append(slot, 0, pcm(0), 0, 1_000)
    assert slot.sound() == pcm(0) + pcm(1)
    assert slot.field("cur") == "2"


def test_the_end_of_a_job_is_left_to_a_reassembler_that_logs_it(redis: Redis) -> None:
    slot = Slot(redis, 1)
    slot.open(0, 1)
    append(slot, 0, pcm(0), 0, 1_000)
    assert slot.sound() == pcm(0)
    (notification,) = slot.notifications()
    assert slot.field("state") == "run"
    assert slot.emit(notification=notification).ended


def test_a_recorded_job_is_left_to_a_reassembler(redis: Redis) -> None:
    slot = Slot(redis, 2, drain=DrainMode.STORE)
    slot.open(0, 1)
    append(slot, 0, pcm(0), 0, 400)
    assert slot.sound() == b""
    assert len(slot.notifications()) == 1
    assert slot.emit().moved == 1


def test_a_held_sentence_is_heard_when_it_is_whole(redis: Redis) -> None:
    slot, data = Slot(redis, 2, hold=HoldPolicy.ALWAYS), pcm(0)
    slot.open(0, 1)
    append(slot, 0, data, 0, 400)
    assert slot.sound() == b""
    append(slot, 0, data, 400, 1_000)
    assert slot.sound() == data


def test_behind_a_cut_log_nothing_is_said_twice(redis: Redis) -> None:
    """The stream is ahead of the hash: it was heard, so it counts, also for the attempt that goes on."""
    slot, data = Slot(redis, 2), pcm(0)
    slot.open(0, 1)
    append(slot, 0, data, 0, 400)
    redis.hset(f"{slot.prefix}:c:{slot.name}", mapping={"off": 0, "r0": 0})
    append(slot, 0, data, 0, 400)
    assert slot.sound() == data[:400]
    append(slot, 0, data, 400, 1_000)
    assert slot.sound() == data


def test_behind_a_log_that_was_cut_within_a_sentence_the_cursor_follows_the_stream(redis: Redis) -> None:
    slot, data = Slot(redis, 2), pcm(0)
    slot.open(0, 1)
    for start in (0, 400):
        append(slot, 0, data, start, start + 400)
    redis.hset(f"{slot.prefix}:c:{slot.name}", mapping={"off": 400, "r0": 400})
    append(slot, 0, data, 400, 600)
    assert slot.sound() == data[:800]
    assert slot.field("off") == "800"


def test_a_sentence_behind_the_end_of_a_job_is_not_heard(redis: Redis) -> None:
    """A server that lost the end of a text has closed it without; a worker may still speak that end."""
    slot = Slot(redis, 0)
    slot.open(0, 1)
    append(slot, 0, pcm(0), 0, 1_000)
    assert slot.sound() == b""
