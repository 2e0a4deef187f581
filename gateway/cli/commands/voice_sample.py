"""`seriatim voices play`: a sample sentence in a voice, played or saved."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seriatim.errors import BadInput, UnknownVoice
from seriatim.exit_codes import ExitCode
from seriatim.nearest_names import unknown_word
from seriatim.process.interpreter import python_command
from seriatim.text.sample_sentences import sample_sentence

PLAYERS = (
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("afplay",),
)  #: programs that play a WAV file, with their arguments


def play_sample(name: str, voices: Sequence[dict[str, Any]], speak_options: Sequence[str], output: str) -> int:
    """Speak the sample of a voice, and play it; with an output, write that file instead. Returns the exit status.

    Args:
        name: of the voice.
        voices: cards of the engine's voices, as `list_voices` returns them.
        speak_options: engine and its options, as `seriatim speak` takes them.
        output: a file, or "".

    Raises:
        UnknownVoice: there is no such voice.
        BadInput: this machine has no program that plays audio.
    """
    card = next((voice for voice in voices if voice["name"] == name), None)
    if card is None:
        raise UnknownVoice(unknown_word("voice", name, [voice["name"] for voice in voices]))
    language = card["language"] or next(iter(card.get("languages", ())), "en")
    if output:
        return _speak(name, language, speak_options, output)
    player = next((command for command in PLAYERS if shutil.which(command[0])), None)
    if player is None:
        programs = ", ".join(command[0] for command in PLAYERS)
        raise BadInput(f"no program that plays audio ({programs}) was found; write a file with -o FILE")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "sample.wav")
        status = _speak(name, language, speak_options, path)
        return status or subprocess.run([*player, path], check=False).returncode


def _speak(name: str, language: str, speak_options: Sequence[str], output: str) -> int:
    """Have `seriatim speak` speak the sample."""
    command = python_command("gateway.cli.main", "speak", "-", "--voice", name, "--language", language, "-o", output)
    done = subprocess.run([*command, *speak_options, "--quiet"], input=sample_sentence(language).encode(), check=False)
    return done.returncode or ExitCode.OK
