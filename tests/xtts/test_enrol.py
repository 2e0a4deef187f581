"""Enrolling a voice: it is the one that coqui-tts would make of the same recordings, where workers look for it."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from tests.xtts import tiny_checkpoint
from workers.engines.xtts.model import checkpoint
from workers.engines.xtts.model.torchaudio_import import import_torchaudio
from workers.engines.xtts.voices import voice_files
from workers.engines.xtts.voices.clone_voice import latents, main
from workers.engines.xtts.voices.reference_audio import read_recordings
from workers.engines.xtts.voices.voice_catalogue import VoiceCatalogue

pytestmark = pytest.mark.thorough


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return tiny_checkpoint.write_reference(tmp_path / "anna.wav", 5)


def enrolled(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any, str]:
    """Exit status, what it printed as JSON, what it complained."""
    status = main([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    return status, json.loads(out) if out else None, err


def add(capfd: pytest.CaptureFixture[str], folder: Path, model: Path, *arguments: object) -> tuple[int, Any, str]:
    return enrolled(capfd, "add", *arguments, "--model", model, "--voice-dir", folder)


class TestLatents:
    """Bit for bit those of `Xtts.get_conditioning_latents`."""

    def by_the_library(
        self, model: Any, paths: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        def load(path: str) -> tuple[torch.Tensor, int]:
            samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
            return torch.from_numpy(samples.T.copy()), rate_hz

        monkeypatch.setattr(import_torchaudio(), "load", load)  # its own needs FFmpeg's libraries
        config = model.config
        found: tuple[torch.Tensor, torch.Tensor] = model.get_conditioning_latents(
            audio_path=[str(path) for path in paths],
            max_ref_length=config.max_ref_len,
            gpt_cond_len=config.gpt_cond_len,
            gpt_cond_chunk_len=config.gpt_cond_chunk_len,
            sound_norm_refs=config.sound_norm_refs,
        )
        return found

    @pytest.mark.parametrize("rates_hz", [(22_050,), (44_100, 16_000), (48_000, 22_050, 24_000)])
    @pytest.mark.parametrize("normalised", [False, True])
    def test_they_are_the_same(
        self,
        tiny_dir: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        rates_hz: tuple[int, ...],
        normalised: bool,
    ) -> None:
        model = checkpoint.load(tiny_dir)
        model.config.sound_norm_refs = normalised
        paths = [
            tiny_checkpoint.write_reference(tmp_path / f"{hz}.wav", 4 + n, rate_hz=hz, pitch_hz=100 + 30 * n)
            for n, hz in enumerate(rates_hz)
        ]
        voice = latents(model, read_recordings(paths, model.config.max_ref_len))
        latent, speaker = self.by_the_library(model, paths, monkeypatch)
        assert torch.equal(voice.gpt_latent, latent)
        assert torch.equal(voice.speaker, speaker)

    def test_of_a_long_stereo_recording_only_the_beginning_is_read(
        self, tiny_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = checkpoint.load(tiny_dir)
        model.config.max_ref_len, model.config.gpt_cond_len = 6, 5
        left, right = (tiny_checkpoint.reference(9, rate_hz=44_100, pitch_hz=hz) for hz in (110, 190))
        soundfile.write(tmp_path / "long.flac", np.stack([left, right], 1), 44_100)
        (found,) = read_recordings([tmp_path / "long.flac"], 6)
        assert (len(found.sound), found.seconds) == (round(6.1 * 44_100), 6)
        voice = latents(model, [found])
        latent, speaker = self.by_the_library(model, [tmp_path / "long.flac"], monkeypatch)
        assert torch.allclose(voice.gpt_latent, latent, atol=1e-5)
        assert torch.allclose(voice.speaker, speaker, atol=1e-6)


class TestAdding:
    """`seriatim voices add` starts this."""

    def test_a_voice_is_made_and_speaks(
        self, capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, tiny_model: Any, recording: Path
    ) -> None:
        second = tiny_checkpoint.write_reference(tmp_path / "anna.flac", 3, rate_hz=44_100)
        status, answer, err = add(capfd, tmp_path, tiny_dir, "old anna", recording, second, "--language", "de-AT")
        assert (status, err) == (0, "")
        assert (answer["name"], answer["seconds"], answer["recordings"], answer["language"]) == (
            "old anna",
            8.0,
            2,
            "de",
        )
        assert answer["path"] == str(tmp_path / "old+anna.safetensors")
        book = VoiceCatalogue(tiny_model, tmp_path)
        voice = book.conditioning("old anna")
        assert book.voices[-1].language == "de"
        assert math.isclose(float(voice.speaker.norm()), 1.0, rel_tol=0.2)
        wave = tiny_model.inference("Hello.", "en", voice.gpt_latent, voice.speaker, max_new_tokens=10)["wav"]
        assert np.isfinite(wave).all()
        assert len(wave) > 1000

    def test_other_recordings_are_another_voice(
        self, capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, tiny_model: Any, recording: Path
    ) -> None:
        other = tiny_checkpoint.write_reference(tmp_path / "eve.wav", 5, pitch_hz=260)
        for name, path in (("anna", recording), ("eve", other), ("again", recording)):
            assert add(capfd, tmp_path, tiny_dir, name, path)[0] == 0
        book = VoiceCatalogue(tiny_model, tmp_path)
        anna, eve, again = (book.conditioning(name) for name in ("anna", "eve", "again"))
        assert torch.equal(anna.gpt_latent, again.gpt_latent)
        assert torch.equal(anna.speaker, again.speaker)
        assert not torch.allclose(anna.speaker, eve.speaker, atol=1e-4)
        assert not torch.allclose(anna.gpt_latent, eve.gpt_latent, atol=1e-4)

    def test_a_name_is_taken_once_unless_it_is_to_be_replaced(
        self, capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, recording: Path
    ) -> None:
        assert add(capfd, tmp_path, tiny_dir, "anna", recording)[0] == 0
        before = (tmp_path / "anna.safetensors").stat().st_ino
        status, answer, err = add(capfd, tmp_path, tiny_dir, "anna", recording)
        assert (status, answer) == (2, None)
        assert err == "there is a voice 'anna' already; --replace puts the new one in its place\n"
        assert (tmp_path / "anna.safetensors").stat().st_ino == before
        assert add(capfd, tmp_path, tiny_dir, "anna", recording, "--replace")[0] == 0
        assert (tmp_path / "anna.safetensors").stat().st_ino != before

    def test_the_checkpoints_own_names_are_taken(
        self, capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, recording: Path
    ) -> None:
        status, _, err = add(capfd, tmp_path, tiny_dir, "alice test", recording)
        assert (status, err) == (2, "the checkpoint has a voice 'alice test' of its own; choose another name\n")
        assert voice_files.names(tmp_path) == []

    @pytest.mark.parametrize(
        ("name", "arguments", "status", "complaint"),
        [
            ("Anna", (), 2, "'Anna' cannot be a voice's name: expected 1 to 48 of a-z"),
            ("anna", ("--language", "sv"), 2, "XTTS-v2 does not speak 'sv'; it speaks: en, es, "),
            ("anna", ("--device", "cuda:77"), 3, "cannot use the device cuda:77: "),
            ("anna", ("--accept-licence", "MIT"), 2, "option accept_licence is 'MIT', expected CPML"),
        ],
    )
    def test_what_cannot_be_used_is_refused_in_one_line(
        self, capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, recording: Path,
        name: str, arguments: tuple[str, ...], status: int, complaint: str,
    ) -> None:  # fmt: skip
        found = add(capfd, tmp_path, tiny_dir, name, recording, *arguments)
        assert found[:2] == (status, None)
        assert found[2].startswith(complaint)
        assert found[2].count("\n") == 1
        assert voice_files.names(tmp_path) == []

    def test_a_bad_recording_among_good_ones_is_named(
        self, capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, recording: Path
    ) -> None:
        silent = tmp_path / "silent.wav"
        soundfile.write(silent, np.zeros(60_000), 22_050)
        status, _, err = add(capfd, tmp_path, tiny_dir, "anna", recording, silent)
        assert status == 2
        assert err.startswith(f"{silent} is silent")

    def test_without_a_model_it_says_how_to_get_one(
        self, capfd: pytest.CaptureFixture[str], tmp_path: Path, recording: Path
    ) -> None:
        status, _, err = add(capfd, tmp_path, tmp_path / "no", "anna", recording)
        assert status == 3
        assert err == f"there is no folder {tmp_path}/no; `seriatim models` says how to get XTTS-v2\n"

    def test_a_folder_that_cannot_be_written_is_named_with_its_setting(
        self, capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, recording: Path
    ) -> None:
        status, _, err = add(capfd, recording, tiny_dir, "anna", recording)
        assert status == 2
        assert err.startswith(f"cannot write {recording}/anna.safetensors: ")
        assert err.endswith("; SERIATIM_VOICE_DIR names the folder\n")


def test_what_lies_there_is_listed_whatever_it_was_made_for(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, recording: Path
) -> None:
    add(capfd, tmp_path, tiny_dir, "anna", recording)
    (tmp_path / "broken.safetensors").write_bytes(b"1234")
    status, answer, _ = enrolled(capfd, "list", "--voice-dir", tmp_path)
    assert status == 0
    assert [voice["name"] for voice in answer] == ["anna", "broken"]
    assert answer[0]["seconds"] == 5.0
    assert "cannot be read" in answer[1]["error"]


def test_a_voice_is_removed_once(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, tiny_dir: Path, recording: Path
) -> None:
    add(capfd, tmp_path, tiny_dir, "anna", recording)
    assert enrolled(capfd, "remove", "anna", "--voice-dir", tmp_path)[0] == 0
    status, _, err = enrolled(capfd, "remove", "anna", "--voice-dir", tmp_path)
    assert (status, err) == (2, f"there is no cloned voice 'anna' in {tmp_path}\n")
    assert enrolled(capfd, "remove", "../anna", "--voice-dir", tmp_path)[0] == 2
