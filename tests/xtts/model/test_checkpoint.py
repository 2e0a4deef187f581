"""A checkpoint is loaded as coqui-tts loads it, tensor for tensor; or refused in one line, the folder untouched."""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from seriatim.errors import EngineUnavailable, Misconfigured
from tests.xtts import tiny_checkpoint
from workers.engines.xtts.model import checkpoint, checkpoint_sizes
from workers.engines.xtts.model.checkpoint import xtts

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tiny_dir: Path, tmp_path: Path) -> Path:
    """A copy of the tiny checkpoint that a test may damage."""
    return Path(shutil.copytree(tiny_dir, tmp_path / "model"))


@pytest.fixture(scope="module")
def by_the_library(published_decoder_dir: Path) -> Any:
    """The checkpoint with the published decoder, loaded without anything of ours."""
    config = xtts.XttsConfig()
    config.load_json(str(published_decoder_dir / "config.json"))
    model = xtts.Xtts(config)
    model.load_checkpoint(config, checkpoint_dir=str(published_decoder_dir), eval=True)
    model.train(mode=False)
    return model


def tensors(model: Any) -> dict[str, torch.Tensor]:
    """Every parameter and every buffer, those that are not saved included."""
    return dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers(remove_duplicate=False))


def speech(model: Any, seed: int = 3) -> bytes:
    torch.manual_seed(seed)
    voice = model.speaker_manager.speakers["Alice Test"]
    wave = model.inference("Ten boats came home.", "en", *voice.values(), max_new_tokens=40)["wav"]
    return bytes(wave.tobytes())


def refusal(folder: Path) -> str:
    with pytest.raises(EngineUnavailable) as found:
        checkpoint.load(folder)
    assert "\n" not in str(found.value)
    return str(found.value)


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def rewritten(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    saved = torch.load(folder / "model.pth", weights_only=True)
    change(saved)
    torch.save(saved, folder / "model.pth")


class TestAsTheLibraryDoes:
    """With the decoder at its published size, which the library can load by itself."""

    def test_every_tensor_is_the_same(self, published_decoder_model: Any, by_the_library: Any) -> None:
        ours, theirs = tensors(published_decoder_model), tensors(by_the_library)
        assert ours.keys() == theirs.keys()
        different = [name for name in ours if not torch.equal(ours[name], theirs[name])]
        assert not different
        assert {name: tensor.dtype for name, tensor in ours.items()} == {n: t.dtype for n, t in theirs.items()}

    def test_it_speaks_the_same_bytes(self, published_decoder_model: Any, by_the_library: Any) -> None:
        assert speech(published_decoder_model) == speech(by_the_library)

    def test_its_decoder_is_the_librarys_own(self, published_decoder_model: Any) -> None:
        assert checkpoint_sizes.of_state(published_decoder_model.state_dict()) == checkpoint_sizes.PUBLISHED


def test_nothing_is_in_training_and_nothing_has_a_gradient(tiny_model: Any) -> None:
    assert not [module for module in tiny_model.modules() if module.training]
    assert not [parameter for parameter in tiny_model.parameters() if parameter.requires_grad]


def test_the_decoders_sizes_are_those_of_its_tensors(tiny_model: Any) -> None:
    assert checkpoint_sizes.of_state(tiny_model.state_dict()) == tiny_checkpoint.SMALL_DECODER
    assert sum(parameter.numel() for parameter in tiny_model.parameters()) < 2e6


def test_the_tiny_model_depends_on_its_inputs(tiny_model: Any) -> None:
    """Otherwise no test on it would prove anything: other text, voice or seed, other sound."""
    voices = tiny_model.speaker_manager.speakers

    def codes(text: str, voice: str, seed: int) -> list[float]:
        torch.manual_seed(seed)
        latents = tiny_model.inference(text, "en", *voices[voice].values(), max_new_tokens=20)["gpt_latents"]
        return [round(float(value), 3) for value in latents[0, :3].ravel()]

    same = codes("Ten boats came home.", "Alice Test", 1)
    assert codes("Ten boats came home.", "Alice Test", 1) == same
    assert codes("Ten boats came here.", "Alice Test", 1) != same
    assert codes("Ten boats came home.", "Bob Test", 1) != same


def test_another_process_loads_the_same(tiny_dir: Path, tiny_model: Any) -> None:
    """A worker, in which nothing of the tests is."""
    program = (
        "import hashlib, sys, torch; from pathlib import Path; from workers.engines.xtts.model import checkpoint\n"
        "torch.set_num_threads(1); model = checkpoint.load(Path(sys.argv[1])); torch.manual_seed(3)\n"
        "voice = model.speaker_manager.speakers['Alice Test']\n"
        "wave = model.inference('Ten boats came home.', 'en', *voice.values(), max_new_tokens=40)['wav']\n"
        "print(hashlib.sha256(wave.tobytes()).hexdigest(), any(name.startswith('tests') for name in sys.modules))"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(tiny_dir)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{hashlib.sha256(speech(tiny_model)).hexdigest()} False\n"
    assert done.stderr == ""


def test_what_is_made_afterwards_is_filled_again(tiny_dir: Path) -> None:
    torch.manual_seed(1)
    before = torch.nn.Linear(8, 8).weight
    checkpoint.load(tiny_dir)
    torch.manual_seed(1)
    assert torch.equal(torch.nn.Linear(8, 8).weight, before)


class TestForms:
    """The forms in which checkpoints are published."""

    def same_as_tiny(self, folder: Path, tiny_model: Any) -> bool:
        return speech(checkpoint.load(folder)) == speech(tiny_model)

    def test_a_pickled_config_is_read_and_not_written_back(self, folder: Path, tiny_model: Any) -> None:
        """XTTS-v2's own model.pth is like that, and coqui-tts would replace it at the first load."""
        config = xtts.XttsConfig()
        config.load_json(str(folder / "config.json"))
        saved = torch.load(folder / "model.pth", weights_only=True)
        with xtts._legacy_safe_globals():
            torch.save(saved | {"config": config}, folder / "model.pth")
        with pytest.raises(pickle.UnpicklingError):
            torch.load(folder / "model.pth", weights_only=True)
        before = contents(folder)
        assert self.same_as_tiny(folder, tiny_model)
        assert contents(folder) == before

    def test_half_precision_is_widened(self, tmp_path: Path) -> None:
        model = checkpoint.load(tiny_checkpoint.build(tmp_path / "half", tiny_checkpoint.Shape(half=True)))
        floating = {tensor.dtype for tensor in tensors(model).values() if tensor.is_floating_point()}
        assert floating == {torch.float32}
        assert speech(model)

    def test_what_coquis_trainer_saves_is_read(self, folder: Path, tiny_model: Any) -> None:
        def as_saved_by_the_trainer(saved: dict[str, Any]) -> None:
            saved["model"] = {f"xtts.{name}": tensor for name, tensor in saved["model"].items()}
            saved["model"]["dvae.codebook"] = torch.zeros(3)
            saved["step"] = 7

        rewritten(folder, as_saved_by_the_trainer)
        assert self.same_as_tiny(folder, tiny_model)

    def test_a_checkpoint_without_voices_of_its_own(self, folder: Path) -> None:
        (folder / "speakers_xtts.pth").unlink()
        assert checkpoint.load(folder).speaker_manager is None


class TestRefusals:
    """One line each, and it names the file."""

    def test_weights_that_do_not_fit_the_config(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        config["model_args"]["gpt_layers"] = 3
        (folder / "config.json").write_text(json.dumps(config), "utf-8")
        message = refusal(folder)
        assert message.startswith(
            f"{folder} cannot be loaded: Error(s) in loading state_dict for _CheckpointModel: Missing key(s)"
        )

    def test_weights_that_were_made_for_another_vocabulary(self, folder: Path) -> None:
        tiny_checkpoint._write_vocabulary(folder / "vocab.json", 600)
        assert "cannot be loaded: Error(s) in loading state_dict" in refusal(folder)

    def test_a_vocabulary_that_is_none(self, folder: Path) -> None:
        (folder / "vocab.json").write_text('{"model": {"vocab": {"a": 0}}}', "utf-8")
        assert refusal(folder).startswith(f"{folder / 'vocab.json'} is no tokenizer: ")

    def test_a_torch_file_of_something_else(self, folder: Path) -> None:
        torch.save([1, 2], folder / "model.pth")
        assert "has no entry 'model': it is no checkpoint of coqui-tts" in refusal(folder)

    def test_a_checkpoint_of_another_model(self, folder: Path) -> None:
        torch.save({"model": {"encoder.weight": torch.zeros(3)}}, folder / "model.pth")
        assert "model.pth has no tensor 'hifigan_decoder.waveform_decoder.conv_pre.weight'" in refusal(folder)

    @pytest.mark.parametrize("name", ["model.pth", "speakers_xtts.pth"])
    def test_a_file_that_would_run_a_program_runs_none(self, folder: Path, tmp_path: Path, name: str) -> None:
        """A checkpoint is data: its author may not run anything here."""
        torch.save({"model": {}, "config": _Command(f"touch {tmp_path}/ran")}, folder / name)
        assert "cannot" in refusal(folder)
        assert not (tmp_path / "ran").exists()

    def test_a_truncated_file(self, folder: Path) -> None:
        with (folder / "model.pth").open("r+b") as file:
            file.truncate(1_000_000)
        assert "is cut short or no torch checkpoint: 1000000 bytes" in refusal(folder)

    def test_files_that_differ_from_their_checksums(self, folder: Path) -> None:
        (folder / "SHA256SUMS").write_text("0" * 64 + "  config.json\n", "utf-8")
        assert "config.json is damaged" in refusal(folder)

    @pytest.mark.parametrize("device", ["cuda:99", "meat", ""])
    def test_a_device_that_is_not_there(self, tiny_dir: Path, device: str) -> None:
        with pytest.raises(EngineUnavailable, match=f"^cannot use the device {device}: "):
            checkpoint.load(tiny_dir, device)

    def test_a_licence_that_was_not_accepted(self, folder: Path) -> None:
        (folder / "tos_agreed.txt").unlink()
        with pytest.raises(Misconfigured, match="non-commercial use only"):
            checkpoint.load(folder)
        assert checkpoint.load(folder, accept_licence="CPML")
        assert not (folder / "tos_agreed.txt").exists()


class _Command:
    """Unpickled without care, it runs a command."""

    def __init__(self, command: str) -> None:
        self._command = command

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (self._command,)
