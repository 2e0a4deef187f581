"""`seriatim tune`: measure worker settings on this machine, show the results, and write the recommended arguments."""

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
    """The settings to measure, and for how long."""

    engine: str
    options: Sequence[str]  #: KEY=VALUE of the engine
    max_slots: int  #: in a process
    processes: Sequence[int]
    seconds: float  #: each
    first_ms: float  #: upper limit of the first audio p95 for live listeners
    language: str = ""
    text: str = ""  #: a file; "": the sample
    max_codes: int = 0  #: 0: the model's


@dataclass(frozen=True, slots=True)
class TuneOutput:
    """The forms in which the results are written."""

    as_json: bool = False
    plot: str | None = None  #: an SVG file
    write: str | None = None  #: a file of shell variables


def tune(trials: TrialOptions, results: TuneOutput) -> int:
    """Measure, show, write; returns the exit status.

    Raises:
        BadInput: nothing can be measured with these values.
        Unwritable: a file cannot be written.
        EngineUnavailable: the engine cannot be loaded.
    """
    if trials.seconds <= 0:
        raise BadInput(f"--seconds {trials.seconds:g}; expected more than 0")
    if not results.as_json:
        sys.stdout.write(tune_table.table_heading() + "\n")
    figures = _run_trials(trials, quiet=results.as_json)
    if results.as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        sys.stdout.write(f"\n{tune_table.bar_charts(figures['measured'])}\n\n{tune_table.advice_lines(figures)}\n")
    if results.plot:
        _write_file(results.plot, tune_plot.draw_plot(figures, trials.first_ms).svg())
    if results.write:
        _write_file(results.write, shell_variables(figures))
    return ExitCode.OK


def shell_variables(figures: dict[str, Any]) -> str:
    """WORKER_LIVE and WORKER_BATCH, the arguments for `seriatim worker`, as shell variables."""
    lines = [
        "# Measured by `seriatim tune` on this machine. Use:",
        '#   . ./FILE && eval "seriatim worker $WORKER_LIVE"',
    ]
    for use, arguments in figures["arguments"].items():
        lines += ["", f"# {figures['advice'][use]['why']}"]
        lines += [f"WORKER_{use.upper()}={shlex.quote(shlex.join(arguments))}"]
    return "\n".join(lines) + "\n"


def _run_trials(trials: TrialOptions, *, quiet: bool) -> dict[str, Any]:
    """Run the trials; returns all figures and the advice. Unless `quiet`, each figure is shown at once."""
    measured: list[dict[str, Any]] = []
    final_answer: dict[str, Any] = {}
    for answer in stream_engine_answers(TUNING, *_tune_arguments(trials)):
        if "measured" not in answer:
            final_answer = answer
            continue
        measured.append(answer["measured"])
        if not quiet:
            sys.stdout.write(tune_table.table_row(answer["measured"]) + "\n")
            sys.stdout.flush()
    return {"measured": measured} | final_answer


def _tune_arguments(trials: TrialOptions) -> list[str]:
    engine_options = [part for text in trials.options for part in ("--engine-option", _with_absolute_model(text))]
    return [
        *("--engine", trials.engine, "--most", str(trials.max_slots), "--seconds", str(trials.seconds)),
        *("--first-ms", str(trials.first_ms), "--language", trials.language, "--text", trials.text),
        *("--max-codes", str(trials.max_codes), *engine_options, "--processes", *map(str, trials.processes)),
    ]


def _with_absolute_model(text: str) -> str:
    """KEY=VALUE with the model's folder as an absolute path: the arguments may be used from another folder."""
    name, _, value = text.partition("=")
    return f"{name}={expand_home(value).absolute()}" if name == "model" and value else text


def _write_file(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise Unwritable(f"{path} cannot be written: {error.strerror}") from error
