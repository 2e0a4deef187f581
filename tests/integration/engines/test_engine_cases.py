"""The public cases that only an engine's sound can decide (tests/unit/text/data/text_cases.jsonl), spoken by espeak."""

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seriatim.engine import Engine, Utterance
from seriatim.text.segment import SegmentOptions, segment
from workers.engines.engine_registry import load
from workers.trim_and_fade import THRESHOLD

if importlib.util.find_spec("espeakng_loader") is None:
    if os.environ.get("CI"):
        raise RuntimeError("espeakng-loader is not installed where CI is set: pip install -e '.[espeak]'")
    pytest.skip("espeakng-loader is not installed (pip install -e '.[espeak]')", allow_module_level=True)

DATA = Path(__file__).parents[2] / "unit" / "text" / "data" / "text_cases.jsonl"
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in map(json.loads, DATA.read_text("utf-8").splitlines())}
VOICES = {"engine-stop-dr-de": "de", "engine-stop-ordinal-de": "de", "engine-stop-m-fr": "fr", "engine-stop-g-ru": "ru"}
STOPS = [case for case in CASES if CASES[case]["kind"] == "engine-stop"]
PAUSE_MS = 200
#: seconds that all words of a case last, and how far a complete reading may be from it
LOST = {
    "lost-long-word": (16.4, 0.15),
    "lost-korean": (38.7, 0.02),
    "lost-numbers": (139.0, 0.05),
    "lost-is-silent": (139.0, 0.05),
}
LEAST_WORD_S = 0.2


@pytest.fixture(scope="module")
def espeak() -> Iterator[Engine]:
    engine = load("espeak", {})
    yield engine
    engine.close()


def speech(engine: Engine, text: str, voice: str) -> np.ndarray:
    """The samples of all pieces of a text."""
    pieces = segment(text, SegmentOptions(voice, limit_chars=engine.limit_chars))
    pcm = [c.pcm for piece in pieces for c in engine.speak(Utterance(piece.text, voice=voice), lambda: False)]
    return np.frombuffer(b"".join(pcm), "<i2").astype(np.int64)


@pytest.mark.parametrize("case", STOPS)
def test_a_stop_that_ends_nothing_is_no_pause(espeak: Engine, case: str) -> None:
    voice, text = VOICES.get(case, "en-us"), CASES[case]["input"]
    assert [piece.text for piece in segment(text, SegmentOptions(voice))] == [text]
    sounds = np.flatnonzero(np.abs(speech(espeak, text, voice)) > THRESHOLD)
    assert np.diff(sounds).max() * 1000 / espeak.rate_hz < PAUSE_MS


@pytest.mark.parametrize("case", LOST)
def test_no_word_is_lost(espeak: Engine, case: str) -> None:
    expected_s, share = LOST[case]
    lasts_s = len(speech(espeak, CASES[case]["input"], "ko" if case == "lost-korean" else "en-us")) / espeak.rate_hz
    assert lasts_s == pytest.approx(expected_s, rel=share)


@pytest.mark.parametrize("word", ["a", "harbour", "end", "weather", "it", "plan"])
def test_the_last_word_is_spoken_without_a_stop_behind_it(espeak: Engine, word: str) -> None:
    text = CASES["last-word"]["input"].partition(" <")[0]
    longer, shorter = (len(speech(espeak, each, "en-us")) for each in (f"{text} {word}", text))
    assert (longer - shorter) / espeak.rate_hz >= LEAST_WORD_S / 2
