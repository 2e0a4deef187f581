"""Folders that look like an XTTS-v2 checkpoint as long as it is not loaded: the core's tests need no torch."""

import json
import zipfile
from pathlib import Path
from typing import Any

ARGS = {"gpt_use_perceiver_resampler": True, "gpt_num_audio_tokens": 1026, "gpt_n_model_channels": 64, "gpt_n_heads": 4}


def lookalike(folder: Path) -> Path:
    """Make `folder` and fill it; its licence is not accepted. Returns it."""
    folder.mkdir(parents=True)
    configure(folder, ARGS)
    (folder / "vocab.json").write_text('{"model": {"vocab": {"a": 0}}}', "utf-8")
    for name in ("model.pth", "speakers_xtts.pth"):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr("archive/data.pkl", bytes(1000))
    return folder


def configure(folder: Path, args: object, **other: Any) -> None:
    """Write its config.json."""
    (folder / "config.json").write_text(json.dumps({"model": "xtts", "model_args": args} | other), "utf-8")
