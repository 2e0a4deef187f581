"""The repeated tail of a sentence, in genuine speech: words that an engine says again and again."""

from collections.abc import Iterator

import numpy as np
import pytest

from gateway.book.repeated_tail import repeated_tail_ms, repeats_its_end
from gateway.book.sentence_quality import doubts_of, measure_sentence
from seriatim.engine import Engine, Utterance
from workers.engines.hibari.engine import load

SENTENCES = (
    ("The farmer sold twelve wooden chairs near the harbor", "near the harbor"),
    ("He wrote the letter before the sun rose over the hill", "over the hill"),
    ("Nobody counted the boats that came home", "came home"),
    ("What the sailor had seen there he never said to any of them", "to any of them"),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = load({})
    yield engine
    engine.close()


def speak(engine: Engine, text: str) -> bytes:
    return b"".join(chunk.pcm for chunk in engine.speak(Utterance(text), lambda: False))


@pytest.mark.parametrize(("text", "tail"), SENTENCES)
def test_words_that_are_spoken_again_and_again_are_found(engine: Engine, text: str, tail: str) -> None:
    looped = speak(engine, f"{text}, {tail}, {tail}, {tail}.")
    once = len(speak(engine, f"{tail}.")) / 2 / engine.rate_hz * 1000
    assert 400 <= repeated_tail_ms(looped, engine.rate_hz) <= 2 * once
    doubts = doubts_of([measure_sentence(looped, engine.rate_hz, 3000, text)])[0]
    assert [doubt for doubt in doubts if doubt.startswith("repeats its last ")]


@pytest.mark.parametrize(("text", "_tail"), SENTENCES)
def test_a_sentence_that_is_spoken_once_repeats_nothing(engine: Engine, text: str, _tail: str) -> None:
    assert repeated_tail_ms(speak(engine, f"{text}."), engine.rate_hz) == 0


def test_a_text_may_repeat_its_own_end(engine: Engine) -> None:
    text = "Left, right, left, right, left, right."
    pcm = speak(engine, text)
    assert repeated_tail_ms(pcm, engine.rate_hz) > 0
    assert measure_sentence(pcm, engine.rate_hz, 3000, text).repeated_ms == 0
    assert measure_sentence(pcm, engine.rate_hz, 3000, "Left, right.").repeated_ms > 0


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("No, no!", True), ("On and on and on.", True), ("左右左右。", True),
        ("No.", False), ("That that is, is.", True), ("Row, row, row your boat.", False), ("", False),
    ],
)  # fmt: skip
def test_the_end_of_a_text_is_compared_word_by_word(text: str, repeats: bool) -> None:
    assert repeats_its_end(text) is repeats


@pytest.mark.parametrize("rate_hz", [8000, 24_000])
def test_a_steady_tone_and_silence_repeat_nothing(rate_hz: int) -> None:
    tone = (np.sin(2 * np.pi * 200 * np.arange(4 * rate_hz) / rate_hz) * 16_000).astype("<i2").tobytes()
    for pcm in (tone, bytes(rate_hz), tone + bytes(2 * rate_hz) + tone, b"", tone[:100]):
        assert repeated_tail_ms(pcm, rate_hz) == 0
