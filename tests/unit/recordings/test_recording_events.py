"""Lines of a recording's events: any text of a sentence is one line."""

from pathlib import Path

import pytest

from seriatim import recording_store
from seriatim.keys import StreamPosition
from seriatim.recordings.recording_events import event_line, merge_events, parse_event
from seriatim.stream_entries import ReaderCursor, SentenceStart

JOB = "0" * 32


@pytest.mark.parametrize("text", ["one\u2028two", "one\u0085two", "one\x1etwo", "one\ntwo\r\nthree", "é \U0001f600"])
def test_a_sentence_with_any_character_reads_back(tmp_path: Path, text: str) -> None:
    """Python takes more for the end of a line than JSON does."""
    start = SentenceStart(StreamPosition(1, 0), 0, 0, 8000, text)
    recording_store.write(tmp_path, JOB, ReaderCursor(), [start])
    assert recording_store.events(tmp_path, JOB) == [start]
    assert parse_event(event_line(start)) == start


def test_a_marker_counts_once_and_only_if_a_later_line_says_that_it_is_stored() -> None:
    starts = [SentenceStart(StreamPosition(seq + 1, 0), seq, 4 * seq, 8000, "Said.") for seq in range(2)]
    stored = '{"t":"stored","position":"1-4","n_bytes":4}'
    markers, reached = merge_events([event_line(starts[0]), stored, event_line(starts[0]), event_line(starts[1])])
    assert markers == starts[:1]
    assert (reached.position, reached.n_bytes) == (StreamPosition(1, 4), 4)
