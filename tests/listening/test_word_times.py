"""Word times of engines, by judges that hear the sound alone."""

import os
from importlib.util import find_spec

import pytest

if find_spec("faster_whisper") is None or find_spec("pocketsphinx") is None:
    if os.environ.get("CI"):
        raise RuntimeError("faster-whisper and pocketsphinx are not installed where CI is set: make listener")
    pytest.skip("the listener is not installed (make listener)", allow_module_level=True)

from bench.text.word_drift import measure
from seriatim.engine import Utterance
from tests.listening.forced_aligner import ForcedAligner
from tests.listening.listening_text import sentences
from tests.listening.recognised_times import drifts_ms, speak, spread
from tests.listening.recogniser import RecognisedWord
from workers.engines.engine_registry import load

SENTENCE = "The baker sold six chairs."
TIMES = [(0.0, 90.0), (100.0, 390.0), (400.0, 690.0), (700.0, 890.0), (900.0, 1200.0)]
N_SENTENCES = 6
DRIFT_MS = 60  #: most, of 95 % of the words


def recognised(*words: tuple[str, float]) -> list[RecognisedWord]:
    return [RecognisedWord(text, start_ms, start_ms + 50) for text, start_ms in words]


def test_drifts_are_those_of_words_that_were_recognised_but_the_outer_ones() -> None:
    written = recognised(("The", 500), ("baker,", 110), ("sole", 9), ("Six", 690), ("chairs.", 2000))
    assert drifts_ms(SENTENCE, TIMES, written) == [-10.0, 10.0]


def test_a_spread_tells_a_shift_from_a_drift() -> None:
    assert spread([50.0] * 40) == (50.0, 50.0, 0.0)
    assert spread([0.0] * 36 + [100.0] * 4) == (0.0, 100.0, 100.0)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["espeak", "hibari"])
def test_words_are_where_an_aligner_finds_them(name: str) -> None:
    """An aligner is given the words, and nothing of their times; its own error is less than half of what is allowed."""
    engine = load(name, {})
    drifts = measure(engine, Utterance(""), sentences(0, N_SENTENCES), ForcedAligner().word_times, speak)
    engine.close()
    assert len(drifts) > 20
    assert spread(drifts)[1] < DRIFT_MS
