"""Tiny voices, made once a session, and an engine that has them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seriatim.engine import Engine
from workers.engines.engine_registry import load


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice of medium quality, one with three speakers, and one of 16 kHz. No test may change it."""
    from tests.integration.engines.piper.piper_speech import DEFAULT, LOW, MANY  # needs the extra
    from tests.support.piper_voice import write_voice

    folder = tmp_path_factory.mktemp("voices")
    write_voice(folder, DEFAULT, seed=1)
    write_voice(folder, MANY, seed=2, speakers=3)
    write_voice(folder, LOW, seed=3, rate_hz=16_000)
    return folder


@pytest.fixture(scope="module")
def piper(folder: Path) -> Iterator[Engine]:
    engine = load("piper", {"voices": str(folder)})
    yield engine
    engine.close()
