"""Word times of espeak: where silence in its sound separates the words."""

import importlib.util
import os
from collections.abc import Iterator

import numpy as np
import pytest

from seriatim.engine import Engine, Utterance
from seriatim.text.word_times import word_spans
from workers.engines.engine_registry import load
from workers.trim_and_fade import THRESHOLD

if importlib.util.find_spec("espeakng_loader") is None:
    if os.environ.get("CI"):
        raise RuntimeError("espeakng-loader is not installed where CI is set: pip install -e '.[espeak]'")
    pytest.skip("espeakng-loader is not installed (pip install -e '.[espeak]')", allow_module_level=True)

GAP_MS = 150  #: of silence: more than a stop between two vowels has, less than `word_gap` makes
DRIFT_MS = 80  #: most, between the time of a word and its sound
SENTENCES = (
    ("en-us", "Many workers speak slowly, yet every listener hears one long story."),
    ("de", "Der Hafen war still, und dann rief um sieben eine Möwe."),
    ("fr", "Nous avons mangé dehors, mais sans parler."),
)


@pytest.fixture(scope="module")
def espeak() -> Iterator[Engine]:
    engine = load("espeak", {})
    yield engine
    engine.close()


def words_of(engine: Engine, text: str, voice: str = "", **more: float) -> tuple[bytes, list[tuple[float, float]]]:
    chunks = list(engine.speak(Utterance(text, voice, options=more), lambda: False))
    assert {chunk.words for chunk in chunks[1:]} <= {()}
    return b"".join(chunk.pcm for chunk in chunks), list(chunks[0].words)


@pytest.mark.parametrize(("voice", "text"), SENTENCES)
def test_words_apart_begin_where_their_sound_does(espeak: Engine, voice: str, text: str) -> None:
    pcm, words = words_of(espeak, text, voice, word_gap=40)
    is_sound = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) > THRESHOLD)
    sounds = np.split(is_sound, np.flatnonzero(np.diff(is_sound) > GAP_MS * espeak.rate_hz / 1000) + 1)
    assert len(words) == len(sounds) == len(word_spans(text))
    onsets_ms = np.array([each[0] for each in sounds]) / espeak.rate_hz * 1000
    assert np.abs(onsets_ms - [start for start, _ in words]).max() < DRIFT_MS


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Müller paid $25.50 at 10:30 a.m. for 1234567 of the U.S. – really?",
        "* A \U0001f642 smiles, 50% of the time; 你好.",
        "well-known",
    ],
)
def test_every_word_has_a_time_in_order_within_the_sound(espeak: Engine, text: str) -> None:
    pcm, words = words_of(espeak, text)
    assert len(words) == len(word_spans(text))
    marks = [mark for word in words for mark in word]
    assert marks == sorted(marks)
    assert marks[-1] <= len(pcm) / 2 / espeak.rate_hz * 1000
    assert pcm == words_of(espeak, text)[0]


def test_a_sentence_of_more_than_half_a_minute_leaves_in_pieces_without_times(espeak: Engine) -> None:
    """Its sound is bounded in memory, and is the same as if it were held; docs/explanation/decisions/0051."""
    text = "one two three four five six seven eight nine"
    chunks = list(espeak.speak(Utterance(text, options={"word_gap": 500}), lambda: False))
    lengths_s = [len(chunk.pcm) / 2 / espeak.rate_hz for chunk in chunks]
    assert sum(lengths_s) > 30
    assert max(lengths_s) < 2
    assert {chunk.words for chunk in chunks} == {()}
    assert not any(chunk.last for chunk in chunks)
    assert words_of(espeak, " ".join(text.split()[:4]), word_gap=500)[1], "15 s are held"
