"""Commands without the xtts extra: each that needs it says so in one line, and how to install it."""

import os
import re
from pathlib import Path

import pytest

from seriatim.exit_codes import ExitCode
from tests.support.command_line import QUICK, ROOT, complaint, seriatim
from tests.support.fake_checkpoint import lookalike
from tests.support.redis_servers import PrivateServer, embedded

ABSENT = '''
import sys

class Absent:
    """As if none of the extra's packages were there, in this process and all that it starts."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchaudio", "torchcodec", "TTS", "transformers", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
'''
LINE = "the xtts engine needs the package coqui-tts (MPL-2.0): make xtts"


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without the extra."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(ABSENT, "utf-8")
    return QUICK | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(ROOT)])}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return lookalike(tmp_path / "model")


def test_speaking(tmp_path: Path, bare: dict[str, str], model: Path) -> None:
    out = tmp_path / "speech.wav"
    arguments = ("speak", "-", "-o", out, "--engine", "xtts", "--model", model)
    done = seriatim(*arguments, stdin=b"Hello.", settings=bare)
    assert done.returncode == ExitCode.CANNOT_START
    assert complaint(done) == f"worker did not start: {LINE}"
    assert not list(tmp_path.glob("speech*"))


def test_listing_voices(bare: dict[str, str], model: Path) -> None:
    done = seriatim("voices", "--engine", "xtts", "--model", model, settings=bare)
    assert done.returncode == ExitCode.CANNOT_START
    assert complaint(done) == LINE


def test_a_worker_ends_instead_of_being_started_again_for_ever(bare: dict[str, str], model: Path) -> None:
    with PrivateServer(embedded()) as server:
        settings = bare | {"SERIATIM_REDIS_URL": server.url}
        done = seriatim("worker", "--engine", "xtts", "--model", model, settings=settings)
    assert done.returncode == ExitCode.CANNOT_START
    assert done.stdout == b""
    usual = re.compile("worker process exited|workers start|runs as root")
    unexpected = [line for line in done.stderr.decode().splitlines() if not usual.search(line)]
    assert unexpected == [f"seriatim worker: {LINE}"]


@pytest.mark.thorough
def test_other_engines_speak(tmp_path: Path, bare: dict[str, str]) -> None:
    out = tmp_path / "speech.wav"
    done = seriatim("speak", "-", "-o", out, "--engine", "tone", "-q", stdin=b"Hello.", settings=bare)
    assert done.returncode == 0, done.stderr.decode()
    assert out.stat().st_size > 1000
