"""Phoneme durations as word times: each word gets its own phonemes, or the sentence has no times."""

import numpy as np
import pytest

from workers.engines.phoneme_durations import (
    EARLY_MS,
    WordTimes,
    begin_with_spaces,
    fit_to_sound,
    frame_durations_ms,
    phoneme_groups,
    word_times,
)

RATE_HZ = 8_000


def times_of(text: str, phonemes: str, **alone: str) -> WordTimes:
    """Word times where a pad and each phoneme last 10 ms; `alone`: phonemes of words that are not in groups."""
    durations_ms = [10.0] * (len(phonemes) + 2)
    return word_times(text, phonemes, durations_ms, lambda word: alone.get(word.strip(" .,"), "a"))


def test_each_word_has_the_time_of_its_phonemes_without_marks_and_spaces() -> None:
    assert phoneme_groups("həlˈO, ðˈɛɹ.") == [(0, 5), (7, 11)]
    assert times_of("Hello, there.", "həlˈO, ðˈɛɹ.") == ((10, 60), (80, 120))


def test_a_dash_between_words_is_none() -> None:
    assert times_of("Yes – no.", "jˈɛs — nˈO.") == ((10, 50), (80, 110))


def test_a_word_that_is_read_as_several_has_all_their_time() -> None:
    assert times_of("At 25, he.", "æt tw fIv, hi.", **{"25": "tw fIv"}) == ((10, 30), (40, 100), (120, 140))


def test_words_that_are_run_together_are_parted_where_their_own_phonemes_meet() -> None:
    """As espeak writes "of the": each of the two has the time of its own phonemes."""
    alone = {"Out": "ˈaʊt", "of": "ˈɒv", "the": "ðɪ", "box": "bˈɒks"}
    assert times_of("Out of the box.", "aʊt ʌvðə bˈɒks.", **alone) == ((10, 40), (50, 70), (70, 90), (100, 150))
    assert times_of("At 25 of the box.", "a tw fIv ʌvðə bˈɒks.", **alone, **{"25": "tw fIv"}) == (
        (10, 20), (30, 90), (100, 120), (120, 140), (150, 200),
    )  # fmt: skip


def test_a_sentence_whose_phonemes_fit_no_words_has_no_times() -> None:
    assert times_of("At 25, he.", "æt tw fIv, hi.") == ()
    assert times_of("A b.", "æ bi si", b="bi si", A="") == ()
    assert times_of("A b.", "", A="æ", b="bi") == ()
    assert word_times("Hello.", "həlˈO.", [], lambda word: word) == (), "a model without durations"


def test_a_word_whose_sound_is_not_there_yet_begins_with_the_space_before_it_but_not_with_a_mark() -> None:
    times = ((10.0, 40.0), (50.0, 70.0), (90.0, 120.0))
    assert begin_with_spaces("Out of, the.", times) == ((10, 40), (40, 70), (90, 120))
    assert begin_with_spaces("Out of, the.", ()) == ()


def test_a_word_beside_silence_begins_and_ends_with_its_sound() -> None:
    samples = np.zeros(RATE_HZ, np.int16)
    samples[2_000:3_000], samples[4_000:8_000] = 5_000, -5_000
    pcm = samples.astype("<i2").tobytes()
    times = ((300.0, 420.0), (520.0, 600.0), (640.0, 700.0))
    fitted = np.array(fit_to_sound(times, pcm, RATE_HZ))
    assert fitted == pytest.approx(np.array([(250, 375), (500, 600), (600, 1_000)]), abs=0.2)


def test_the_closure_of_a_stop_is_part_of_its_word() -> None:
    """A silence between two words that is shorter than a pause: the second begins where the model says, in it."""
    samples = np.full(RATE_HZ, 5_000, np.int16)
    samples[4_000:4_800] = 0
    times = ((0.0, 490.0), (540.0, 1_000.0))
    assert fit_to_sound(times, samples.astype("<i2").tobytes(), RATE_HZ)[1][0] == pytest.approx(490)


def test_a_phoneme_sounds_before_its_frames() -> None:
    """By at most the silence before the first one; the silence behind the last is longer instead."""
    assert frame_durations_ms([4, 2, 6], 300) == (100 - EARLY_MS, 50, 150 + EARLY_MS)
    assert frame_durations_ms([1, 4], 50) == (0, 50)
