"""The supervisor, `seriatim worker`: starts worker processes, restarts them when they end, drains them when told to.

A process that dies is taken out of the pool at once: its sentences need not wait for its lease to expire.
"""

import logging
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from redis import Redis

from seriatim.errors import SeriatimError
from seriatim.exit_codes import ExitCode
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import RetryPolicy
from seriatim.lua.script_calls import run
from seriatim.process.child_processes import dies_with_parent
from seriatim.process.interpreter import python_command
from seriatim.process.sighup import handle_sighup_as_sigterm
from seriatim.servers.redis_clients import command_client
from seriatim.settings import Settings
from workers.gpu_pinning import environment

log = logging.getLogger(__name__)

#: A thread that waits for the others of its process sleeps. Spinning, as OpenMP has it by default, takes the cores from
#: every other process: steps of a model took ten times longer beside one (2 cores); sleeping costs some 5 ms of them.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
POLL_S = 0.1
BACKOFF_S = (0.1, 0.5, 2.0, 5.0, 10.0)  #: before the next start; from the beginning again after a minute of life
LONG_LIFE_S = 60.0


@dataclass(slots=True)
class WorkerChild:
    """One worker process and its past."""

    index: int
    owner: str = ""
    process: "subprocess.Popen[bytes] | None" = None
    born_s: float = 0.0
    failures: int = 0
    again_s: float = 0.0  #: monotonic time of the next start


@dataclass(slots=True)
class Supervisor:
    """What keeps the processes of one `seriatim worker` alive."""

    arguments: Sequence[str]  #: for workers.worker_process, without --index and --owner
    pool_name: str
    n_processes: int
    settings: Settings
    gpus: Sequence[str] = ()  #: processes take turns on them; none: they see what this one sees
    redis: "Redis" = field(init=False)
    stopping: bool = False
    children: list[WorkerChild] = field(default_factory=list)
    name: str = field(default_factory=lambda: f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}")

    def __post_init__(self) -> None:
        self.redis = command_client(self.settings.redis_url, [self.pool_name], outage_s=1.0)
        self.children = [WorkerChild(index) for index in range(self.n_processes)]

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT; returns the exit status."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        handle_sighup_as_sigterm()
        gpus = ",".join(self.gpus)
        log.info("workers start", extra={"pool": self.pool_name, "processes": self.n_processes, "gpus": gpus})
        while not self.stopping or any(child.process for child in self.children):
            for child in self.children:
                status = self._look_after(child)
                if status == ExitCode.CANNOT_START:
                    self._stop_all()
                    return ExitCode.CANNOT_START
            time.sleep(POLL_S)
        return 0

    def _look_after(self, child: WorkerChild) -> int | None:
        """Start, or bury and start again later; returns the exit status of a child that ended just now."""
        if child.process is None:
            if not self.stopping and time.monotonic() >= child.again_s:
                self._start(child)
            return None
        status = child.process.poll()
        if status is None:
            return None
        child.process = None
        if not self.stopping:
            self._bury(child, status)
        return status

    def _start(self, child: WorkerChild) -> None:
        child.owner = f"{socket.gethostname()}.{child.index}.{secrets.token_hex(4)}"
        command = python_command("workers.worker_process", *self.arguments)
        child.process = subprocess.Popen(
            [*command, "--index", str(child.index), "--owner", child.owner, "--group", self.name],
            env=PATIENT | environment(os.environ, self.gpus, child.index),
            preexec_fn=dies_with_parent(signal.SIGKILL),  # nobody would start it again; leases give its work to others
        )
        child.born_s = time.monotonic()

    def _bury(self, child: WorkerChild, status: int) -> None:
        lived_s, renewed = time.monotonic() - child.born_s, status == ExitCode.RENEWED
        child.failures = 0 if renewed or lived_s > LONG_LIFE_S else child.failures + 1
        wait_s = BACKOFF_S[min(child.failures, len(BACKOFF_S)) - 1] if child.failures else 0.0
        child.again_s = time.monotonic() + wait_s
        facts = {"owner": child.owner, "status": status, "lived_s": round(lived_s, 1)}
        if renewed:
            log.info("a worker process is renewed", extra=facts)
        else:
            log.warning("a worker process ended", extra=facts)
        retry = RetryPolicy.of(self.settings)
        try:
            run(
                self.redis,
                pool_scripts.leave(
                    self.pool_name, child.owner, retry, died=status not in (ExitCode.OK, ExitCode.RENEWED)
                ),
            )
        except SeriatimError as error:
            log.warning("its lease will expire instead", extra={"error": str(error)})

    def _stop(self, *_: object) -> None:
        """Let every process finish its sentences; a second time ends them at once."""
        for child in self.children:
            if child.process is not None:
                child.process.send_signal(signal.SIGQUIT if self.stopping else signal.SIGTERM)
        self.stopping = True

    def _stop_all(self) -> None:
        self._stop()
        for child in self.children:
            if child.process is not None:
                child.process.wait()


def supervise(arguments: Sequence[str], pool_name: str, n_processes: int, gpus: Sequence[str] = ()) -> int:
    """Run `n_processes` worker processes, on each of the `gpus`, until told to stop; returns the exit status."""
    n_all = n_processes * max(1, len(gpus))
    return Supervisor(arguments, pool_name, n_all, Settings.from_env(os.environ), gpus).run()
