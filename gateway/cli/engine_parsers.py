"""The parsers of the commands about engines: their voices, their models, and the slots that suit a machine."""

import argparse
from collections.abc import Callable
from typing import Any

from gateway.cli.parser_parts import DEFAULT_ENGINE, ENGINES, add_command, add_options, positive_int
from seriatim.text.languages import language_tag

VOICES = """\
A cloned voice is computed once and stored in SERIATIM_VOICE_DIR; every worker finds it there by its name. It needs at
least 3 s of clear speech, better 10 s, in any format that libsndfile reads. Get the consent of the speaker.

examples:
  seriatim voices --engine espeak
  seriatim voices add anna anna-1.wav anna-2.flac --model models/xtts-v2
  seriatim voices list --engine xtts --model models/xtts-v2
  seriatim voices remove anna
  seriatim voices play en-gb --engine espeak          speak a sample sentence; -o FILE writes it
"""
TUNE = """\
Starts worker processes with 1, 2, 4, 8, ... slots, keeps every slot busy, and measures the time to the first audio of a
sentence and the seconds of audio per second. Nothing else should be running. The setting for listeners is kept
for workers with --slots auto (SERIATIM_TUNED_FILE). --max-codes is for models with random weights, which do not stop
by themselves.

examples:
  seriatim tune --engine hibari
  seriatim tune --model models/xtts-v2
  seriatim tune --model models/xtts-v2 --seconds 60 --write workers.env
  . ./workers.env && eval "seriatim worker $WORKER_LIVE"
"""
MODELS = """\
examples:
  seriatim models                         models in SERIATIM_MODEL_DIR and in the folders of other programs
  seriatim models models/xtts-v2          check that it is complete, and its SHA256SUMS if there are any
  seriatim models accept models/xtts-v2   accept the licence of its weights
  seriatim models get piper/en_US-lessac-medium   download a voice of Piper into SERIATIM_MODEL_DIR/piper
"""


def _add_voices(p: argparse.ArgumentParser) -> None:
    _voice_source(p, None)
    actions = p.add_subparsers(dest="action", metavar="ACTION")
    _voice_source(
        add_command(actions, "list", "list the voices of an engine, as without ACTION", ""), argparse.SUPPRESS
    )
    play = add_command(actions, "play", "play a sample sentence of a voice, or write it into a file", VOICES)
    play.add_argument("name", metavar="NAME", help="see: seriatim voices")
    play.add_argument("-o", "--output", default="", metavar="FILE", help="write this file instead of playing it")
    _voice_source(play, argparse.SUPPRESS)
    add = add_command(actions, "add", "clone a voice from recordings", VOICES)
    add.add_argument("name", metavar="NAME", help="a-z, 0-9, space, - and _")
    add.add_argument("recordings", nargs="+", metavar="RECORDING", help="wav, flac, ogg, opus or mp3")
    add.add_argument("--language", default="", type=language_tag, metavar="TAG", help="its default language")
    add.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda or cuda:N (cpu)")
    add.add_argument("--replace", action="store_true", help="replace an existing voice of that name")
    add.add_argument("--json", action="store_true", help="print JSON")
    add_options(add, argparse.SUPPRESS)
    add_command(actions, "remove", "remove a cloned voice", "").add_argument("name", metavar="NAME")


def _voice_source(p: argparse.ArgumentParser, default: Any) -> None:
    """Options that select the voices; `default` as in `add_options`."""
    suppressed = default is argparse.SUPPRESS
    p.add_argument("--engine", default=default or "", metavar="NAME", help=f"{ENGINES} (default: {DEFAULT_ENGINE})")
    add_options(p, default)
    flag = default if suppressed else False
    p.add_argument(
        "--cloned", action="store_true", default=flag, help="cloned voices in SERIATIM_VOICE_DIR, of any model"
    )
    p.add_argument("--json", action="store_true", default=flag, help="print JSON")
    p.add_argument("--redis", default=default, metavar="URL", help="voices of a running pool at this Redis")


def _add_models(p: argparse.ArgumentParser) -> None:
    p.add_argument("arguments", nargs="*", metavar="[accept] DIR | get NAME", help="a model's folder, or a voice")
    p.add_argument("--json", action="store_true", help="print JSON")


def _add_tune(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--engine", default="", metavar="NAME", help=f"{ENGINES} (default: xtts with --model, else {DEFAULT_ENGINE})"
    )
    add_options(p)
    p.add_argument("--max-slots", type=positive_int, default=256, metavar="N", help="most slots in a process (256)")
    p.add_argument(
        "--processes", type=positive_int, nargs="+", default=[1, 2], metavar="N", help="processes to try (1 2)"
    )
    p.add_argument("--seconds", type=float, default=20.0, metavar="S", help="duration of each measurement (20)")
    p.add_argument("--first-ms", type=float, default=500.0, metavar="MS", help="limit of live first audio p95 (500)")
    p.add_argument(
        "--language", default="", type=language_tag, metavar="TAG", help="language of the text (default: the voice's)"
    )
    p.add_argument("--text", default="", metavar="FILE", help="text to speak (default: a page of English)")
    p.add_argument(
        "--max-codes", type=int, default=0, metavar="N", help="xtts: cut sentences after N codes, 21.5 per second"
    )
    p.add_argument("--write", metavar="FILE", help="arguments for seriatim worker, as shell variables")
    p.add_argument("--json", action="store_true", help="print JSON")


#: command: summary, epilog, the function that adds its arguments
ENGINE_COMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "voices": ("list the voices of an engine; play, clone or remove one", VOICES, _add_voices),
    "models": ("list the models and voices on this machine, and ways to get one", MODELS, _add_models),
    "tune": ("measure how many slots and processes suit this machine", TUNE, _add_tune),
}
