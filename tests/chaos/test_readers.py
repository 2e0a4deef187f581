"""Readers that go on for others which were killed."""

from pathlib import Path

from redis import Redis

from seriatim.keys import StreamPosition
from seriatim.stream_entries import End
from tests.chaos import readers
from tests.chaos.history import History, read
from tests.chaos.reader_log import Ear, resumed


def test_a_plain_reader_goes_on_for_one_that_was_killed_as_it_had_heard_the_end(redis: Redis, tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    Ear("job", history).take(End(StreamPosition(0, 0), "failed", "no voice", 12, 1))
    ear = resumed("job", history, read(tmp_path / "history.jsonl"))
    assert readers.plainly(redis, "stream", ear, lambda: True, "trim") == "ended"
    end = read(tmp_path / "history.jsonl")[-1]
    assert (end["e"], end["state"], end["reason"]) == ("end", "failed", "no voice")
