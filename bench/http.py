"""The HTTP gateway's part (`python -m bench.http`) of the first sound, and 200 listeners on its processes.

They hear speech: espeak reads the example text when the bench starts, and the tone engine replays parts of that, which
costs the workers nothing. Tones are cheaper to encode than speech (Opus 2.7 times, before it was given less effort).

The first sound is measured against a program that reads the stream itself, one after the other in the same run. The
listeners play as people do: one takes what it plays, and a few seconds ahead. Everything runs on this machine, so that
workers and Redis take their share of its cores.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2
import numpy as np
import psutil  # type: ignore[import-untyped]  # no types in its wheel
import soxr  # type: ignore[import-untyped]  # nor in this one

from bench.load.player import Player
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job_options import JobRequest
from seriatim.engine import Utterance
from seriatim.stream_entries import Audio
from tests.http.gateways import Gateway, clear, start
from tests.support.process_system import RealSystem
from workers.engines.engine_registry import load

RATE_HZ = 24_000  #: as XTTS-v2 speaks; espeak has 22,050
AHEAD_MS = 3_000  #: what a player holds beyond what it plays
TARGET_MS = {"p50": 5.0, "p99": 20.0}
TARGET_MB = 200.0
EXAMPLE = Path(__file__).parents[1] / "examples" / "harbour.txt"
SENTENCE = "This sentence is as long as most of those that people have read to them, or nearly so."


@dataclass(slots=True)
class First:
    """Request to first sound, in ms."""

    direct_p50: float
    direct_p99: float
    gateway_p50: float
    gateway_p99: float

    @property
    def own(self) -> tuple[float, float]:
        """What the gateway adds: p50, p99."""
        return self.gateway_p50 - self.direct_p50, self.gateway_p99 - self.direct_p99


@dataclass(slots=True)
class LoadFigures:
    """Listeners at playback pace."""

    listeners: int
    seconds: float
    heard_s: float  #: sound that all of them got
    silent: int  #: listeners with a silence of more than 100 ms, and those who heard nothing at all
    longest_ms: float  #: the longest silence
    cpu: float  #: of the gateways: cores
    memory_mb: list[float] = field(default_factory=list)  #: of the largest gateway, resident, over time

    @property
    def ms_per_s(self) -> float:
        """What a second of sound costs the gateway, in ms of a core."""
        return 1000 * self.cpu * self.seconds / self.heard_s if self.heard_s else 0.0


def main(argv: Sequence[str]) -> int:
    """Measure, print, and write bench/out/http.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.http", description=__doc__)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--gateways", type=int, default=1, help="gateway processes, among which listeners are spread")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--apart-ms", type=float, default=50.0, help="between two that come; 0: all at once")
    parser.add_argument("--rounds", type=int, default=500, help="first sounds, each way")
    parser.add_argument("--format", default="pcm")
    parser.add_argument("--sound", choices=("speech", "tones"), default="speech", help="what is encoded")
    parser.add_argument("--json", type=Path, default=Path("bench/out/http.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, RealSystem.on(Path(folder)) as system:
        options: dict[str, object] = {"rate_hz": RATE_HZ, "chunk_ms": 1_000, "first_chunk_ms": 200}
        if arguments.sound == "speech":
            options["replay"] = recorded_speech(Path(folder) / "speech.s16")
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {arguments.sound}")
        system.reassembler()
        system.workers(1, slots=8, options=options)
        names = [f"gateway {number}" for number in range(1, arguments.gateways + 1)]
        most = arguments.listeners + 100
        gateways = [start(system, name, http_max_concurrency=most, live_timeout_s=7_200) for name in names]
        first = measure_first(system, gateways[0], arguments.rounds)
        print(f"first sound   direct p50 {first.direct_p50:.1f} p99 {first.direct_p99:.1f} ms", end="   ")
        print(f"gateway p50 {first.gateway_p50:.1f} p99 {first.gateway_p99:.1f} ms", end="   ")
        print(
            f"own part p50 {first.own[0]:.1f} (target {TARGET_MS['p50']}) p99 {first.own[1]:.1f} ({TARGET_MS['p99']})"
        )
        load = asyncio.run(
            measure_load(gateways, arguments.listeners, arguments.seconds, arguments.format, arguments.apart_ms / 1000)
        )
        print(
            f"{load.listeners} listeners, {arguments.format}, {len(gateways)} gateway(s), {load.seconds:.0f} s: "
            f"{load.heard_s:.0f} s of sound",
            end=", ",
        )
        print(f"{load.silent} fell silent (longest {load.longest_ms:.0f} ms), {load.cpu:.2f} cores", end=", ")
        print(f"{load.ms_per_s:.1f} ms a second of sound", end=", ")
        print(f"MB {[round(mb) for mb in load.memory_mb]} (target: below {TARGET_MB:.0f})")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps({"first": asdict(first), "load": asdict(load)}, indent=1) + "\n")
    return 0


def recorded_speech(path: Path) -> Path:
    """Write the example text, as espeak speaks it, to `path`: s16le at RATE_HZ, three quarters of a minute.

    Raises:
        EngineUnavailable: the extra `espeak` is not installed.
    """
    engine = load("espeak", {})
    sentences = re.split(r"(?<=[.!?])\s+", EXAMPLE.read_text("utf-8").strip())
    pcm = b"".join(piece.pcm for text in sentences for piece in engine.speak(Utterance(text), lambda: False))
    samples = soxr.resample(np.frombuffer(pcm, "<i2").astype(np.float32), engine.rate_hz, RATE_HZ)
    path.write_bytes(np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes())
    engine.close()
    return path


def measure_first(system: RealSystem, gateway: Gateway, rounds: int) -> First:
    """One after the other, so that both meet the same machine."""
    producer = system.producer()
    direct, through = [], []
    with gateway.client() as client:
        for i in range(rounds):
            text = clear(1, f"Fox {i}")[0]
            began_s = time.perf_counter()
            job = producer.enqueue(text, JobRequest(engine="tone", pool="tone"))
            entries = job.audio()
            next(entry for entry in entries if isinstance(entry, Audio))
            direct.append((time.perf_counter() - began_s) * 1000)
            for _ in entries:
                pass
            began_s = time.perf_counter()
            with client.stream("POST", "/v1/audio/speech", json={"input": text, "response_format": "pcm"}) as answer:
                next(pieces := answer.iter_raw())
                through.append((time.perf_counter() - began_s) * 1000)
                for _ in pieces:
                    pass
    return First(*_p50_p99(direct[10:]), *_p50_p99(through[10:]))


async def measure_load(
    gateways: Sequence[Gateway], listeners: int, seconds: float, name: str, apart_s: float
) -> LoadFigures:
    """All of them play for so long, having come `apart_s` after each other, at the gateways in turn."""
    processes = [psutil.Process(gateway.system.children[gateway.name].pid) for gateway in gateways]
    text = " ".join(f"{i} {SENTENCE}" for i in range(3600 // 5))
    limits = httpx2.Limits(max_connections=None)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                httpx2.AsyncClient(base_url=gateway.url, trust_env=False, timeout=None, limits=limits)
            )
            for gateway in gateways
        ]
        per_ms = await _bytes_per_ms(clients[0], name)
        until_s = time.monotonic() + seconds
        playing = [
            asyncio.create_task(play(clients[i % len(clients)], i * apart_s, f"{i}. {text}", name, per_ms, until_s))
            for i in range(listeners)
        ]
        before, memory = _used_s(processes), []
        while time.monotonic() < until_s:
            await asyncio.sleep(seconds / 10)
            memory.append(max(process.memory_info().rss for process in processes) / 1e6)
        cpu = (_used_s(processes) - before) / seconds
        players = await asyncio.gather(*playing)
    stalls = [max(((to - at) * 1000 for at, to in player.stalls), default=0.0) for player in players]
    heard_s = sum(player.got_ms for player in players) / 1000
    return LoadFigures(listeners, seconds, heard_s, sum(ms > 100 for ms in stalls), max(stalls), cpu, memory)


def _used_s(processes: Sequence[psutil.Process]) -> float:
    return float(sum(times.user + times.system for times in (process.cpu_times() for process in processes)))


async def _bytes_per_ms(client: httpx2.AsyncClient, name: str) -> float:
    """What a ms of sound takes in a format: the mean of some two minutes, for speech has loud and soft parts."""
    text = " ".join(f"{i} {SENTENCE}" for i in range(24))
    lengths = [
        len((await client.post("/v1/audio/speech", json={"input": text, "response_format": n})).content)
        for n in (name, "pcm")
    ]
    return lengths[0] / ms_of_bytes(lengths[1], RATE_HZ)


async def play(
    client: httpx2.AsyncClient, after_s: float, text: str, name: str, per_ms: float, until_s: float
) -> Player:
    """A listener, who comes `after_s` from now and leaves at `until_s`, wherever the answer is by then."""
    await asyncio.sleep(after_s)
    player, asked_s = Player(), time.monotonic()
    with suppress(TimeoutError):
        async with asyncio.timeout(until_s - asked_s):
            await _take(client, player, {"input": text, "response_format": name}, per_ms)
    if not player.got_ms:
        player.begin(asked_s)
    player.stop(until_s, more=True)
    return player


async def _take(client: httpx2.AsyncClient, player: Player, body: dict[str, str], per_ms: float) -> None:
    async with client.stream("POST", "/v1/audio/speech", json=body) as answer:
        assert answer.status_code == 200, await answer.aread()
        async for piece in answer.aiter_raw(round(500 * per_ms)):
            now_s = time.monotonic()
            player.take(now_s, len(piece) / per_ms)
            ahead_ms = player.got_ms - player.heard_ms(now_s)
            if ahead_ms > AHEAD_MS:
                await asyncio.sleep((ahead_ms - AHEAD_MS) / 1000)


def _p50_p99(times_ms: Sequence[float]) -> Iterator[float]:
    ordered = sorted(times_ms)
    return (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
