"""The journal says what is true, whatever became of its last lines."""

import fcntl
import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.output.journal import JournalMark, OutputJournal, TextFingerprint, _lock_file
from seriatim.errors import Unwritable
from seriatim.keys import StreamPosition
from seriatim.recordings.recording_events import StoredPosition, parse_event

TEXT = TextFingerprint.of("One. Two.", {"voice": "alice", "speed": 1.0, "seed": None, "hold": True})
MARKS = [
    JournalMark(1, 0, 0, None),
    JournalMark(2, 44100, 123, 22050),
    JournalMark(3, 44100, 0, 22050),
    JournalMark(4, 90000, 2**32 - 1, 22050),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "speech.wav.part.json"


def opened(path: Path) -> OutputJournal:
    return OutputJournal.open(path, "speech.wav", create=True)


def written(path: Path, marks: list[JournalMark] = MARKS) -> bytes:
    journal = opened(path)
    journal.begin(TEXT)
    for mark in marks:
        journal.complete(mark)
    journal.close()
    return path.read_bytes()


def marks_in(path: Path) -> list[JournalMark]:
    """The complete sentences that a journal tells of."""
    journal = opened(path)
    found = journal.read()
    assert found is not None
    _, (_, nothing), *sentences = found[0], *found[1]
    journal.close()
    assert nothing == JournalMark(0, 0, 0, None)
    return [mark for _, mark in sentences]


def test_what_was_written_is_read(path):
    written(path)
    journal = opened(path)
    found = journal.read()
    assert found is not None
    assert found[0] == TEXT
    assert [mark for _, mark in found[1]][1:] == MARKS
    journal.close()


@given(cut=st.integers(0, 10_000), noise=st.binary(max_size=40))
def test_after_any_cut_the_journal_tells_of_the_sentences_before_it(tmp_path_factory, cut, noise):
    path = tmp_path_factory.mktemp("journal") / "speech.wav.part.json"
    whole = written(path)
    first = whole.index(b"\n") + 1
    size = first + cut % (len(whole) - first + 1)
    path.write_bytes(whole[:size] + noise.replace(b"\n", b" "))
    complete = whole[first:size].count(b"\n")
    assert marks_in(path) == MARKS[:complete]


def test_a_cut_journal_can_be_written_on(path):
    whole = written(path)
    path.write_bytes(whole[:-10])
    journal = opened(path)
    found = journal.read()
    assert found is not None
    *_, (size, last) = found[1]
    assert last == MARKS[2]
    journal.cut(size, last.end)
    journal.complete(MARKS[3])
    journal.close()
    assert path.read_bytes() == whole


def test_a_journal_of_the_version_before_is_continued(path):
    """A run that an older release began: its lines stay as they are, and the next ones follow them."""
    first = json.dumps({"seriatim": 1, "text_sha256": TEXT.text_sha256, "options": dict(TEXT.options)})
    old = "".join(line + "\n" for line in [first, *(json.dumps(asdict(mark)) for mark in MARKS[:3])]).encode()
    path.write_bytes(old)
    journal = opened(path)
    found = journal.read()
    assert found is not None
    assert found[0] == TEXT
    *_, (size, last) = found[1]
    assert last == MARKS[2]
    journal.cut(size, last.end)
    journal.complete(MARKS[3])
    journal.close()
    assert path.read_bytes().startswith(old)
    assert marks_in(path) == MARKS


def test_a_line_is_one_of_a_recording(path):
    """Its position is that of the ordered stream: the sentence, counted from 1, and the bytes of it."""
    _, *lines = written(path).decode().splitlines()
    found = [parse_event(line) for line in lines]
    assert found == [
        StoredPosition(StreamPosition(1, 0), 0, 0),
        StoredPosition(StreamPosition(2, 44100), 44100, 123, 22050),
        StoredPosition(StreamPosition(3, 0), 44100, 0, 22050),
        StoredPosition(StreamPosition(4, 45900), 90000, 2**32 - 1, 22050),
    ]


@pytest.mark.parametrize(
    "mark",
    [
        JournalMark(6, 95000, 1, 22050),  # one sentence is missing
        JournalMark(4, 95000, 1, 22050),  # the same sentence again
        JournalMark(5, 80000, 1, 22050),  # ends before it begins
        JournalMark(5, 95000, 1, 24000),  # another rate
        JournalMark(5, 95000, 1, None),  # no rate any more
    ],
)
def test_a_line_that_does_not_follow_from_the_one_before_ends_it(path, mark):
    written(path, [*MARKS, mark, JournalMark(7, 99000, 1, 22050)])
    assert marks_in(path) == MARKS


@pytest.mark.parametrize(
    "line", ["", "\n", "{}\n", "[1]\n", '"a"\n', "nonsense\n", "\udcff\n", '{"seriatim":9}\n', "1"]
)
def test_a_journal_without_its_first_line_tells_of_nothing(path, line):
    path.write_bytes(line.encode(errors="surrogateescape") + written(path)[:0])
    journal = opened(path)
    assert journal.read() is None
    journal.close()


def test_a_text_is_the_same_if_every_letter_and_option_is():
    assert TEXT.changes(TextFingerprint.of("One. Two.", dict(sorted(TEXT.options.items(), reverse=True)))) == []
    assert TEXT.changes(TextFingerprint.of("One. Two!", TEXT.options)) == ["the text has changed"]
    assert TEXT.changes(TextFingerprint.of("One. Two.", {**TEXT.options, "voice": "bob", "hold": False})) == [
        "hold was True and is now False",
        "voice was 'alice' and is now 'bob'",
    ]


def test_a_text_that_is_no_unicode_has_a_fingerprint_too():
    """A file name's undecodable byte, for instance, comes as a lone surrogate."""
    assert TextFingerprint.of("\udcff", {}) != TextFingerprint.of("\udcfe", {})


def test_a_journal_has_one_owner_at_a_time(path):
    first = opened(path)
    with pytest.raises(
        Unwritable, match=r"^cannot write speech.wav: another process is writing it; wait for it, or name another$"
    ):
        opened(path)
    first.close()
    opened(path).close()


def test_a_journal_that_is_removed_while_another_waits_for_it_is_not_taken(path):
    """Its owner finished between the opening and the locking."""
    first = opened(path)
    waiting = os.open(path, os.O_RDWR)
    first.remove()
    with pytest.raises(Unwritable, match="another process has just written it; try again"):
        _lock_file(waiting, "speech.wav")
    os.close(waiting)


def test_the_lock_goes_with_the_process(path):
    """Nothing has to be tidied up after kill -9."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.close(fd)
    opened(path).close()
