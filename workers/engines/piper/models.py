"""Voice models of Piper on this machine, and official ones: `python -m workers.engines.piper.models`.

The process behind `seriatim models`: loads no model, and needs no package of the engine. `get` prints its progress, one
JSON object a line: the last one is its result.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from seriatim.errors import EngineUnavailable, SeriatimError, forbidden
from seriatim.process.error_report import report_error
from seriatim.process.home_folder import expand_home
from workers.engines.piper.official_voices import CARD, download_voice, licence_lines
from workers.engines.piper.voice_config import VoiceConfig, voice_files

REPORT_S = 0.1  #: between two lines about the progress of one file
EXAMPLE = "piper/en_US-lessac-medium"


def main(argv: Sequence[str] | None = None) -> int:
    """List voices, or download one; returns the exit status."""
    options = _arguments().parse_args(argv)
    folder = expand_home(options.model_dir) / "piper"
    try:
        _write(look(folder) if options.command == "look" else get(options.name, folder, options.url.rstrip("/")))
    except PermissionError as error:
        return report_error(forbidden(error))
    except SeriatimError as error:
        return report_error(error)
    return 0


def look(folder: Path) -> dict[str, object]:
    """The voices of a folder, each with its licence, and how to get more."""
    voices: list[dict[str, object]] = []
    with contextlib.suppress(PermissionError):  # another user's
        voices = [_described(path) for path in voice_files(folder)]
    return {"folder": str(folder), "voices": voices, "how_to_get": how_to_get(folder)}


def get(name: str, folder: Path, base_url: str) -> dict[str, object]:
    """Download an official voice, and write its progress; returns what is there now."""
    *_, voice = download_voice(base_url, name, folder, _Progress().report)
    return _described(voice)


def how_to_get(folder: Path) -> list[str]:
    """Lines for a person."""
    return [
        f"Piper's official voices, for some forty languages (60 to 120 MB each): seriatim models get {EXAMPLE}",
        f"  or place NAME.onnx and NAME.onnx.json in {folder}, or anywhere: --engine piper --voices DIR",
        "Each voice has a licence of its own, in its model card: some are free, some are for research only. A voice",
        "that was fine-tuned from another one inherits the terms of that one's recordings.",
    ]


class _Progress:
    """Lines about a download, not too many of them."""

    def __init__(self) -> None:
        self._last = ("", 0.0)

    def report(self, name: str, received: int, size: int) -> None:
        now = time.monotonic()
        if received == size or self._last[0] != name or now - self._last[1] > REPORT_S:
            self._last = (name, now)
            _write({"file": name, "received": received, "size": size})


def _described(path: Path) -> dict[str, object]:
    described: dict[str, object] = {"name": path.stem, "path": str(path), "n_bytes": path.stat().st_size}
    described["licence"] = licence_lines(path.with_name(f"{path.stem}.{CARD}"))
    try:
        config = VoiceConfig.read(path)
    except EngineUnavailable as error:
        return described | {"problem": str(error)}
    return described | {"language": config.language, "description": config.description}


def _write(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.engines.piper.models", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    getting = commands.add_parser("get", allow_abbrev=False)
    getting.add_argument("name")
    getting.add_argument("--url", required=True)
    for command in (commands.add_parser("look", allow_abbrev=False), getting):
        command.add_argument("--model-dir", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
