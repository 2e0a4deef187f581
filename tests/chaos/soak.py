"""A soak: hours' worth of audio at high speed, and what must not grow is sampled all the while."""

import json
import statistics
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types

from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.records import DrainMode, JobKind
from tests.support.expected_audio import RATE_HZ, sentences
from tests.support.process_system import RealSystem, descendants, wait_until

EVERYSEC = ("--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-min-size", "16mb")
LISTENERS = 6
SENTENCES = 40  #: of a job
LIFE_S = 3.0  #: an ended job is gone after so long: its keys come and go
EVERY_S = 1.0
ALLOWED = {"rss_mb": (1.05, 3.0), "fds": (1.0, 3.0), "keys": (1.2, 20.0), "redis_mb": (1.1, 4.0), "log_mb": (1.5, 8.0)}
Sample = Mapping[str, float]


@dataclass(slots=True)
class Soak:
    """A system, those who listen to it, and what was measured."""

    system: RealSystem
    seconds: float  #: of audio
    heard_s: float = 0.0
    number: int = 0
    samples: list[dict[str, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def listen(self, producer: Producer) -> None:
        """Listen to one job after another until enough was heard."""
        while self.heard_s < self.seconds:
            with self.lock:
                self.number += 1
                number = self.number
            drain = DrainMode.STORE if number % 8 == 0 else DrainMode.WINDOW
            request = JobRequest(engine="tone", kind=JobKind.BATCH, drain=drain, user=f"user{number % 5}")
            job = producer.enqueue(sentences(SENTENCES, f"soak {number}"), request)
            for pcm in job.pcm():
                with self.lock:
                    self.heard_s += len(pcm) / 2 / RATE_HZ

    def sample(self) -> None:
        """Measure once: each process, the server, its log."""
        facts = {"heard_s": self.heard_s}
        for name, child in self.system.children.items():
            for n, pid in enumerate([child.pid, *sorted(descendants(child.pid))]):
                process = psutil.Process(pid)
                facts[f"rss_mb {name}.{n}"] = process.memory_info().rss / 1e6
                facts[f"fds {name}.{n}"] = process.num_fds()
        with self.system.redis as client:
            facts["redis_mb"] = client.info("memory")["used_memory"] / 1e6
            facts["keys"] = client.dbsize()
        log = self.system.server.directory / "appendonlydir"
        facts["log_mb"] = sum(path.stat().st_size for path in log.glob("*.aof")) / 1e6
        self.samples.append(facts)


def soak(folder: Path, hours: float) -> int:
    """Run it, print what was measured; 1 if something grew."""
    system = RealSystem.on(folder, *EVERYSEC, ended_job_ttl_s=LIFE_S)
    with system:
        for name in ("reassembler1", "reassembler2"):
            system.reassembler(name)
        system.workers(2, slots=2)
        run = Soak(system, hours * 3600)
        began_s = time.monotonic()
        _listen(run)
        wall_s = time.monotonic() - began_s
        wait_until(lambda: _empty(system), "keys of ended jobs are gone", LIFE_S * 3 + 10)
        again = system.count("retries")
    (folder / "soak.json").write_text(json.dumps(run.samples), "utf-8")
    rows = [compare(name, run.samples) for name in sorted({name for sample in run.samples for name in sample})]
    facts = f"{run.heard_s / 3600:.2f} h of audio in {wall_s:.0f} s, {run.number} jobs, {again} sentences again\n"
    sys.stdout.write(facts + "\n".join(row for row, _ in rows if row) + "\n")
    return 0 if all(flat for _, flat in rows) and not again else 1


def _listen(run: Soak) -> None:
    producer = run.system.producer()
    threads = [threading.Thread(target=run.listen, args=(producer,), daemon=True) for _ in range(LISTENERS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        run.sample()
        time.sleep(EVERY_S)


def _empty(system: RealSystem) -> bool:
    with system.redis as client:
        return not any(b":o:" in key or b":c:" in key for key in client.scan_iter("seriatim:1:{k:*", 1000))


def compare(name: str, samples: Iterable[Sample]) -> tuple[str, bool]:
    """A line about one measure, last third against second third; and whether it is flat."""
    kind = name.split()[0]
    values = [sample[name] for sample in samples if name in sample]
    third = len(values) // 3
    if kind not in ALLOWED or not third:
        return "", True
    most = max if kind == "log_mb" else statistics.median  # a log grows until it is rewritten
    middle, last = most(values[third : 2 * third]), most(values[2 * third :])
    factor, more = ALLOWED[kind]
    flat = last <= max(middle * factor, middle + more)
    return f"  {name:28} {middle:10.1f} {last:10.1f}  {'flat' if flat else 'GREW'}", flat
