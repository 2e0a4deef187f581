"""The supervisor, `seriatim worker`: starts worker processes, restarts them when they end, and drains them on SIGTERM.

A process that dies is taken out of the pool at once, so that its sentences need not wait for its lease to expire. With
a range of processes, such as 1..4, their number follows the load of the pool (workers/scaling).

The supervisor imports what every worker process needs, loads no engine, has no threads, and closes its connections
before it forks: a worker process starts with all that in memory, and shares it with the others.
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
from seriatim.process.forked_process import ChildProcess, ForkPlan, can_fork, fork_process, import_ahead
from seriatim.process.interpreter import python_command
from seriatim.process.process_range import ProcessRange
from seriatim.process.sighup_as_sigterm import handle_sighup_as_sigterm
from seriatim.servers.redis_clients import command_client
from seriatim.settings import Settings
from workers.gpu_pinning import child_environment
from workers.scaling.pool_scaling import PoolScaling
from workers.scaling.process_scaler import ProcessScaler

log = logging.getLogger(__name__)

#: Waiting OpenMP threads sleep. By default they spin and take the cores from every other process: steps of a model took
#: ten times longer beside one (2 cores). Sleeping costs some 5 ms per step.
CHILD_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
POLL_S = 0.1
WORKER_PROCESS = "workers.worker_process"
BACKOFF_S = (0.1, 0.5, 2.0, 5.0, 10.0)  #: before the next start; reset once a process has run for STABLE_AFTER_S
STABLE_AFTER_S = 60.0


@dataclass(slots=True)
class WorkerChild:
    """One worker process and its restarts."""

    index: int
    owner: str = ""
    process: ChildProcess | None = None
    started_s: float = 0.0
    failures: int = 0
    next_start_s: float = 0.0  #: monotonic time of the next start
    added: bool = False  #: for a higher load, and not in the pool yet
    leaving: bool = False  #: drained, since one process less bears the load

    @property
    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return self.process.pid if self.process else None


@dataclass(slots=True)
class Supervisor:
    """The processes of one `seriatim worker`, and their restarts."""

    arguments: Sequence[str]  #: for workers.worker_process, without --index and --owner
    pool_name: str
    processes: ProcessRange  #: of all GPUs together
    settings: Settings
    gpus: Sequence[str] = ()  #: assigned to processes in turn; none: they see the GPUs that this process sees
    redis: "Redis" = field(init=False)
    scaling: PoolScaling = field(init=False)
    stopping: bool = False
    children: list[WorkerChild] = field(default_factory=list)
    name: str = field(default_factory=lambda: f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}")

    def __post_init__(self) -> None:
        self.redis = command_client(self.settings.redis_url, [self.pool_name], outage_s=1.0)
        self.children = [WorkerChild(index) for index in range(self.processes.least)]
        scaler = ProcessScaler(self.processes, self.settings.worker_quiet_s)
        look_s, n_gpus = self.settings.worker_look_s, len(self.gpus)
        self.scaling = PoolScaling(self.redis, self.pool_name, self.name, scaler, look_s, n_gpus)

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT; returns the exit status."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._signal_children)
        handle_sighup_as_sigterm()
        if can_fork():
            import_ahead(["workers.imported_ahead"])
        log.info(
            "workers start",
            extra={
                "pool": self.pool_name, "processes": self.processes.least, "most_processes": self.processes.most,
                "gpus": ",".join(self.gpus),
            },
        )  # fmt: skip
        while not self.stopping or any(child.process for child in self.children):
            for child in tuple(self.children):
                status = self._poll_child(child)
                if status == ExitCode.CANNOT_START and child in self.children:
                    self._stop_and_wait()
                    return ExitCode.CANNOT_START
            if not (self.stopping or self.processes.fixed):
                self._scale(time.monotonic())
            time.sleep(POLL_S)
        return 0

    def _scale(self, now_s: float) -> None:
        """Add processes, or drain one, if the load of the pool asks for it."""
        decision = self.scaling.look(now_s, self.children)
        for child in self.children:
            child.added = child.added and child.owner not in self.scaling.registered
        if not decision.change:
            return
        facts = {"pool": self.pool_name, "reason": decision.reason, "processes": len(self.children) + decision.change}
        if decision.change > 0:
            log.info("worker processes added", extra={"added": decision.change} | facts)
            free = set(range(self.processes.most)) - {child.index for child in self.children}
            self.children += [WorkerChild(index, added=True) for index in sorted(free)[: decision.change]]
            return
        last = max(self.children, key=lambda child: child.index)
        log.info("worker process drained", extra={"owner": last.owner} | facts)
        last.leaving = True
        if last.process is None:
            self.children.remove(last)
        else:
            last.process.send_signal(signal.SIGTERM)

    def _poll_child(self, child: WorkerChild) -> int | None:
        """Start a child that is due, or handle its exit; returns the exit status of a child that has just ended."""
        if child.process is None:
            if not self.stopping and time.monotonic() >= child.next_start_s:
                self._start_child(child)
            return None
        status = child.process.poll()
        if status is None:
            return None
        child.process = None
        if not self.stopping:
            self._handle_exit(child, status)
        return status

    def _start_child(self, child: WorkerChild) -> None:
        child.owner = f"{socket.gethostname()}.{child.index}.{secrets.token_hex(4)}"
        arguments = [*self.arguments, "--index", str(child.index), "--owner", child.owner, "--group", self.name]
        environment = CHILD_ENVIRONMENT | child_environment(os.environ, self.gpus, child.index)
        if can_fork():
            self.redis.close()  # it connects again when a process ends
            child.process = fork_process(ForkPlan(WORKER_PROCESS, arguments, environment))
        else:
            child.process = subprocess.Popen(
                python_command(WORKER_PROCESS, *arguments),
                env=environment,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # without a supervisor it must not run on: leases expire
            )
        child.started_s = time.monotonic()
        if self.stopping:  # the signal came while it started, before it could be passed on
            child.process.send_signal(signal.SIGTERM)

    def _handle_exit(self, child: WorkerChild, status: int) -> None:
        """Plan the next start of a process that has ended, or remove it, and take it out of the pool."""
        lived_s, renewed = time.monotonic() - child.started_s, status == ExitCode.RENEWED
        child.failures = 0 if renewed or lived_s > STABLE_AFTER_S else child.failures + 1
        wait_s = BACKOFF_S[min(child.failures, len(BACKOFF_S)) - 1] if child.failures else 0.0
        child.next_start_s = time.monotonic() + wait_s
        facts = {"owner": child.owner, "status": status, "lived_s": round(lived_s, 1)}
        if child.added:
            log.warning("added worker process could not start", extra=facts)
            self.scaling.growth_failed(time.monotonic())
        elif renewed:
            log.info("worker process renewed", extra=facts)
        elif not (child.leaving and status == ExitCode.OK):
            log.warning("worker process exited", extra=facts)
        if child.added or child.leaving:
            self.children.remove(child)
        self._report_exit(child, died=status not in (ExitCode.OK, ExitCode.RENEWED))

    def _report_exit(self, child: WorkerChild, *, died: bool) -> None:
        try:
            run(self.redis, pool_scripts.leave(self.pool_name, child.owner, RetryPolicy.of(self.settings), died=died))
        except SeriatimError as error:
            log.warning("exit not reported; leases will expire", extra={"error": str(error)})

    def _signal_children(self, *_: object) -> None:
        """Let every process finish its sentences; the second signal ends them at once."""
        for child in self.children:
            if child.process is not None:
                child.process.send_signal(signal.SIGQUIT if self.stopping else signal.SIGTERM)
        self.stopping = True

    def _stop_and_wait(self) -> None:
        self._signal_children()
        for child in self.children:
            if child.process is not None:
                child.process.wait()


def supervise(arguments: Sequence[str], pool_name: str, processes: ProcessRange, gpus: Sequence[str] = ()) -> int:
    """Run worker processes, as many on each of the `gpus`, until SIGTERM or SIGINT; returns the exit status."""
    of_all_gpus = processes.times(max(1, len(gpus)))
    return Supervisor(arguments, pool_name, of_all_gpus, Settings.from_env(os.environ), gpus).run()
