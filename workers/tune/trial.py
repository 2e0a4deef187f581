"""One trial of a setting: its processes are started, speak at the same time, and are gone afterwards."""

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
from workers.supervisor import PATIENT
from workers.tune.figures import ProcessMeasurement, SettingMeasurement, WorkerSetting, together

LOAD_S = 900.0  #: for a process to load its engine and speak once: 2 GB from a slow disk, steps of a GPU recorded
WINDOWS = 8  #: that listeners may take to come, be measured and go, before the processes are taken for stuck


@dataclass(frozen=True, slots=True)
class TrialWork:
    """What every setting is tried with."""

    engine: str
    options: tuple[str, ...]  #: KEY=VALUE of the engine, without slots and threads
    seconds: float
    language: str = ""
    text: str = ""  #: a file; "": the sample
    max_codes: int = 0  #: of a sentence while settings are tried; 0: the model's


class _TrialFailed(Exception):
    """A process said why it cannot, or died."""


def tried(setting: WorkerSetting, work: TrialWork) -> SettingMeasurement:
    """Measure a setting; what goes wrong with its processes is its `problem`."""
    with ExitStack() as ending:
        processes = [_TrialProcess(setting, work, index, ending) for index in range(setting.processes)]
        timer = threading.Timer(LOAD_S + WINDOWS * work.seconds * setting.slots, _end, [processes])
        ending.callback(timer.cancel)
        timer.start()
        try:
            _in_step(processes)
            _in_step(processes)
            return together(setting, [_heard(process.said()) for process in processes])
        except _TrialFailed as error:
            return SettingMeasurement(setting, problem=str(error))


def _in_step(processes: Sequence["_TrialProcess"]) -> None:
    """Wait until each has done its step, then have all begin the next."""
    for process in processes:
        process.said()
    for process in processes:
        process.tell()


def _end(processes: Sequence["_TrialProcess"]) -> None:
    for process in processes:
        process.end()


def _heard(said: dict[str, Any]) -> ProcessMeasurement:
    return ProcessMeasurement(**(said | {"firsts_ms": tuple(said["firsts_ms"])}))


class _TrialProcess:
    """One of a setting's processes; `ending` ends it."""

    def __init__(self, setting: WorkerSetting, work: TrialWork, index: int, ending: ExitStack) -> None:
        errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # `ending` closes it
        self._errors: IO[str] = ending.enter_context(errors)
        self._process = subprocess.Popen(
            _command(setting, work, index),
            env=PATIENT | os.environ,  # as a worker's processes are started
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        ending.callback(self._close)

    def said(self) -> dict[str, Any]:
        """Its next line.

        Raises:
            _Failed: it ended instead.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        status = self._process.wait()
        self._errors.seek(0)
        words = [line for line in self._errors.read().splitlines() if line.strip()]
        raise _TrialFailed(words[-1] if words else f"a process ended with status {status}{_named(status)}")

    def tell(self) -> None:
        """Have it go on; if it is dead, `said` will tell."""
        assert self._process.stdin
        try:
            self._process.stdin.write("go on\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass

    def end(self) -> None:
        """End it at once."""
        self._process.kill()

    def _close(self) -> None:
        self.end()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            try:
                pipe.close()
            except BrokenPipeError:  # it was told something that it did not live to read
                continue


def _command(setting: WorkerSetting, work: TrialWork, index: int) -> list[str]:
    options = [*work.options, f"slots={setting.slots}"]
    options += [f"threads={setting.threads}"] if setting.threads else []
    options += [f"max_codes={work.max_codes}"] if work.max_codes else []
    command = python_command("workers.tune.trial_process", "--engine", work.engine, "--index", str(index))
    command += ["--seconds", str(work.seconds), "--language", work.language, "--text", work.text]
    return command + [part for text in options for part in ("--engine-option", text)]


def _named(status: int) -> str:
    if status == -signal.SIGKILL:
        return ": the kernel killed it, as it does where memory runs out"
    return ": its model broke" if status == ExitCode.BROKEN else ""
