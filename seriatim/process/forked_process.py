"""Forked processes: children that go on from what this process has imported, instead of importing it again.

Importing costs a worker 0.4 s of processor time and 40 MB, each time it starts; a fork costs some milliseconds, and
shares the memory. A fork copies one thread and every open file, so it is for processes that have neither threads nor
open connections yet (`can_fork`); no model is loaded in them, and no library that starts threads (onnxruntime, CUDA).
Beyond that the child is as one that was started by a command: its signals have their defaults, it has none of the
parent's files and exit handlers, and its environment is its own.
"""

import atexit
import contextlib
import gc
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Protocol

from seriatim.process.child_processes import dies_with_parent
from seriatim.process.quick_imports import collector_paused

PROC_FILES = Path("/proc/self/fd")
POLL_S = 0.005

_is_command = False


class ChildProcess(Protocol):
    """A child, forked or started by a command, as far as its parent uses `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


@dataclass(slots=True)
class ForkedProcess:
    """A forked child, with the methods of `subprocess.Popen` that a `ChildProcess` has."""

    pid: int
    name: str
    returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, or None while it runs; -N if signal N ended it."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; returns the exit status.

        Raises:
            TimeoutExpired: it has not ended after `timeout` seconds.
        """
        deadline_s = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline_s is not None and time.monotonic() >= deadline_s:
                raise subprocess.TimeoutExpired(self.name, timeout or 0.0)
            time.sleep(POLL_S)
        return status

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless it has ended: its number may be another process's by now."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class ForkPlan:
    """A child to fork: the function that it runs, and what it has of its own."""

    module: str  #: its `main` is called with `arguments`, and returns the exit status
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None  #: its output; None: where this process writes
    new_session: bool = False  #: it gets no Ctrl-C of the terminal


def allow_forks() -> None:
    """State that this process runs a command of ours and nothing else; programs that import us may hold anything."""
    global _is_command
    _is_command = True


def can_fork() -> bool:
    """Report whether a fork would copy this process as a whole: a command's, on Linux, while it has one thread."""
    return _is_command and sys.platform.startswith("linux") and threading.active_count() == 1


def import_ahead(modules: Iterable[str]) -> None:
    """Import what children will need, and keep the collector from touching it: memory stays shared until written."""
    with collector_paused():
        for name in modules:
            importlib.import_module(name)
    gc.freeze()


def fork_process(plan: ForkPlan) -> ForkedProcess:
    """Fork a child that runs `plan.module`, and is killed when this process ends, however it ends."""
    prepare = dies_with_parent(signal.SIGKILL)
    _flush_streams()
    # A signal that comes between the fork and its reset would run this process's handler in the child.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        if pid := os.fork():
            return ForkedProcess(pid, plan.module)
        _run_child(plan, prepare, mask)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _flush_streams() -> None:
    """Flush what was printed; a process may have been started without these streams, or on a full disk."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def _open_files() -> list[int]:
    """The numbers of this process's open files, without the standard ones."""
    found = [int(file.name) for file in PROC_FILES.iterdir()]  # one of them is the listing's own, and closed by now
    return [fd for fd in found if fd > 2 and os.path.lexists(PROC_FILES / str(fd))]


def _run_child(plan: ForkPlan, prepare: Callable[[], None] | None, mask: Iterable[int]) -> NoReturn:
    """Run in the child until its end: nothing of the parent, whose frames lie below, may run here."""
    status = 1
    try:
        if prepare:
            prepare()
        _leave_parent(plan)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        status = int(importlib.import_module(plan.module).main(list(plan.arguments)))
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001  # outermost call of a process
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  # waits for threads, as an interpreter
            atexit._run_exitfuncs()  # noqa: SLF001  # ends; these handlers are the child's own
            _flush_streams()
        os._exit(status)


def _leave_parent(plan: ForkPlan) -> None:
    """Give up what is the parent's: its session, exit handlers, files, environment and signal handlers."""
    if plan.new_session:
        os.setsid()
    atexit._clear()  # noqa: SLF001  # one of them would remove the parent's folder
    for fd in _open_files():
        os.close(fd)
    stdin = os.open(os.devnull, os.O_RDONLY)
    os.dup2(stdin, 0)
    os.close(stdin)
    if plan.log:
        _write_to(plan.log)
    os.environ.clear()
    os.environ.update(plan.environment)
    sys.argv = [plan.module, *plan.arguments]
    gc.enable()
    _reset_signals()


def _write_to(log: Path) -> None:
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def _reset_signals() -> None:
    """Give every signal that this code handles its default, as a command would; what is ignored stays so."""
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
