"""Agents' systems: servers, workers and gateways for one way of speaking, and the process that has the framework."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.agents.agent_plan import AgentAnswer, AgentRun
from seriatim.settings import other_variables
from seriatim.state.pool_record import read_pool
from tests.http.gateways import Gateway, start
from tests.support.process_system import ROOT, RealSystem, wait_until

SLOTS = 3
RTF = 0.75  #: of the engine: three slots are four agents that speak without a pause
LISTENERS = SLOTS / RTF
RATE_HZ = 24_000  #: of OpenAI's voices, which their clients expect
START_S = 120.0  #: for an engine to load
RUN_S = 1_800.0  #: for all turns of a run
P95 = re.compile(r"p95 ([\d.]+) ms")


@dataclass(frozen=True, slots=True)
class AgentSystem:
    """A system that is up, and the Python of the environment that has the framework."""

    system: RealSystem
    gateway: Gateway
    pool: str
    python: Path

    def run(self, contender: str, *, agents: int = 1, turns: int = 0, interruptions: int = 0) -> AgentAnswer:
        """Let agents speak, and wait until nothing of it is left.

        Raises:
            CalledProcessError: the process with the framework failed.
        """
        run = AgentRun(
            contender, self.gateway.url, self.system.server.url, self.pool, agents, turns, interruptions
        )  # fmt: skip
        done = self._python(["-m", "bench.agents.livekit_turns"], run.to_json())
        with self.system.redis as redis:
            wait_until(lambda: read_pool(redis, self.pool).jobs == 0, "all jobs of a run are over")
        return AgentAnswer.from_json(done)

    def speak_answers(self, turns: int) -> float:
        """Let examples/voice_agent.py answer; returns the p95 from first token to first sound, in ms.

        Raises:
            CalledProcessError: it failed.
        """
        sound = self.system.folder / "answers.pcm"
        report = self._python(["examples/voice_agent.py", self.gateway.url, str(sound), str(turns)], "")
        print(report.strip(), flush=True)
        found = P95.search(report)
        assert found, report
        return float(found[1])

    def _python(self, command: Sequence[str], stdin: str) -> str:
        environment = other_variables(os.environ)
        done = subprocess.run(
            [self.python, *command], cwd=ROOT, env=environment | {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"},
            input=stdin, stdout=subprocess.PIPE, text=True, timeout=RUN_S, check=True,
        )  # fmt: skip
        return done.stdout


@contextmanager
def tone_system(python: Path) -> Iterator[AgentSystem]:
    """A system whose engine costs what a setting says, whatever the machine."""
    with tempfile.TemporaryDirectory() as folder, RealSystem.on(Path(folder)) as system:
        system.reassembler()
        system.workers(1, slots=SLOTS, options={"rate_hz": RATE_HZ, "rtf": RTF})
        yield AgentSystem(system, start(system), "tone", python)


@contextmanager
def hibari_system(python: Path) -> Iterator[AgentSystem]:
    """A system with the default voice, and a worker process for each core."""
    with tempfile.TemporaryDirectory() as folder, RealSystem.on(Path(folder)) as system:
        system.reassembler()
        command = ["-m", "workers", "--engine", "hibari", "--processes", str(os.cpu_count() or 1)]
        child = system.start("hibari", *command)

        def is_ready() -> bool:
            assert child.poll() is None, system.log("hibari")
            return len(system.worker_pids("hibari")) == (os.cpu_count() or 1)

        wait_until(is_ready, "hibari has loaded", START_S)
        yield AgentSystem(system, start(system, http_pool="hibari", http_pcm_hz=RATE_HZ), "hibari", python)
