"""Models on this machine: `python -m workers.engines.xtts.models`, for `seriatim models`.

Looks into files, loads nothing, needs no torch. Nothing is ever downloaded: `how_to_get` says how a person does it.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from seriatim.errors import BadInput, EngineUnavailable
from seriatim.process.home_folder import expand_home
from workers.engines.xtts import checkpoint_check, licence
from workers.engines.xtts.command_answers import answer

#: Where others put it: coqui-tts' own model manager, and the Hugging Face client, of which one folder is one revision.
PLACES = (
    (".local/share/tts", "tts_models--multilingual--multi-dataset--xtts_v2*"),
    (".cache/huggingface/hub", "models--*--XTTS-v2/snapshots/*"),
)
SOURCE = "tts-hub/XTTS-v2"  #: on Hugging Face, where coqui-tts 0.28 gets it


def main(argv: Sequence[str] | None = None) -> int:
    """List checkpoints, or accept a licence; returns the exit status."""
    options = _arguments().parse_args(argv)
    return answer(lambda: COMMANDS[options.command](options))


def look(options: argparse.Namespace) -> dict[str, object]:
    """What is in the given folder, its checksums included; without one, what is in the places where models lie."""
    if options.folder:
        found = [described(Path(options.folder), checksums=True)]
    else:
        found = [described(folder) for folder in _candidates(Path(options.model_dir), expand_home("~"))]
    return {"models": found, "how_to_get": how_to_get(), "licence": licence.FULL_NAME, "licence_url": licence.URL}


def accept(options: argparse.Namespace) -> dict[str, object]:
    """Accept the licence of a checkpoint.

    Raises:
        BadInput: there is no such folder.
        Unwritable: it cannot be written.
    """
    folder = Path(options.folder)
    if not folder.is_dir():
        raise BadInput(f"there is no folder {folder}")
    licence.accept(folder)
    return {"folder": str(folder), "licence": licence.FULL_NAME, "url": licence.URL, "gist": licence.GIST}


def described(folder: Path, *, checksums: bool = False) -> dict[str, object]:
    """One folder: is it whole, and if not, why.

    Args:
        folder: may be anything, also nothing.
        checksums: compare its files with its SHA256SUMS, if it has one; reads them all.
    """
    found: dict[str, object] = {"folder": str(folder), "whole": False, "licence_accepted": licence.accepted(folder)}
    try:
        checked = checkpoint_check.check(folder)
        n_checked = checkpoint_check.check_manifest(folder) if checksums else None
    except EngineUnavailable as error:
        return found | {"problem": str(error).partition("; ")[0]}
    return found | {
        "whole": True,
        "n_bytes": checked.n_bytes,
        "layers": checked.size.get("gpt_layers"),
        "channels": checked.size.get("gpt_n_model_channels"),
        "own_voices": checked.has_speakers,
        "checksums": n_checked,
    }


def how_to_get() -> list[str]:
    """Lines for a person."""
    files = " ".join((*checkpoint_check.NEEDED, checkpoint_check.SPEAKERS))
    return [
        "XTTS-v2 is no part of Seriatim, and Seriatim downloads nothing. To get it (1.9 GB) from Hugging Face:",
        f"  hf download {SOURCE} {files} --local-dir DIR",
        f"Its weights are under the {licence.FULL_NAME} ({licence.URL}):",
        f"{licence.GIST}. To accept that: seriatim models accept DIR",
    ]


def _candidates(model_dir: Path, home: Path) -> Iterable[Path]:
    roots = [(model_dir, "*"), *((home / place, pattern) for place, pattern in PLACES)]
    for root, pattern in roots:
        with contextlib.suppress(PermissionError):  # another user's
            yield from sorted(folder for folder in root.glob(pattern) if (folder / checkpoint_check.CONFIG).is_file())


COMMANDS = {"look": look, "accept": accept}


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.engines.xtts.models", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    looking = commands.add_parser("look", allow_abbrev=False)
    looking.add_argument("folder", nargs="?", default="")
    looking.add_argument("--model-dir", required=True)
    commands.add_parser("accept", allow_abbrev=False).add_argument("folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
