"""The system that the users meet: server, reassembler, workers and gateway with their usual settings, and locust.

With a delay the workers alone are behind a proxy, as workers in another data centre are; gateway and reassembler stay
beside Redis. The users are one process of locust's on the same machine, which takes its share of the processors.
"""

import json
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.broker import BenchBroker, started
from bench.load.load_system import RunFailed
from bench.load.plan import RequestResult, result_from_json
from bench.load.usage import Meter, Used
from bench.users.user_plan import RTF, UsersRun, keys_file, processes_for, slots_for
from gateway.local.processes import LocalSystem, WorkerPlan
from seriatim.process.child_processes import dies_with_parent
from seriatim.settings import Settings
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import WorkerProcessState, read_workers
from tests.chaos.proxy import Mood, Proxy

POOL = "tone"
SERVES_S = 60.0  #: for the gateway to serve, on a busy machine
LOOK_S = 0.5  #: between two looks at the processes
MORE_S = 60.0  #: that locust may take beyond the run: its start, and its records
ADDRESS = re.compile(r"serving at (http://127\.0\.0\.1:\d+)")
_ROOT = Path(__file__).parents[2]
PYTHON = _ROOT / ".venv-integrations" / "locust" / "bin" / "python"  #: of the environment that has locust


@dataclass(frozen=True, slots=True)
class UsersOutcome:
    """What a run recorded."""

    results: tuple[RequestResult, ...]
    delays_ms: tuple[float, ...]  #: by which the users' process was late itself
    used: Mapping[str, Used]
    workers: tuple[WorkerProcessState, ...]


@dataclass(frozen=True, slots=True)
class UsersSystem:
    """A system that is up."""

    broker: BenchBroker
    system: LocalSystem  #: reassembler and gateway
    url: str  #: of the gateway

    def run(self, run: UsersRun, python: Path = PYTHON) -> UsersOutcome:
        """Let the users come, listen and stop.

        Raises:
            RunFailed: locust gave no records.
        """
        records = self.broker.folder / "records.json"
        with (self.broker.folder / "locust.log").open("wb") as log:
            process = self._locust(python, run, records, log.fileno())
        meter, began_s = Meter(self._roots(process.pid)), time.monotonic()
        limit_s = began_s + run.minutes * 60 + MORE_S
        workers: list[WorkerProcessState] = []
        while process.poll() is None and time.monotonic() < limit_s:
            meter.look()
            workers = self._workers() or workers
            time.sleep(LOOK_S)
        used = meter.used(time.monotonic() - began_s)
        _end(process)
        found = self._records(records)
        results = tuple(result_from_json(each) for each in found["results"])
        return UsersOutcome(results, tuple(found["delays_ms"]), used, tuple(workers))

    def _locust(self, python: Path, run: UsersRun, records: Path, log: int) -> "subprocess.Popen[bytes]":
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SERIATIM_", "LOCUST_"))}
        return subprocess.Popen(
            [
                *(str(python), "-P", "-m", "locust", "-f", str(_ROOT / "bench" / "locustfile.py"), "--headless"),
                *("--only-summary", "--exit-code-on-error", "0", "--host", self.url, "--records", str(records)),
                *("--users", str(run.users), "--spawn-rate", f"{run.spawn_per_s:.2f}"),
                *("--run-time", f"{math.ceil(run.minutes * 60)}s"),
                *("--plan-seed", str(run.seed), "--texts", str(run.texts)),
            ],
            cwd=_ROOT, env=inherited | {"PYTHONPATH": str(_ROOT)}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )  # fmt: skip

    def _roots(self, users_pid: int) -> dict[str, int]:
        """The first process of each part, by its name in the table."""
        workers = {f"worker {i}, {each.slots} slots": each.pid for i, each in enumerate(self._workers(), 1)}
        near = {name: child.pid for name, child in self.system.children.items()}
        return {"redis": self.broker.pid, **near, **workers, "users (locust)": users_pid}

    def _workers(self) -> list[WorkerProcessState]:
        with self.broker.connect() as client:
            return read_workers(client, [read_pool(client, POOL)])[0]

    def _records(self, path: Path) -> dict[str, Any]:
        if not path.exists():
            log = (self.broker.folder / "locust.log").read_text(errors="replace").strip()
            raise RunFailed(f"locust wrote no records; its log ends with: {log[-600:] or 'nothing'}")
        found: dict[str, Any] = json.loads(path.read_text())
        return found


@contextmanager
def users_system(run: UsersRun) -> Iterator[UsersSystem]:
    """Start a whole system that is large enough for the users of a run.

    Raises:
        Unavailable, BrokerFailed, EngineUnavailable, RunFailed: a part of it does not start.
    """
    slots = slots_for(run.users, run.delay_ms)
    processes = processes_for(slots)
    options = (f"rtf={RTF}", "chunk_ms=1000", "first_chunk_ms=200")
    plan = WorkerPlan("tone", processes, math.ceil(slots / processes), POOL, options)
    with ExitStack() as stack:
        broker = stack.enter_context(started())
        settings = _settings(broker, run)
        system = stack.enter_context(LocalSystem(settings, broker.folder))
        system.start_child("reassembler", "reassembler.main")
        far = stack.enter_context(LocalSystem(_far(stack, broker, settings, run.delay_ms), broker.folder))
        far.start_child("worker", "workers", plan.arguments())
        far.await_workers(POOL, processes)
        system.start_child("gateway", "gateway.cli.main", ["serve", "--port", "0"])
        yield UsersSystem(broker, system, _address(system))


def _settings(broker: BenchBroker, run: UsersRun) -> Settings:
    keys = broker.folder / "keys.toml"
    keys.write_text(keys_file(run.users))
    return Settings(
        redis_url=broker.url, broker_url=broker.celery_url, store_dir=str(broker.folder / "store"),
        http_pool=POOL, http_keys_file=str(keys), http_max_concurrency=run.users + 100,
    )  # fmt: skip


def _far(stack: ExitStack, broker: BenchBroker, settings: Settings, delay_ms: float) -> Settings:
    """The settings of the workers: behind a proxy that delays each way, if there is a delay."""
    if not delay_ms:
        return settings
    socket = broker.folder / "far.sock"
    proxy = stack.enter_context(Proxy(socket, Path(broker.url.removeprefix("unix://"))))
    proxy.be(Mood.SLOW, delay_ms / 1000)
    return replace(settings, redis_url=f"unix://{socket}", broker_url=f"redis+socket://{socket}")


def _address(system: LocalSystem) -> str:
    """The URL of the gateway, once it serves."""
    until_s = time.monotonic() + SERVES_S
    while not (found := ADDRESS.search(system.read_log("gateway"))):
        system.check_children()
        if time.monotonic() > until_s:
            raise RunFailed(f"the gateway did not serve within {SERVES_S:.0f} s")
        time.sleep(0.05)
    return found[1]


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
