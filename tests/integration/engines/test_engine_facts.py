"""The facts of engines in the reference, compared with the engines themselves."""

import importlib.util
import os
from pathlib import Path

import pytest

from seriatim.engine import Utterance
from workers.engines.engine_catalogue import engine_profiles
from workers.engines.engine_registry import load

PACKAGES = {"tone": "numpy", "espeak": "espeakng_loader", "hibari": "hibari", "kokoro": "hibari", "piper": "onnx"}
TEXT = "The ferry leaves the harbour at seven in the morning, and it comes back at noon."


def options_of(name: str, folder: Path) -> dict[str, str]:
    """The files that an engine needs, in a folder."""
    if name == "kokoro":
        from tests.support import kokoro_files  # needs onnx

        return {"folder": str(kokoro_files.write_archive(folder))}
    if name == "piper":
        from tests.support.piper_voice import write_voice  # likewise

        write_voice(folder, "en_US-tiny-medium")
        return {"voices": str(folder)}
    return {}


@pytest.mark.parametrize("name", PACKAGES)
def test_an_engine_is_as_its_facts_say(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(PACKAGES[name]) is None:
        assert not os.environ.get("CI"), f"{PACKAGES[name]} is not installed where CI is set"
        pytest.skip(f"{PACKAGES[name]} is not installed")
    facts = engine_profiles()[name].facts
    engine = load(name, options_of(name, tmp_path))
    assert f"{engine.rate_hz:,}" == facts.rate.partition(";")[0]
    assert engine.continuity is facts.continuity
    chunks = [chunk for chunk in engine.speak(Utterance(TEXT), lambda: False) if chunk.pcm]
    assert (len(chunks) > 1) is facts.streams
    if facts.languages == "English":
        assert engine.abilities.languages == ("en",)
    if facts.languages == "over 100":
        assert len(engine.abilities.languages) > 100
    getattr(engine, "close", lambda: None)()
