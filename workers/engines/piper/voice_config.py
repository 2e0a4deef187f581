"""The config of a Piper voice: NAME.onnx.json beside NAME.onnx, as the Piper project writes it; and a folder of them.

Files of unfinished downloads have other endings and are ignored; a model without its config, or with one that cannot
be read, is an error when the worker starts, not a missing name later.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from seriatim.errors import EngineUnavailable
from seriatim.text.languages import english_name

PAD, BEGIN, END = "_", "^", "$"  #: symbols of every Piper voice: between phonemes, and around a sentence
TAG = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]+)*")


class PhonemeType(StrEnum):
    """What a voice's ids stand for."""

    ESPEAK = "espeak"  #: phonemes of espeak-ng, in IPA
    TEXT = "text"  #: letters


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """What a voice says of itself."""

    path: Path  #: NAME.onnx
    rate_hz: int
    language: str  #: BCP 47, such as "en-US"
    quality: str  #: x_low, low, medium, high; "" where the voice does not say
    phoneme_type: PhonemeType
    espeak_voice: str
    ids: dict[str, list[int]]  #: of each phoneme
    replacements: dict[str, list[str]]  #: of phonemes, before they become ids
    scales: tuple[float, float, float]  #: noise_scale, length_scale, noise_w
    speakers: dict[str, int]  #: names and ids, in order of the ids; {}: one speaker

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def family(self) -> str:
        """The language without its region."""
        return self.language.partition("-")[0]

    @property
    def description(self) -> str:
        quality = f", {self.quality}" if self.quality else ""
        speakers = f", {len(self.speakers)} speakers" if self.speakers else ""
        return f"{english_name(self.language)}{quality}, Piper{speakers}"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the config of the voice at `path`, NAME.onnx.

        Raises:
            EngineUnavailable: it is missing, or not the config of a Piper voice.
        """
        file = path.with_name(f"{path.name}.json")
        try:
            return cls._parse(path, json.loads(file.read_text("utf-8")))
        except OSError as error:
            raise EngineUnavailable(f"{file}: {error.strerror}; each voice is NAME.onnx with NAME.onnx.json") from error
        except KeyError as error:
            raise EngineUnavailable(f"{file} is not the config of a Piper voice: it has no {error}") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise EngineUnavailable(f"{file} is not the config of a Piper voice: {error}") from error

    @classmethod
    def _parse(cls, path: Path, config: dict[str, Any]) -> Self:
        inference, espeak = config["inference"], str(config.get("espeak", {}).get("voice", ""))
        code = config.get("language", {}).get("code") or espeak or path.stem.partition("-")[0]
        if not TAG.fullmatch(str(code)):
            raise ValueError(f"its language is {code!r}")
        phoneme_type = config.get("phoneme_type", PhonemeType.ESPEAK)
        if phoneme_type not in tuple(PhonemeType):
            raise ValueError(f"phoneme_type is {phoneme_type!r}, expected {' or '.join(PhonemeType)}")
        ids = {str(key): [int(each) for each in value] for key, value in config["phoneme_id_map"].items()}
        if not {PAD, BEGIN, END} <= ids.keys():
            raise ValueError(f"its phoneme_id_map lacks {PAD}, {BEGIN} or {END}")
        return cls(
            path, int(config["audio"]["sample_rate"]), _tag(str(code)), str(config["audio"].get("quality", "")),
            PhonemeType(phoneme_type), espeak, ids, dict(config.get("phoneme_map") or {}),
            (float(inference["noise_scale"]), float(inference["length_scale"]), float(inference["noise_w"])),
            _speakers(config),
        )  # fmt: skip


def read_folder(folder: Path) -> dict[str, VoiceConfig]:
    """The voices of a folder by name, in alphabetical order.

    Raises:
        EngineUnavailable: it has none, or one that is incomplete.
    """
    try:
        exists = folder.is_dir()
    except PermissionError:
        raise EngineUnavailable(f"this user may not read {folder}; name another folder with --voices DIR") from None
    if not exists:
        raise EngineUnavailable(
            f"there is no folder {folder} with voices of Piper: seriatim models get piper/NAME puts one there, "
            "or name yours: --voices DIR"
        )
    found = voice_files(folder)
    alone = [each for each in folder.glob("*.onnx.json") if not found]
    if alone:
        raise EngineUnavailable(f"{alone[0].with_suffix('')} is missing; each voice is NAME.onnx with NAME.onnx.json")
    if not found:
        raise EngineUnavailable(f"{folder} has no voices: expected NAME.onnx with NAME.onnx.json")
    return {config.name: config for config in map(VoiceConfig.read, found)}


def voice_files(folder: Path) -> list[Path]:
    """The models of a folder, in alphabetical order; downloads that are not complete have hidden names."""
    return sorted(path for path in folder.glob("*.onnx") if not path.name.startswith("."))


def _speakers(config: dict[str, Any]) -> dict[str, int]:
    """The speakers of a voice that has several; those without names are called by their numbers."""
    n_speakers = int(config.get("num_speakers", 1))
    if n_speakers < 2:
        return {}
    names = {int(number): str(name) for name, number in (config.get("speaker_id_map") or {}).items()}
    return {names.get(number, str(number)): number for number in range(n_speakers)}


def _tag(code: str) -> str:
    first, *rest = code.replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
