"""The cluster: a private server, and around it workers, reassemblers and clients, each started again when it ends."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from redis.exceptions import RedisError

from seriatim.keys import pool_prefix
from seriatim.settings import Settings
from tests.chaos.history import History
from tests.chaos.job_plans import MISBEHAVIOUR, VENOM, VENOM_POOL
from tests.chaos.proxy import Proxy
from tests.chaos.topologies import Servers, Topology
from tests.simulator.scheduler import POOL
from tests.support.expected_audio import RATE_HZ
from tests.support.process_system import QUICK, RealSystem, alive, descendants, running, state_of, wait_until
from tests.support.redis_servers import PrivateServer

TEND_S = 0.05
#: a wait that only ends a run that hangs: a supervisor waits for 10 s before it starts a process that died often, a
#: job of the venom pool needs several such starts, and each takes 20 s where many start at once on few busy cores
PATIENCE_S = 240.0
#: while nothing fails: no pause of a busy machine is taken for a death, a loss, or an engine that is stuck
UNHURRIED = {"lease_ms": 600_000, "message_timeout_ms": 600_000, "stall_timeout_ms": 600_000, "handover_ms": 0}
STALL_TIMEOUT_MS = 2_500  #: while faults happen: shorter than the sentence that is stuck, longer than a slow one
LOG_TAIL_CHARS = 1_500  #: of each supervisor's log that is shown where a process of its is missing


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is of everything."""

    clients: int = 2  #: processes; every second one speaks through the proxy
    listeners: int = 3  #: jobs at once in each
    supervisors: int = 2  #: every second one's processes speak through the proxy
    processes: int = 1  #: of each supervisor
    slots: int = 3  #: of each process
    fixed_ms: int = 120  #: what a sentence costs
    quick: bool = True  #: short leases, for a short run; else those that users get
    grace_s: float = 60.0  #: of readers: a killed client is back well within it, however busy the machine is
    lease_s: float = 10.0  #: of producers: what a killed one was writing is closed then


@dataclass(frozen=True, slots=True)
class Role:
    """One process that shall always be there."""

    name: str
    command: tuple[str, ...]
    proxied: bool = False
    settings: tuple[tuple[str, object], ...] = ()

    @property
    def kind(self) -> str:
        """Its name without a number."""
        return self.name.rstrip("0123456789")


@dataclass(slots=True)
class Cluster:
    """Everything that runs."""

    system: RealSystem
    servers: Servers
    history: History
    scale: Scale
    seed: int
    hurried: Mapping[str, Any] = field(default_factory=dict)  #: settings while faults happen; none: they stay the same
    roles: dict[str, Role] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)  #: not started again when they end
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event)
    _tender: threading.Thread = field(init=False, repr=False)

    @classmethod
    def set_up(cls, folder: Path, seed: int, scale: Scale, servers: Servers) -> Self:
        """Start everything on some servers but the clients.

        Leases are long until `shorten_leases`, unless they are those that users get.
        """
        usual: dict[str, Any] = {"reader_grace_s": scale.grace_s, "open_job_lease_s": scale.lease_s,
                                 "max_failures": 1_000, "stall_timeout_ms": STALL_TIMEOUT_MS,
                                 "ended_job_ttl_s": 7_200}  # fmt: skip
        usual |= UNHURRIED if scale.quick else {name: getattr(Settings(), name) for name in QUICK}
        settings = Settings(**(QUICK | usual | servers.urls | {"store_dir": str(folder / "store")}))
        system = RealSystem(folder, servers.redis, settings)
        running.append(system)
        history = History(folder / "history.jsonl")
        quick = {name: getattr(Settings(), name) for name in UNHURRIED} | QUICK | {"stall_timeout_ms": STALL_TIMEOUT_MS}
        hurried = {name: quick[name] for name in UNHURRIED} if scale.quick else {}
        stage = cls(system, servers, history, scale, seed, hurried)
        (folder / "tally").mkdir(exist_ok=True)
        stage._cast()
        stage._tender = threading.Thread(target=stage._tend, daemon=True)
        stage._tender.start()
        wait_until(stage.whole, "all workers are ready", PATIENCE_S)
        return stage

    def shorten_leases(self) -> None:
        """Start every process again, with leases after which what a fault broke is soon made good."""
        if not self.hurried:
            return
        self.system.settings = replace(self.system.settings, **self.hurried)
        self.history.note("leases", settings=self.system.settings.to_env())
        with self.lock:
            children = [self.system.children[name] for name in self.roles]
        for child in children:
            child.terminate()
        for child in children:
            child.wait(PATIENCE_S)
        wait_until(self.whole, "all workers are ready again", PATIENCE_S)

    @property
    def proxy(self) -> Proxy:
        """What stands between half of the processes and Redis."""
        return self.servers.proxy

    @property
    def server(self) -> PrivateServer:
        """The one that everything stands on."""
        return self.system.server

    def _cast(self) -> None:
        for number in range(1, self.scale.supervisors + 1):
            self.add(Role(f"workers{number}", worker_command(self), number % 2 == 0))
        venom = ("-m", "workers", *worker_arguments(self, VENOM_POOL, {"crash_on": VENOM}))
        self.add(Role("venom", venom, settings=(("max_failures", 2),)))
        for number in (1, 2):
            self.add(Role(f"reassembler{number}", ("-m", "reassembler.main"), number % 2 == 0))

    def invite_clients(self) -> None:
        """Start the clients."""
        for number in range(1, self.scale.clients + 1):
            command = ("-m", "tests.chaos.client", f"c{number}", "--history", str(self.history.path))
            more = ("--seed", str(self.seed), "--listeners", str(self.scale.listeners))
            self.add(Role(f"client{number}", command + more, number % 2 == 0))

    def add(self, role: Role) -> None:
        """Start a process that shall always be there."""
        with self.lock:
            self.roles[role.name] = role
            self._start(role)

    def add_heir(self, name: str) -> None:
        """Start a client that goes on with what a client `name` that is no more has begun, and draws nothing itself."""
        settings = ("--history", str(self.history.path), "--seed", str(self.seed), "--heir")
        with self.lock:
            heir = f"heir{len(self.names('heir')) + 1}"
            self.released.add(heir)
            self.add(Role(heir, ("-m", "tests.chaos.client", name, *settings)))

    def _start(self, role: Role) -> None:
        settings = dict(role.settings)
        if role.proxied:
            settings |= self.servers.proxied_urls
        child = self.system.start(role.name, *role.command, **settings)
        self.history.note("started", role=role.name, pid=child.pid)

    def start_aside(self, name: str, *command: str) -> "subprocess.Popen[bytes]":
        """Start a process that is not started again."""
        with self.lock:
            return self.system.start(name, *command)

    def _tend(self) -> None:
        while not self._ended.wait(TEND_S):
            self._restart_ended()

    def _restart_ended(self) -> None:
        with self.lock:
            for role in self.roles.values():
                status = self.system.children[role.name].poll()
                if status is not None and role.name not in self.released:
                    self.history.note("ended", role=role.name, status=status)
                    self._start(role)

    def whole(self) -> bool:
        """Does every worker process offer its slots?"""
        with contextlib.suppress(RedisError):
            ready = len(self.workers()) >= self.scale.supervisors * self.scale.processes
            return ready and any(map(alive, self.system.worker_pids(VENOM_POOL).values()))
        return False

    def absences(self) -> str:
        """The processes that are there and those that are not, for a message: each supervisor's, and how it fares."""
        registered = {pool: self.system.worker_pids(pool) for pool in (POOL, VENOM_POOL)}
        lines = [f"registered: {registered}"]
        for name in [*self.names("workers"), *self.names("venom")]:
            tree = {pid: state_of(pid) for pid in family(self.pid(name))}
            lines.append(f"{name}: {tree}, {self.system.log(name)[-LOG_TAIL_CHARS:]}")
        return "\n".join(lines)

    def pid(self, name: str) -> int:
        """The process of a role."""
        with self.lock:
            return self.system.children[name].pid

    def names(self, kind: str) -> list[str]:
        """The roles of a kind: workers (supervisors), reassembler, client."""
        return [name for name, role in self.roles.items() if role.kind == kind]

    def workers(self) -> dict[str, int]:
        """Worker processes of the main pool that live: owner and process id."""
        return {owner: pid for owner, pid in self.system.worker_pids(POOL).items() if alive(pid)}

    def jobs_of(self, owner: str) -> list[str]:
        """The jobs that a worker process speaks at this moment."""
        with self.system.redis as client:
            names = client.hkeys(f"{pool_prefix(POOL)}:run:{owner}")
        return sorted({name.decode().rpartition("|")[0] for name in names})

    def kill(self, component: str, pid: int, number: signal.Signals = signal.SIGKILL, **facts: object) -> None:
        """Send a signal and write it down."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        self.history.note("kill", component=component, pid=pid, signal=number.name, **facts)

    def restart_server(self, after_s: float = 0.0) -> None:
        """Kill the server and start it again."""
        self.server.kill()
        self.history.note("kill", component="redis", signal="SIGKILL")
        time.sleep(after_s)
        self.start_server()

    def start_server(self) -> None:
        """Start the server again, and remove what a rewrite that was cut short left: no server does so."""
        for path in self.log_folder.glob("temp-rewriteaof-*"):
            path.unlink(missing_ok=True)
        self.server.start()
        self.history.note("answers")

    @property
    def log_folder(self) -> Path:
        """Where the server keeps its log."""
        arguments = list(self.server.args)
        return Path(arguments[arguments.index("--dir") + 1]) if "--dir" in arguments else self.server.directory

    def revive_server(self) -> None:
        """Start the server again if it ended by itself, and has no replica that replaces it."""
        if self.servers.topology in (Topology.SENTINEL, Topology.CLUSTER):
            return
        process = self.server._process
        if process is None or process.poll() is not None:
            self.history.note("kill", component="redis", signal="by itself")
            self.start_server()

    def dismiss_clients(self, patience_s: float) -> list[str]:
        """Let clients see their jobs to the end and leave; returns those that did not."""
        names = self.names("client") + self.names("heir")
        with self.lock:
            self._restart_ended()  # one that was killed just now: no other goes on with its jobs
            self.released |= set(names)
            children = [self.system.children[name] for name in names]
        wait_until(lambda: self._attend(children), "clients heed signals: before, SIGTERM would kill one", PATIENCE_S)
        for child in children:
            child.terminate()
        until_s = time.monotonic() + patience_s
        late = []
        for name, child in zip(names, children, strict=True):
            try:
                status = child.wait(max(0.1, until_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                late.append(name)
            else:
                self.history.note("left", role=name, status=status)
        return late

    def _attend(self, children: "list[subprocess.Popen[bytes]]") -> bool:
        """Has each of these clients begun to attend to jobs, or ended?"""
        lines = self.history.path.read_bytes().split(b"\n")
        attending = {json.loads(line)["pid"] for line in lines[:-1] if line.startswith(b'{"e":"attends"')}
        return all(child.pid in attending or child.poll() is not None for child in children)

    def close(self) -> None:
        """End everything."""
        self._ended.set()
        self._tender.join()
        self.system.close()
        self.servers.close()
        self.proxy.close()
        self.history.close()


def worker_arguments(stage: Cluster, pool: str = POOL, options: dict[str, object] | None = None) -> tuple[str, ...]:
    """The arguments of a worker process: the same for all, so that their bytes are the same."""
    engine_options: dict[str, object] = {"rate_hz": RATE_HZ, "fixed_ms": stage.scale.fixed_ms}
    engine_options |= options or MISBEHAVIOUR | {
        "tally": stage.system.folder / "tally",
        "slow_ms": 10 * stage.scale.fixed_ms,
    }
    slots = 1 if pool == VENOM_POOL else stage.scale.slots
    options_of_engine = [f"--engine-option={name}={value}" for name, value in engine_options.items()]
    return ("--engine", "tone", "--pool", pool, "--slots", str(slots), *options_of_engine)


def worker_command(stage: Cluster) -> tuple[str, ...]:
    """A supervisor of worker processes of the main pool."""
    return ("-m", "workers", *worker_arguments(stage), "--processes", str(stage.scale.processes))


def family(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield from (pid, *descendants(pid))
