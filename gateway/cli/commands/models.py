"""`seriatim models`: the checkpoints on this machine, whether they are complete, and how to get one."""

from typing import Any

from gateway.cli.engine_queries import ask_engine
from seriatim.errors import EngineUnavailable
from seriatim.process.home_folder import expand_home
from seriatim.settings import Settings

MODELS = "workers.engines.xtts.models"  #: the one engine whose model is not in a package


def inspect_models(folder: str, settings: Settings) -> dict[str, Any]:
    """Inspect the checkpoint in `folder`, checksums included; "": every folder where models are usually stored."""
    found: dict[str, Any] = ask_engine(
        MODELS, "look", "--model-dir", _model_folder(settings), *(["--", folder] if folder else [])
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
    """Format the result of `inspect_models` for a terminal."""
    models = found["models"]
    lines = [_format_model(model) for model in models] or [
        f"no XTTS-v2 in {_model_folder(settings)}, nor in the folders of other programs"
    ]
    wants_help = not any(model["whole"] and model["licence_accepted"] for model in models)
    return "\n".join([*lines, "", *found["how_to_get"]] if wants_help else lines) + "\n"


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


def _model_folder(settings: Settings) -> str:
    return str(expand_home(settings.model_dir))
