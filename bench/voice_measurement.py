"""The measurement of one engine, alone in this process and then through Seriatim, for `bench.voice_quality`.

A process of its own measures each engine, so that its memory is its own: `python -m bench.voice_measurement ENGINE
[KEY=VALUE ...]` prints one line of JSON. The text is that of the listening test, whose words a recogniser knows.
"""

import json
import resource
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bench import dnsmos
from bench.voice_quality import EngineFigures, VoiceFigures
from gateway.local.processes import LocalSystem, WorkerPlan, private_system
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.engine import Engine, Utterance
from seriatim.records import DrainMode, JobKind
from seriatim.settings import Settings
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import read_workers
from seriatim.stream_entries import Audio
from tests.listening.listening_text import sentences
from tests.listening.recogniser import Recogniser, Samples, samples_of_pcm
from workers.engines.engine_registry import load
from workers.trim_and_fade import TrimFadeFilter

N_SENTENCES = 40
N_FIRST = 20  #: first sounds, of which the median counts
PAUSE_MS = 200
MB = 1_000_000


def measure(name: str, options: Sequence[str], n_sentences: int = N_SENTENCES) -> EngineFigures:
    """Measure an engine in this process, and through a system with one worker."""
    text = sentences(0, n_sentences)
    alone, sounds = measure_alone(name, options, text)
    through = measure_through(name, options, text)
    verdict = Recogniser().verdict(text, np.concatenate(sounds))
    return EngineFigures(
        name, dnsmos.mean([dnsmos.score(each) for each in sounds]), verdict.word_error_rate, alone, through
    )


def measure_alone(name: str, options: Sequence[str], text: Sequence[str]) -> tuple[VoiceFigures, list[Samples]]:
    """Speak in this process; also returns the sound of each sentence."""
    engine = load(name, dict(option.split("=", 1) for option in options))
    firsts = [_first_sound_s(engine, sentence) for sentence in text[:N_FIRST]]
    began_s = time.monotonic()
    sounds = [_speak(engine, sentence, seed) for seed, sentence in enumerate(text)]
    took_s = time.monotonic() - began_s
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB
    length_s = sum(map(len, sounds)) / 2 / engine.rate_hz
    engine.close()
    figures = VoiceFigures(length_s / took_s, statistics.median(firsts) * 1000, memory_mb)
    return figures, [samples_of_pcm(pcm, engine.rate_hz) for pcm in sounds]


def measure_through(name: str, options: Sequence[str], text: Sequence[str]) -> VoiceFigures:
    """Speak through a private system with one worker."""
    with _started(name, options) as (system, client):
        firsts = []
        for sentence in text[:N_FIRST]:
            began_s = time.monotonic()
            job = client.enqueue(sentence, JobRequest(engine=name))
            for entry in job.audio():
                if isinstance(entry, Audio):
                    firsts.append(time.monotonic() - began_s)
                    break
            job.cancel()
        began_s = time.monotonic()
        job = client.enqueue(" ".join(text), JobRequest(engine=name, kind=JobKind.BATCH, drain=DrainMode.WINDOW))
        n_bytes = sum(map(len, job.pcm()))
        speed = n_bytes / 2 / job.rate_hz() / (time.monotonic() - began_s)
        return VoiceFigures(speed, statistics.median(firsts) * 1000, _worker_memory_mb(system, name))


@contextmanager
def _started(name: str, options: Sequence[str]) -> Iterator[tuple[LocalSystem, Producer]]:
    plan = WorkerPlan(name, engine_options=tuple(options))
    with private_system(Settings(), plan) as system:
        system.await_workers(name)
        with closing(Producer(system.settings)) as client:
            yield system, client


def _worker_memory_mb(system: LocalSystem, pool: str) -> float:
    """Most memory that the one worker process has used, as Linux counts it."""
    with closing(Producer(system.settings)) as client:
        ((worker,),) = read_workers(client.redis, [read_pool(client.redis, pool)])
    status = Path(f"/proc/{worker.pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / MB


def _first_sound_s(engine: Engine, sentence: str) -> float:
    """Seconds from the call to the first sound behind the engine's own silence."""
    began_s, edges = time.monotonic(), TrimFadeFilter(engine.rate_hz, 0)
    for chunk in engine.speak(Utterance(sentence), lambda: False):
        if edges.feed(chunk.pcm):
            break
    return time.monotonic() - began_s


def _speak(engine: Engine, sentence: str, seed: int) -> bytes:
    edges = TrimFadeFilter(engine.rate_hz, PAUSE_MS)
    sound = b"".join(edges.feed(chunk.pcm) for chunk in engine.speak(Utterance(sentence, seed=seed), lambda: False))
    return sound + edges.finish()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(measure(sys.argv[1], sys.argv[2:]))) + "\n")
