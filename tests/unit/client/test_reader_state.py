"""Reader state: whatever a recorder takes away meanwhile, each byte is heard once, in order."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seriatim.errors import JobUnknown, PositionLost
from seriatim.keys import END, StreamPosition
from seriatim.reader_state import ALIVE_S, REPORT_MS, REPORT_S, DeliveryState, ReaderState
from seriatim.records import DrainMode
from seriatim.state.stream_record import FIELDS, StreamRecord
from seriatim.stream_entries import Audio, End, Entry, Gap, ReaderCursor, SentenceStart

RUNNING = StreamRecord.decode([b"run", *[None] * (len(FIELDS) - 1)])
DONE = StreamRecord.decode([b"done", *[None] * (len(FIELDS) - 1)])
RATE_HZ = 8_000
lengths = st.lists(st.integers(0, 6).map(lambda n: 2 * n), min_size=1, max_size=4)


def stream_of(lengths: list[int]) -> list[Entry]:
    """A job of sentences with these lengths, its audio in chunks of two bytes, each another sound."""
    entries: list[Entry] = []
    at = sound = 0
    for seq, n in enumerate(lengths):
        entries.append(SentenceStart(StreamPosition(seq + 1, 0), seq, at, RATE_HZ, f"s{seq}"))
        for end in range(2, n + 1, 2):
            sound += 1
            entries.append(Audio(StreamPosition(seq + 1, end), bytes([sound, 0])))
        at += n
    entries.append(End(StreamPosition(len(lengths) + 1, END), "done", "", at, len(lengths)))
    return entries


def behind(entries: list[Entry], position: StreamPosition) -> list[Entry]:
    return [entry for entry in entries if entry.position > position]


def turn(state: ReaderState, source: list[Entry], record: StreamRecord | None = RUNNING) -> list[Entry]:
    """One round: what is new in it."""
    found = list(state.round(source))
    if state.end_round() and not state.next_source(record):
        raise LookupError("in neither source")
    return found


@given(lengths, st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 5)), max_size=12))
def test_a_reader_of_the_store_hears_every_byte_once_whatever_the_recorder_takes_away(lengths, steps) -> None:
    """In each step some entries are emitted, some move from the stream to the recording, and one read is made."""
    entries = stream_of(lengths)
    state, received, emitted, stored = ReaderState("j", DrainMode.STORE), [], 0, 0
    for emits, stores, most in [*steps, *[(len(entries), len(entries), 5)] * (len(entries) + 3)]:
        emitted = min(len(entries), emitted + emits)
        stored = min(emitted, stored + stores)
        source = entries[:stored] if state.recording else entries[stored:emitted]
        received += turn(state, behind(source, state.cursor.position)[:most]) if not state.over else []
    assert received == entries


@given(lengths, st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 5)), max_size=12))
@example([2, 0], [(1, 1, 1), (0, 0, 1), (2, 1, 1), (0, 0, 1), (1, 1, 1)])  # a sentence moves between two reads
def test_an_observer_of_the_store_misses_no_sentence_whatever_the_recorder_takes_away(lengths, steps) -> None:
    """Of a recording an observer reads the markers alone."""
    entries = stream_of(lengths)
    state, found, emitted, stored = ReaderState("j", DrainMode.STORE, observes=True), [], 0, 0
    for emits, stores, most in [*steps, *[(len(entries), len(entries), 5)] * (len(entries) + 5)]:
        emitted = min(len(entries), emitted + emits)
        stored = min(emitted, stored + stores)
        markers: list[Entry] = [entry for entry in entries[:stored] if not isinstance(entry, Audio)]
        source = markers if state.recording else entries[stored:emitted]
        found += turn(state, behind(source, state.cursor.position)[:most]) if not state.over else []
    assert [e for e in found if not isinstance(e, Audio)] == [e for e in entries if not isinstance(e, Audio)]


@given(lengths, st.integers(1, 4), st.data())
def test_a_reader_of_a_window_hears_every_byte_once_from_where_it_was(lengths, most, data) -> None:
    entries = stream_of(lengths)
    state, received = ReaderState("j", DrainMode.WINDOW), []
    leaves = data.draw(st.integers(0, len(entries)))
    while not state.over:
        received += turn(state, behind(entries, state.cursor.position)[:most])
        if len(received) >= leaves > 0:
            leaves = 0
            sentence = state.cursor.position.sentence
            marker = next(e for e in entries if isinstance(e, SentenceStart | End) and e.position.sentence == sentence)
            if isinstance(marker, SentenceStart):
                state = ReaderState("j", DrainMode.WINDOW)
                state.cursor = ReaderCursor.behind(received[-1].position, marker.at, RATE_HZ)
    assert received == entries


def test_a_window_that_misses_bytes_is_lost() -> None:
    state, entries = ReaderState("j", DrainMode.WINDOW), stream_of([4, 4])
    turn(state, entries[:2])
    with pytest.raises(PositionLost, match="not held any more"):
        turn(state, entries[3:])


def test_an_observer_skips_bytes_that_are_gone() -> None:
    state, entries = ReaderState("j", DrainMode.WINDOW, observes=True), stream_of([4, 4])
    assert turn(state, [entries[0], *entries[3:]]) == [entries[0], *entries[3:]]
    assert (state.cursor.at, state.over) == (4, True)


def test_a_job_that_ended_with_nothing_left_is_lost_at_the_second_look() -> None:
    """Its end may have come between the read and the look."""
    state = ReaderState("j", DrainMode.WINDOW)
    turn(state, [], DONE)
    with pytest.raises(PositionLost, match="job j has ended, and what follows position 0-0 is not held any more"):
        turn(state, [], DONE)


@pytest.mark.parametrize("drain", DrainMode)
def test_a_job_without_a_record_is_unknown(drain: DrainMode) -> None:
    with pytest.raises(JobUnknown, match="job j is unknown"):
        turn(ReaderState("j", drain), [], None)


def test_what_neither_source_has_is_elsewhere() -> None:
    state, entries = ReaderState("j", DrainMode.STORE), stream_of([4])
    turn(state, [])
    turn(state, entries[:2])
    turn(state, entries[3:])
    with pytest.raises(LookupError):
        turn(state, [])


def test_a_sentence_without_audio_is_not_missed() -> None:
    """Its marker was recorded, and taken from the stream, between two reads."""
    state, entries = ReaderState("j", DrainMode.STORE), stream_of([0])
    assert turn(state, []) == []
    assert turn(state, entries[1:]) == []
    assert turn(state, entries) == entries


def test_a_gap_counts_as_read() -> None:
    state = ReaderState("j", DrainMode.WINDOW)
    start, gap = stream_of([0])[0], Gap(StreamPosition(1, END - 1), 0, 0, "engine failed")
    assert turn(state, [start, gap]) == [start, gap]


def test_a_report_is_due_by_time_or_by_audio_and_waits_are_no_longer() -> None:
    delivery = DeliveryState("j", "p")
    assert delivery.moved, "that a reader came is worth a report"
    delivery.report(100.0)
    assert delivery.wait_s(100.0) == ALIVE_S, "there is nothing to report"
    delivery.move(ReaderCursor(StreamPosition(1, 2), 0, 2, RATE_HZ))
    assert not delivery.due(100.0)
    assert delivery.wait_s(100.0) == pytest.approx(REPORT_S)
    assert delivery.due(100.0 + REPORT_S)
    delivery.delivered_ms = REPORT_MS
    assert delivery.due(100.0)


def test_a_report_that_did_not_reach_redis_is_made_again() -> None:
    delivery = DeliveryState("j", "p")
    delivery.report(0.0)
    delivery.failed()
    assert delivery.moved


def test_a_reader_shows_life_at_a_third_of_its_grace() -> None:
    delivery = DeliveryState("j", "p")
    delivery.granted(3_000)
    assert delivery.alive_s == pytest.approx(1.0)
    delivery.granted(60_000)
    assert delivery.alive_s == ALIVE_S
    delivery.granted(0)
    assert delivery.alive_s == ALIVE_S
