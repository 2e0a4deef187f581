"""`python -m workers.tune`, started by `seriatim tune`: tries settings, prints JSON lines, then the advice.

It prints {"measured": ...} after each setting, and finally {"advice": ..., "arguments": ...}: for live and for batch
use the advised setting with its reason, the arguments with which `seriatim worker` starts it, `conclusion`, a sentence
to act on, and `kept`, the file in which workers with
`--slots auto` find the live setting (or `not_kept`, the reason).
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from seriatim.errors import EngineUnavailable, Misconfigured, SeriatimError, Unwritable
from seriatim.process.error_report import report_error
from seriatim.process.home_folder import expand_home
from seriatim.settings import Settings
from workers.engines.engine_catalogue import EngineProfile, engine_profiles
from workers.engines.engine_registry import check_name
from workers.tune.advice import SettingAdvice, conclusion, for_batch, for_live
from workers.tune.device_name import device_name
from workers.tune.figures import SettingMeasurement, WorkerSetting
from workers.tune.memory_usage import free_bytes
from workers.tune.plan import memory_problem, search_is_over, slots_to_try, threads_each
from workers.tune.trial import TrialWork, run_trial
from workers.tune.tuned_settings import TunedSetting, TunedSubject, keep_setting, pairs_of

TRIED_OPTIONS = ("slots", "threads")  #: engine options that the trials vary


def main(argv: Sequence[str] | None = None) -> int:
    """Try settings and advise; returns the exit status."""
    options = _build_parser().parse_args(argv)
    try:
        work = _trial_work(options)
        measurements: list[SettingMeasurement] = []
        for measured in _measure_settings(work, options):
            measurements.append(measured)
            _write_line({"measured": _as_json(measured)})
        advice = _advice_line(measurements, work, options.first_ms)
        _write_line(advice | _keep_verdict(measurements, work, options))
    except SeriatimError as error:
        return report_error(error)
    return 0


def _trial_work(options: argparse.Namespace) -> TrialWork:
    check_name(options.engine)
    for text in options.engine_option:
        if "=" not in text:
            raise Misconfigured(f"--engine-option {text!r}; expected KEY=VALUE")
        if text.partition("=")[0] in TRIED_OPTIONS:
            raise Misconfigured(f"--engine-option {text}: the trials vary this option; leave it out")
    return TrialWork(
        options.engine, tuple(options.engine_option), options.seconds, options.language, options.text, options.max_codes
    )  # fmt: skip


def _measure_settings(work: TrialWork, options: argparse.Namespace) -> Iterator[SettingMeasurement]:
    """Measure settings until larger ones bring nothing.

    Raises:
        EngineUnavailable: even the first setting, the smallest, cannot be started.
    """
    profile = engine_profiles().get(work.engine, EngineProfile())
    measurements: list[SettingMeasurement] = []
    for processes in sorted(set(options.processes)):
        threads = threads_each(processes, os.cpu_count() or 1) if profile.whole_machine else 0
        same_processes: list[SettingMeasurement] = []
        for slots in slots_to_try(options.most):
            if search_is_over(same_processes):
                break
            measured = _measure_setting(WorkerSetting(slots, processes, threads), work, measurements)
            if measured.problem and not measurements:
                raise EngineUnavailable(measured.problem)
            same_processes.append(measured)
            measurements.append(measured)
            yield measured


def _measure_setting(
    setting: WorkerSetting, work: TrialWork, measurements: Sequence[SettingMeasurement]
) -> SettingMeasurement:
    problem = memory_problem(setting, measurements, free_bytes())
    return SettingMeasurement(setting, problem=problem) if problem else run_trial(setting, work)


def _advice_line(measurements: Sequence[SettingMeasurement], work: TrialWork, first_ms: float) -> dict[str, Any]:
    advice = {"live": for_live(measurements, first_ms), "batch": for_batch(measurements)}
    return {
        "advice": {
            use: {"setting": asdict(choice.chosen.setting), "why": choice.reason} for use, choice in advice.items()
        },
        "arguments": {use: _arguments_of(choice, work) for use, choice in advice.items()},
        "conclusion": conclusion(measurements, first_ms),
        "machine": {"cores": os.cpu_count()},
    }


def _keep_verdict(
    measurements: Sequence[SettingMeasurement], work: TrialWork, options: argparse.Namespace
) -> dict[str, str]:
    """Keep the live setting for `--slots auto`; returns the file, or the reason why it is not kept."""
    if options.max_codes:
        return {"kept": "", "not_kept": "--max-codes cuts sentences, as no worker does"}
    chosen, pairs = for_live(measurements, options.first_ms).chosen, pairs_of(work.options)
    setting, day = chosen.setting, datetime.now(tz=UTC).date().isoformat()
    speed, first_ms = round(chosen.audio_s_per_s, 2), round(chosen.first_p95_ms)
    verdict = TunedSetting(setting.slots, setting.processes, setting.threads, speed, first_ms, day)
    try:
        file = expand_home(Settings.from_env(os.environ).tuned_file)
        keep_setting(file, TunedSubject.of(device_name(work.engine, pairs), work.engine, pairs), verdict)
    except (Misconfigured, Unwritable) as error:  # what was measured for minutes is printed all the same
        return {"kept": "", "not_kept": str(error)}
    return {"kept": str(file), "not_kept": ""}


def _arguments_of(advice: SettingAdvice, work: TrialWork) -> list[str]:
    """The arguments of `seriatim worker` for an advised setting."""
    setting = advice.chosen.setting
    options = [*work.options, *([f"threads={setting.threads}"] if setting.threads else [])]
    arguments = ["--engine", work.engine, "--slots", str(setting.slots), "--processes", str(setting.processes)]
    return arguments + [part for text in options for part in ("--engine-option", text)]


def _as_json(measured: SettingMeasurement) -> dict[str, Any]:
    fields = asdict(measured) | {"each_x": measured.each_x}
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in fields.items()}


def _write_line(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _build_parser() -> argparse.ArgumentParser:
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
