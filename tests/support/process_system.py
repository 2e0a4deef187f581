"""Whole systems for tests: a private server, reassemblers and workers with the tone engine, all of them real processes.

`RealSystem` starts what a test asks for and ends exactly that, by process id. Their logs are kept; `tests/conftest.py`
shows what was logged during a test that failed, and checks after each test that every key of ours expires.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from redis import Redis

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.keys import REASSEMBLERS, job_prefix, pool_prefix
from seriatim.settings import Settings, other_variables, variable
from seriatim.state.pool_record import read_pool
from tests.support.forked_command import ForkedCommand
from tests.support.redis_servers import PrivateServer, embedded

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0  #: a condition that is not true by then will not become true, even on a busy machine
END_S = 30.0  #: a process that got SIGTERM and has nothing to finish
QUICK = {
    "lease_ms": 4_000,  # longer than any pause in which a worker on a busy machine does not get a turn
    "heartbeat_ms": 200,
    "sweep_ms": 100,
    "backoff_ms": 50,
    "pending_step_grace_ms": 300,
    "message_timeout_ms": 1_500,
    "http_drain_s": 1,
}
DAY_S = 86_400
HOLD = "gatekeeper"  #: a sentence with this word stops in its middle until the test makes `RealSystem.gate`
ALWAYS = ("--appendonly", "yes", "--appendfsync", "always")  #: a server that loses nothing when it is killed

T = TypeVar("T")
running: list["RealSystem"] = []  #: those that are up now


def wait_until(condition: Callable[[], T | None], what: str = "", patience_s: float = PATIENCE_S) -> T:
    """Wait until `condition` gives something that counts as true, and return that."""
    until_s = time.monotonic() + patience_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < until_s, f"not within {patience_s:.0f} s: {what or condition}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Is there such a process, and is it more than a zombie?"""
    return state_of(pid) not in "ZX"


def state_of(pid: int) -> str:
    """R, S, T (stopped) and so on, as the kernel has it; X for one that is not there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return "X"
    return stat.rpartition(")")[2].split()[0]


def descendants(pid: int) -> set[int]:
    """Every process that `pid` has started, and theirs."""
    found: set[int] = set()
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in tasks.read_text("ascii").split()]
        except OSError:
            continue
        for child in children:
            found |= {child} | descendants(child)
    return found


@dataclass(slots=True)
class RealSystem:
    """Real processes around one private server."""

    folder: Path
    server: PrivateServer
    settings: Settings
    fresh: bool = False  #: processes are interpreters of their own, whose files in /proc are as their users'
    children: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    _producers: list[Producer] = field(default_factory=list)
    _shown: dict[str, int] = field(default_factory=dict)  #: bytes of each log that were shown already

    @classmethod
    def on(
        cls,
        folder: Path,
        *server_args: str,
        binary: str | None = None,
        broker: PrivateServer | None = None,
        **settings: Any,
    ) -> Self:
        """A system on a new server; `settings` are fields of `Settings`, on top of QUICK."""
        server = PrivateServer(binary or embedded(), *server_args).start()
        broker_url = f"redis+socket://{(broker or server).socket}"
        values: dict[str, Any] = {"redis_url": server.url, "broker_url": broker_url, "store_dir": str(folder / "store")}
        system = cls(folder, server, Settings(**(values | QUICK | settings)))
        running.append(system)
        return system

    @property
    def gate(self) -> Path:
        """What the sentences wait for that `HOLD` names: a test that makes it decides when they may end."""
        return self.folder / "gate"

    def held(self, text: list[str]) -> list[str]:
        """The text, and behind it a sentence that does not end before the test makes the gate."""
        self.gate.unlink(missing_ok=True)
        return [*text, f"The {HOLD} holds the slot."]

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process of this system's: no setting comes from outside the test."""
        outside = other_variables(os.environ)
        path = os.pathsep.join([str(ROOT), *filter(None, [outside.get("PYTHONPATH")])])
        return outside | {"PYTHONPATH": path} | self.settings.to_env()

    @property
    def redis(self) -> Redis:
        """A new client."""
        return self.server.client()

    def producer(self) -> Producer:
        """A producer in this process, closed with the system."""
        self._producers.append(Producer(self.settings))
        return self._producers[-1]

    def enqueue(self, text: object, **options: object) -> Job:
        """A job for the tone engine, by a producer of its own; `text` may be what is refused."""
        request = JobRequest.of({"engine": "tone"} | options)
        return self.producer().enqueue(text, request)  # type: ignore[arg-type]  # on purpose

    def start(self, name: str, *command: str, **settings: object) -> "subprocess.Popen[bytes]":
        """Start `python -P command...` in the repository's root, with a log; `settings` differ for it alone."""
        return self.start_under((), name, *command, **settings)

    def start_under(
        self, launcher: Sequence[str], name: str, *command: str, **settings: object
    ) -> "subprocess.Popen[bytes]":
        """Start `launcher python -P command...`, as `start` does."""
        own = {variable_of(k): str(v) for k, v in settings.items()}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = ForkedCommand(
                [*launcher, sys.executable, "-P", *command],
                cwd=ROOT,
                env=self.environment | own,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                dying=True,
                fresh=self.fresh,
            )
        return self.children[name]

    def reassembler(self, name: str = "reassembler", **settings: object) -> "subprocess.Popen[bytes]":
        """Start one reassembler; returns at once."""
        return self.start(name, "-m", "reassembler.main", **settings)

    def expect_reassembler(self) -> None:
        """Let no health check find that none is running, however late its heartbeats come."""
        with self.redis as client:
            client.zadd(REASSEMBLERS, {"expected|/nowhere": time.time() + DAY_S})
            client.expire(REASSEMBLERS, DAY_S)

    def make_due(self, key: str, member: str) -> None:
        """Let the time of a member of a sorted set be over. What the system took out of it meanwhile stays out."""
        with self.redis as client:
            client.zadd(key, {member: 0}, xx=True)

    def workers(
        self,
        processes: int = 1,
        *,
        name: str = "workers",
        pool: str = "tone",
        slots: int = 1,
        options: Mapping[str, object] | None = None,
        **settings: object,
    ) -> "subprocess.Popen[bytes]":
        """Start worker processes under one supervisor, and wait until all have their engine and offer their slots."""
        usual: dict[str, object] = {"rate_hz": 8000, "hold_on": HOLD, "gate": self.gate}
        engine_options = [f"--engine-option={key}={value}" for key, value in (usual | dict(options or {})).items()]
        before = set(self.worker_pids(pool))
        command = ["-m", "workers", "--engine", "tone", "--pool", pool, "--processes", str(processes)]
        child = self.start(name, *command, "--slots", str(slots), *engine_options, **settings)
        wait_until(
            lambda: self._ready(child, name, set(self.worker_pids(pool)) - before, processes),
            f"{processes} workers of {pool}",
        )
        return child

    def _ready(self, child: "subprocess.Popen[bytes]", name: str, registered: set[str], processes: int) -> bool:
        assert child.poll() is None, self.log(name)
        return len(registered) == processes

    def worker_pids(self, pool: str = "tone") -> dict[str, int]:
        """The process id of each worker process that is registered, by its owner's name."""
        prefix = pool_prefix(pool)
        with self.redis as client:
            owners = [owner.decode() for owner in cast("list[bytes]", client.zrange(f"{prefix}:wk", 0, -1))]
            pids = {owner: cast("bytes | None", client.hget(f"{prefix}:w:{owner}", "pid")) for owner in owners}
        return {owner: int(pid) for owner, pid in pids.items() if pid}

    def speaking_pids(self, pool: str = "tone") -> list[int]:
        """The process ids of worker processes that are in the middle of a sentence."""
        with self.redis as client:
            busy = [o for o in self.worker_pids(pool) if client.hlen(f"{pool_prefix(pool)}:run:{o}")]
        pids = self.worker_pids(pool)
        return [pids[owner] for owner in busy if owner in pids]

    def half_spoken(self, pool: str = "tone", *, partly_heard: bool = True) -> int | None:
        """The process id of a worker in the middle of a sentence: some of it is in Redis, and not its end.

        With `partly_heard` some of it is in the ordered stream, too: what is spoken again must not be heard again.
        """
        prefix = pool_prefix(pool)
        with self.redis as client:
            for owner, pid in self.worker_pids(pool).items():
                for name in cast("list[bytes]", client.hkeys(f"{prefix}:run:{owner}")):
                    job, _, seq = name.decode().rpartition("|")
                    fields = [f"r{seq}", f"L{seq}", "cur", "off"]
                    received, length, cursor, offset = client.hmget(f"{job_prefix(job)}:c:{job}", fields)
                    started = int(received or 0) > 0 and length is None
                    at_cursor = int(cursor or 0) == int(seq) and int(offset or 0) > 0
                    if started and (at_cursor or not partly_heard) and alive(pid):
                        return pid
        return None

    def emitted_bytes(self, job: str, seq: int) -> int:
        """The bytes of a sentence that were received, once all of them are in the ordered stream; else 0."""
        with self.redis as client:
            received, offset = client.hmget(f"{job_prefix(job)}:c:{job}", [f"r{seq}", "off"])
        return int(offset or 0) if received == offset else 0

    def stopped_half_spoken(self, pool: str = "tone", *, partly_heard: bool = True) -> int:
        """Stop a worker in mid-sentence; returns its process id. Standing still, it cannot come to the end."""

        def stopped() -> int | None:
            pid = self.half_spoken(pool, partly_heard=partly_heard)
            if pid is None:
                return None
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(pid, signal.SIGSTOP)
                wait_until(lambda: not alive(pid) or state_of(pid) == "T", "it stands still")
                if (
                    self.half_spoken(pool, partly_heard=partly_heard) == pid
                ):  # what it sent before has arrived: we ask behind it
                    return pid
                os.kill(pid, signal.SIGCONT)
            return None

        return wait_until(stopped, "a worker stands still in mid-sentence")

    def kill_half_spoken(self, pool: str = "tone", *, partly_heard: bool = True) -> None:
        """Kill a worker in mid-sentence, and wait until it is dead: who looks for another then finds another."""
        pid = self.stopped_half_spoken(pool, partly_heard=partly_heard)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), "it is dead")

    def count(self, name: str, pool: str = "tone") -> int:
        """One of the pool's counters, such as `retries`, `done` or `restarts`."""
        with self.redis as client:
            return int(cast("bytes | None", client.hget(f"{pool_prefix(pool)}:m", name)) or 0)

    def attempts_lost(self, pool: str = "tone") -> int:
        """Attempts so far that were made again because they came to nothing.

        A message counts as lost, and its sentence is given out again, where no worker took it for some seconds: as
        while one loads, or gets no turn. No worker had begun to speak it.
        """
        return self.count("retries", pool) - self.count("lost_messages", pool)

    def slots(self, pool: str = "tone") -> int:
        """How many sentences the pool would speak at once."""
        with self.redis as client:
            return read_pool(client, pool).slots

    def log(self, name: str) -> str:
        """Everything that a child wrote."""
        return (self.folder / f"{name}.log").read_text("utf-8", errors="replace")

    def new_log_lines(self) -> str:
        """What was logged since the last call, by all."""
        found = []
        for path in sorted(self.folder.glob("*.log")):
            with path.open("rb") as log:
                log.seek(self._shown.get(path.name, 0))
                text = log.read()
                self._shown[path.name] = log.tell()
            found.append(f"--- {path.name}\n{text.decode(errors='replace')[-6000:]}" if text else "")
        return "".join(found)

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> int:
        """End one child and return its exit status."""
        child = self.children.pop(name)
        if child.poll() is None:
            child.send_signal(number)
        return child.wait(END_S)

    def close(self) -> None:
        """End everything at once, and see that nothing is left."""
        running.remove(self)
        for producer in self._producers:
            producer.close()
        left = {pid for child in self.children.values() for pid in descendants(child.pid)}
        for child in self.children.values():
            child.kill()
        for child in self.children.values():
            child.wait()
        wait_until(lambda: not any(alive(pid) for pid in left), f"processes {left} end with their supervisor")
        self.server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def variable_of(name: str) -> str:
    """The environment variable of a field of `Settings`."""
    return variable(Settings.__dataclass_fields__[name])
