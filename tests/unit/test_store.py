"""The file store: what several recorders write, crash and write again, reads back once and in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim import store
from seriatim.entries import Audio, Cursor, SentenceStart
from seriatim.errors import PositionLost
from tests.unit.test_cursor import entries_of, lengths

JOB = "0123456789abcdef0123456789abcdef"


def sound(entries):
    return b"".join(entry.pcm for entry in entries if isinstance(entry, Audio))


@given(lengths, st.integers(1, 30), st.data())
def test_a_recording_reads_back_from_any_position(tmp_path_factory, lengths, cuts, data):
    folder, entries = tmp_path_factory.mktemp("store"), entries_of(lengths, cuts)
    assert store.write(folder, JOB, Cursor(), entries)
    whole = sound(entries)
    assert sound(store.read(folder, JOB, Cursor())) == whole
    n = data.draw(st.integers(0, len(entries)))
    cursor = Cursor()
    for entry in entries[:n]:
        cursor.feed(entry)
    assert sound(store.read(folder, JOB, cursor)) == whole[cursor.n_bytes :]


@given(lengths, st.integers(1, 30), st.data())
def test_a_recorder_that_died_is_taken_over_by_one_that_writes_some_of_it_again(tmp_path_factory, lengths, cuts, data):
    folder, entries = tmp_path_factory.mktemp("store"), entries_of(lengths, cuts)
    died = data.draw(st.integers(0, len(entries)))
    known = data.draw(st.integers(0, died))
    first, second = Cursor(), Cursor()
    store.write(folder, JOB, first, entries[:died])
    for entry in entries[:known]:
        second.feed(entry)
    assert store.write(folder, JOB, second, entries[known:]) == (known < len(entries))
    assert sound(store.read(folder, JOB, Cursor())) == sound(entries)
    markers = [e for e in entries if not isinstance(e, Audio)]
    assert store.events(folder, JOB) == markers


def test_a_line_that_a_crash_cut_short_is_passed_over(tmp_path):
    entries = entries_of([4, 4], 1)
    store.write(tmp_path, JOB, Cursor(), entries)
    events = store.folder(tmp_path, JOB) / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-20])
    store.write(tmp_path, JOB, Cursor(), entries)
    assert store.events(tmp_path, JOB) == [e for e in entries if not isinstance(e, Audio)]


def test_a_hole_before_what_is_to_be_stored_is_noticed(tmp_path):
    with pytest.raises(PositionLost):
        store.write(tmp_path, JOB, Cursor(), entries_of([8, 8], 1)[2:])


def test_what_was_never_recorded_reads_as_nothing(tmp_path):
    assert list(store.read(tmp_path, JOB, Cursor())) == []
    assert store.events(tmp_path, JOB) == []


def test_a_marker_reads_back_as_it_was(tmp_path):
    start = entries_of([2], 1)[0]
    assert isinstance(start, SentenceStart)
    store.write(tmp_path, JOB, Cursor(), [start])
    assert store.events(tmp_path, JOB) == [start]


def test_audio_that_lies_before_a_marker_still_to_come_is_nobodys(tmp_path):
    """A recorder writes audio first: a reader in between must not take it for the sentence that it knows."""
    entries = entries_of([8, 8], 1)
    cursor = Cursor()
    first = [entry for entry in entries if entry.position.sentence == 1]
    store.write(tmp_path, JOB, cursor, first)
    audio = store.folder(tmp_path, JOB) / "audio.s16"
    audio.write_bytes(audio.read_bytes() + b"\1" * 8)
    assert sound(store.read(tmp_path, JOB, Cursor())) == sound(first)
