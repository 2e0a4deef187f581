"""`seriatim models`: which checkpoints are on this machine, whether they are whole, and how to get one."""

from typing import Any

from gateway.cli.engine_queries import ask_engine
from seriatim.errors import EngineUnavailable
from seriatim.process.home_folder import expand_home
from seriatim.settings import Settings

MODELS = "workers.engines.xtts.models"  #: the one engine whose model is not in a package


def inspect_models(folder: str, settings: Settings) -> dict[str, Any]:
    """What is in `folder`, checksums included; "": what is in the places where models lie."""
    found: dict[str, Any] = ask_engine(
        MODELS, "look", "--model-dir", _home(settings), *(["--", folder] if folder else [])
    )
    return found


def accept_licence(folder: str) -> dict[str, Any]:
    """Accept the licence of the checkpoint in `folder`.

    Raises:
        BadInput: there is no such folder, or it cannot be written.
    """
    found: dict[str, Any] = ask_engine(MODELS, "accept", "--", folder)
    return found


def format_models(found: dict[str, Any], settings: Settings) -> str:
    """What `inspect_models` found, for a person."""
    models = found["models"]
    lines = [_line(model) for model in models] or [f"no XTTS-v2 in {_home(settings)}, nor where other programs put it"]
    wants_help = not any(model["whole"] and model["licence_accepted"] for model in models)
    return "\n".join([*lines, "", *found["how_to_get"]] if wants_help else lines) + "\n"


def require_whole(found: dict[str, Any]) -> None:
    """Make a named folder that is not whole the command's failure.

    Raises:
        EngineUnavailable: it is not; the message says what is wrong.
    """
    for model in found["models"]:
        if not model["whole"]:
            raise EngineUnavailable(f"{model['problem']}; `seriatim models` says how to get XTTS-v2")


def _line(model: dict[str, Any]) -> str:
    if not model["whole"]:
        return f"{model['folder']}  NOT WHOLE: {model['problem']}"
    facts = ["whole", f"{model['n_bytes'] / 1e9:.2f} GB", f"{model['layers']} layers of {model['channels']}"]
    facts += [f"{model['checksums']} checksums right"] if model["checksums"] else []
    facts += [] if model["own_voices"] else ["no voices of its own"]
    facts += ["licence accepted" if model["licence_accepted"] else "licence NOT accepted"]
    return f"{model['folder']}  {', '.join(facts)}"


def _home(settings: Settings) -> str:
    return str(expand_home(settings.model_dir))
