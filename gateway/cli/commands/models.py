"""`seriatim models`: the models on this machine, whether they are complete, and how to get one.

Models are XTTS-v2's checkpoints and Piper's voices; the other engines' are in their packages. Only `get` downloads.
"""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from gateway.cli.engine_queries import ask_engine, stream_engine_answers
from seriatim.errors import BadInput, EngineUnavailable
from seriatim.exit_codes import ExitCode
from seriatim.process.home_folder import expand_home
from seriatim.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress

MODELS = "workers.engines.xtts.models"
PIPER_MODELS = "workers.engines.piper.models"
PIPER = "piper/"  #: before the names of its voices


def run_models(options: argparse.Namespace, settings: Settings) -> ExitCode:
    """Run the command.

    Raises:
        BadInput: arguments that it does not have, or a folder that is no model.
        EngineUnavailable: the model is incomplete, or a download failed.
    """
    arguments = options.arguments
    if arguments[:1] == ["get"] and len(arguments) == 2:
        return get_voice(arguments[1], settings, as_json=options.json)
    if arguments[:1] == ["accept"] and len(arguments) == 2:
        licence = accept_licence(arguments[1])
        name = f"{licence['licence']} ({licence['url']})"
        sys.stdout.write(f"accepted for {licence['folder']}: {name}: {licence['gist']}\n")
        return ExitCode.OK
    if len(arguments) > 1 or arguments in (["accept"], ["get"]):
        raise BadInput(f"models {' '.join(arguments)}: expected DIR, or: accept DIR, or: get piper/NAME")
    found = inspect_models(arguments[0] if arguments else "", settings)
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    if arguments:
        require_complete(found)
    if not options.json:
        sys.stdout.write(format_models(found, settings))
    return ExitCode.OK


def inspect_models(folder: str, settings: Settings) -> dict[str, Any]:
    """Inspect the checkpoint in `folder`, checksums included; "": every folder where models are usually stored."""
    found: dict[str, Any] = ask_engine(
        MODELS, "look", "--model-dir", _model_folder(settings), *(["--", folder] if folder else [])
    )
    if not folder:
        found["piper"] = ask_engine(PIPER_MODELS, "look", "--model-dir", _model_folder(settings))
    return found


def get_voice(name: str, settings: Settings, *, as_json: bool) -> ExitCode:
    """Download a voice of Piper with a progress bar, and print where it lies and what its card says of its licence.

    Raises:
        BadInput: there is no such voice, or the folder cannot be written.
        EngineUnavailable: the download failed; the message says what to do.
    """
    if not name.startswith(PIPER):
        raise BadInput(f"models get {name}: expected {PIPER}NAME, as in {PIPER}en_US-lessac-medium")
    arguments = ["--model-dir", _model_folder(settings), "--url", settings.piper_url, "--", name.removeprefix(PIPER)]
    voice: dict[str, Any] = {}
    with _download_bars() as progress:
        tasks: dict[str, Any] = {}
        for voice in stream_engine_answers(PIPER_MODELS, "get", *arguments):
            if "file" in voice:
                task = tasks.setdefault(voice["file"], None) or progress.add_task(voice["file"])
                tasks[voice["file"]] = task
                progress.update(task, completed=voice["received"], total=voice["size"])
    sys.stdout.write(json.dumps(voice) + "\n" if as_json else _format_voice(voice) + f"\n  {voice['path']}\n")
    return ExitCode.OK


def _download_bars() -> "Progress":
    """A progress bar for each file, on a terminal."""
    from rich.console import Console  # 0.1 s, for this command alone
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, redirect_stdout=False, disable=not console.is_terminal)


def accept_licence(folder: str) -> dict[str, Any]:
    """Accept the licence of the checkpoint in `folder`.

    Raises:
        BadInput: there is no such folder, or it cannot be written.
    """
    found: dict[str, Any] = ask_engine(MODELS, "accept", "--", folder)
    return found


def format_models(found: dict[str, Any], settings: Settings) -> str:
    """Format the result of `inspect_models` for a terminal."""
    models = found["models"]
    lines = [_format_model(model) for model in models] or [
        f"no XTTS-v2 in {_model_folder(settings)}, nor in the folders of other programs"
    ]
    wants_help = not any(model["whole"] and model["licence_accepted"] for model in models)
    lines += ["", *found["how_to_get"]] if wants_help else []
    if piper := found.get("piper"):
        nothing = [f"no voices of Piper in {piper['folder']}", "", *piper["how_to_get"]]
        lines += ["", *(map(_format_voice, piper["voices"]) if piper["voices"] else nothing)]
    return "\n".join(lines) + "\n"


def require_complete(found: dict[str, Any]) -> None:
    """Refuse a checkpoint that is incomplete.

    Raises:
        EngineUnavailable: a model is incomplete or damaged; the message gives the reason.
    """
    for model in found["models"]:
        if not model["whole"]:
            raise EngineUnavailable(f"{model['problem']}; `seriatim models` says how to get XTTS-v2")


def _format_model(model: dict[str, Any]) -> str:
    if not model["whole"]:
        return f"{model['folder']}  INCOMPLETE: {model['problem']}"
    facts = ["complete", f"{model['n_bytes'] / 1e9:.2f} GB", f"{model['layers']} layers of {model['channels']}"]
    facts += [f"{model['checksums']} checksums match"] if model["checksums"] else []
    facts += [] if model["own_voices"] else ["no voices of its own"]
    facts += ["licence accepted" if model["licence_accepted"] else "licence NOT accepted"]
    return f"{model['folder']}  {', '.join(facts)}"


def _format_voice(voice: dict[str, Any]) -> str:
    if "problem" in voice:
        return f"{PIPER}{voice['name']}  INCOMPLETE: {voice['problem']}"
    licence = "; ".join(voice["licence"]) or "no model card: its licence is not known here"
    return f"{PIPER}{voice['name']}  {voice['description']}, {voice['n_bytes'] / 1e6:.1f} MB. {licence}"


def _model_folder(settings: Settings) -> str:
    return str(expand_home(settings.model_dir))
