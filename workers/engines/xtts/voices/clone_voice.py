"""Clones a voice: `python -m workers.engines.xtts.voices.clone_voice`, which `seriatim voices add` starts.

A process of its own, because the command line loads no model. It prints one line of JSON about what it made, or one
line about why not; its exit statuses are the command line's.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seriatim.errors import BadInput, UnknownVoice
from workers.engines.xtts import checkpoint_check, licence, text_tokens
from workers.engines.xtts.command_answers import answer
from workers.engines.xtts.voices import reference_audio, voice_files
from workers.engines.xtts.voices.reference_audio import ReferenceRecording
from workers.engines.xtts.voices.voice_files import VoiceFileHeader

if TYPE_CHECKING:
    from workers.engines.xtts.voices.voice_catalogue import VoiceConditioning


def main(argv: Sequence[str] | None = None) -> int:
    """Clone, list or remove a voice; returns the exit status."""
    options = _arguments().parse_args(argv)
    return answer(lambda: COMMANDS[options.command](options))


def latents(model: Any, recordings: Sequence[ReferenceRecording]) -> "VoiceConditioning":
    """The voice in some recordings, exactly as `Xtts.get_conditioning_latents` makes it with the checkpoint's config.

    Args:
        model: a loaded `Xtts`.
        recordings: at least one, as `reference.read_recordings` gives them.
    """
    import torch

    from workers.engines.xtts.model.torchaudio_import import import_torchaudio
    from workers.engines.xtts.voices.voice_catalogue import VoiceConditioning

    resample, rate_hz, config = import_torchaudio().functional.resample, model.args.input_sample_rate, model.config
    sounds = []
    with torch.inference_mode():
        for recording in recordings:
            sound = resample(torch.from_numpy(recording.sound)[None], recording.rate_hz, rate_hz).clip_(-1, 1)
            sound = sound[:, : rate_hz * config.max_ref_len].to(model.device)
            sounds.append(sound / sound.abs().max() * 0.75 if config.sound_norm_refs else sound)
        speakers = [model.get_speaker_embedding(sound, rate_hz) for sound in sounds]
        latent = model.get_gpt_cond_latents(
            torch.cat(sounds, dim=-1), rate_hz, length=config.gpt_cond_len, chunk_length=config.gpt_cond_chunk_len
        )
        return VoiceConditioning(latent.contiguous(), torch.stack(speakers).mean(dim=0))


def add(options: argparse.Namespace) -> dict[str, object]:
    """Clone the voice `options.name`; what can be refused is refused before the model is loaded.

    Raises:
        BadInput: the name or a recording cannot be used, or the name is taken.
        EngineUnavailable, Misconfigured: the model cannot be loaded.
    """
    model_dir, folder = Path(options.model), Path(options.voice_dir)
    voice_files.check_free(folder, options.name, replace=options.replace)
    language = text_tokens.language_of(options.language) if options.language else ""
    checked = checkpoint_check.check(model_dir)
    licence.require(model_dir, options.accept_licence)
    used_s = float(checked.config.get("max_ref_len", 10))
    recordings = reference_audio.read_recordings([Path(path) for path in options.recordings], used_s)
    return _enrolled(options, language, recordings)


def _enrolled(
    options: argparse.Namespace, language: str, recordings: Sequence[ReferenceRecording]
) -> dict[str, object]:
    from workers.engines.xtts.model import checkpoint
    from workers.engines.xtts.voices import voice_catalogue

    model = checkpoint.load(Path(options.model), options.device, accept_licence=options.accept_licence)
    own = model.speaker_manager.speakers if model.speaker_manager else {}
    if options.name.casefold() in map(str.casefold, own):
        raise BadInput(f"the checkpoint has a voice {options.name!r} of its own; choose another name")
    voice = latents(model, recordings)
    card = VoiceFileHeader(
        name=options.name,
        fingerprint=voice_catalogue.fingerprint(model),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=round(sum(recording.seconds for recording in recordings), 2),
        recordings=len(recordings),
        language=language,
    )
    tensors = {voice_files.LATENT: voice.gpt_latent.cpu().numpy(), voice_files.SPEAKER: voice.speaker.cpu().numpy()}
    path = voice_files.write(Path(options.voice_dir), card, tensors, replace=options.replace)
    return asdict(card) | {"path": str(path)}


def list_cloned(options: argparse.Namespace) -> list[dict[str, object]]:
    """What lies in the voice folder, whatever checkpoint it was made for."""
    folder = Path(options.voice_dir)
    return [_listed(folder, name) for name in voice_files.names(folder)]


def _listed(folder: Path, name: str) -> dict[str, object]:
    try:
        return asdict(voice_files.read_card(folder, name))
    except UnknownVoice as error:
        return {"name": name, "error": str(error)}


def remove(options: argparse.Namespace) -> dict[str, object]:
    """Remove a voice.

    Raises:
        UnknownVoice: there is none of that name.
    """
    voice_files.remove(Path(options.voice_dir), options.name)
    return {"name": options.name}


COMMANDS = {"add": add, "list": list_cloned, "remove": remove}


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.engines.xtts.voices.clone_voice", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    made = {name: commands.add_parser(name, allow_abbrev=False) for name in COMMANDS}
    for each in made.values():
        each.add_argument("--voice-dir", required=True)
    made["remove"].add_argument("name")
    adding = made["add"]
    adding.add_argument("name")
    adding.add_argument("recordings", nargs="+")
    adding.add_argument("--model", required=True)
    adding.add_argument("--device", default="cpu")
    adding.add_argument("--language", default="")
    adding.add_argument("--accept-licence", default="")
    adding.add_argument("--replace", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
