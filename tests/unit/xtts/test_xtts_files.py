"""Files of a checkpoint are checked before any is loaded: what is missing, damaged or of another model is named."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from seriatim.errors import EngineUnavailable, Misconfigured, UnknownOption, Unwritable
from tests.support.fake_checkpoint import ARGS, configure, lookalike
from workers.engines.xtts import checkpoint_check, licence


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lookalike(tmp_path / "model")


def problem(folder: Path) -> str:
    with pytest.raises(EngineUnavailable) as found:
        checkpoint_check.check(folder)
    return str(found.value)


def test_a_whole_checkpoint_is_described(folder: Path) -> None:
    checked = checkpoint_check.check(folder)
    assert (checked.has_speakers, checked.size["gpt_n_heads"]) == (True, 4)
    assert checked.n_bytes == (folder / "model.pth").stat().st_size


def test_a_checkpoint_without_voices_of_its_own_is_whole(folder: Path) -> None:
    (folder / "speakers_xtts.pth").unlink()
    assert not checkpoint_check.check(folder).has_speakers


def test_a_folder_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    assert problem(tmp_path / "no") == f"there is no folder {tmp_path}/no; `seriatim models` says how to get XTTS-v2"


@pytest.mark.parametrize("name", checkpoint_check.NEEDED)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert problem(folder).startswith(f"{folder} has no {name}; ")


@pytest.mark.parametrize("name", ["model.pth", "speakers_xtts.pth"])
@pytest.mark.parametrize("kept", [0, 1, 0.5, -1])
def test_a_file_that_is_cut_short_is_named_with_its_size(folder: Path, name: str, kept: float) -> None:
    whole = (folder / name).read_bytes()
    size = int(kept * len(whole)) if 0 < kept < 1 else int(kept)
    (folder / name).write_bytes(whole[:size])
    message = problem(folder)
    assert message.startswith(f"{folder / name} is cut short or no torch checkpoint: {len(whole[:size])} bytes without")


def test_a_pointer_of_git_lfs_is_taken_for_what_it_is(folder: Path) -> None:
    (folder / "model.pth").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 1867929118\n")
    assert problem(folder).endswith("model.pth is a Git LFS pointer, not the file: run `git lfs pull` in its folder")


def test_another_zip_file_is_no_checkpoint(folder: Path) -> None:
    with zipfile.ZipFile(folder / "model.pth", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "is cut short or no torch checkpoint" in problem(folder)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"gpt_use_perceiver_resampler": False}, "gpt_use_perceiver_resampler is False, expected True as in XTTS-v2"),
        ({"gpt_num_audio_tokens": 8194}, "gpt_num_audio_tokens is 8194, expected 1026 as in XTTS-v2"),
        ({"output_sample_rate": 22050}, "output_sample_rate is 22050, expected 24000"),
        ({"gpt_n_heads": 7}, "64 channels do not divide into 7 heads"),
        ({"gpt_n_heads": "4"}, "64 channels do not divide into 4 heads"),
        ({"gpt_n_heads": None}, "64 channels do not divide into None heads"),
        ({"decoder_input_dim": 1024}, "decoder_input_dim is 1024, expected the GPT's 64 channels"),
    ],
)
def test_another_architecture_is_refused(folder: Path, args: dict[str, object], expected: str) -> None:
    configure(folder, ARGS | args)
    assert expected in problem(folder)


def test_the_config_of_another_model_is_refused(folder: Path) -> None:
    configure(folder, ARGS, model="vits")
    assert "config.json is of the model 'vits', expected 'xtts'" in problem(folder)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("config.json", "{", "config.json is no JSON: "),
        ("config.json", "[]", "config.json holds a list, expected a JSON object"),
        ("config.json", '{"model": "xtts"}', "config.json has no model_args"),
        ("vocab.json", "", "vocab.json is no JSON: "),
        ("vocab.json", '{"model": {}}', "vocab.json is no tokenizer: it has no model.vocab"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder: Path, name: str, text: str, expected: str) -> None:
    (folder / name).write_text(text, "utf-8")
    assert expected in problem(folder)


class TestManifest:
    """`SHA256SUMS`, as sha256sum prints it."""

    def write(self, folder: Path, *lines: str) -> None:
        (folder / checkpoint_check.MANIFEST).write_text("\n".join(lines) + "\n", "utf-8")

    def digest(self, path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def test_without_one_nothing_is_compared(self, folder: Path) -> None:
        assert checkpoint_check.check_manifest(folder) is None

    def test_files_that_are_as_listed_are_counted(self, folder: Path) -> None:
        model, vocab = folder / "model.pth", folder / "vocab.json"
        self.write(folder, f"{self.digest(model)}  model.pth", "", f"{self.digest(vocab).upper()} *vocab.json")
        assert checkpoint_check.check_manifest(folder) == 2

    def test_one_damaged_byte_is_found(self, folder: Path) -> None:
        """In the middle of the file, where nothing else would notice it."""
        model = folder / "model.pth"
        right = self.digest(model)
        self.write(folder, f"{right}  model.pth")
        damaged = bytearray(model.read_bytes())
        damaged[500] ^= 1
        model.write_bytes(bytes(damaged))
        checkpoint_check.check(folder)
        with pytest.raises(EngineUnavailable) as found:
            checkpoint_check.check_manifest(folder)
        wrong = self.digest(model)
        expected = f"{model} is damaged: SHA-256 {wrong[:12]}…, SHA256SUMS says {right[:12]}…; get it again"
        assert str(found.value) == expected

    @pytest.mark.parametrize("line", ["12  model.pth", "a" * 64 + "  ../model.pth", "a" * 64, "nonsense"])
    def test_a_line_that_is_none_of_its_is_refused(self, folder: Path, line: str) -> None:
        """Nothing outside the folder is read, whatever it says."""
        self.write(folder, line)
        with pytest.raises(EngineUnavailable, match=r"line 1 of .*SHA256SUMS is no line of sha256sum"):
            checkpoint_check.check_manifest(folder)

    def test_a_file_that_is_listed_and_not_there(self, folder: Path) -> None:
        self.write(folder, "a" * 64 + "  dvae.pth")
        with pytest.raises(EngineUnavailable, match=r"dvae\.pth is listed in SHA256SUMS: No such file or directory"):
            checkpoint_check.check_manifest(folder)


class TestLicence:
    """The licence must have been accepted."""

    def test_it_must_be_accepted(self, tmp_path: Path) -> None:
        with pytest.raises(Misconfigured) as found:
            licence.require(tmp_path)
        assert "Coqui Public Model License 1.0.0" in str(found.value)
        assert str(found.value).endswith(f"seriatim models accept {tmp_path}, or --engine-option accept_licence=CPML")

    def test_accepted_once_it_stays_accepted(self, tmp_path: Path) -> None:
        licence.accept(tmp_path)
        licence.require(tmp_path)
        assert licence.accepted(tmp_path)

    def test_the_file_of_coquis_own_manager_counts(self, tmp_path: Path) -> None:
        (tmp_path / "tos_agreed.txt").write_text("I have read, understood and agreed to the Terms and Conditions.")
        licence.require(tmp_path)

    def test_the_option_leaves_a_folder_as_it_is(self, tmp_path: Path) -> None:
        licence.require(tmp_path, "CPML")
        assert not list(tmp_path.iterdir())

    def test_another_licence_is_not_this_one(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownOption, match="option accept_licence is 'yes', expected CPML"):
            licence.require(tmp_path, "yes")

    def test_a_folder_that_cannot_be_written_says_what_else_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(Unwritable, match="accept with --engine-option accept_licence=CPML"):
            licence.accept(tmp_path / "nowhere")
