"""Piper speech in tests: the tiny voices' names, and what the engine makes of a sentence.

Importing this module skips a test module where the piper extra is not installed; on CI that is a failure.
"""

import importlib.util
import os
from pathlib import Path

import pytest

from seriatim.engine import Engine, Utterance

if missing := [name for name in ("onnx", "onnxruntime", "espeakng_loader") if importlib.util.find_spec(name) is None]:
    if os.environ.get("CI"):
        raise RuntimeError(f"{missing} are not installed where CI is set: pip install -e '.[piper]'")
    pytest.skip(f"{missing} are not installed (pip install -e '.[piper]')", allow_module_level=True)

from tests.support.piper_voice import write_voice

SENTENCE = "Many workers speak at once, and every listener hears one text."
DEFAULT, MANY, LOW = "de_DE-tief-medium", "en_GB-many-medium", "en_US-dumpf-low"


def chunks(engine: Engine, text: str, voice: str = MANY, **more: object) -> list[bytes]:
    utterance = Utterance(text, voice=voice, **more)  # type: ignore[arg-type]  # fields of its own
    return [chunk.pcm for chunk in engine.speak(utterance, lambda: False)]


def speak(engine: Engine, text: str, voice: str = MANY, **more: object) -> bytes:
    return b"".join(chunks(engine, text, voice, **more))


def one_voice(tmp_path: Path, name: str = "en_US-one-medium", **more: object) -> Path:
    return write_voice(tmp_path, name, **more)  # type: ignore[arg-type]  # its own options
