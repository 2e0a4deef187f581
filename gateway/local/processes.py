"""The processes of a local system: a Redis if none is given, a reassembler, workers; started and stopped together.

Reassemblers and workers are forked where that is possible: this process imports what both need, once.
"""

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.local.embedded_redis import EmbeddedRedis
from gateway.local.locked_folder import private_folder
from seriatim import log as logs
from seriatim.errors import EngineUnavailable, Misconfigured, Unavailable
from seriatim.exit_codes import ExitCode
from seriatim.process.child_processes import dies_with_parent
from seriatim.process.forked_process import ChildProcess, ForkPlan, can_fork, fork_process, import_ahead
from seriatim.process.interpreter import python_command
from seriatim.process.process_range import ProcessRange
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings, other_variables
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import worker_names

#: what the command line forks, by the names that a command has for it, and the module whose `main` the child runs
FORKED = {"reassembler.main": "reassembler.main", "workers": "workers.__main__"}
READY_S = 120.0  #: a large model on a slow disk
FAST_STOP_S = 0.5  #: for children whose work is no longer needed
RETURN_S = 5.0  #: beyond SERIATIM_WORKER_DRAIN_S, for a worker to return unfinished sentences to its pool
RESTARTS = 5  #: of one child that signals end, as the kernel's do where memory is short; more of them are no accident

REAPED_S = 1.0  #: within which a server that closed its connections has ended
GO_ON = "run the same command again to go on (seriatim speak: with --resume)"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """The workers to start."""

    engine: str
    processes: int = 1  #: that start at once
    slots: int = 0  #: in each process; 0: the engine's default
    pool: str = ""
    engine_options: tuple[str, ...] = ()  #: KEY=VALUE
    max_sentences: int = 0  #: after which a process is replaced; 0: as in the settings
    max_memory: str = ""  #: above which a process is replaced; "": as in the settings
    most_processes: int = 0  #: that may run as the load asks for them; 0: no more than `processes`

    @property
    def pool_name(self) -> str:
        """The pool of the workers."""
        return self.pool or self.engine

    def arguments(self) -> list[str]:
        """The arguments of `python -m workers`."""
        processes = ProcessRange(self.processes, max(self.processes, self.most_processes))
        arguments = ["--engine", self.engine, "--processes", str(processes), "--pool", self.pool_name]
        arguments += ["--slots", str(self.slots)] if self.slots else []
        arguments += ["--max-sentences", str(self.max_sentences)] if self.max_sentences else []
        arguments += ["--max-memory", self.max_memory] if self.max_memory else []
        return arguments + [part for text in self.engine_options for part in ("--engine-option", text)]


@dataclass(slots=True)
class LocalSystem:
    """Child processes, and the settings with which they are reached.

    A child of a disposable system that a signal has killed is started again: its leases and the state in Redis bring
    back what it had in hand. All else that ends a child ends the system.
    """

    settings: Settings
    folder: Path  #: for their logs
    redis: EmbeddedRedis | None = None
    children: dict[str, ChildProcess] = field(default_factory=dict)
    disposable: bool = False  #: nothing of the system is needed any more when it is closed
    environment: Mapping[str, str] = field(default_factory=dict)  #: of the children, besides inherited and settings
    commands: dict[str, tuple[str, Sequence[str]]] = field(default_factory=dict)  #: of the children: module, arguments
    restarts: Counter[str] = field(default_factory=Counter)  #: of each child
    starter: ThreadPoolExecutor | None = None  #: its thread lives on: a child dies with the thread that started it
    closed: bool = False  #: no child starts any more
    lock: threading.RLock = field(default_factory=threading.RLock)  #: several threads look after the children

    def start_child(self, name: str, module: str, arguments: Sequence[str] = ()) -> None:
        """Start a child with its output in a log file; it gets no Ctrl-C, so that this process ends all in order."""
        self.commands[name] = module, arguments
        environment = other_variables(os.environ) | self.settings.to_env() | dict(self.environment)
        if module in FORKED and can_fork():
            plan = ForkPlan(FORKED[module], arguments, environment, self.folder / f"{name}.log", new_session=True)
            self.children[name] = fork_process(plan)
            return
        with (self.folder / f"{name}.log").open("ab" if self.restarts[name] else "wb") as output:
            self.children[name] = subprocess.Popen(
                python_command(module, *arguments),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # leases and the sweep recover their sentences
            )

    def read_log(self, name: str) -> str:
        """Read a child's log."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def await_workers(self, pool: str, processes: int = 1) -> int:
        """Wait until `processes` worker processes of the pool are ready; returns the number of their slots.

        Raises:
            EngineUnavailable: a worker ended, or none is ready within READY_S; the message gives the reason.
        """
        client = command_client(self.settings.redis_url)
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            slots = read_pool(client, pool).slots
            if slots and len(worker_names(client, [pool])[0]) >= processes:
                return slots
            self.check_children()
            time.sleep(0.02)
        reasons = " ".join(_failure_reason(self.read_log(name)) for name in self.children if name.startswith("worker"))
        raise EngineUnavailable(
            f"no worker of pool {pool!r} was ready within {READY_S:.0f} s; its log ends with: {reasons}"
        )

    def check_children(self) -> None:
        """Check that all children run, and start those again that may be (see the class).

        Raises:
            EngineUnavailable, Misconfigured: a child ended; the message gives the reason from its log.
        """
        with self.lock:
            if not self.closed:
                self.check_redis()
                self._check_children()

    def _check_children(self) -> None:
        for name, child in list(self.children.items()):
            status = child.poll()
            if status is not None and not self._restart(name, status):
                reason = _failure_reason(self.read_log(name)) or f"it ended with status {status}"
                kind = EngineUnavailable if name.startswith("worker") else Misconfigured
                raise kind(
                    f"{name} did not start: {reason}" if status == ExitCode.CANNOT_START else f"{name} ended: {reason}"
                )

    def _restart(self, name: str, status: int) -> bool:
        """Start a child again that has ended with `status`, if it may be; returns whether it was."""
        if not self.disposable or status >= 0 or self.restarts[name] >= RESTARTS:
            return False
        self.restarts[name] += 1
        log.warning("child process was killed; restarted", extra={"child": name, "status": status})
        self.starter = self.starter or ThreadPoolExecutor(1, thread_name_prefix="starter of children")
        self.starter.submit(self.start_child, name, *self.commands[name]).result()
        return True

    def check_redis(self) -> None:
        """Check that the embedded Redis runs.

        Raises:
            Misconfigured: it ended; the message has the signal that ended it, or else the last line of its log.
        """
        status = self.redis.process.poll() if self.redis else None
        if self.redis is not None and status is not None:
            if status < 0 and self.disposable:
                raise Misconfigured(f"the private Redis was ended by {signal.Signals(-status).name}; {GO_ON}")
            raise Misconfigured(f"the embedded Redis ended; last line of its log: {self.redis.last_log_line()}")

    def close(self, *, fast_stop: bool = False) -> None:
        """Stop all children in order: workers finish their sentences first, Redis ends last."""
        with self.lock:
            self.closed = True
        worker_drain_s = max(self.settings.worker_drain_s, self.settings.http_drain_s)
        timeout_s = FAST_STOP_S if fast_stop or self.disposable else worker_drain_s + RETURN_S
        running = [child for _, child in sorted(self.children.items(), reverse=True) if child.poll() is None]
        for child in running:
            if self.disposable and not self.settings.traces:  # those are sent at a process's end
                child.kill()
            else:
                child.terminate()
        deadline = time.monotonic() + timeout_s
        for child in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            if child.poll() is None:
                child.kill()
                child.wait()
        if self.redis is not None:
            self.redis.close()
        if self.starter:
            self.starter.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close(fast_stop=kind is not None)


def import_ahead_of_children() -> None:
    """Import what reassemblers and workers need, so that they can be forked with it."""
    if can_fork():
        import_ahead(["workers.imported_ahead", *FORKED.values()])


@contextlib.contextmanager
def private_system(settings: Settings, *worker_plans: WorkerPlan) -> Iterator[LocalSystem]:
    """Run a Redis without persistence, a reassembler and the workers of each plan for the duration of the context.

    Raises:
        Unavailable, EngineUnavailable, Misconfigured: a process does not start, or has ended.
    """
    with private_folder() as folder:
        server = EmbeddedRedis.private(folder)
        import_ahead_of_children()  # while the server starts
        server.await_ready()
        private_settings = replace(
            settings, redis_url=f"{server.url}?restarts=false", broker_url=server.broker_url,
            store_dir=str(folder / "store"),
        )  # fmt: skip
        with LocalSystem(private_settings, folder, server, disposable=True) as system:
            system.start_child("reassembler", "reassembler.main")
            for plan in worker_plans:
                name = "worker" if plan is worker_plans[0] else f"worker of {plan.pool_name}"
                system.start_child(name, "workers", plan.arguments())
            try:
                yield system
            except Unavailable:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.process.wait(REAPED_S)
                system.check_redis()  # says what ended it
                raise


@contextlib.contextmanager
def running_system(settings: Settings) -> Iterator[LocalSystem]:
    """Use the running system at the settings' Redis.

    Raises:
        Unavailable: Redis does not answer.
        Misconfigured: the configuration of Redis is unusable.
    """
    client = command_client(settings.redis_url, outage_s=1.0)
    check_reachable(client, settings.redis_url)
    check_redis(client)
    with private_folder() as folder, LocalSystem(settings, folder) as system:
        yield system


def _failure_reason(log: str) -> str:
    """The line of a log that gives the reason why a process cannot start, or else the last line."""
    for line in reversed(log.strip().splitlines()):
        if line.startswith("seriatim "):
            return logs.message_of(line)
    return logs.message_of(log.strip().splitlines()[-1]) if log.strip() else ""
