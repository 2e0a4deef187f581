"""`python -m workers.tune`, which `seriatim tune` starts: tries settings, a line of JSON for each, then the advice.

A line is {"measured": ...} for each setting when it was tried, and at the end {"advice": ..., "arguments": ...}: for
live and for batch use the setting advised and why, and the arguments with which `seriatim worker` starts it.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from seriatim.errors import EngineUnavailable, Misconfigured, SeriatimError
from seriatim.exit_codes import status_of
from workers.engines.engine_registry import check_name
from workers.tune.advice import SettingAdvice, for_batch, for_live
from workers.tune.figures import SettingMeasurement, WorkerSetting
from workers.tune.memory_usage import free_bytes
from workers.tune.plan import enough, no_room, slots_to_try, threads_each
from workers.tune.trial import TrialWork, tried

OURS = ("slots", "threads")  #: engine options that are tried, not given
THREADED = ("xtts",)  #: engines that have the option `threads`


def main(argv: Sequence[str] | None = None) -> int:
    """Try settings and advise; returns the exit status."""
    options = _arguments().parse_args(argv)
    try:
        work = _work(options)
        found: list[SettingMeasurement] = []
        for measured in _measured(work, options):
            found.append(measured)
            _say({"measured": _as_json(measured)})
        _say(_advised(found, work, options.first_ms))
    except SeriatimError as error:
        sys.stderr.write(f"{error}\n")
        return status_of(error)
    return 0


def _work(options: argparse.Namespace) -> TrialWork:
    check_name(options.engine)
    for text in options.engine_option:
        if "=" not in text:
            raise Misconfigured(f"--engine-option {text!r}; expected KEY=VALUE")
        if text.partition("=")[0] in OURS:
            raise Misconfigured(f"--engine-option {text}: that is what the trials vary; leave it out")
    return TrialWork(
        options.engine, tuple(options.engine_option), options.seconds, options.language, options.text, options.max_codes
    )  # fmt: skip


def _measured(work: TrialWork, options: argparse.Namespace) -> Iterator[SettingMeasurement]:
    """Every setting that is worth it.

    Raises:
        EngineUnavailable: not even the first one, the smallest, can be started.
    """
    known: list[SettingMeasurement] = []
    for processes in sorted(set(options.processes)):
        threads = threads_each(processes, os.cpu_count() or 1) if work.engine in THREADED else 0
        of_kind: list[SettingMeasurement] = []
        for slots in slots_to_try(options.most):
            if enough(of_kind):
                break
            measured = _try(WorkerSetting(slots, processes, threads), work, known)
            if measured.problem and not known:
                raise EngineUnavailable(measured.problem)
            of_kind.append(measured)
            known.append(measured)
            yield measured


def _try(setting: WorkerSetting, work: TrialWork, known: Sequence[SettingMeasurement]) -> SettingMeasurement:
    problem = no_room(setting, known, free_bytes())
    return SettingMeasurement(setting, problem=problem) if problem else tried(setting, work)


def _advised(found: Sequence[SettingMeasurement], work: TrialWork, first_ms: float) -> dict[str, Any]:
    advice = {"live": for_live(found, first_ms), "batch": for_batch(found)}
    return {
        "advice": {use: {"setting": asdict(of.chosen.setting), "why": of.why} for use, of in advice.items()},
        "arguments": {use: _arguments_of(of, work) for use, of in advice.items()},
        "machine": {"cores": os.cpu_count()},
    }


def _arguments_of(advice: SettingAdvice, work: TrialWork) -> list[str]:
    """What `seriatim worker` is to be given."""
    setting = advice.chosen.setting
    options = [*work.options, *([f"threads={setting.threads}"] if setting.threads else [])]
    arguments = ["--engine", work.engine, "--slots", str(setting.slots), "--processes", str(setting.processes)]
    return arguments + [part for text in options for part in ("--engine-option", text)]


def _as_json(measured: SettingMeasurement) -> dict[str, Any]:
    fields = asdict(measured) | {"each_x": measured.each_x}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in fields.items()}


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.tune", allow_abbrev=False)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--engine-option", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--most", type=int, required=True, help="slots of a process")
    parser.add_argument("--processes", type=int, nargs="+", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--first-ms", type=float, required=True)
    parser.add_argument("--language", default="")
    parser.add_argument("--text", default="")
    parser.add_argument("--max-codes", type=int, default=0)
    return parser


if __name__ == "__main__":
    sys.exit(main())
