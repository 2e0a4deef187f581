"""Providers bench (`make bench-providers`): jobs in front of a simulated provider with a limit, and what we add.

The provider is a process of its own (tests/providers/provider_simulator.py), which answers as slowly as its options
say and keeps its connections. What is heard is compared byte for byte. The ideal is what the provider's limit allows:
its requests, each begun as soon as one of the places is free.
"""

import argparse
import heapq
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2

from bench.memory import watched
from seriatim.client.job import Job
from seriatim.client.producer import Producer
from seriatim.records import Sentence
from seriatim.stream_entries import Audio
from seriatim.text.language_detector import detect_language
from tests.providers.provider_simulator import MS_PER_CHAR, ProviderSimulator, sound_of
from tests.providers.provider_systems import heard_sound, provider_workers, request
from tests.support.process_system import RealSystem

PLACES = 5
RTF = 0.5  #: of the provider: seconds of an answer per second of sound
FIRST_S = 0.02  #: until its first byte
TARGETS = {"ratio": 4.5, "of_ideal": 1.1, "memory_mb": 500.0, "own_p50_ms": 8.0, "own_p99_ms": 30.0}
VOICES = ("alloy", "ash", "coral")
WORDS = ("the", "tide", "comes", "over", "grey", "stones", "while", "boats", "lie", "still", "and", "no", "wind")


def main(argv: Sequence[str]) -> int:
    """Measure, print, and write bench/out/providers.json; returns 1 if a listener got other bytes."""
    parser = argparse.ArgumentParser(prog="python -m bench.providers", description=__doc__)
    parser.add_argument("--serve", metavar="JSON", help="be the provider, with these fields of the simulator")
    parser.add_argument("--rounds", type=int, default=200, help="first sounds, each way")
    parser.add_argument("--json", type=Path, default=Path("bench/out/providers.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    if arguments.serve:
        return serve(json.loads(arguments.serve))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    found: dict[str, Any] = {"parallel": parallel(), "several": several(), "first": first_sound(arguments.rounds)}
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def serve(fields: Mapping[str, Any]) -> int:
    """Be a provider until stdin ends; the first line of stdout is its port."""
    with ProviderSimulator(**fields) as provider:
        print(provider.port, flush=True)
        sys.stdin.read()
    return 0


@contextmanager
def provider(**fields: Any) -> Iterator[str]:
    """The address of a provider in a process of its own."""
    command = [sys.executable, "-m", "bench.providers", "--serve", json.dumps(fields)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin
        assert child.stdout
        yield f"http://127.0.0.1:{int(child.stdout.readline())}/v1"
        child.stdin.close()


@contextmanager
def system_before(url: str) -> Iterator[Producer]:
    """A producer of a system whose one worker process has as many slots as the provider has places.

    The producer has enqueued before, and the model that finds languages is loaded, as a gateway does when it starts: it
    takes the first text of a program 1 to 2 s.
    """
    detect_language("It is ready.")
    with tempfile.TemporaryDirectory() as folder, RealSystem.on(Path(folder)) as system:
        system.reassembler()
        provider_workers(system, url, f"voices={','.join(VOICES)}", slots=PLACES)
        producer = system.producer()
        heard_right(producer.enqueue(["It is ready."], request()), ["It is ready."])
        yield producer


def sentence_of(name: str, n_chars: int) -> str:
    """A sentence of this length that no other name has."""
    text, n = name.capitalize(), 0
    while len(text) < n_chars:
        text, n = f"{text} {WORDS[(n * 5 + len(name)) % len(WORDS)]}", n + 1
    return text[: n_chars - 1].rstrip() + "." * (n_chars - len(text[: n_chars - 1].rstrip()))


def answer_s(text: str) -> float:
    """Time that the provider takes for a text."""
    return FIRST_S + RTF * len(text) * MS_PER_CHAR / 1000


def ideal_s(texts: Sequence[str]) -> float:
    """Time of all texts with PLACES requests at once, each begun as soon as it may."""
    free = [0.0] * PLACES
    for text in texts:
        heapq.heappush(free, heapq.heappop(free) + answer_s(text))
    return max(free)


def parallel() -> dict[str, float]:
    """Eight chunks of 4 s: one request after another for each chunk, against a job of their sentences."""
    chunks = [[sentence_of(f"chunk {n} part {i}", 22) for i in range(3)] for n in range(8)]
    sentences, whole_chunks = [text for chunk in chunks for text in chunk], [" ".join(chunk) for chunk in chunks]
    with provider(places=PLACES, first_s=FIRST_S, rtf=RTF) as url, system_before(url) as producer:
        one_by_one_s = timed(lambda: requested(url, whole_chunks))
        whole_s = timed(lambda: heard_right(producer.enqueue(map(Sentence, sentences), request()), sentences))
        chunks_s = timed(
            lambda: heard_right(producer.enqueue(texts := [" ".join(c) for c in chunks], request()), texts)
        )
    found = {
        "one_by_one_s": one_by_one_s, "sentences_s": whole_s, "ratio": one_by_one_s / whole_s,
        "of_ideal": whole_s / ideal_s(sentences), "chunks_s": chunks_s, "chunks_ratio": one_by_one_s / chunks_s,
        "chunks_of_ideal": chunks_s / ideal_s(whole_chunks),
    }  # fmt: skip
    print(
        f"8 chunks of 4 s, {PLACES} places: one by one {one_by_one_s:.2f} s; as 24 sentences {whole_s:.2f} s, "
        f"{found['ratio']:.2f} x (target {TARGETS['ratio']}), {found['of_ideal']:.2f} of the ideal (at most "
        f"{TARGETS['of_ideal']})\n  as 8 whole requests {chunks_s:.2f} s, {found['chunks_ratio']:.2f} x (two rounds: "
        f"at most 4), {found['chunks_of_ideal']:.2f} of the ideal"
    )
    return found


def several() -> dict[str, float]:
    """Three digests of eight sentences and a dialogue of thirteen, with three voices, at once."""
    digests = [[Sentence(sentence_of(f"digest {name} {i}", 66)) for i in range(8)] for name in "abc"]
    lines = [Sentence(sentence_of(f"line {i}", 66), voice=VOICES[i % 3]) for i in range(13)]
    jobs = [*digests, lines]
    with (
        watched() as peak, provider(places=PLACES, first_s=FIRST_S, rtf=RTF) as url, system_before(url) as producer,
        ThreadPoolExecutor(len(jobs)) as listeners,
    ):  # fmt: skip
        begin_s = time.perf_counter()
        handles = [producer.enqueue(job, request(user=f"user {n}")) for n, job in enumerate(jobs)]
        for _ in listeners.map(heard_sentences, handles, jobs):
            pass
        makespan_s = time.perf_counter() - begin_s
    least_s = ideal_s([sentence.text for job in jobs for sentence in job])
    found = {"makespan_s": makespan_s, "of_ideal": makespan_s / least_s, "memory_mb": peak.mb}
    print(
        f"3 digests of 8 and a dialogue of 13: all bytes right, {makespan_s:.2f} s, {found['of_ideal']:.2f} of the "
        f"ideal (at most {TARGETS['of_ideal']}), {peak.mb:.0f} MB in all processes, with this one and the provider "
        f"(at most {TARGETS['memory_mb']:.0f})"
    )
    return found


def first_sound(rounds: int) -> dict[str, float]:
    """Request to first sound: from the provider itself, and through a job, in turn."""
    direct, through = [], []
    with provider(first_s=0.03) as url, system_before(url) as producer, httpx2.Client(trust_env=False) as client:
        for n in range(rounds + 10):
            text = sentence_of(f"first {n}", 40)
            alone_ms, job_ms = first_alone(client, url, text), first_of_job(producer, text)
            if n >= 10:
                direct.append(alone_ms)
                through.append(job_ms)
    (direct_50, direct_99), (through_50, through_99) = percentiles(direct), percentiles(through)
    found = {
        "direct_p50_ms": direct_50, "direct_p99_ms": direct_99, "through_p50_ms": through_50,
        "through_p99_ms": through_99, "own_p50_ms": through_50 - direct_50, "own_p99_ms": through_99 - direct_99,
    }  # fmt: skip
    print(
        f"first sound, {rounds} rounds: provider p50 {direct_50:.1f} p99 {direct_99:.1f} ms, through a job p50 "
        f"{through_50:.1f} p99 {through_99:.1f} ms; own part p50 {found['own_p50_ms']:.1f} (target "
        f"{TARGETS['own_p50_ms']:.0f}) p99 {found['own_p99_ms']:.1f} ({TARGETS['own_p99_ms']:.0f})"
    )
    return found


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    cuts = quantiles(values, n=100)
    return cuts[49], cuts[98]


def timed(work: Callable[[], object]) -> float:
    """The wall time of a call, in s."""
    begin_s = time.perf_counter()
    work()
    return time.perf_counter() - begin_s


def speech_body(text: str) -> dict[str, str]:
    """The fields of a request to the provider."""
    return {"model": "tts-1", "input": text, "voice": VOICES[0], "response_format": "pcm"}


def requested(url: str, texts: Iterable[str]) -> None:
    """Request texts of the provider itself, one after another, each to its end."""
    with httpx2.Client(trust_env=False, timeout=60) as client:
        for text in texts:
            assert client.post(f"{url}/audio/speech", json=speech_body(text)).content == sound_of(text)


def heard_right(job: Job, texts: Sequence[str]) -> None:
    """Hear a job in the default voice."""
    heard_sentences(job, [Sentence(text) for text in texts])


def heard_sentences(job: Job, sentences: Sequence[Sentence]) -> None:
    """Hear a job to its end.

    Raises:
        AssertionError: its bytes are not those of its sentences, in order.
    """
    expected = b"".join(heard_sound(s.text, voice=VOICES.index(s.voice or VOICES[0])) for s in sentences)
    assert b"".join(job.pcm()) == expected, f"job {job.id} has other bytes"


def first_alone(client: httpx2.Client, url: str, text: str) -> float:
    """The time to the provider's first bytes, in ms, by a client that keeps its connection."""
    begin_s = time.perf_counter()
    with client.stream("POST", f"{url}/audio/speech", json=speech_body(text)) as response:
        parts = response.iter_bytes()
        next(parts)
        first_ms = (time.perf_counter() - begin_s) * 1000
        for _ in parts:
            pass
    return first_ms


def first_of_job(producer: Producer, text: str) -> float:
    """The time to a live job's first sound, in ms."""
    begin_s = time.perf_counter()
    first_ms = 0.0
    for entry in producer.enqueue([Sentence(text)], request(kind="live", hold="0")).audio():
        if isinstance(entry, Audio) and not first_ms:
            first_ms = (time.perf_counter() - begin_s) * 1000
    return first_ms


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
