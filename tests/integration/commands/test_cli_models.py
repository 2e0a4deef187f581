"""`seriatim models`: what is there, whether it is whole, how to get it, and under which licence. Needs no torch."""

import hashlib
import json
from pathlib import Path

import pytest

from seriatim.exit_codes import ExitCode
from tests.support.command_line import QUICK, complaint, seriatim
from tests.support.fake_checkpoint import lookalike

HOW = "hf download tts-hub/XTTS-v2 config.json model.pth vocab.json speakers_xtts.pth --local-dir DIR"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return lookalike(tmp_path / "models" / "mine")


def models(folder: Path, *arguments: str | Path) -> str:
    """What the command prints where models lie in `folder`."""
    done = seriatim("models", *arguments, settings=QUICK | {"SERIATIM_MODEL_DIR": str(folder)})
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode()


def test_where_there_is_none_it_says_how_to_get_one_and_under_which_licence(tmp_path: Path) -> None:
    output = models(tmp_path)
    assert output.startswith(f"no XTTS-v2 in {tmp_path}, nor in the folders of other programs\n\n")
    assert "Seriatim downloads nothing" in output
    assert HOW in output
    assert "Coqui Public Model License 1.0.0 (https://" in output
    assert "non-commercial use only" in output


def test_one_that_is_there_is_described_until_its_licence_is_accepted_with_advice(model: Path) -> None:
    output = models(model.parent)
    assert output.startswith(f"{model}  complete, 0.00 GB, None layers of 64, licence NOT accepted\n")
    assert HOW in output
    accepted = seriatim("models", "accept", model)
    assert accepted.returncode == ExitCode.OK
    assert accepted.stdout.decode().startswith(f"accepted for {model}: Coqui Public Model License 1.0.0 (https://")
    assert models(model.parent).startswith(
        f"{model}  complete, 0.00 GB, None layers of 64, licence accepted\n\nno voices of Piper in "
    )


@pytest.mark.thorough
def test_a_named_folder_is_compared_with_its_checksums(model: Path) -> None:
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in sorted(model.iterdir())]
    (model / "SHA256SUMS").write_text("\n".join(lines) + "\n", "utf-8")
    assert "complete, 0.00 GB, None layers of 64, 4 checksums match, licence" in models(model.parent, model)
    (model / "vocab.json").write_text('{"model": {"vocab": {"b": 0}}}', "utf-8")
    done = seriatim("models", model)
    assert done.returncode == ExitCode.CANNOT_START
    assert complaint(done).startswith(f"{model}/vocab.json is damaged: SHA-256 ")


@pytest.mark.thorough
def test_a_broken_one_is_listed_as_broken_and_named_is_an_error(model: Path) -> None:
    (model / "model.pth").write_bytes(b"half")
    assert models(model.parent).startswith(
        f"{model}  INCOMPLETE: {model}/model.pth is cut short or no torch checkpoint"
    )
    done = seriatim("models", model)
    assert done.returncode == ExitCode.CANNOT_START
    assert complaint(done).endswith("; `seriatim models` says how to get XTTS-v2")


@pytest.mark.thorough
def test_json_is_one_object(model: Path) -> None:
    found = json.loads(models(model.parent, "--json"))
    assert found["models"][0]["folder"] == str(model)
    assert (found["models"][0]["whole"], found["models"][0]["licence_accepted"]) == (True, False)
    assert found["licence_url"].startswith("https://")


@pytest.mark.thorough
@pytest.mark.parametrize("words", [("accept",), ("get",), ("a", "b"), ("accept", "a", "b")])
def test_other_words_are_refused(words: tuple[str, ...]) -> None:
    done = seriatim("models", *words)
    assert done.returncode == ExitCode.BAD_INPUT
    assert complaint(done) == f"models {' '.join(words)}: expected DIR, or: accept DIR, or: get piper/NAME"


def test_a_licence_is_accepted_for_what_is_there(tmp_path: Path) -> None:
    done = seriatim("models", "accept", tmp_path / "no")
    assert done.returncode == ExitCode.BAD_INPUT
    assert complaint(done) == f"there is no folder {tmp_path}/no"


@pytest.mark.thorough
class TestVoices:
    """What `seriatim voices` does without a model."""

    def test_cloning_needs_a_model(self, tmp_path: Path) -> None:
        done = seriatim("voices", "add", "anna", tmp_path / "anna.wav")
        assert done.returncode == ExitCode.BAD_INPUT
        assert complaint(done).startswith("cloning a voice needs a model: add --model DIR; ")

    def test_a_recording_that_is_not_there_is_named_before_anything_is_loaded(self, model: Path) -> None:
        arguments = ("--model", model, "--engine-option", "accept_licence=CPML")
        done = seriatim("voices", "add", "anna", model / "anna.wav", *arguments)
        assert done.returncode == ExitCode.BAD_INPUT
        assert complaint(done) == f"cannot read {model}/anna.wav: no such file"

    def test_the_licence_comes_before_the_voice(self, model: Path) -> None:
        done = seriatim("voices", "add", "anna", model / "anna.wav", "--model", model)
        assert done.returncode == ExitCode.CANNOT_START
        assert "non-commercial use only" in complaint(done)

    def test_one_that_is_not_there_cannot_be_removed(self, tmp_path: Path) -> None:
        settings = QUICK | {"SERIATIM_VOICE_DIR": str(tmp_path)}
        done = seriatim("voices", "remove", "anna", settings=settings)
        assert done.returncode == ExitCode.BAD_INPUT
        assert complaint(done) == f"there is no cloned voice 'anna' in {tmp_path}"

    def test_an_empty_folder_lists_nothing(self, tmp_path: Path) -> None:
        done = seriatim("voices", "list", "--cloned", settings=QUICK | {"SERIATIM_VOICE_DIR": str(tmp_path / "no")})
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

    @pytest.mark.parametrize("words", [("list",), ()])
    def test_listing_an_engines_voices_is_as_it_was(self, words: tuple[str, ...]) -> None:
        done = seriatim("voices", *words, "--engine", "tone", "--json")
        assert {"alto", "bass"} <= {voice["name"] for voice in json.loads(done.stdout)}
