"""A short listening test: what hibari speaks under a kill is understood, whole, in order; planted faults are found."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

if find_spec("faster_whisper") is None:
    if os.environ.get("CI"):
        raise RuntimeError("faster-whisper is not installed where CI is set: make listener")
    pytest.skip("the listener is not installed (make listener)", allow_module_level=True)

from tests.listening.listening_report import FORMATS, WORKERS, ListeningReport
from tests.listening.listening_text import sentences
from tests.listening.planted_faults import KINDS, trial
from tests.listening.recogniser import Recogniser, Samples, load_model, samples_of_pcm
from tests.listening.speaking_system import RATE_HZ, SpeakingSystem
from tests.support.thorough_cases import mostly_thorough

TEXT = sentences(0, 12)
N_PLANTED = 8  #: sentences of a recording with a fault: some 30 s


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpeakingSystem]:
    with SpeakingSystem.on(tmp_path_factory.mktemp("system")) as system:
        yield system


@pytest.fixture(scope="module")
def sounds(system: SpeakingSystem) -> list[Samples]:
    """The sentences as they are read while a worker is killed."""
    system.start_workers(2)
    sounds = system.read_under_kills(" ".join(TEXT), kill_after=(2,))
    assert system.n_kills == 1
    return [samples_of_pcm(pcm, RATE_HZ) for pcm in sounds]


def test_every_sentence_is_heard_once_in_order_and_whole(recogniser: Recogniser, sounds: list[Samples]) -> None:
    assert len(sounds) == len(TEXT)
    verdict = recogniser.verdict(TEXT, np.concatenate(sounds))
    assert str(verdict) == "whole"
    assert verdict.word_error_rate < 0.02, verdict.n_errors


@pytest.mark.parametrize("kind", mostly_thorough(KINDS, 5))
def test_a_planted_fault_is_found(recogniser: Recogniser, sounds: list[Samples], kind: str) -> None:
    found = trial(recogniser, TEXT[:N_PLANTED], sounds[:N_PLANTED], kind, 3)
    assert found.is_right, found


def test_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"another model")
    with pytest.raises(ValueError, match=r"model\.bin has SHA-256 [0-9a-f]{64}, expected 1a5afae0"):
        load_model(tmp_path)


@pytest.mark.thorough
def test_every_way_of_reading_is_whole(recogniser: Recogniser, tmp_path: Path) -> None:
    """What `make listen` does, in short."""
    lines: list[str] = []
    with SpeakingSystem.on(tmp_path) as system:
        n_faults = ListeningReport(system, recogniser, 10, lines.append).run(n_each=0)
    assert n_faults == 0, "".join(lines)
    assert len(lines) == 1 + len(WORKERS) + 1 + len(FORMATS) + 1 + 2 + 1
