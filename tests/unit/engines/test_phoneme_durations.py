"""Phoneme durations as word times: each word gets its own phonemes, or the sentence has no times."""

import numpy as np
import pytest

from workers.engines.phoneme_durations import WordTimes, fit_to_sound, phoneme_groups, word_times

RATE_HZ = 8_000


def times_of(text: str, phonemes: str, **groups: int) -> WordTimes:
    """Word times where a pad and each phoneme last 10 ms; `groups`: the words that are several groups of phonemes."""
    durations_ms = [10.0] * (len(phonemes) + 2)
    return word_times(text, phonemes, durations_ms, lambda word: groups.get(word.strip(" .,"), 1))


def test_each_word_has_the_time_of_its_phonemes_without_marks_and_spaces() -> None:
    assert phoneme_groups("həlˈO, ðˈɛɹ.") == [(0, 5), (7, 11)]
    assert times_of("Hello, there.", "həlˈO, ðˈɛɹ.") == ((10, 60), (80, 120))


def test_a_dash_between_words_is_none() -> None:
    assert times_of("Yes – no.", "jˈɛs — nˈO.") == ((10, 50), (80, 110))


def test_a_word_that_is_read_as_several_has_all_their_time() -> None:
    assert times_of("At 25, he.", "æt tw fIv, hi.", **{"25": 2}) == ((10, 30), (40, 100), (120, 140))


def test_a_sentence_whose_phonemes_fit_no_words_has_no_times() -> None:
    assert times_of("At 25, he.", "æt tw fIv, hi.") == ()
    assert times_of("A b.", "æ bi si", b=2, A=0) == ()
    assert word_times("Hello.", "həlˈO.", [], lambda _word: 1) == (), "a model without durations"


def test_a_word_beside_silence_begins_and_ends_with_its_sound() -> None:
    samples = np.zeros(RATE_HZ, np.int16)
    samples[2_000:3_000], samples[4_000:8_000] = 5_000, -5_000
    pcm = samples.astype("<i2").tobytes()
    times = ((300.0, 420.0), (520.0, 600.0), (640.0, 700.0))
    fitted = np.array(fit_to_sound(times, pcm, RATE_HZ))
    assert fitted == pytest.approx(np.array([(250, 375), (500, 640), (640, 1_000)]), abs=0.2)
