"""The recording store: what several recorders write, crash and write again, reads back once and in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim import recording_store
from seriatim.errors import PositionLost
from seriatim.stream_entries import Audio, ReaderCursor, SentenceStart
from tests.unit.client.test_cursor import entries_of, lengths

JOB = "0123456789abcdef0123456789abcdef"


def sound(entries):
    return b"".join(entry.pcm for entry in entries if isinstance(entry, Audio))


@given(lengths, st.integers(1, 30), st.data())
def test_a_recording_reads_back_from_any_position(tmp_path_factory, lengths, cuts, data):
    folder, entries = tmp_path_factory.mktemp("store"), entries_of(lengths, cuts)
    assert recording_store.write(folder, JOB, ReaderCursor(), entries)
    whole = sound(entries)
    assert sound(recording_store.read(folder, JOB, ReaderCursor())) == whole
    n = data.draw(st.integers(0, len(entries)))
    cursor = ReaderCursor()
    for entry in entries[:n]:
        cursor.feed(entry)
    assert sound(recording_store.read(folder, JOB, cursor)) == whole[cursor.n_bytes :]


@given(lengths, st.integers(1, 30), st.data())
def test_a_recorder_that_died_is_taken_over_by_one_that_writes_some_of_it_again(tmp_path_factory, lengths, cuts, data):
    folder, entries = tmp_path_factory.mktemp("store"), entries_of(lengths, cuts)
    died = data.draw(st.integers(0, len(entries)))
    known = data.draw(st.integers(0, died))
    first, second = ReaderCursor(), ReaderCursor()
    recording_store.write(folder, JOB, first, entries[:died])
    for entry in entries[:known]:
        second.feed(entry)
    assert recording_store.write(folder, JOB, second, entries[known:]) == (known < len(entries))
    assert sound(recording_store.read(folder, JOB, ReaderCursor())) == sound(entries)
    markers = [e for e in entries if not isinstance(e, Audio)]
    assert recording_store.events(folder, JOB) == markers


def test_a_line_that_a_crash_cut_short_is_skipped(tmp_path):
    entries = entries_of([4, 4], 1)
    recording_store.write(tmp_path, JOB, ReaderCursor(), entries)
    events = recording_store.folder(tmp_path, JOB) / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-20])
    recording_store.write(tmp_path, JOB, ReaderCursor(), entries)
    assert recording_store.events(tmp_path, JOB) == [e for e in entries if not isinstance(e, Audio)]


def test_a_hole_before_what_is_to_be_stored_is_noticed(tmp_path):
    with pytest.raises(PositionLost):
        recording_store.write(tmp_path, JOB, ReaderCursor(), entries_of([8, 8], 1)[2:])


def test_what_was_never_recorded_reads_as_nothing(tmp_path):
    assert list(recording_store.read(tmp_path, JOB, ReaderCursor())) == []
    assert recording_store.events(tmp_path, JOB) == []


def test_a_marker_reads_back_as_it_was(tmp_path):
    start = entries_of([2], 1)[0]
    assert isinstance(start, SentenceStart)
    recording_store.write(tmp_path, JOB, ReaderCursor(), [start])
    assert recording_store.events(tmp_path, JOB) == [start]


def test_audio_that_lies_before_a_marker_still_to_come_is_dropped(tmp_path):
    """A recorder writes audio first: a reader in between must not take it for the sentence that it knows."""
    entries = entries_of([8, 8], 1)
    cursor = ReaderCursor()
    first = [entry for entry in entries if entry.position.sentence == 1]
    recording_store.write(tmp_path, JOB, cursor, first)
    audio = recording_store.folder(tmp_path, JOB) / "audio.s16"
    audio.write_bytes(audio.read_bytes() + b"\1" * 8)
    assert sound(recording_store.read(tmp_path, JOB, ReaderCursor())) == sound(first)
