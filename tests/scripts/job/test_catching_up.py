"""Catching up: a recorder overtakes a reader of a stored job, which finds in the recording what left the stream."""

from pathlib import Path

import pytest
from redis import Redis

from reassembler.recorder import record
from seriatim.client.stream_reader import StreamReader
from seriatim.errors import Misconfigured
from seriatim.keys import StreamPosition
from seriatim.lua import job_scripts as job_calls
from seriatim.lua.job_scripts import ChunkAppend, JobSlot
from seriatim.lua.script_calls import run
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio

JOB, PIECE = "overtaken", b"\1\0" * 100


@pytest.fixture
def reading(redis: Redis, tmp_path: Path) -> StreamReader:
    run(redis, job_calls.init(JOB, 1, JobSlot(drain=DrainMode.STORE)))
    run(redis, job_calls.open_sentence(JOB, 0, 1, "exact", 8000, "Once."))
    return StreamReader(JOB, "tone", DrainMode.STORE, redis, redis, lambda: tmp_path)


def say(redis: Redis, number: int, *, final: bool = False) -> None:
    """Deliver the piece `number`, 0-based, and emit it."""
    run(redis, job_calls.append(JOB, 0, 1, ChunkAppend(number * len(PIECE), PIECE, final=final, checksum=0)))
    run(redis, job_calls.emit(JOB))


def test_what_the_recorder_took_away_is_heard_from_the_recording_and_the_rest_from_the_stream(
    redis: Redis, reading: StreamReader, tmp_path: Path
) -> None:
    say(redis, 0)
    entries = reading.entries(StreamPosition())
    next(entries)  # the sentence begins
    assert next(entries) == Audio(StreamPosition(1, 200), PIECE)
    say(redis, 1)
    say(redis, 2)
    record(redis, tmp_path, JOB)
    assert next(entries) == Audio(StreamPosition(1, 600), PIECE * 2)
    say(redis, 3, final=True)
    assert [type(entry).__name__ for entry in entries] == ["Audio", "End"]


def test_a_recording_that_is_elsewhere_is_said_to_be_so(redis: Redis, reading: StreamReader, tmp_path: Path) -> None:
    say(redis, 0)
    entries = reading.entries(StreamPosition())
    next(entries)
    next(entries)
    say(redis, 1)
    say(redis, 2)
    record(redis, tmp_path / "elsewhere", JOB)
    with pytest.raises(Misconfigured, match=r"drains to a store that is not .*: set SERIATIM_STORE_DIR"):
        next(entries)


def test_a_reader_of_a_job_without_a_recording_asks_for_no_store(redis: Redis) -> None:
    """To find it is a round trip, beside those of the slot that speaks the first sentence."""
    run(redis, job_calls.init(JOB, 1, JobSlot(drain=DrainMode.WINDOW)))
    run(redis, job_calls.open_sentence(JOB, 0, 1, "exact", 8000, "Once."))
    say(redis, 0, final=True)
    reading = StreamReader(JOB, "tone", DrainMode.WINDOW, redis, redis, lambda: pytest.fail("it was asked for"))
    assert [type(entry).__name__ for entry in reading.entries(StreamPosition())] == ["SentenceStart", "Audio", "End"]
