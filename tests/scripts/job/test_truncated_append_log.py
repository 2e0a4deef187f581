"""A truncated append log, cut in the middle of a step: the ordered stream is ahead of the cursor, and right."""

import pytest
from redis import Redis

from seriatim.lua.job_scripts import OpenVerdict
from seriatim.stream_entries import Audio, ReaderCursor, SentenceStart
from tests.scripts.job.slot_driver import Slot, pcm


@pytest.mark.parametrize(("cur", "off"), [(0, 0), (0, 400), (0, 1_000), (1, 0), (1, 200)])
@pytest.mark.parametrize("finished", [False, True])
def test_where_the_stream_is_ahead_of_the_cursor_the_stream_is_right(
    redis: Redis, cur: int, off: int, finished: bool
) -> None:
    """A log was cut between the two. Nothing is spoken twice, and no process waits for what is out already."""
    slot = Slot(redis, 3)
    slot.says(0, 1, pcm(0))
    slot.open(1, 1)
    slot.append(1, 1, 0, pcm(1)[:400], checksum=8)
    slot.emit()
    if finished:
        slot.append(1, 1, 400, pcm(1)[400:], final=True)
    before = slot.stream()
    redis.hset(f"{slot.prefix}:c:j", mapping={"cur": cur, "off": off, "at": 0})
    slot.emit()
    assert slot.stream()[: len(before)] == before
    assert (slot.field("cur"), slot.field("off"), slot.field("at")) == (
        ("2", "0", "2000") if finished else ("1", "400", "1000")
    )
    opened = slot.open(1, 2)
    assert (opened.verdict, opened.base, opened.checksum) == (
        (OpenVerdict.DONE, 1_000, None) if finished else (OpenVerdict.OPEN, 400, None)
    )
    if not finished:
        slot.append(1, 2, 400, pcm(1)[400:], final=True)
    slot.says(2, 1, pcm(2))
    slot.emit()
    assert read(slot) == pcm(0) + pcm(1) + pcm(2) == slot.sound()
    assert slot.markers() == ["SentenceStart 1", "SentenceStart 2", "SentenceStart 3", "End 4"]


def read(slot: Slot) -> bytes:
    """As a reader of ours hears it, which trims what it knows."""
    cursor = ReaderCursor()
    fed = [cursor.feed(entry) for entry in slot.stream()]
    return b"".join(entry.pcm for entry in fed if isinstance(entry, Audio))


def test_a_retry_in_other_pieces_behind_a_cut_log_says_nothing_twice(redis: Redis) -> None:
    """The chunks that are out are lost with the cursor; they come again, cut in other places."""
    slot = Slot(redis, 1)
    slot.open(0, 1)
    slot.append(0, 1, 0, pcm(0)[:600])
    slot.emit()
    redis.hset(f"{slot.prefix}:c:j", mapping={"cur": 0, "off": 0, "r0": 0})
    slot.says(0, 2, pcm(0), piece=250 * 2)
    slot.emit()
    assert slot.sound() == pcm(0)


def test_the_same_attempt_in_other_pieces_behind_a_cut_log_says_nothing_twice(redis: Redis) -> None:
    """It sends again, in one piece, what Redis says that it lacks."""
    slot = Slot(redis, 1)
    slot.open(0, 1)
    slot.append(0, 1, 0, pcm(0)[:600])
    slot.emit()
    redis.hset(f"{slot.prefix}:c:j", mapping={"cur": 0, "off": 0, "r0": 0})
    slot.append(0, 1, 0, pcm(0), final=True)
    slot.emit()
    assert slot.sound() == pcm(0)


def test_an_end_that_is_in_the_stream_is_the_end(redis: Redis) -> None:
    """The log was cut behind the terminal entry: the job does not go on, nor end twice."""
    slot = Slot(redis, 1)
    slot.says(0, 1, pcm(0))
    slot.emit()
    redis.hset(f"{slot.prefix}:c:j", mapping={"state": "run", "cur": 0, "off": 0})
    redis.pexpire(f"{slot.prefix}:c:j", 4_000_000)
    assert slot.end() is False
    assert slot.emit().state == "done"
    assert slot.markers() == ["SentenceStart 1", "End 2"]
    assert 0 < redis.pttl(f"{slot.prefix}:c:j") <= 600_000


def test_a_gap_that_is_in_the_stream_closes_its_sentence(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.open(0, 1)
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.fill(0)
    slot.emit()
    redis.hset(f"{slot.prefix}:c:j", mapping={"cur": 0, "off": 0, "at": 0})
    slot.says(1, 1, pcm(1))
    slot.emit()
    assert slot.emit().state == "done"
    starts = {e.seq: e.at for e in slot.stream() if isinstance(e, SentenceStart)}
    assert starts == {0: 0, 1: 0}, "nothing of the first was heard before it was given up"
    assert slot.sound() == pcm(1)
