"""One process of a trial: `python -m workers.tune.trial_process`, started by `workers.tune.trial`.

It prints one line of JSON after each step, and waits for a line on its standard input before the next:

    prints {"ready": true}            the engine is loaded and warmed up
    reads any line                    start the listeners
    prints {"full": true}             all have started
    reads any line                    measure
    prints a `ProcessMeasurement`     and exits

It exits at the end of its input. What libraries print goes to its standard error.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

from seriatim.errors import EngineFailed, SeriatimError
from seriatim.process.error_report import report_error
from seriatim.settings import Settings
from workers.engines.engine_registry import load, options_of
from workers.tune.simulated_listeners import SimulatedListeners
from workers.tune.test_sentences import endless_utterances, read_text, split_sentences
from workers.warm_up import warm_up


def main(argv: Sequence[str] | None = None) -> int:
    """Measure once; returns the exit status."""
    options = _build_parser().parse_args(argv)
    try:
        return _measure(options, _claim_stdout())
    except SeriatimError as error:
        return report_error(error)


def _measure(options: argparse.Namespace, out: TextIO) -> int:
    options_given = dict(text.partition("=")[::2] for text in options.engine_option)
    engine = load(options.engine, options_of(options.engine, options_given, Settings.from_env(os.environ)))
    texts = split_sentences(engine, read_text(options.text), options.language)
    warm_up(engine)
    slots = engine.slots
    test_utterances = endless_utterances(engine, texts, options.language, options.index * len(texts) // 2)
    listeners = SimulatedListeners(engine, test_utterances, options.seconds)
    if not _report_step(out, {"ready": True}):
        return 0
    listeners.start_listeners()
    if not _report_step(out, {"full": True}):
        return 0
    measurement = listeners.measure_window()
    if engine.slots < slots:
        raise EngineFailed(f"out of memory: {engine.slots} of {slots} slots are left")
    out.write(json.dumps(asdict(measurement)) + "\n")
    out.flush()
    return 0


def _report_step(out: TextIO, step: dict[str, bool]) -> bool:
    """Report a finished step, and wait for the next one; False if the input has ended."""
    out.write(json.dumps(step) + "\n")
    out.flush()
    return bool(sys.stdin.readline())


def _claim_stdout() -> TextIO:
    """Standard output for the lines of this protocol alone: everything else printed goes to standard error."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.tune.trial_process", allow_abbrev=False)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--engine-option", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--language", default="")
    parser.add_argument("--text", default="")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--index", type=int, default=0, help="number among the setting's processes, 0-based")
    return parser


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # abandoned listener threads may still be in the engine
