"""Changing limit bench (`make bench-providers`): a provider's limit falls from 10 requests to 3, and comes back.

One worker process has more slots than the provider has places. The figures count requests, so that the machine's speed
matters little: how many are answered until the pool speaks as many sentences at once as the provider allows, give or
take one, and how many are refused. Once the provider's answers report its limit, and once refusals alone show it.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.providers import sentence_of
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from seriatim.pool_metrics import PoolMetrics
from seriatim.records import Sentence
from tests.providers.provider_shapes import Call, ElevenLabsShape, Places
from tests.providers.provider_simulator import ProviderSimulator
from tests.providers.provider_systems import key_file, provider_workers, request
from tests.support.process_system import RealSystem

POOL, KEY = "provider", "a-key"
LIMITS = (10, 3, 10)
SLOTS = 12
JOBS, SENTENCES = 3, 200
ANSWER_S = 0.15  #: of a request
SETTLED = 60  #: requests between two changes
POLL_S = 0.005
TARGETS = {"requests": 10, "refused": 0.05}


class SilentShape(ElevenLabsShape):
    """ElevenLabs' without the headers that report its limit."""

    def headers(self, call: Call, places: Places) -> Mapping[str, str]:
        return {"content-type": "audio/pcm"}


def main(argv: Sequence[str]) -> int:
    """Measure, print, and write bench/out/changing_limit.json; returns 1 if a sentence failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.changing_limit", description=__doc__)
    parser.add_argument("--json", type=Path, default=Path("bench/out/changing_limit.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    found = {name: measure(shape) for name, shape in (("reported", ElevenLabsShape()), ("refusals", SilentShape()))}
    for name, figures in found.items():
        print(shown(name, figures))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return int(any(figures["failed"] for figures in found.values()))


def shown(name: str, figures: Mapping[str, Any]) -> str:
    """The figures in a line."""
    down, up = figures["requests"][1:]
    return (
        f"limit 10, 3, 10 by {name}: within one of it {down} and {up} requests after each change (target "
        f"{TARGETS['requests']}), {figures['refused']:.1%} of {figures['n']} requests refused (at most "
        f"{TARGETS['refused']:.0%}), {figures['failed']} sentences failed"
    )


def measure(shape: ElevenLabsShape) -> dict[str, Any]:
    """The figures of one provider; `requests` are those until each limit was followed."""
    requests = []
    with (
        tempfile.TemporaryDirectory() as folder, RealSystem.on(Path(folder)) as system,
        ProviderSimulator(shape=shape, keys={KEY}, places=LIMITS[0], whole_s=ANSWER_S) as provider,
    ):  # fmt: skip
        system.reassembler()
        provider_workers(system, provider.url, key_file(Path(folder), provider), engine="elevenlabs", slots=SLOTS)
        jobs = [
            system.producer().enqueue(
                [Sentence(sentence_of(f"job {job} {n}", 40)) for n in range(SENTENCES)],
                request(user=f"user {job}", drain="store"),
            )
            for job in range(JOBS)
        ]
        for limit in LIMITS:
            provider.places = limit
            requests.append(requests_until_followed(system, provider, limit))
            settled = n_spoken(provider) + SETTLED
            while n_spoken(provider) < settled:
                time.sleep(POLL_S)
        while not all(job.status().ended for job in jobs):
            time.sleep(POLL_S)
        n_failed = sum(n for name, n in metrics(system).counts.items() if name.startswith("failed"))
        n_failed += system.count("given_up", POOL)
        outcomes = provider.outcomes()
    n = outcomes["spoken"] + outcomes["refused"]
    return {"requests": requests, "n": n, "refused": outcomes["refused"] / n, "failed": n_failed}


def requests_until_followed(system: RealSystem, provider: ProviderSimulator, limit: int) -> int:
    """The requests that were answered until the pool's limit was within one of the provider's."""
    before = n_spoken(provider)
    while abs(metrics(system).allowed - limit) > 1:
        time.sleep(POLL_S)
    return n_spoken(provider) - before


def n_spoken(provider: ProviderSimulator) -> int:
    """The requests that were answered whole."""
    return provider.outcomes()["spoken"]


def metrics(system: RealSystem) -> PoolMetrics:
    """The pool's metrics."""
    with system.redis as client:
        return run(client, signals(POOL))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
