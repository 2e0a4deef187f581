"""`seriatim tune`: has a worker's process try settings on this machine, shows what it found, and writes it down."""

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.cli.engine_queries import stream_engine_answers
from gateway.cli.render import tune_plot, tune_table
from seriatim.errors import BadInput, Unwritable
from seriatim.exit_codes import ExitCode
from seriatim.process.home_folder import expand_home

TUNING = "workers.tune"


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """What to try, and how long."""

    engine: str
    options: Sequence[str]  #: KEY=VALUE of the engine
    most: int  #: slots of a process
    processes: Sequence[int]
    seconds: float  #: each
    first_ms: float  #: first audio p95 that live listeners should have
    language: str = ""
    text: str = ""  #: a file; "": the sample
    max_codes: int = 0  #: 0: the model's


@dataclass(frozen=True, slots=True)
class TuneOutput:
    """What becomes of the figures."""

    as_json: bool = False
    plot: str | None = None  #: an SVG file
    write: str | None = None  #: a file of shell variables


def tune(trials: TrialOptions, outcome: TuneOutput) -> int:
    """Try, show, write; returns the exit status.

    Raises:
        BadInput: nothing can be tried with these values, or a file cannot be written.
        EngineUnavailable: the engine cannot be loaded.
    """
    if trials.seconds <= 0:
        raise BadInput(f"--seconds {trials.seconds:g}; expected more than 0")
    if not outcome.as_json:
        sys.stdout.write(tune_table.heading() + "\n")
    found = _found(trials, quiet=outcome.as_json)
    if outcome.as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write(f"\n{tune_table.bars(found['measured'])}\n\n{tune_table.advice(found)}\n")
    if outcome.plot:
        _save(outcome.plot, tune_plot.draw(found, trials.first_ms).svg())
    if outcome.write:
        _save(outcome.write, shell_variables(found))
    return ExitCode.OK


def shell_variables(found: dict[str, Any]) -> str:
    """WORKER_LIVE and WORKER_BATCH, the arguments for `seriatim worker`, as a shell reads them."""
    lines = [
        "# Measured by `seriatim tune` on this machine. Use:",
        '#   . ./FILE && eval "seriatim worker $WORKER_LIVE"',
    ]
    for use, arguments in found["arguments"].items():
        lines += ["", f"# {found['advice'][use]['why']}"]
        lines += [f"WORKER_{use.upper()}={shlex.quote(shlex.join(arguments))}"]
    return "\n".join(lines) + "\n"


def _found(trials: TrialOptions, *, quiet: bool) -> dict[str, Any]:
    """All figures, and the advice; each is shown as it comes."""
    measured: list[dict[str, Any]] = []
    ended: dict[str, Any] = {}
    for said in stream_engine_answers(TUNING, *_arguments(trials)):
        if "measured" not in said:
            ended = said
            continue
        measured.append(said["measured"])
        if not quiet:
            sys.stdout.write(tune_table.line(said["measured"]) + "\n")
            sys.stdout.flush()
    return {"measured": measured} | ended


def _arguments(trials: TrialOptions) -> list[str]:
    given = [part for text in trials.options for part in ("--engine-option", _from_anywhere(text))]
    return [
        *("--engine", trials.engine, "--most", str(trials.most), "--seconds", str(trials.seconds)),
        *("--first-ms", str(trials.first_ms), "--language", trials.language, "--text", trials.text),
        *("--max-codes", str(trials.max_codes), *given, "--processes", *map(str, trials.processes)),
    ]


def _from_anywhere(text: str) -> str:
    """KEY=VALUE as it is, but the model's folder from the root: what is written down is used from another folder."""
    name, _, value = text.partition("=")
    return f"{name}={expand_home(value).absolute()}" if name == "model" and value else text


def _save(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise Unwritable(f"{path} cannot be written: {error.strerror}") from error
