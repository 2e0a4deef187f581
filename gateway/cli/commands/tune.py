"""`seriatim tune`: measure worker settings on this machine, show the results, and write the recommended arguments."""

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from gateway.cli.engine_queries import stream_engine_answers
from gateway.cli.parser_parts import engine_options
from gateway.cli.render import tune_table
from gateway.local.installed_engines import default_engine
from seriatim.audio.output_file import translate_write_errors
from seriatim.errors import BadInput
from seriatim.exit_codes import ExitCode
from seriatim.process.home_folder import expand_home
from seriatim.settings import Settings

TUNING = "workers.tune"
MODEL_ENGINE = "xtts"  #: the engine that --model is for, where no engine is named


def tune(options: argparse.Namespace, settings: Settings) -> int:
    """Measure, show, write; returns the exit status.

    Raises:
        BadInput: nothing can be measured with these values.
        Unwritable: a file cannot be written.
        EngineUnavailable: the engine cannot be loaded.
    """
    if options.seconds <= 0:
        raise BadInput(f"--seconds {options.seconds:g}; expected more than 0")
    options.engine = engine_to_measure(options, settings)
    figures = _run_trials(options)
    sys.stdout.write((json.dumps(figures) if options.json else "\n" + tune_table.advice_lines(figures)) + "\n")
    if options.write:
        _write_file(options.write, shell_variables(figures))
    return ExitCode.OK


def engine_to_measure(options: argparse.Namespace, settings: Settings) -> str:
    """The engine of --engine, or else the one whose model --model names, or else the default one of this machine."""
    return options.engine or (MODEL_ENGINE if options.model else default_engine(settings))


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


def _run_trials(options: argparse.Namespace) -> dict[str, Any]:
    """Run the trials; returns all figures and the advice. Without --json, each figure is shown at once."""
    measured: list[dict[str, Any]] = []
    final_answer: dict[str, Any] = {}
    for answer in stream_engine_answers(TUNING, *_tune_arguments(options)):
        if "measured" not in answer:
            final_answer = answer
            continue
        if not (measured or options.json):  # an engine that cannot be loaded has no table
            sys.stdout.write(tune_table.table_heading() + "\n")
        measured.append(answer["measured"])
        if not options.json:
            sys.stdout.write(tune_table.table_row(answer["measured"]) + "\n")
            sys.stdout.flush()
    return {"measured": measured} | final_answer


def _tune_arguments(options: argparse.Namespace) -> list[str]:
    pairs = map(_with_absolute_model, engine_options(options))
    return [
        *("--engine", options.engine, "--most", str(options.max_slots), "--seconds", str(options.seconds)),
        *("--first-ms", str(options.first_ms), "--language", options.language, "--text", options.text),
        *("--max-codes", str(options.max_codes), *(part for pair in pairs for part in ("--engine-option", pair))),
        *("--processes", *map(str, options.processes)),
    ]


def _with_absolute_model(text: str) -> str:
    """KEY=VALUE with the model's folder as an absolute path: the arguments may be used from another folder."""
    name, _, value = text.partition("=")
    return f"{name}={expand_home(value).absolute()}" if name == "model" and value else text


def _write_file(path: str, text: str) -> None:
    with translate_write_errors(path):
        Path(path).write_text(text, "utf-8")
