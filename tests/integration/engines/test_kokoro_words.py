"""Word times of kokoro: from the frames that its model gives each phoneme, with a tiny model in its form."""

import importlib.util
import os
from pathlib import Path

import pytest

from seriatim.engine import AudioChunk, Utterance
from seriatim.text.word_times import word_spans
from workers.engines.engine_registry import load
from workers.engines.phoneme_durations import EARLY_MS

if importlib.util.find_spec("hibari") is None or importlib.util.find_spec("onnx") is None:
    if os.environ.get("CI"):
        raise RuntimeError("hibari-tts or onnx is not installed where CI is set: pip install -e '.[kokoro,dev]'")
    pytest.skip("hibari-tts or onnx is not installed (pip install -e '.[kokoro,dev]')", allow_module_level=True)

import onnx

from tests.support import kokoro_files

NOTE_MS = kokoro_files.NOTE_SAMPLES / 24  #: of each phoneme of the tiny model, and of the pads around them
TEXT = "The ferry leaves, at 25 knots."


def speak_text(folder: Path, text: str, speed: float = 1.0, voice: str = "") -> AudioChunk:
    (chunk,) = load("kokoro", {"folder": str(folder)}).speak(Utterance(text, voice, speed=speed), lambda: False)
    return chunk


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_a_word_begins_where_the_phonemes_before_it_end(tmp_path: Path, speed: float) -> None:
    """Those are a pad and three phonemes: without silence the space sounds like the word behind it."""
    go, on = speak_text(kokoro_files.write_archive(tmp_path), "Go on.", speed).words
    assert go[0] == pytest.approx(NOTE_MS / speed, abs=1), "its sound: the pad is silent"
    assert on[0] == pytest.approx(4 * NOTE_MS / speed - EARLY_MS, abs=1)


def test_every_word_has_a_time_in_order_within_the_sound(tmp_path: Path) -> None:
    chunk = speak_text(kokoro_files.write_archive(tmp_path), TEXT)
    assert len(chunk.words) == len(word_spans(TEXT))
    marks = [mark for word in chunk.words for mark in word]
    assert marks == sorted(marks)
    assert marks[-1] <= len(chunk.pcm) / 2 / 24
    lengths = {
        TEXT[at:end]: last - first for (at, end), (first, last) in zip(word_spans(TEXT), chunk.words, strict=True)
    }
    assert lengths["25"] > lengths["leaves"] > lengths["at"]


def test_a_model_that_rounds_at_two_places_speaks_the_same_without_times(tmp_path: Path) -> None:
    """Which of them are the durations is not clear: readers get estimates."""
    expected = speak_text(kokoro_files.write_archive(tmp_path / "one"), TEXT)
    folder = kokoro_files.write_archive(tmp_path / "two")
    path = folder / "kokoro-v1.0.onnx"
    model = onnx.load(path)
    model.graph.node.append(onnx.helper.make_node("Round", ["durations"], ["again"]))
    onnx.save(model, path)
    chunk = speak_text(folder, TEXT)
    assert (chunk.pcm, chunk.words) == (expected.pcm, ())
    assert expected.words


@pytest.mark.skipif(
    None in map(importlib.util.find_spec, ("fugashi", "unidic_lite", "misaki")) and not os.environ.get("CI"),
    reason="packages are not installed (pip install -e '.[kokoro-ja]')",
)
def test_japanese_has_none_since_its_characters_are_no_groups_of_phonemes(tmp_path: Path) -> None:
    assert speak_text(kokoro_files.write_archive(tmp_path), "港です。", voice="jf_alpha").words == ()
