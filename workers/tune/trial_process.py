"""One process of a setting that is tried: `python -m workers.tune.trial_process`. Its parent is `workers.tune.trial`.

It says one line of JSON at each step on its standard output, and goes on when it is told on its standard input:

    says {"ready": true}     the engine is loaded and has spoken
    told anything            let listeners come
    says {"full": true}      they are all there
    told anything            measure
    says a `Heard`           and ends

The end of its input ends it. What libraries print goes to its standard error.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

from seriatim.errors import EngineFailed, SeriatimError
from seriatim.exit_codes import status_of
from seriatim.settings import Settings
from workers.engines.engine_registry import load, options_of
from workers.tune.simulated_listeners import SimulatedListeners
from workers.tune.test_sentences import read_text, sentences, utterances
from workers.worker_process import warm_up


def main(argv: Sequence[str] | None = None) -> int:
    """Measure once; returns the exit status."""
    options = _arguments().parse_args(argv)
    try:
        return _tried(options, _own_output())
    except SeriatimError as error:
        sys.stderr.write(f"{error}\n")
        return status_of(error)


def _tried(options: argparse.Namespace, out: TextIO) -> int:
    given = dict(text.partition("=")[::2] for text in options.engine_option)
    engine = load(options.engine, options_of(options.engine, given, Settings.from_env(os.environ)))
    texts = sentences(engine, read_text(options.text), options.language)
    warm_up(engine)
    slots = engine.slots
    spoken = utterances(engine, texts, options.language, options.index * len(texts) // 2)
    crowd = SimulatedListeners(engine, spoken, options.seconds)
    if not _told(out, {"ready": True}):
        return 0
    crowd.gather()
    if not _told(out, {"full": True}):
        return 0
    heard = crowd.measure()
    if engine.slots < slots:
        raise EngineFailed(f"memory ran out: {engine.slots} of {slots} slots were left")
    out.write(json.dumps(asdict(heard)) + "\n")
    out.flush()
    return 0


def _told(out: TextIO, step: dict[str, bool]) -> bool:
    """Say which step is done, and wait for the next to be asked for; False: nobody asks any more."""
    out.write(json.dumps(step) + "\n")
    out.flush()
    return bool(sys.stdin.readline())


def _own_output() -> TextIO:
    """Standard output for our lines alone: whatever else is printed goes to standard error."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.tune.trial_process", allow_abbrev=False)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--engine-option", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--language", default="")
    parser.add_argument("--text", default="")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--index", type=int, default=0, help="which of the setting's processes this is, 0-based")
    return parser


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # listeners that nobody waits for may still be in the engine
