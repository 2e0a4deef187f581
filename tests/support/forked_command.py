"""A forked command: a `subprocess.Popen` that forks `python -P -m MODULE` from the test process's fork server.

Where a fork would not be the same, it starts a fresh interpreter: for other programs and launchers, and where the
environment differs in more than our settings. With FRESH_INTERPRETERS=1 in the environment all are fresh.
"""

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seriatim.process.child_processes import dies_with_parent

ROOT = Path(__file__).parents[2]
PYTHON_MODULE = [sys.executable, "-P", "-m"]
#: modules that the server runs
FORKED = frozenset(["gateway.cli.main", "reassembler.main", "workers"])
OWN = ("SERIATIM_", "PYTEST_", "AWS_")  #: beginnings of variables that no import reads
OWN_NAMES = frozenset(["COLUMNS", "PYTHONPATH"])  #: likewise; of PYTHONPATH, ROOT is on the server's too


class ForkServerClient:
    """The test process's fork server, and the socket to it."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*PYTHON_MODULE, "tests.support.fork_server", str(theirs.fileno())],
                cwd=ROOT,
                env=self.environment | {"PYTHONPATH": _python_path(self.environment)},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        atexit.register(self.close)

    def ask(self, request: Mapping[str, Any], files: Sequence[int] = ()) -> tuple[int, int]:
        """Send a request; returns a process id and its status as `os.waitpid` does."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode()], files)
            answer = self._socket.recv(1 << 10)
        assert answer, "the fork server has ended; its traceback is on stderr"
        pid, status = json.loads(answer)
        return pid, status

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Whether an interpreter with this environment would import the same, and as the server did."""
        names = {name for name, _ in environment.items() ^ self.environment.items()}
        odd = [name for name in names if not name.startswith(OWN) and name not in OWN_NAMES]
        path = environment.get("PYTHONPATH", "").split(os.pathsep)
        return not odd and set(path) <= set(_python_path(self.environment).split(os.pathsep))

    def close(self) -> None:
        """End the server; children that die with their parent die with it."""
        self._socket.close()
        self._process.wait()


@functools.cache
def fork_server() -> ForkServerClient | None:
    """This test process's fork server; None where there is none."""
    fresh = os.environ.get("FRESH_INTERPRETERS") or not sys.platform.startswith("linux")
    return None if fresh else ForkServerClient()


class ForkedCommand(subprocess.Popen[bytes]):
    """A child, forked where that is the same, unless it is to be `fresh`.

    `dying`: it is killed when its parent ends, however that ends.
    """

    def __init__(self, args: Sequence[str], *, dying: bool = False, fresh: bool = False, **options: Any) -> None:
        self._server: ForkServerClient | None = None
        self._dying, self._fresh = dying, fresh
        super().__init__(args, preexec_fn=dies_with_parent(signal.SIGKILL) if dying else None, **options)

    def _execute_child(self, args: Sequence[str], executable: Any, *rest: Any) -> None:
        """Fork the child, or start it as `subprocess` does; the parameters are those of its private method."""
        cwd, env, ends, new_session = rest[3], rest[4], rest[8:14], rest[19]
        environment = dict(os.environ) if env is None else env
        forkable = not self._fresh and list(args[:3]) == PYTHON_MODULE and args[3] in FORKED
        server = fork_server() if forkable else None
        if server is None or not server.fits(environment):
            super()._execute_child(args, executable, *rest)  # type: ignore[misc]
            return
        stdin, stdout, stderr = (end if end != -1 else number for number, end in enumerate((ends[0], ends[3], ends[5])))
        request = {
            "module": args[3],
            "arguments": [os.fsdecode(arg) for arg in args[4:]],
            "cwd": os.fspath(cwd or Path.cwd()),
            "env": environment,
            "new_session": new_session,
            "dies_with_parent": self._dying,
            "ignores_hangup": signal.getsignal(signal.SIGHUP) is signal.SIG_IGN,
        }
        self._server = server
        self.pid, _ = server.ask(request, [stdin, stdout, stderr])
        self._child_created = True
        self._close_pipe_fds(*ends)  # type: ignore[attr-defined]

    def _internal_poll(self, _deadstate: int | None = None, **_: Any) -> int | None:
        if self._server is None:
            return super()._internal_poll(_deadstate)  # type: ignore[misc,no-any-return]
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):  # type: ignore[attr-defined]
            try:
                pid, status = self._server.ask({"reap": self.pid})
                if pid == self.pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if self._server is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc,no-any-return]
        if not wait_flags & os.WNOHANG:
            watched = os.pidfd_open(self.pid)
            select.select([watched], [], [])
            os.close(watched)
        return self._server.ask({"reap": self.pid})


def run_command(
    args: Sequence[str], *, stdin: bytes, limit_s: float, **options: Any
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command to its end, as `subprocess.run` does; its output is captured."""
    pipe = subprocess.PIPE
    with ForkedCommand(args, stdin=pipe, stdout=pipe, stderr=pipe, **options) as command:
        try:
            out, err = command.communicate(stdin, limit_s)
        except BaseException:
            command.kill()
            raise
        return subprocess.CompletedProcess(args, command.poll() or 0, out, err)


def _python_path(environment: Mapping[str, str]) -> str:
    return os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
