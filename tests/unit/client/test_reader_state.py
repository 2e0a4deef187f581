"""Reader state: whatever a recorder takes away meanwhile, each byte is heard once, in order."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seriatim.audio.pcm import bytes_of_ms
from seriatim.errors import JobUnknown, PositionLost
from seriatim.keys import END, StreamPosition
from seriatim.lua.pool_records import ReaderTerms
from seriatim.reader_state import (
    ALIVE_S,
    LEAST_REPORT_S,
    PLAYED_MARGIN_S,
    REPORT_MS,
    REPORT_S,
    DeliveryState,
    ReaderState,
)
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


def opened(window_ms: int = 20_000, grace_ms: int = 60_000) -> DeliveryState:
    """A reader that came at second 100 and was reported then."""
    delivery = DeliveryState("j", "p")
    assert delivery.due(100.0), "that a reader came is worth a report"
    report(delivery, 100.0, window_ms, grace_ms)
    return delivery


def take(delivery: DeliveryState, ms: int) -> None:
    """Take so much audio of the first sentence."""
    n_bytes = delivery.position.offset + bytes_of_ms(ms, RATE_HZ)
    delivery.move(ReaderCursor(StreamPosition(1, n_bytes), 0, n_bytes, RATE_HZ))


def report(delivery: DeliveryState, now_s: float, window_ms: int = 20_000, grace_ms: int = 60_000) -> None:
    delivery.report(now_s)
    delivery.granted(ReaderTerms(grace_ms, window_ms))


def test_a_reader_with_nothing_ahead_reports_each_piece() -> None:
    """What it plays it has just got: the pool would take all of it for played, and playback for paused."""
    delivery = opened()
    assert delivery.wait_s(100.0) == ALIVE_S, "there is nothing to report"
    for second in range(101, 110):
        take(delivery, 1_000)
        assert delivery.due(second)
        report(delivery, second)
        assert not delivery.due(second + LEAST_REPORT_S)


def test_a_marker_alone_is_no_reason_for_a_report() -> None:
    """The beginning of a sentence comes with its first audio, or shortly before."""
    delivery = opened()
    delivery.position = StreamPosition(1, 0)
    assert delivery.due_s == pytest.approx(100.0 + REPORT_S)


def test_a_reader_with_much_ahead_reports_every_four_seconds() -> None:
    delivery = opened()
    take(delivery, 20_000)
    report(delivery, 101.0)
    take(delivery, 100)
    assert delivery.due_s == pytest.approx(101.0 + REPORT_S)
    assert delivery.wait_s(103.0) == pytest.approx(REPORT_S - 2)


def test_a_report_is_due_before_all_that_was_reported_is_played() -> None:
    delivery = opened()
    take(delivery, 3_000)
    report(delivery, 101.0)
    take(delivery, 2_000)
    assert delivery.due_s == pytest.approx(104.0 - PLAYED_MARGIN_S)
    report(delivery, 103.0)
    take(delivery, 100)
    assert delivery.due_s == pytest.approx(106.0 - PLAYED_MARGIN_S), "playback went on"
    report(delivery, 110.0)
    take(delivery, 2_000)
    report(delivery, 111.0)
    take(delivery, 1)
    assert delivery.due_s == pytest.approx(113.0 - PLAYED_MARGIN_S), "it paused when 5.1 s were played"


def test_a_reader_that_is_faster_than_speech_reports_a_quarter_of_its_window_and_five_seconds_at_most() -> None:
    for window_ms, unreported_ms in ((10_000, 2_500), (60_000, REPORT_MS), (1_000, 250)):
        delivery = opened(window_ms)
        take(delivery, 90_000)
        report(delivery, 101.0, window_ms)
        take(delivery, unreported_ms - 1)
        assert not delivery.due(101.0)
        take(delivery, 1)
        assert delivery.due(101.0)


def test_a_resumed_reader_begins_behind_what_was_played_long_ago() -> None:
    """Whether its first report says how much that is (the library's) or not (the gateway's)."""
    position = StreamPosition(1, bytes_of_ms(60_000, RATE_HZ))
    gateway, library = DeliveryState("j", "p", position), DeliveryState("j", "p", position)
    take(library, 0)
    for delivery in (gateway, library):
        report(delivery, 100.0)
        take(delivery, 1_000)
        report(delivery, 101.0)
        take(delivery, 500)
        assert delivery.due_s <= 102.0


def test_a_reader_that_moves_reports_within_its_grace() -> None:
    delivery = opened(grace_ms=3_000)
    take(delivery, 20_000)
    report(delivery, 101.0, grace_ms=3_000)
    take(delivery, 100)
    assert delivery.due_s == pytest.approx(102.0)


def test_a_reader_of_a_job_that_was_spoken_reports_what_it_takes() -> None:
    """Its window is open for ever."""
    delivery = opened(window_ms=0, grace_ms=0)
    take(delivery, 90_000)
    report(delivery, 101.0, 0, 0)
    take(delivery, REPORT_MS - 1)
    assert delivery.due_s == pytest.approx(101.0 + REPORT_S)


def test_a_report_that_did_not_reach_redis_is_made_again() -> None:
    delivery = DeliveryState("j", "p")
    delivery.report(0.0)
    delivery.failed()
    assert delivery.moved
    assert delivery.due(0.0)


def test_a_reader_shows_life_at_a_third_of_its_grace() -> None:
    delivery = DeliveryState("j", "p")
    delivery.granted(ReaderTerms(3_000, 20_000))
    assert delivery.alive_s == pytest.approx(1.0)
    delivery.granted(ReaderTerms(60_000, 20_000))
    assert delivery.alive_s == ALIVE_S
    delivery.granted(ReaderTerms(0, 0))
    assert delivery.alive_s == ALIVE_S
