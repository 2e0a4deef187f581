"""A job's timeline: what is read from its events, and what the picture says of them."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.render.timeline_plot import (
    assign_lanes,
    buffer_levels,
    draw_timeline,
    heard_at,
    low_spots,
    sentence_starts,
)
from seriatim.job_timeline import JobTimeline, LostAttempt, ReaderReport, SpokenSentence, decode


def sentence(seq: int, claimed_ms: int, ended_ms: int, audio_ms: int = 2_000, owner: str = "w1") -> SpokenSentence:
    return SpokenSentence(seq, seq + 1, owner, claimed_ms, claimed_ms + 100, ended_ms, seq * 2_000, audio_ms)


def timeline(*events: SpokenSentence | LostAttempt | ReaderReport) -> JobTimeline:
    return JobTimeline(
        0, None, "run",
        tuple(e for e in events if isinstance(e, SpokenSentence)),
        tuple(e for e in events if isinstance(e, LostAttempt)),
        tuple(e for e in events if isinstance(e, ReaderReport)),
    )  # fmt: skip


#: two sentences at once, then a pause in which the listener runs dry, then the third
DRY = timeline(
    sentence(0, 0, 500), sentence(1, 0, 1_000, owner="w2"), sentence(2, 5_000, 5_500),
    ReaderReport(500, 500, 0), ReaderReport(4_500, 4_000, 4_000),
    ReaderReport(5_100, 4_000, 4_000), ReaderReport(7_100, 6_000, 6_000),
)  # fmt: skip


def test_events_are_read_as_they_were_written() -> None:
    found = decode([
        (b"1000-0", {b"e": b"accepted", b"target": b"500"}),
        (b"2000-0", {b"e": b"lost", b"seq": b"0", b"attempt": b"1", b"owner": b"w1", b"claimed": b"1100",
                     b"reason": b"died"}),
        (b"3000-0", {b"e": b"spoken", b"seq": b"0", b"attempt": b"2", b"owner": b"w2", b"claimed": b"2100",
                     b"first": b"2200", b"position": b"0", b"ms": b"900"}),
        (b"3000-1", {b"e": b"spoken", b"seq": b"1", b"attempt": b"3", b"owner": b"w2", b"claimed": b"2100",
                     b"first": b"", b"position": b"900", b"ms": b"900"}),
        (b"3500-0", {b"e": b"heard", b"delivered": b"900", b"heard": b"400"}),
        (b"4000-0", {b"e": b"a newer kind"}),
        (b"5000-0", {b"e": b"end", b"state": b"spoken"}),
    ])  # fmt: skip
    assert (found.accepted_ms, found.ended_ms, found.state) == (1_000, 5_000, "spoken")
    assert found.lost == (LostAttempt(0, 1, "w1", 1_100, 2_000, "died"),)
    assert [(s.seq, s.first_ms) for s in found.sentences] == [(0, 2_200), (1, None)]
    assert found.reports == (ReaderReport(3_500, 900, 400),)
    assert decode([]).empty
    assert not found.empty


def test_a_sentence_begins_where_the_one_before_really_ended() -> None:
    assert sentence_starts(timeline(sentence(0, 0, 9, 1_500), sentence(1, 0, 9), sentence(2, 0, 9))) == {
        0: 0,
        1: 1_500,
        2: 3_500,
    }
    assert sentence_starts(timeline(sentence(7, 0, 9), sentence(8, 0, 9))) == {7: 14_000, 8: 16_000}, (
        "what came before is forgotten"
    )


def test_when_it_was_heard_lies_between_two_reports() -> None:
    assert heard_at(DRY.reports, 2_000) == 2_500
    assert heard_at(DRY.reports, 5_000) == 6_100
    assert heard_at(DRY.reports, 6_001) is None


def test_the_buffer_is_what_is_there_without_a_hole_and_not_yet_heard() -> None:
    found = {level.at_ms: level.ahead_ms for level in buffer_levels(DRY)}
    assert found[500] == pytest.approx(2_000 + 2_000 * 400 / 900), "the second has sound, and is not whole"
    assert found[1_000] == pytest.approx(4_000 - 500)
    assert found[4_500] == 0
    assert found[5_500] == pytest.approx(2_000 - 400)


def test_the_buffer_waits_for_the_sentence_that_is_missing() -> None:
    """What lies behind a hole cannot be heard, however much of it there is."""
    found = buffer_levels(timeline(sentence(0, 0, 500), sentence(2, 0, 500), sentence(1, 600, 2_000),
                            ReaderReport(500, 0, 0),
                            ReaderReport(2_500, 0, 0)))  # fmt: skip
    assert {level.at_ms: level.ahead_ms for level in found}[2_000] == 6_000
    assert {level.at_ms: level.ahead_ms for level in found}[700] == 2_000


def test_where_the_buffer_ran_low_is_found_and_the_end_is_no_low_spot() -> None:
    spots = low_spots(DRY)
    assert len(spots) == 1
    begin, end = spots[0]
    assert 4_000 <= begin <= 4_500
    assert 5_100 <= end <= 5_500


def test_the_picture_names_workers_sentences_and_what_went_wrong() -> None:
    lost = LostAttempt(2, 9, "host.123.abcdef-with-a-long-name", 2_000, 4_000, "the worker <died> & left")
    found = timeline(*DRY.sentences, lost, *DRY.reports)
    svg = draw_timeline(found, "j<1>").svg()
    root = ElementTree.fromstring(svg)
    words = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    tips = [tip.text or "" for tip in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "job j<1>" in words
    assert {"w1", "w2", "heard", "seconds ahead"} <= set(words)
    assert any("sentence 2, attempt 9, lost after 2.00 s: the worker <died> & left" in tip for tip in tips)
    assert "the buffer ran low" in tips


def test_sentences_that_a_process_speaks_at_once_lie_in_lanes_of_their_own() -> None:
    found = [
        sentence(0, 0, 900),
        sentence(1, 0, 500),
        sentence(2, 500, 800),
        sentence(3, 600, 700),
        sentence(4, 900, 950),
    ]
    assert [[each.seq for each in lane] for lane in assign_lanes(reversed(found))] == [[1, 2, 4], [0], [3]]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=30))
def test_there_are_as_many_lanes_as_were_ever_busy_at_once(times: list[tuple[int, int]]) -> None:
    found = assign_lanes(sentence(seq, at, at + length) for seq, (at, length) in enumerate(times))
    for lane in found:
        assert all(before.ended_ms <= after.claimed_ms for before, after in pairwise(lane)), "nothing covers another"
    busy = [sum(at <= moment < at + length for at, length in times) for moment, _ in times]
    assert len(found) == max(busy, default=0)


def test_no_sentence_of_a_picture_covers_another() -> None:
    """Two processes of three slots, all busy at once."""
    found = timeline(*(sentence(seq, 10 * seq, 1_000 + seq, owner=f"w{seq % 2}") for seq in range(6)))
    root = ElementTree.fromstring(draw_timeline(found, "j").svg())
    rows = [
        (float(rect.attrib["y"]), tip.text or "")
        for rect in root.iter("{http://www.w3.org/2000/svg}rect")
        for tip in rect.iter("{http://www.w3.org/2000/svg}title")
    ]
    assert len({y for y, tip in rows if "attempt" in tip}) == 6


def test_a_job_of_which_only_the_beginning_is_known_is_drawn() -> None:
    assert "the reader reported no progress" in draw_timeline(timeline(), "j").svg()
