"""The load bench's player: what a listener hears of chunks that come early, late, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.player import PREROLL_MS, Player, played

CHUNKS = st.lists(st.tuples(st.floats(0, 3), st.floats(1, 2_000)), min_size=1, max_size=20)  # (gap before it, ms)


def times(gaps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    chunks, at_s = [], 0.0
    for gap_s, ms in gaps:
        at_s += gap_s
        chunks.append((at_s, ms))
    return chunks


def test_a_chunk_that_comes_in_time_is_heard_without_a_break() -> None:
    player = played([(1.0, 500), (1.4, 500)], 9.0, ended_s=8.0)
    assert player.stalls == []
    assert player.late_ms == [pytest.approx(-100)]


def test_a_late_chunk_is_a_silence_until_it_comes() -> None:
    player = played([(1.0, 500), (1.75, 500), (2.0, 500)], 9.0, ended_s=8.0)
    assert player.stalls == [(1.5, 1.75)]
    assert player.late_ms == [pytest.approx(250), pytest.approx(-250)], "what follows is measured against the delay"


def test_it_begins_when_there_is_enough_to_begin() -> None:
    player = Player()
    player.take(1.0, PREROLL_MS / 2)
    assert player.heard_ms(5.0) == 0
    player.take(1.2, PREROLL_MS)
    assert player.dry_s == pytest.approx(1.2 + 1.5 * PREROLL_MS / 1000)


def test_a_job_that_is_shorter_than_the_buffer_is_heard_when_it_ends() -> None:
    assert played([(1.0, PREROLL_MS / 2)], 2.0, ended_s=1.5).dry_s == pytest.approx(1.5 + PREROLL_MS / 2000)


def test_what_never_comes_is_a_silence_up_to_the_end() -> None:
    assert played([(1.0, 1_000)], 7.0).stalls == [(2.0, 7.0)]


def test_nothing_is_missed_after_the_end_of_the_text() -> None:
    assert played([(1.0, 1_000)], 7.0, ended_s=1.5).stalls == []


def test_a_slow_listener_needs_less_each_second() -> None:
    player = played([(0.0, 1_000), (1.5, 1_000)], 9.0, ended_s=8.0, pace=0.5)
    assert player.stalls == []
    assert player.heard_ms(1.0) == pytest.approx(500)


@given(gaps=CHUNKS, ended=st.booleans())
def test_time_is_spent_hearing_or_in_silence(gaps: list[tuple[float, float]], ended: bool) -> None:
    """From the start of playback to the last moment of sound: what was heard and the silences make up all of it."""
    chunks = times(gaps)
    over_s = chunks[-1][0] + 60.0
    player = played(chunks, over_s, ended_s=chunks[-1][0] if ended else -1.0)
    if player.dry_s is None:
        return
    silent_s = sum(to_s - from_s for from_s, to_s in player.stalls)
    assert player.dry_s - silent_s - player.got_ms / 1000 >= chunks[0][0] - 1e-6
    assert player.heard_ms(over_s) == pytest.approx(sum(ms for _, ms in chunks))
    assert all(from_s <= to_s for from_s, to_s in player.stalls)


@given(gaps=CHUNKS, at_s=st.floats(0, 70))
def test_no_listener_hears_more_than_came_nor_faster_than_speech(gaps: list[tuple[float, float]], at_s: float) -> None:
    player = Player()
    for chunk_s, ms in times(gaps):
        if chunk_s <= at_s:
            player.take(chunk_s, ms)
    assert 0 <= player.heard_ms(at_s) <= min(player.got_ms, at_s * 1000) + 1e-6
