"""One trial of a setting: start its processes, have them speak at the same time, and end them."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any

from seriatim.exit_codes import ExitCode
from seriatim.process.child_processes import dies_with_parent
from seriatim.process.interpreter import python_command
from workers.supervisor import CHILD_ENVIRONMENT
from workers.tune.figures import ProcessMeasurement, SettingMeasurement, WorkerSetting, combine_measurements

LOAD_S = 900.0  #: for a process to load its engine and warm up: 2 GB from a slow disk, and recording CUDA graphs
MAX_WINDOWS = 8  #: windows that listeners may take in all, before the processes count as stuck


@dataclass(frozen=True, slots=True)
class TrialWork:
    """The engine and text with which every setting is tried."""

    engine: str
    options: tuple[str, ...]  #: the engine's KEY=VALUE options, without slots and threads
    seconds: float
    language: str = ""
    text: str = ""  #: a file; "": the sample
    max_codes: int = 0  #: limit of a sentence's codes during trials; 0: the model's


class _TrialFailed(Exception):
    """A process reported an error, or died."""


def run_trial(setting: WorkerSetting, work: TrialWork) -> SettingMeasurement:
    """Measure a setting; an error of its processes becomes its `problem`."""
    with ExitStack() as cleanup:
        processes = [_TrialProcess(setting, work, index, cleanup) for index in range(setting.processes)]
        timer = threading.Timer(LOAD_S + MAX_WINDOWS * work.seconds * setting.slots, _kill_all, [processes])
        cleanup.callback(timer.cancel)
        timer.start()
        try:
            _advance_together(processes)
            _advance_together(processes)
            return combine_measurements(setting, [_measurement_of(process.read_line()) for process in processes])
        except _TrialFailed as error:
            return SettingMeasurement(setting, problem=str(error))


def _advance_together(processes: Sequence["_TrialProcess"]) -> None:
    """Wait until every process has finished its step, then start the next step of all."""
    for process in processes:
        process.read_line()
    for process in processes:
        process.send_continue()


def _kill_all(processes: Sequence["_TrialProcess"]) -> None:
    for process in processes:
        process.kill()


def _measurement_of(read_line: dict[str, Any]) -> ProcessMeasurement:
    return ProcessMeasurement(**(read_line | {"first_audio_ms": tuple(read_line["first_audio_ms"])}))


class _TrialProcess:
    """One of a setting's processes; `ending` ends it."""

    def __init__(self, setting: WorkerSetting, work: TrialWork, index: int, cleanup: ExitStack) -> None:
        errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # `ending` closes it
        self._errors: IO[str] = cleanup.enter_context(errors)
        self._process = subprocess.Popen(
            _process_command(setting, work, index),
            env=CHILD_ENVIRONMENT | os.environ,  # as a worker's processes are started
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        cleanup.callback(self._kill_and_close)

    def read_line(self) -> dict[str, Any]:
        """Read its next line.

        Raises:
            _TrialFailed: it ended instead.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if line:
            message: dict[str, Any] = json.loads(line)
            return message
        status = self._process.wait()
        self._errors.seek(0)
        error_lines = [line for line in self._errors.read().splitlines() if line.strip()]
        raise _TrialFailed(
            error_lines[-1] if error_lines else f"a process ended with status {status}{_explain_status(status)}"
        )

    def send_continue(self) -> None:
        """Start its next step; if it is dead, `read_line` raises."""
        assert self._process.stdin
        try:
            self._process.stdin.write("go on\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def _kill_and_close(self) -> None:
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            try:
                pipe.close()
            except BrokenPipeError:  # it ended before it read its input
                continue


def _process_command(setting: WorkerSetting, work: TrialWork, index: int) -> list[str]:
    options = [*work.options, f"slots={setting.slots}"]
    options += [f"threads={setting.threads}"] if setting.threads else []
    options += [f"max_codes={work.max_codes}"] if work.max_codes else []
    command = python_command("workers.tune.trial_process", "--engine", work.engine, "--index", str(index))
    command += ["--seconds", str(work.seconds), "--language", work.language, "--text", work.text]
    return command + [part for text in options for part in ("--engine-option", text)]


def _explain_status(status: int) -> str:
    if status == -signal.SIGKILL:
        return ": killed by the kernel, probably out of memory"
    return ": its model broke" if status == ExitCode.BROKEN else ""
