"""`make bench-xtts`: builds a checkpoint of the published sizes with random weights, and measures what is wanted.

Everything is measured in one run on one machine, ours and the library's by turns; compare within one run only.
On a GPU it also measures how many listeners are served; `--quick` takes a small model, for a look.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch

from bench.xtts import gpt, listeners, vocoding, whole
from bench.xtts.figures import Figure, as_json, table
from bench.xtts.subject import Subject, subject
from seriatim.engine import Engine
from workers.engines.xtts.engine import device_of
from workers.engines.xtts.xtts_options import Precision

PARTS = ("gpt", "vocoder", "whole", "listeners")
PACKAGES = ("torch", "coqui-tts", "transformers")


def main(argv: Sequence[str]) -> int:
    """Measure the parts that were asked for; returns 1 if a figure is not as wanted."""
    arguments = _arguments().parse_args(argv)
    device = device_of(arguments.device)
    load = [os.getloadavg()[0]]
    found: list[Figure] = []
    of = subject(quick=arguments.quick, device=device)
    repeats = 1 if arguments.quick else 3
    parts = arguments.parts or (PARTS if device.type == "cuda" else PARTS[:-1])
    for part in parts:
        began_s = time.monotonic()
        new = _measured(part, of, repeats, arguments.seconds)
        found += new
        load.append(os.getloadavg()[0])
        print(
            f"{part}: {time.monotonic() - began_s:.0f} s, load {load[-1]:.1f}\n{table(new)}\n",
            file=sys.stderr,
            flush=True,
        )
    print(table(found))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(
        json.dumps(as_json(found, machine(device, quick=arguments.quick) | {"load": load}), indent=1) + "\n", "utf-8"
    )
    print(f"all figures: {arguments.json}")
    return 1 if any(figure.met is False for figure in found) else 0


def machine(device: torch.device, *, quick: bool) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "quick": quick, "device": str(device), "cpus": os.cpu_count(), "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name(device) if device.type == "cuda" else "",
    } | {name: version(name) for name in PACKAGES}  # fmt: skip


def _measured(part: str, of: Subject, repeats: int, seconds: float) -> list[Figure]:
    if part == "gpt":
        return gpt.figures(of, 2 * repeats)
    if part == "vocoder":
        return vocoding.figures(of, repeats)
    if part == "whole":
        return whole.figures(of, max(1, repeats - 1))
    precision = Precision.AUTO if of.device.type == "cuda" else Precision.FP32
    with whole.engine(of, precision, slots=0) as engine:
        return listeners.figures(cast(Engine, engine), of.texts, seconds)  # its facts are properties


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.xtts", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all; CPU: not the last)"
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--device", default="auto", metavar="NAME")
    parser.add_argument("--seconds", type=float, default=30.0, metavar="S", help="of listeners, each try")
    parser.add_argument("--json", type=Path, default=Path("bench/out/xtts.json"), metavar="FILE")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
