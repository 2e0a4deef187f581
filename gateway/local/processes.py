"""The processes of one machine: a Redis if none is given, a reassembler, workers. Started together, ended together."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.local.embedded_redis import EmbeddedRedis
from gateway.local.locked_folder import private_folder
from seriatim.errors import EngineUnavailable, Misconfigured
from seriatim.exit_codes import ExitCode
from seriatim.process.child_processes import dies_with_parent
from seriatim.process.interpreter import python_command
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import worker_names

READY_S = 120.0  #: a large model on a slow disk
HASTE_S = 0.5  #: for children whose work nobody wants any more
ENDS_S = 5.0  #: beyond SERIATIM_WORKER_DRAIN_S: for a worker to hand back what it has not finished


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """Which workers to start."""

    engine: str
    processes: int = 1
    slots: int = 0  #: in each process; 0: as the engine says
    pool: str = ""
    engine_options: tuple[str, ...] = ()  #: KEY=VALUE
    max_sentences: int = 0  #: a process is renewed when it has spoken so many; 0: as the settings say
    max_memory: str = ""  #: or holds so much; "": as the settings say

    @property
    def pool_name(self) -> str:
        """The pool they work for."""
        return self.pool or self.engine

    def arguments(self) -> list[str]:
        """The command line behind `python -m workers`."""
        arguments = ["--engine", self.engine, "--processes", str(self.processes), "--pool", self.pool_name]
        arguments += ["--slots", str(self.slots)] if self.slots else []
        arguments += ["--max-sentences", str(self.max_sentences)] if self.max_sentences else []
        arguments += ["--max-memory", self.max_memory] if self.max_memory else []
        return arguments + [part for text in self.engine_options for part in ("--engine-option", text)]


@dataclass(slots=True)
class LocalSystem:
    """Children of this process, and the settings that lead to them."""

    settings: Settings
    folder: Path  #: their logs
    redis: EmbeddedRedis | None = None
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    hasty: bool = False  #: nobody wants what runs any more, when it is closed
    environment: Mapping[str, str] = field(default_factory=dict)  #: of the children, beyond this process's and settings

    def start(self, name: str, module: str, arguments: Sequence[str] = ()) -> None:
        """Start a child, its output into a log file."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("SERIATIM_")}
        environment = inherited | self.settings.to_env() | dict(self.environment)
        with (self.folder / f"{name}.log").open("wb") as log:
            self.children[name] = subprocess.Popen(
                python_command(module, *arguments),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for this process, which then ends them in order
                preexec_fn=dies_with_parent(signal.SIGKILL),  # leases and the sweep recover what they held
            )

    def log_of(self, name: str) -> str:
        """What a child wrote."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def await_workers(self, pool: str, processes: int = 1) -> int:
        """Wait until so many worker processes of the pool are ready; returns their slots.

        Raises:
            EngineUnavailable: it died at start; the message says why.
        """
        client = command_client(self.settings.redis_url)
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            slots = read_pool(client, pool).slots
            if slots and len(worker_names(client, [pool])[0]) >= processes:
                return slots
            self.check()
            time.sleep(0.02)
        said = " ".join(_reason(self.log_of(name)) for name in self.children if name.startswith("worker"))
        raise EngineUnavailable(f"no worker of pool {pool!r} was ready within {READY_S:.0f} s; it said: {said}")

    def check(self) -> None:
        """Notice a child that ended.

        Raises:
            EngineUnavailable, Misconfigured: with the reason that it gave.
        """
        self.check_redis()
        for name, child in self.children.items():
            status = child.poll()
            if status is not None:
                reason = _reason(self.log_of(name)) or f"it ended with status {status}"
                kind = EngineUnavailable if name.startswith("worker") else Misconfigured
                raise kind(
                    f"{name} did not start: {reason}" if status == ExitCode.CANNOT_START else f"{name} ended: {reason}"
                )

    def check_redis(self) -> None:
        """Notice an embedded Redis that ended.

        Raises:
            Misconfigured: with its last words.
        """
        if self.redis is not None and self.redis.process.poll() is not None:
            raise Misconfigured(f"the embedded Redis ended; it said: {self.redis.last_words()}")

    def close(self, *, hasty: bool = False) -> None:
        """End all children in order: workers finish their sentences first, Redis goes last."""
        worker_drain_s = max(self.settings.worker_drain_s, self.settings.http_drain_s)
        patience_s = HASTE_S if hasty or self.hasty else worker_drain_s + ENDS_S
        running = [child for _, child in sorted(self.children.items(), reverse=True) if child.poll() is None]
        for child in running:
            child.terminate()
        deadline = time.monotonic() + patience_s
        for child in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            if child.poll() is None:
                child.kill()
                child.wait()
        if self.redis is not None:
            self.redis.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close(hasty=kind is not None)


@contextlib.contextmanager
def private_system(settings: Settings, worker_plan: WorkerPlan) -> Iterator[LocalSystem]:
    """A Redis without a log, a reassembler and workers, for as long as the context lasts; nothing is left behind.

    Raises:
        Unavailable, EngineUnavailable, Misconfigured: something does not start.
    """
    with private_folder() as folder:
        server = EmbeddedRedis.private(folder)
        own = replace(settings, redis_url=server.url, broker_url=server.broker_url, store_dir=str(folder / "store"))
        with LocalSystem(own, folder, server, hasty=True) as system:
            system.start("reassembler", "reassembler.main")
            system.start("worker", "workers", worker_plan.arguments())
            yield system


@contextlib.contextmanager
def running_system(settings: Settings) -> Iterator[LocalSystem]:
    """A system that runs already, behind the settings' Redis.

    Raises:
        Unavailable: it does not answer.
        Misconfigured: its Redis is not fit for use.
    """
    client = command_client(settings.redis_url, outage_s=1.0)
    check_reachable(client, settings.redis_url)
    check_redis(client)
    with private_folder() as folder, LocalSystem(settings, folder) as system:
        yield system


def _reason(log: str) -> str:
    """The line in which a process said why it cannot start."""
    for line in reversed(log.strip().splitlines()):
        if line.startswith("seriatim "):
            return line.partition(": ")[2]
    return log.strip().splitlines()[-1] if log.strip() else ""
