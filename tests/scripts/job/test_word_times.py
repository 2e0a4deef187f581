"""Word times on their way to the reader: in the entry with which their sentence begins, however its audio got there."""

import zlib

import pytest
from redis import Redis

from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend
from seriatim.records import DrainMode
from seriatim.stream_entries import SentenceStart
from tests.scripts.job.slot_driver import Slot, pcm

WORDS = "20+180 200+300"


def append(
    slot: Slot, seq: int, attempt: int, words: str, *, emits: bool = True, start: int = 0, end: int = 1_000
) -> None:
    data = pcm(seq)
    chunk = ChunkAppend(start, data[start:end], end == len(data), zlib.crc32(data[:end]), words=words)
    call = job_scripts.append(slot.name, seq, attempt, chunk, emits=emits)
    assert slot.do(call.at(slot.now)) == (AppendVerdict.OK, end)


def words_of(slot: Slot) -> list[str]:
    return [entry.words for entry in slot.stream() if isinstance(entry, SentenceStart)]


@pytest.mark.parametrize("drain", [DrainMode.WINDOW, DrainMode.STORE])
@pytest.mark.parametrize("emits", [True, False], ids=["at the cursor", "by a reassembler"])
def test_they_are_in_the_entry_of_their_sentence(redis: Redis, drain: DrainMode, emits: bool) -> None:
    slot = Slot(redis, 3, drain=drain)
    for seq, words in enumerate((WORDS, "", WORDS)):
        slot.open(seq, 1)
        append(slot, seq, 1, words, emits=emits, end=400)
        append(slot, seq, 1, "", emits=emits, start=400)
    slot.emit()
    assert words_of(slot) == [WORDS, "", WORDS]
    assert [slot.field(f"w{seq}") for seq in range(3)] == [None] * 3, "nothing is kept of a sentence that is out"


def test_a_sentence_that_waits_for_its_turn_keeps_them(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.open(1, 1)
    append(slot, 1, 1, WORDS)
    slot.open(0, 1)
    append(slot, 0, 1, "")
    assert words_of(slot) == ["", WORDS]


def test_those_of_an_attempt_that_was_replaced_are_dropped(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.open(1, 1, "none")
    append(slot, 1, 1, WORDS, end=400)
    slot.open(1, 2, "none")
    append(slot, 1, 2, "")
    slot.open(0, 1)
    append(slot, 0, 1, "")
    assert words_of(slot) == ["", ""]


def test_bytes_that_are_sent_again_change_none(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.open(1, 1)
    append(slot, 1, 1, WORDS, end=400)
    append(slot, 1, 1, "0+1 1+1", end=400)
    slot.open(0, 1)
    append(slot, 0, 1, "")
    append(slot, 1, 1, "", start=400)
    assert words_of(slot) == ["", WORDS]
