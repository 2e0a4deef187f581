"""Chunk sizes of a sentence: no listener hears a gap by them, and few frames are made twice."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workers.engines.xtts.batch.chunk_sizes import CODE_MS, SHARE, SIZES, STALLED, ChunkSizer, SpeedEstimate

FIRST = 5  # latents of the smallest first piece
AHEAD = 4  # latents at the end of a piece that only the next one can give: the vocoder looks ahead


@dataclass
class Playback:
    """What became of one sentence."""

    sizes: list[int] = field(default_factory=list)  #: of the pieces, in latents
    first_ms: float = 0.0  #: when the first piece came
    gaps_ms: list[float] = field(default_factory=list)  #: silences before the pieces


def speak(
    n_codes: int,
    pace: SpeedEstimate,
    lead_ms: float,
    due: Callable[[ChunkSizer, int, float], bool],
    code_ms: float = CODE_MS,
) -> Playback:
    """Generate a sentence on a clock, one code after another, and vocode on the same thread when `due` says so."""
    playback, now_ms, waiting, vocoded, n_sent = Playback(), 0.0, 0, 0, 0
    chunks = ChunkSizer(lead_ms, now_ms, FIRST, code_ms)
    dry_ms = lead_ms  # when the listener's buffer is empty
    for code in range(1, n_codes + 1):
        now_ms += pace.code_ms
        waiting += 1
        if code < n_codes and not due(chunks, waiting, now_ms):
            continue
        now_ms += pace.making_ms(0, waiting)
        vocoded += waiting
        audio_ms = ((vocoded if code == n_codes else vocoded - AHEAD) - n_sent) * code_ms
        playback.gaps_ms.append(max(0.0, now_ms - dry_ms))
        dry_ms = max(dry_ms, now_ms) + audio_ms
        n_sent = vocoded if code == n_codes else vocoded - AHEAD
        playback.first_ms = playback.first_ms or now_ms
        playback.sizes.append(waiting)
        chunks.gave(audio_ms, now_ms)
        assert chunks.lead_ms(now_ms) == pytest.approx(dry_ms - now_ms, abs=1e-6)
        waiting = 0
    return playback


def by_policy(pace: SpeedEstimate) -> Callable[[ChunkSizer, int, float], bool]:
    return lambda chunks, waiting, now_ms: chunks.due(waiting, now_ms, pace)


def code_by_code(started: list[bool]) -> Callable[[ChunkSizer, int, float], bool]:
    def due(_chunks: ChunkSizer, waiting: int, _now_ms: float) -> bool:
        if started or waiting >= FIRST:
            started.append(True)
            return True
        return False

    return due


def paces(slowest: float) -> st.SearchStrategy[SpeedEstimate]:
    """Rows that need up to `slowest` ms a code, and vocoders from free to dear."""
    return st.builds(SpeedEstimate, st.floats(0.5, slowest), st.floats(0, 30), st.floats(0, 5))


@given(n_codes=st.integers(1, 300), pace=paces(CODE_MS), lead_ms=st.floats(0, 4000))
def test_no_gap_that_pieces_of_one_code_would_not_have(n_codes: int, pace: SpeedEstimate, lead_ms: float) -> None:
    """Whatever the vocoder costs, as long as a row keeps up with such pieces."""
    assume(pace.making_ms(1, 1) <= CODE_MS)
    one_by_one = speak(n_codes, pace, lead_ms, code_by_code([]))
    ours = speak(n_codes, pace, lead_ms, by_policy(pace))
    if max(one_by_one.gaps_ms[1:], default=0.0) <= 1e-6:
        assert max(ours.gaps_ms[1:], default=0.0) <= 1e-6
    assert ours.gaps_ms[0] == pytest.approx(one_by_one.gaps_ms[0]) or ours.gaps_ms[0] <= 1e-6


@given(n_codes=st.integers(1, 300), share=st.floats(0.01, 0.99), lead_ms=st.floats(0, 4000))
def test_a_generator_faster_than_playback_never_leaves_a_gap(n_codes: int, share: float, lead_ms: float) -> None:
    """At any constant pace under real time, where vocoding is free."""
    pace = SpeedEstimate(share * CODE_MS)
    playback = speak(n_codes, pace, lead_ms, by_policy(pace))
    assert max(playback.gaps_ms[1:], default=0.0) <= 1e-6


@given(pace=paces(3 * CODE_MS))
def test_who_waits_hears_the_smallest_piece_first(pace: SpeedEstimate) -> None:
    assert speak(60, pace, 0.0, by_policy(pace)).sizes[0] == FIRST


@given(n_codes=st.integers(22, 400), pace=paces(0.9 * CODE_MS), lead_ms=st.floats(5_000, 60_000))
def test_far_ahead_pieces_are_a_second_long(n_codes: int, pace: SpeedEstimate, lead_ms: float) -> None:
    sizes = speak(n_codes, pace, lead_ms, by_policy(pace)).sizes
    assert set(sizes[:-1]) == {SIZES[-1]}
    assert 0.9 < SIZES[-1] * CODE_MS / 1000 <= 1


@given(n_codes=st.integers(1, 400), pace=paces(0.5 * CODE_MS), lead_ms=st.floats(0, 2000))
def test_twice_as_fast_as_playback_few_pieces_are_small(n_codes: int, pace: SpeedEstimate, lead_ms: float) -> None:
    """What is made twice, at about a latent a piece, is bounded: a dozen pieces, and then one a second."""
    fast = SpeedEstimate(pace.code_ms, min(pace.window_ms, 0.2 * CODE_MS), min(pace.latent_ms, 0.1 * CODE_MS))
    assert len(speak(n_codes, fast, lead_ms, by_policy(fast)).sizes) <= 14 + n_codes / SIZES[-1]


@given(pace=paces(0.95 * CODE_MS))
def test_pieces_grow_and_never_shrink_while_the_pace_is_the_same(pace: SpeedEstimate) -> None:
    assume(pace.making_ms(1, 1) <= CODE_MS)
    sizes = speak(300, pace, 0.0, by_policy(pace)).sizes
    assert sizes[1:-1] == sorted(sizes[1:-1])
    assert set(sizes[1:-1]) <= set(SIZES)


@given(n_codes=st.integers(50, 300), slow=st.floats(1.01, 4))
def test_a_row_that_cannot_keep_up_does_not_waste_its_time_on_small_pieces(n_codes: int, slow: float) -> None:
    sizes = speak(n_codes, pace := SpeedEstimate(slow * CODE_MS, 20, 2), 0.0, by_policy(pace)).sizes
    assert set(sizes[1:-1]) == {STALLED}


def test_a_row_a_fifth_too_slow_leaves_no_gap_of_a_tenth_of_a_second() -> None:
    playback = speak(200, pace := SpeedEstimate(1.15 * CODE_MS, 10), 0.0, by_policy(pace))
    assert max(playback.gaps_ms[2:]) < 100


def test_a_dear_vocoder_gets_the_smallest_piece_that_keeps_up() -> None:
    """Pieces of one code would take 60 ms for 46 ms of sound; pieces of two take 80 for 93."""
    playback = speak(100, pace := SpeedEstimate(20, 40), 0.0, by_policy(pace))
    assert playback.sizes[1] == 2
    assert sum(playback.gaps_ms[2:]) == 0
    assert sum(speak(100, pace, 0.0, code_by_code([])).gaps_ms[2:]) > 500


def test_a_sentence_reads_like_this() -> None:
    """A row at a quarter of real time, a listener who waits: 5 latents, then what the growing lead allows."""
    playback = speak(120, pace := SpeedEstimate(CODE_MS / 4, 2, 0.2), 0.0, by_policy(pace))
    assert playback.first_ms == pytest.approx(5 * CODE_MS / 4 + 3)
    assert playback.sizes[:4] == [5, 2, 6, 16]
    assert set(playback.sizes[4:-1]) == {21}


def test_a_row_that_slows_down_gives_what_it_has_in_time() -> None:
    """A piece of 12 was on its way when other sentences joined the batch: what is there goes out meanwhile."""
    chunks = ChunkSizer(800, 0, FIRST)
    chunks.gave(0, 0)
    assert chunks.collect(6, 240, SpeedEstimate(40)) == 12
    assert not chunks.due(6, 240, SpeedEstimate(40))
    assert chunks.due(7, 570, SpeedEstimate(44))


def test_a_part_of_the_lead_is_kept_for_a_bad_step() -> None:
    chunks = ChunkSizer(1000, 0, FIRST)
    assert chunks.collect(0, 0, SpeedEstimate(70)) == 10
    assert SpeedEstimate(70).making_ms(10, 10) <= SHARE * 1000 < SpeedEstimate(70).making_ms(12, 12)


def test_a_faster_voice_uses_up_the_lead_faster() -> None:
    fast, slow = (speak(60, pace := SpeedEstimate(20), 0.0, by_policy(pace), CODE_MS / speed) for speed in (2.0, 0.5))
    assert len(fast.sizes) > len(slow.sizes)
    assert max(fast.gaps_ms[1:]) == max(slow.gaps_ms[1:]) == 0


def test_a_row_fast_enough_for_a_slow_voice_is_too_slow_for_a_fast_one() -> None:
    pace = SpeedEstimate(0.8 * CODE_MS)
    assert speak(90, pace, 0.0, by_policy(pace)).sizes[1] == 1
    assert set(speak(90, pace, 0.0, by_policy(pace), CODE_MS / 2).sizes[1:-1]) == {STALLED}


def test_latents_of_an_earlier_attempt_go_out_at_once() -> None:
    assert ChunkSizer(30_000, 0, FIRST).due(140, 0, SpeedEstimate(20, 10, 1))
