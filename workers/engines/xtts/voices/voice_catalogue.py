"""The voices of a loaded model: the checkpoint's own, and those cloned into the voice folder.

A voice is a `VoiceConditioning`, two tensors on the model's device, made once and kept. The folder is looked at
whenever a
voice is asked for, so that a voice which was added, replaced or removed counts from the next sentence on, in every
worker and without a restart; that costs one `stat`. A sentence that has begun keeps the tensors that it began with.
"""

import hashlib
import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from seriatim.engine import Voice
from seriatim.errors import EngineUnavailable, UnknownVoice
from seriatim.nearest_names import unknown_word
from seriatim.process.home_folder import expand_home
from workers.engines.xtts import checkpoint_check
from workers.engines.xtts.text_tokens import LANGUAGES
from workers.engines.xtts.voices import voice_files
from workers.engines.xtts.voices.voice_files import VoiceFileHeader, VoiceFileVersion

log = logging.getLogger(__name__)

LATENTS = 32  #: what the perceiver makes of any recording
MAKERS = (
    "conditioning_encoder.",
    "conditioning_perceiver.",
)  #: of the GPT: with the speaker encoder, they make a voice


@dataclass(frozen=True, slots=True, eq=False)
class VoiceConditioning:
    """What makes the model speak as one person. float32, on the model's device."""

    gpt_latent: torch.Tensor  #: [1, 32, D]
    speaker: torch.Tensor  #: [1, 512, 1]


class VoiceCatalogue:
    """Every voice that a model can speak with now. May be asked from any thread."""

    def __init__(self, model: Any, folder: Path) -> None:
        self.fingerprint = fingerprint(model)
        self._folder = expand_home(folder)
        self._device = model.device
        self._width = int(model.args.gpt_n_model_channels)
        self._own = self._own_voices(model)
        self._cloned: dict[str, tuple[VoiceFileVersion, VoiceConditioning]] = {}
        self._cards: dict[str, tuple[VoiceFileVersion, VoiceFileHeader | None]] = {}
        self._lock = threading.Lock()

    @property
    def voices(self) -> tuple[Voice, ...]:
        """All voices, the checkpoint's own before the cloned ones; the first is the default."""
        with self._lock:
            cards = [card for name in voice_files.names(self._folder) if (card := self._card(name))]
        own = tuple(Voice(name, "", "of the checkpoint", LANGUAGES) for name in self._own)
        return own + tuple(Voice(card.name, card.language, described(card), LANGUAGES) for card in cards)

    def conditioning(self, name: str) -> VoiceConditioning:
        """The voice of that name; "" is the default.

        Raises:
            UnknownVoice: there is none, or its file is damaged or of another checkpoint; the message says which.
        """
        name = name or self._default()
        if name in self._own:
            return self._own[name]
        with self._lock:
            return self._cloned_one(name)

    def _default(self) -> str:
        first = next(iter(self.voices), None)
        if first is None:
            raise UnknownVoice(
                f"this checkpoint has no voices of its own (no {checkpoint_check.SPEAKERS}), and none is cloned: "
                "seriatim voices add NAME RECORDING --model DIR"
            )
        return first.name

    def _cloned_one(self, name: str) -> VoiceConditioning:
        mark = voice_files.mark_of(self._folder, name)
        if mark is None:
            self._cloned.pop(name, None)
            raise UnknownVoice(unknown_word("voice", name, [*self._own, *voice_files.names(self._folder)]))
        if name not in self._cloned or self._cloned[name][0] != mark:
            self._cloned[name] = mark, self._read(name)
        return self._cloned[name][1]

    def _read(self, name: str) -> VoiceConditioning:
        card, tensors = voice_files.read(self._folder, name)
        if card.fingerprint != self.fingerprint:
            raise UnknownVoice(
                f"the voice {name!r} was made for another checkpoint ({card.fingerprint}, this one is "
                f"{self.fingerprint}): add it again, with this model and --replace"
            )
        latent, speaker = (torch.from_numpy(tensors[key].copy()) for key in (voice_files.LATENT, voice_files.SPEAKER))
        try:
            return self._conditioning(latent, speaker)
        except ValueError as error:
            raise UnknownVoice(f"the voice {name!r} cannot be used: {error}; add it again") from None

    def _card(self, name: str) -> VoiceFileHeader | None:
        """What a voice in the folder says of itself; None: this model cannot speak with it."""
        mark = voice_files.mark_of(self._folder, name)
        if mark is None:
            return None
        if name not in self._cards or self._cards[name][0] != mark:
            self._cards[name] = mark, self._usable(name)
        return self._cards[name][1]

    def _usable(self, name: str) -> VoiceFileHeader | None:
        try:
            card = voice_files.read_card(self._folder, name)
        except UnknownVoice as error:
            log.warning("voice skipped", extra={"voice": name, "why": str(error)})
            return None
        if card.fingerprint != self.fingerprint:
            log.warning("voice skipped", extra={"voice": name, "why": "it was made for another checkpoint"})
            return None
        return card

    def _own_voices(self, model: Any) -> dict[str, VoiceConditioning]:
        if model.speaker_manager is None:
            return {}
        found: dict[str, VoiceConditioning] = {}
        for name, voice in model.speaker_manager.speakers.items():
            try:
                found[name] = self._conditioning(voice["gpt_cond_latent"], voice["speaker_embedding"])
            except (KeyError, TypeError, ValueError) as error:
                raise EngineUnavailable(
                    f"{checkpoint_check.SPEAKERS}: the voice {name!r} cannot be used: {error}"
                ) from error
        return found

    def _conditioning(self, latent: Any, speaker: Any) -> VoiceConditioning:
        for what, tensor, shape in (("latent", latent, (1, LATENTS, self._width)), ("speaker", speaker, (1, 512, 1))):
            if tuple(tensor.shape) != shape:
                raise ValueError(f"its {what} has the shape {tuple(tensor.shape)}, expected {shape}")
        return VoiceConditioning(*(tensor.to(self._device, torch.float32).contiguous() for tensor in (latent, speaker)))


def fingerprint(model: Any) -> str:
    """16 hexadecimal digits for the weights that make a voice of a recording.

    A cloned voice fits every checkpoint that has the same ones, and no other. 0.2 s for the published model.
    """
    digest = hashlib.sha256()
    makers = {name: weight for name, weight in model.gpt.state_dict().items() if name.startswith(MAKERS)}
    encoder = model.hifigan_decoder.speaker_encoder.state_dict()
    for name, weight in sorted({**makers, **encoder, "mel_stats": model.mel_stats}.items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def described(card: VoiceFileHeader) -> str:
    """A few words for a list."""
    return f"cloned from {card.seconds:.0f} s of speech on {card.created[:10]}"
