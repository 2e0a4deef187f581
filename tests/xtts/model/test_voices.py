"""Voices by name: the checkpoint's own and cloned ones, found again whatever happens to their files meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from seriatim.engine import Voice
from seriatim.errors import BadInput, EngineUnavailable, UnknownVoice
from workers.engines.xtts.model import checkpoint
from workers.engines.xtts.text_tokens import LANGUAGES
from workers.engines.xtts.voices import voice_files
from workers.engines.xtts.voices.voice_catalogue import VoiceCatalogue, fingerprint
from workers.engines.xtts.voices.voice_files import VoiceFileHeader

Clone = Callable[..., Path]


@pytest.fixture
def book(tiny_model: Any, tmp_path: Path) -> VoiceCatalogue:
    return VoiceCatalogue(tiny_model, tmp_path / "voices")


@pytest.fixture
def clone(tiny_model: Any, tmp_path: Path) -> Clone:
    """`clone("anna", 0.5)`: a voice whose numbers are all 0.5."""

    def cloned(name: str, value: float = 0.5, *, replace: bool = False, width: int = 64, **card: Any) -> Path:
        card_fields: dict[str, Any] = {
            "fingerprint": fingerprint(tiny_model),
            "created": "2026-01-02T03:04:05+00:00",
            "seconds": 9.5,
        }
        tensors = {
            "gpt_latent": np.full((1, 32, width), value, np.float32),
            "speaker": np.full((1, 512, 1), value, np.float32),
        }
        full = VoiceFileHeader(**(card_fields | {"name": name, "recordings": 2} | card))
        return voice_files.write(tmp_path / "voices", full, tensors, replace=replace)

    return cloned


def refusal(book: VoiceCatalogue, name: str) -> str:
    with pytest.raises(UnknownVoice) as found:
        book.conditioning(name)
    return str(found.value)


class TestOwn:
    """What lies in speakers_xtts.pth."""

    def test_they_are_listed_and_the_first_is_the_default(self, book: VoiceCatalogue) -> None:
        assert book.voices == tuple(
            Voice(name, "", "of the checkpoint", LANGUAGES) for name in ("Alice Test", "Bob Test")
        )
        assert book.conditioning("") is book.conditioning("Alice Test")

    def test_their_tensors_are_those_of_the_file(self, book: VoiceCatalogue, tiny_model: Any) -> None:
        voice, saved = book.conditioning("Bob Test"), tiny_model.speaker_manager.speakers["Bob Test"]
        assert torch.equal(voice.gpt_latent, saved["gpt_cond_latent"])
        assert torch.equal(voice.speaker, saved["speaker_embedding"])
        assert (voice.gpt_latent.dtype, voice.gpt_latent.shape, voice.speaker.shape) == (
            torch.float32, (1, 32, 64), (1, 512, 1),
        )  # fmt: skip

    def test_an_unknown_one_is_answered_with_the_nearest(self, book: VoiceCatalogue) -> None:
        assert refusal(book, "Alice Tset") == "unknown voice 'Alice Tset'; nearest: Alice Test"

    def test_a_file_that_does_not_fit_the_model_is_refused(self, tiny_dir: Path, tmp_path: Path) -> None:
        model = checkpoint.load(tiny_dir)
        model.speaker_manager.speakers["Eve"] = {"gpt_cond_latent": torch.zeros(1, 32, 1024)}
        with pytest.raises(EngineUnavailable, match=r"the voice 'Eve' cannot be used: 'speaker_embedding'"):
            VoiceCatalogue(model, tmp_path)
        model.speaker_manager.speakers["Eve"]["speaker_embedding"] = torch.zeros(1, 512, 1)
        with pytest.raises(EngineUnavailable, match=r"latent has the shape \(1, 32, 1024\), expected \(1, 32, 64\)"):
            VoiceCatalogue(model, tmp_path)

    def test_a_checkpoint_without_any_says_how_to_clone_one(self, tiny_dir: Path, tmp_path: Path) -> None:
        model = checkpoint.load(tiny_dir)
        model.speaker_manager = None
        book = VoiceCatalogue(model, tmp_path)
        assert book.voices == ()
        assert refusal(book, "").endswith("none is cloned: seriatim voices add NAME RECORDING --model DIR")


class TestCloned:
    """What lies in the voice folder."""

    def test_they_follow_the_checkpoints_own_in_the_order_of_their_names(
        self, book: VoiceCatalogue, clone: Clone
    ) -> None:
        clone("old tom", language="de")
        clone("anna")
        assert [voice.name for voice in book.voices] == ["Alice Test", "Bob Test", "anna", "old tom"]
        assert book.voices[3] == Voice("old tom", "de", "cloned from 10 s of speech on 2026-01-02", LANGUAGES)

    def test_one_that_was_added_is_found_at_once(self, book: VoiceCatalogue, clone: Clone) -> None:
        assert refusal(book, "anna").startswith("unknown voice 'anna'; ")
        clone("anna", 0.25)
        voice = book.conditioning("anna")
        assert (voice.gpt_latent == 0.25).all()
        assert (voice.speaker == 0.25).all()

    def test_one_that_stays_is_read_once(self, book: VoiceCatalogue, clone: Clone) -> None:
        clone("anna")
        assert book.conditioning("anna") is book.conditioning("anna")

    def test_one_that_was_replaced_is_read_again(self, book: VoiceCatalogue, clone: Clone) -> None:
        clone("anna", 0.25)
        before = book.conditioning("anna")
        assert book.voices[-1].language == ""
        clone("anna", 0.75, replace=True, language="fr")
        assert book.voices[-1].language == "fr"
        assert (book.conditioning("anna").speaker == 0.75).all()
        assert (before.speaker == 0.25).all(), "a sentence that has begun keeps its voice"

    def test_one_that_was_removed_is_gone_and_may_come_again(
        self, book: VoiceCatalogue, clone: Clone, tmp_path: Path
    ) -> None:
        clone("anna", 0.25)
        book.conditioning("anna")
        voice_files.remove(tmp_path / "voices", "anna")
        assert refusal(book, "anna").startswith("unknown voice 'anna'")
        assert [voice.name for voice in book.voices] == ["Alice Test", "Bob Test"]
        clone("anna", 0.5)
        assert (book.conditioning("anna").speaker == 0.5).all()

    def test_one_of_another_checkpoint_is_not_offered_and_says_why(
        self, book: VoiceCatalogue, clone: Clone, tiny_model: Any
    ) -> None:
        clone("anna", fingerprint="0123456789abcdef")
        assert "anna" not in [voice.name for voice in book.voices]
        assert refusal(book, "anna") == (
            f"the voice 'anna' was made for another checkpoint (0123456789abcdef, this one is "
            f"{fingerprint(tiny_model)}): add it again, with this model and --replace"
        )

    def test_a_damaged_one_is_not_offered_and_says_why(self, book: VoiceCatalogue, clone: Clone) -> None:
        path = clone("anna")
        whole = path.read_bytes()
        for damaged in (b"", whole[:100], whole[:-1], b"x" * 500):
            path.write_bytes(damaged)
            assert "anna" not in [voice.name for voice in book.voices]
            message = refusal(book, "anna")
            assert message.startswith(f"the voice 'anna' cannot be read: {path}: ")
            assert message.endswith("; add it again")

    def test_one_of_another_shape_is_refused(self, book: VoiceCatalogue, clone: Clone) -> None:
        clone("anna", width=32)
        assert refusal(book, "anna") == (
            "the voice 'anna' cannot be used: its latent has the shape (1, 32, 32), expected (1, 32, 64); add it again"
        )

    def test_a_file_under_another_name_is_not_that_voice(self, book: VoiceCatalogue, clone: Clone) -> None:
        path = clone("anna")
        path.rename(path.with_name("eve.safetensors"))
        assert "add it again" in refusal(book, "eve")

    def test_any_other_safetensors_file_is_no_voice(self, book: VoiceCatalogue, clone: Clone) -> None:
        path = clone("anna")
        path.write_bytes(save({"gpt_latent": np.zeros(3, np.float32)}))
        assert "cannot be read" in refusal(book, "anna")
        assert [voice.name for voice in book.voices] == ["Alice Test", "Bob Test"]

    def test_many_threads_may_ask_at_once(self, book: VoiceCatalogue, clone: Clone) -> None:
        for number in range(4):
            clone(f"v{number}", number / 8)
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda n: (n, book.conditioning(f"v{n % 4}")), range(64)))
        assert all((voice.speaker == n % 4 / 8).all() for n, voice in found)
        assert len({id(voice) for _, voice in found}) == 4


class TestNames:
    """A listener writes the name; nothing else of what a listener writes may reach the file system."""

    @pytest.mark.parametrize(
        "name",
        [
            "../anna",
            "a/b",
            "anna.safetensors",
            "/etc/passwd",
            "Anna",
            "anna ",
            " anna",
            "-a",
            "a" * 49,
            "ä",
            "a\x00",
            "..",
        ],
    )
    def test_what_could_be_a_path_is_no_name(
        self, book: VoiceCatalogue, clone: Clone, tmp_path: Path, name: str
    ) -> None:
        with pytest.raises(BadInput, match="cannot be a voice's name: expected 1 to 48 of a-z, 0-9, space, - and _"):
            clone(name)
        assert refusal(book, name).startswith("unknown voice ")
        assert not (tmp_path / "voices").exists()

    @given(st.text(max_size=60) | st.from_regex(voice_files.NAME, fullmatch=True))
    def test_a_path_stays_in_its_folder(self, name: str) -> None:
        folder = Path("/voices")
        try:
            path = voice_files.path_of(folder, name)
        except BadInput:
            assert not voice_files.NAME.fullmatch(name)
            return
        assert path.parent == folder
        assert path.resolve().parent == folder

    @given(st.lists(st.from_regex(voice_files.NAME, fullmatch=True), unique=True, min_size=2, max_size=2))
    def test_two_names_are_two_files(self, names: list[str]) -> None:
        one, two = (voice_files.path_of(Path(), name) for name in names)
        assert one != two

    def test_a_name_that_is_taken_is_refused(self, clone: Clone) -> None:
        path = clone("anna")
        before = path.read_bytes()
        with pytest.raises(BadInput, match="there is a voice 'anna' already; --replace puts the new one in its place"):
            clone("anna", 0.1)
        assert path.read_bytes() == before

    def test_nothing_unfinished_is_left_or_listed(self, clone: Clone, tmp_path: Path) -> None:
        clone("anna")
        (tmp_path / "voices" / ".eve.safetensors.12ab").write_bytes(b"half")
        (tmp_path / "voices" / "notes.txt").write_text("mine", "utf-8")
        assert voice_files.names(tmp_path / "voices") == ["anna"]
        assert voice_files.names(tmp_path / "nowhere") == []


class TestFingerprint:
    """It says whether a cloned voice fits."""

    def test_it_is_that_of_the_weights_that_make_voices(self, tiny_dir: Path, tiny_model: Any) -> None:
        model = checkpoint.load(tiny_dir)
        assert fingerprint(model) == fingerprint(tiny_model)
        with torch.no_grad():
            model.gpt.mel_head.weight.add_(1)
        assert fingerprint(model) == fingerprint(tiny_model), "a fine-tuned speaker of codes has the same ears"

    @pytest.mark.parametrize(
        "name", ["gpt.conditioning_encoder.init.weight", "gpt.conditioning_perceiver.latents", "mel_stats",
                 "hifigan_decoder.speaker_encoder.conv1.weight"],
    )  # fmt: skip
    def test_one_other_number_among_them_is_another(self, tiny_dir: Path, tiny_model: Any, name: str) -> None:
        model = checkpoint.load(tiny_dir)
        with torch.no_grad():
            model.state_dict()[name].view(-1)[0] += 1e-3
        assert fingerprint(model) != fingerprint(tiny_model)
