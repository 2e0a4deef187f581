"""`seriatim voices add`: from a recording to a name that every worker knows, through the command line."""

import json
from pathlib import Path

import pytest

from seriatim.exit_codes import ExitCode
from tests.support.command_line import QUICK, complaint, seriatim
from tests.xtts import tiny_checkpoint

pytestmark = pytest.mark.thorough


def test_a_voice_is_cloned_listed_and_removed(tmp_path: Path, tiny_dir: Path) -> None:
    settings = QUICK | {"SERIATIM_VOICE_DIR": str(tmp_path / "voices")}
    recording = tiny_checkpoint.write_reference(tmp_path / "anna.ogg", 5)
    arguments = ("add", "old anna", recording, "--model", tiny_dir, "--language", "de")
    done = seriatim("voices", *arguments, settings=settings)
    assert done.stderr == b""
    path = tmp_path / "voices" / "old+anna.safetensors"
    assert done.stdout.decode() == f"voice old anna: 5.0 s of 1 recording, in {path}\n"
    assert path.is_file()

    again = seriatim("voices", *arguments, settings=settings)
    assert again.returncode == ExitCode.BAD_INPUT
    assert complaint(again) == "there is a voice 'old anna' already; --replace puts the new one in its place"
    replaced = seriatim("voices", *arguments, "--replace", "--json", settings=settings)
    assert json.loads(replaced.stdout)["name"] == "old anna"

    listed = seriatim("voices", "list", "--cloned", settings=settings).stdout.decode()
    assert listed.startswith("old anna  de       5 s, ")
    removed = seriatim("voices", "remove", "old anna", settings=settings)
    assert (removed.returncode, removed.stdout) == (0, b"voice old anna is removed\n")
    assert not path.exists()


def test_a_recording_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, tiny_dir: Path) -> None:
    recording = tiny_checkpoint.write_reference(tmp_path / "short.wav", 1)
    done = seriatim("voices", "add", "anna", recording, "--model", tiny_dir)
    assert done.returncode == ExitCode.BAD_INPUT
    assert complaint(done) == "only 1.0 s of speech, expected 3 s or more, better 10: add another recording"


def test_a_whole_model_is_said_to_be_whole(tiny_dir: Path) -> None:
    output = seriatim("models", tiny_dir).stdout.decode()
    assert output == f"{tiny_dir}  complete, 0.00 GB, 2 layers of 64, licence accepted\n"
