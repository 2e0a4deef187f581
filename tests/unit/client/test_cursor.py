"""The cursor of a reader: whatever the chunks, however often they come, the bytes are the job's, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.errors import PositionLost
from seriatim.keys import END, GAP, StreamPosition
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, ReaderCursor, SentenceStart, decode

lengths = st.lists(st.integers(0, 40).map(lambda n: 2 * n), min_size=1, max_size=6)


def entries_of(lengths, cuts):
    """A whole stream of sentences with these lengths, cut into chunks of 2 * cuts bytes."""
    entries: list[Entry] = []
    at = 0
    for seq, n in enumerate(lengths):
        entries.append(SentenceStart(StreamPosition(seq + 1, 0), seq, at, 24_000, f"s{seq}"))
        start = 0
        while start < n:
            end = min(n, start + 2 * cuts)
            entries.append(Audio(StreamPosition(seq + 1, end), bytes([seq + 1]) * (end - start)))
            start = end
        at += n
    entries.append(End(StreamPosition(len(lengths) + 1, END), "done", "", at, len(lengths)))
    return entries


def pcm_heard(cursor, entries):
    fed = [cursor.feed(entry) for entry in entries]
    return b"".join(entry.pcm for entry in fed if isinstance(entry, Audio))


@given(lengths, st.integers(1, 30))
def test_a_reader_hears_every_byte_once(lengths, cuts):
    cursor = ReaderCursor()
    assert pcm_heard(cursor, entries_of(lengths, cuts)) == b"".join(bytes([i + 1]) * n for i, n in enumerate(lengths))
    assert cursor.n_bytes == sum(lengths)


@given(lengths, st.integers(1, 30), st.integers(1, 30), st.data())
def test_a_reader_that_reconnects_goes_on_at_the_next_byte(lengths, cuts, other_cuts, data):
    entries = entries_of(lengths, cuts)
    n = data.draw(st.integers(0, len(entries) - 1))
    first = ReaderCursor()
    before = pcm_heard(first, entries[:n])
    place = first.position
    marker = next((e for e in entries if e.position == StreamPosition(place.sentence, 0)), None)
    second = ReaderCursor.behind(place, marker.at, 24_000) if marker else ReaderCursor()
    again = [e for e in entries_of(lengths, other_cuts) if e.position > place]
    assert before + pcm_heard(second, again) == b"".join(bytes([i + 1]) * k for i, k in enumerate(lengths))


@given(lengths, st.integers(1, 30), st.data())
def test_bytes_that_are_gone_are_noticed(lengths, cuts, data):
    entries = entries_of(lengths, cuts)
    audio = [i for i, e in enumerate(entries) if isinstance(e, Audio)]
    if not audio:
        return
    lost = data.draw(st.sampled_from(audio))
    with pytest.raises(PositionLost, match=r"not held any more|are missing"):
        pcm_heard(ReaderCursor(), entries[:lost] + entries[lost + 1 :])


def test_a_gap_that_the_reader_did_not_see_begin_is_skipped():
    cursor = ReaderCursor.behind(StreamPosition(2, GAP), 100, 24_000)
    assert cursor.feed(SentenceStart(StreamPosition(3, 0), 2, 160, 24_000, "")) is not None
    assert cursor.n_bytes == 160


def test_markers_are_decoded_by_their_kind():
    assert decode(b"2-481", {b"t": b"discontinuity", b"seq": b"1", b"offset": b"480"}) == Discontinuity(
        StreamPosition(2, 481), 1, 480
    )
    assert decode(b"2-9007199254740990", {b"t": b"gap", b"seq": b"1", b"offset": b"0", b"reason": b"why"}) == Gap(
        StreamPosition(2, GAP), 1, 0, "why"
    )
    with pytest.raises(ValueError, match="an entry 1-0 of unknown kind b'new'; is the stream of a newer version"):
        decode(b"1-0", {b"t": b"new"})
