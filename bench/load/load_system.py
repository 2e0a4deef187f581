"""The system under load: a server, a reassembler, workers of the tone engine, and a process of clients for each run."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from redis import Redis

from bench.broker import BenchBroker, started
from bench.load.plan import LoadRun, RequestResult, result_from_json
from bench.load.policies import OURS, environment
from bench.load.usage import Meter, Used
from bench.ours import system_on
from gateway.local.processes import LocalSystem, WorkerPlan
from seriatim.process.child_processes import dies_with_parent
from seriatim.settings import other_variables
from seriatim.state.pool_record import read_pool

SLOTS = 4
RTF = 0.25  #: of the engine: four slots are sixteen listeners' worth
LISTENERS = round(SLOTS / RTF)
CHEAP_RTF = 0.02  #: for many listeners that two cores can serve
LOOK_S = 0.5  #: between two looks at the processes
MORE_S = 40.0  #: that a run may take beyond its span: the start of the clients, and their last answers
CALM_S = 15.0  #: for what a run leaves behind to end
_ROOT = Path(__file__).parents[2]
_FOLDER = threading.Lock()  #: a server is started in its own folder, and a process has one folder at a time


class RunFailed(Exception):
    """The clients ended without an answer, or what they left behind does not end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run was."""

    run: LoadRun
    results: tuple[RequestResult, ...]
    used: dict[str, Used]
    rounds_ms: tuple[float, ...]  #: of the clients: long ones make them see chunks late
    measured: dict[str, float]  #: what the pool measured: rtf, theta (ms)


@dataclass(frozen=True, slots=True)
class LoadSystem:
    """A system that is up."""

    broker: BenchBroker
    system: LocalSystem
    pool: str
    environment: Mapping[str, str]  #: of its processes

    def run(self, run: LoadRun) -> Outcome:
        """Let the clients live through a run, and wait until nothing of it is left.

        Raises:
            RunFailed: they gave no answer, or their jobs do not end.
        """
        answer, used = self._clients(run)
        self._calm()
        results = tuple(result_from_json(each) for each in answer["results"])
        return Outcome(run, results, used, tuple(answer["rounds_ms"]), self._measured())

    def _clients(self, run: LoadRun) -> tuple[dict[str, Any], dict[str, Used]]:
        out = self.broker.folder / "clients.json"
        with out.open("w+b") as stdout, (self.broker.folder / "clients.log").open("wb") as stderr:
            process = self._started(run, stdout, stderr)
            children = {name: child.pid for name, child in self.system.children.items()}
            meter = Meter({"redis": self.broker.pid, **children, "clients": process.pid})
            began_s = time.monotonic()
            while process.poll() is None and time.monotonic() < began_s + run.span_s + MORE_S:
                meter.look()
                time.sleep(LOOK_S)
            used = meter.used(time.monotonic() - began_s)
            if process.poll() is None:
                process.kill()
            process.wait()
        output = out.read_text()
        if not output.strip():
            log = (self.broker.folder / "clients.log").read_text(errors="replace").strip()
            raise RunFailed(f"run {run.name!r} gave no answer; its last words: {log[-400:] or 'none'}")
        return json.loads(output), used

    def _started(self, run: LoadRun, stdout: IO[bytes], stderr: IO[bytes]) -> "subprocess.Popen[bytes]":
        inherited = other_variables(os.environ) | {"PYTHONPATH": str(_ROOT), **self.environment}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bench.load.clients"],
            cwd=_ROOT, env=inherited | self.system.settings.to_env(), stdin=subprocess.PIPE,
            stdout=stdout, stderr=stderr, preexec_fn=dies_with_parent(signal.SIGKILL),
        )  # fmt: skip
        assert process.stdin
        process.stdin.write(run.to_json().encode())
        process.stdin.close()
        return process

    def _calm(self) -> None:
        until_s = time.monotonic() + CALM_S
        with self.broker.connect() as client:
            while any(left := self._left(client)):
                if time.monotonic() > until_s:
                    raise RunFailed(f"pool {self.pool!r} has {left[0]} jobs and {left[1]} sentences left over")
                time.sleep(0.05)

    def _left(self, client: "Redis") -> tuple[int, int]:
        """Jobs, and sentences in flight."""
        record = read_pool(client, self.pool)
        return record.jobs, record.in_flight

    def _measured(self) -> dict[str, float]:
        with self.broker.connect() as client:
            record = read_pool(client, self.pool)
        return {"rtf": record.rtf, "theta_ms": record.theta_ms, "cost_ms": record.cost_ms}


@contextmanager
def started_system(policy: str = OURS, rtf: float = RTF, *, most: int = 0, load_s: float = 0.0) -> Iterator[LoadSystem]:
    """A system on a server of its own; its pool orders by `policy` (bench/load/policies).

    Its supervisor may have `most` processes (0: one), each of which takes `load_s` to load its engine.
    """
    worker_plan = WorkerPlan("tone", 1, SLOTS, "", (f"rtf={rtf}", f"load_ms={load_s * 1000:g}"), most_processes=most)
    with ExitStack() as stack:
        with _FOLDER:
            broker = stack.enter_context(started())
        more = stack.enter_context(environment(policy))
        system = stack.enter_context(system_on(broker, worker_plan, environment=more))
        yield LoadSystem(broker, system, worker_plan.pool_name, more)
