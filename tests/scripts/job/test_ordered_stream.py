"""The ordered stream as readers find it: order, once, markers at their places (docs/reference/ordered-stream.md)."""

import itertools

import pytest
from redis import Redis

from seriatim.errors import CommandRefused
from seriatim.keys import END, GAP, StreamPosition, ordered_stream
from seriatim.lua.job_scripts import AppendVerdict, OpenVerdict, life
from seriatim.stream_entries import Audio, End, Gap, SentenceStart
from tests.scripts.job.slot_driver import RATE_HZ, Slot, pcm


def test_sentences_come_out_in_order_however_they_came_in(redis: Redis) -> None:
    slot = Slot(redis, 3)
    for seq in (2, 0, 1):
        slot.says(seq, 1, pcm(seq))
        slot.emit()
    assert slot.sound() == pcm(0) + pcm(1) + pcm(2)
    assert slot.markers() == ["SentenceStart 1", "SentenceStart 2", "SentenceStart 3", "End 4"]
    starts = [entry for entry in slot.stream() if isinstance(entry, SentenceStart)]
    assert [(s.seq, s.at, s.rate_hz, s.text) for s in starts] == [
        (0, 0, RATE_HZ, "said 0"), (1, 1_000, RATE_HZ, "said 1"), (2, 2_000, RATE_HZ, "said 2"),
    ]  # fmt: skip
    assert slot.stream()[-1] == End(StreamPosition(4, END), "done", "", 3_000, 3)


def test_the_first_sentence_is_heard_while_it_is_still_spoken(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.open(0, 1)
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.emit()
    assert slot.sound() == pcm(0)[:400]


def test_half_a_sample_is_refused(redis: Redis) -> None:
    """Offsets are even; an odd one would take the place of a marker."""
    slot = Slot(redis, 1)
    slot.open(0, 1)
    with pytest.raises(CommandRefused, match="sentence 0: 3 bytes at offset 0; expected whole 16-bit samples"):
        slot.append(0, 1, 0, b"abc")


def test_a_sentence_without_a_byte_is_a_sentence(redis: Redis) -> None:
    slot = Slot(redis, 3)
    for seq in range(3):
        slot.says(seq, 1, b"" if seq == 1 else pcm(seq))
    slot.emit()
    assert slot.markers() == ["SentenceStart 1", "SentenceStart 2", "SentenceStart 3", "End 4"]
    assert slot.sound() == pcm(0) + pcm(2)


def test_a_job_of_no_sentence_ends_at_once(redis: Redis) -> None:
    slot = Slot(redis, 0)
    assert len(slot.notifications()) == 1
    assert slot.emit().state == "done"
    assert slot.stream() == [End(StreamPosition(1, END), "done", "", 0, 0)]


def test_no_two_markers_ever_have_the_same_id(redis: Redis) -> None:
    """One sentence with all of them: start, sound, another take, a gap; then one without a byte; then the end."""
    slot = Slot(redis, -1, hold="0")
    slot.open(0, 1, "none")
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.emit()
    slot.open(0, 2, "none")
    slot.append(0, 2, 400, pcm(0, salt=1)[400:600])
    slot.emit()
    slot.fill(0)
    slot.fill(1)
    slot.emit()
    slot.end()
    ids = [entry.position for entry in slot.stream()]
    assert ids == sorted(set(ids))
    assert [str(position) for position in ids] == [
        "1-0", "1-400", "1-401", "1-600", f"1-{GAP}", "2-0", f"2-{GAP}", f"3-{END}",
    ]  # fmt: skip


def test_a_gap_follows_what_was_heard(redis: Redis) -> None:
    """Silence in place of the rest; late bytes of a worker that still speaks it are refused."""
    slot = Slot(redis, 2)
    slot.open(0, 1)
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.emit()
    slot.append(0, 1, 400, pcm(0)[400:600])
    assert slot.fill(0, 1_000) == (True, 1_000)
    assert slot.fill(0, 1_000) == (False, 1_000), "asked again it says how long the sentence became"
    assert slot.append(0, 1, 600, pcm(0)[600:])[0] is AppendVerdict.DONE
    assert slot.open(0, 9).verdict is OpenVerdict.DONE
    slot.says(1, 1, pcm(1))
    slot.emit()
    assert slot.sound() == pcm(0)[:400] + bytes(600) + pcm(1)
    assert [entry for entry in slot.stream() if isinstance(entry, Gap)] == [
        Gap(StreamPosition(1, GAP), 0, 1_000, "broken")
    ]
    assert slot.fill(0, 1_000) == (False, 1_000), "also when it is long out"


def test_a_skipped_sentence_leaves_its_text_and_a_marker(redis: Redis) -> None:
    slot = Slot(redis, 1)
    assert slot.fill(0) == (True, 0)
    slot.emit()
    assert slot.markers() == ["SentenceStart 1", "Gap 1", "End 2"]
    assert slot.stream()[0] == SentenceStart(StreamPosition(1, 0), 0, 0, RATE_HZ, "said 0")


def test_long_silence_comes_in_pieces(redis: Redis) -> None:
    slot = Slot(redis, 1)
    slot.fill(0, 100_000)
    slot.emit()
    assert [len(e.pcm) for e in slot.stream() if isinstance(e, Audio)] == [48_000, 48_000, 4_000]


def test_one_job_has_one_rate(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.open(0, 1)
    opened = slot.open(1, 1, rate_hz=24_000)
    assert (opened.verdict, opened.base) == (OpenVerdict.RATE, RATE_HZ)


def test_a_cancel_ends_the_stream_behind_what_was_heard(redis: Redis) -> None:
    slot = Slot(redis, 3)
    slot.says(0, 1, pcm(0))
    slot.open(1, 1)
    slot.append(1, 1, 0, pcm(1)[:400])
    slot.emit()
    slot.append(1, 1, 400, pcm(1)[400:])
    slot.says(2, 1, pcm(2))
    assert slot.end("cancelled", "enough") is True
    assert slot.end("failed", "other") is False, "a job ends once"
    assert slot.sound() == pcm(0) + pcm(1)[:400]
    assert slot.stream()[-1] == End(StreamPosition(2, END), "cancelled", "enough", 1_400, 1)
    assert slot.append(1, 1, 400, pcm(1)[400:]) == (AppendVerdict.GONE, 0)
    assert slot.open(2, 2).verdict is OpenVerdict.GONE
    assert slot.emit().state == "cancelled"
    assert not list(redis.scan_iter(f"{slot.prefix}:b:*")), "nothing unheard is kept"


def test_an_open_job_is_done_when_it_is_closed_and_not_before(redis: Redis) -> None:
    slot = Slot(redis, -1)
    slot.says(0, 1, pcm(0))
    assert slot.emit().state == "run"
    assert slot.close(1, "the producer is gone") is True
    assert slot.close(2) is False
    assert slot.emit().state == "done"
    assert slot.stream()[-1] == End(StreamPosition(2, END), "done", "the producer is gone", 1_000, 1)


def test_a_budget_is_kept_and_the_rest_is_announced(redis: Redis) -> None:
    slot = Slot(redis, 4)
    for seq in range(4):
        slot.says(seq, 1, pcm(seq))
    for note in slot.notifications():
        slot.emit(2, note)
    seen = 0
    while notes := slot.notifications():
        emitted = slot.emit(2, notes[0])
        assert emitted.moved <= 2
        seen += 1
        assert seen < 20
    assert slot.sound() == pcm(0) + pcm(1) + pcm(2) + pcm(3)


def test_an_emit_of_what_is_out_changes_nothing(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.says(0, 1, pcm(0))
    slot.emit()
    before = slot.stream()
    assert slot.emit().moved == 0
    assert slot.stream() == before
    notes = slot.notifications()
    assert slot.emit(notification=notes[0]).moved == 0
    assert slot.notifications() == notes[1:], "the notification is gone with the step it asked for"


def test_offsets_grow_and_bytes_are_contiguous_for_any_cut(redis: Redis) -> None:
    """Chunks of every size, retries at every place: a plain reader without a line of our code hears the text once."""
    for piece, (first, second) in enumerate(itertools.product((100, 250, 1_000), (100, 400, 1_000))):
        slot = Slot(redis, 2, name=f"job{piece}")
        slot.open(0, 1)
        for begin in range(0, 500, first)[:3]:
            slot.append(0, 1, begin, pcm(0)[begin : begin + first][: 500 - begin])
            slot.emit(1)
        slot.says(0, 2, pcm(0), piece=second)
        slot.says(1, 3, pcm(1), piece=first)
        slot.emit()
        assert slot.sound() == pcm(0) + pcm(1)


def test_a_refused_job_leaves_nothing(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.do(life("j", accepted=False))
    slot.do(life("j", accepted=False))
    assert not redis.exists(ordered_stream("j"), f"{slot.prefix}:c:j", f"{slot.prefix}:live")
    assert slot.emit().state == ""
