"""A missing xtts extra: what needs it says so in one line; what does not need it works."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.fake_checkpoint import lookalike

ROOT = Path(__file__).parents[3]
WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchaudio", "TTS", "safetensors", "tokenizers", "num2words"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


def run(program: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", WITHOUT + program, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_model_cannot_be_imported_and_the_line_names_the_command() -> None:
    done = run(
        "from workers.engines.xtts.model import torchaudio_import\n"
        "try: torchaudio_import.xtts_module()\n"
        "except torchaudio_import.EngineUnavailable as error: print(error)"
    )
    assert done.stdout == ("the xtts engine needs coqui-tts (MPL-2.0), and torchaudio is not installed: make xtts\n"), (
        done.stderr
    )


def test_a_voice_cannot_be_cloned_and_the_line_names_the_command(tmp_path: Path) -> None:
    """Only after everything else about the request was right."""
    folder = lookalike(tmp_path / "model")
    (folder / "tos_agreed.txt").touch()
    sound = 0.3 * np.sin(np.arange(5 * 16_000) / 20)
    soundfile.write(tmp_path / "a.wav", sound, 16_000)
    arguments = ["add", "anna", tmp_path / "a.wav", "--model", folder, "--voice-dir", tmp_path]
    done = run("from workers.engines.xtts.voices.clone_voice import main; sys.exit(main(sys.argv[1:]))", *arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "the xtts engine needs coqui-tts (MPL-2.0), and torch is not installed: make xtts\n"


@pytest.mark.parametrize(
    ("program", "arguments", "expected"),
    [
        ("voices.clone_voice", ["list", "--voice-dir", "nowhere"], "[]\n"),
        ("models", ["look", "--model-dir", "nowhere"], '{"models": '),
    ],
)
def test_what_only_looks_needs_nothing(program: str, arguments: list[str], expected: str) -> None:
    done = run(f"from workers.engines.xtts.{program} import main; sys.exit(main(sys.argv[1:]))", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(expected)
