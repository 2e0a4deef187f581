"""Systems whose workers speak with XTTS, real processes all of them, and what their listeners should hear."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.engine import Continuity, Utterance
from seriatim.records import DrainMode, GapPolicy, JobKind, Sentence, seed_of
from tests.support.expected_audio import PAUSE_MS, samples
from tests.support.process_system import RealSystem, wait_until
from tests.xtts.tiny_checkpoint import TINY
from workers.engines.xtts.engine import XttsEngine, load
from workers.engines.xtts.voices import voice_files
from workers.engines.xtts.voices.voice_files import VoiceFileHeader
from workers.trim_and_fade import TrimFadeFilter

#: a busy machine is no fault of what is tested: only the supervisor says that a process is dead
PATIENT = {"lease_ms": 30_000, "message_timeout_ms": 20_000, "stall_timeout_ms": 600_000}
START_S = 150.0  #: importing torch and coqui-tts in several processes at once; bounds a hang
SPEECH_S = 150.0  #: for a job's end; bounds a hang
RATE_HZ = 24_000


@dataclass(frozen=True, slots=True)
class Setup:
    """How the engines of a pool are loaded."""

    model: Path
    voices: Path
    options: dict[str, object] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, str]:
        """Engine options as their user writes them."""
        values = {"model": self.model, "voice_dir": self.voices, "device": "cpu", "threads": 1, "guard": "off"}
        return {name: str(value) for name, value in (values | self.options).items()}


def start(system: RealSystem, pool: str, setup: Setup, *arguments: str, held: bool = False) -> None:
    """Start the workers of a pool, all their log in one; `await_workers` waits until they are ready.

    `held`: each sentence stops in its middle until `system.gate` is there.
    """
    options = [f"--engine-option={name}={value}" for name, value in setup.arguments.items()]
    module = ("tests.xtts.held_batch", str(system.gate)) if held else ("workers",)
    system.start(pool, "-m", *module, "--engine", "xtts", "--pool", pool, *arguments, *options)


def await_workers(system: RealSystem, pool: str, processes: int = 1) -> None:
    """Wait until so many processes of a pool offer their slots."""

    def ready() -> bool:
        assert system.children[pool].poll() is None, system.log(pool)
        return len(system.worker_pids(pool)) == processes

    wait_until(ready, f"{processes} workers of {pool}", START_S)


def enqueue(
    system: RealSystem, pool: str, text: Sequence[str | Sentence], *, producer: Producer | None = None, **changes: Any
) -> Job:
    """One job, by the one producer of a test, or by `producer`: what it has read of a pool, it believes for a while."""
    producer = producer or (system._producers[0] if system._producers else system.producer())
    options = {"pool": pool, "engine": "xtts", "kind": JobKind.BATCH, "drain": DrainMode.WINDOW, "gap": GapPolicy.FAIL}
    return producer.enqueue(text, JobRequest(**(options | changes)))


@dataclass(frozen=True, slots=True)
class Alone:
    """An engine in the test's own process that speaks one sentence at a time: every sentence as if it were alone."""

    engine: XttsEngine

    def speech(self, sentence: str | Sentence, seq: int, *, voice: str = "", seed: int = 0) -> bytes:
        """The sentence that is number `seq` of its job, and its pause, as a stream must have it."""
        utterance_of = Sentence(sentence, PAUSE_MS) if isinstance(sentence, str) else sentence
        utterance = Utterance(
            utterance_of.text, utterance_of.voice or voice, seed=seed_of(seed, utterance_of.seed, seq)
        )
        edges = TrimFadeFilter(RATE_HZ, utterance_of.pause_ms)
        sound = b"".join(edges.feed(piece.pcm) for piece in self.engine.speak(utterance, lambda: False))
        return sound + edges.finish()

    def stream(self, text: Sequence[str | Sentence], *, voice: str = "", seed: int = 0) -> list[bytes]:
        """All sentences of a job."""
        return [self.speech(sentence, seq, voice=voice, seed=seed) for seq, sentence in enumerate(text)]

    @property
    def exact(self) -> bool:
        """Does it give the bytes of `Xtts.inference`?"""
        return self.engine.continuity is Continuity.EXACT


@contextlib.contextmanager
def alone(setup: Setup) -> Iterator[Alone]:
    """An engine of the same setup, with one slot."""
    engine = load(setup.arguments | {"slots": "1"})
    yield Alone(engine)
    engine.close()


def assert_same(actual: bytes, expected: bytes, what: str = "") -> None:
    """The same sound, but for the last bit: where floats differ by 1e-7, rounding to 16 bits may.

    Other codes would be another length, or differences of thousands: this tells them apart as surely as codes would.
    """
    assert len(actual) == len(expected), f"{what}: {len(actual) // 2} samples, expected {len(expected) // 2}"
    differs = np.abs(samples(actual) - samples(expected))
    assert int(differs.max(initial=0)) <= 1, f"{what}: from sample {int(np.argmax(differs > 1))} of {len(differs)} on"


def assert_all_same(actual: Sequence[bytes], expected: Sequence[bytes], what: str = "") -> None:
    """As `assert_same`, sentence by sentence."""
    assert len(actual) == len(expected), f"{what}: {len(actual)} sentences, expected {len(expected)}"
    for seq, (one, other) in enumerate(zip(actual, expected, strict=True)):
        assert_same(one, other, f"{what} sentence {seq}")


def clone(folder: Path, fingerprint: str, name: str, seed: int) -> None:
    """Put a voice into the voice folder, as `seriatim voices add` does once it has heard a recording."""
    random = np.random.default_rng(seed)
    latent = random.standard_normal((1, 32, TINY.dim), np.float32) * np.float32(0.5)
    speaker = random.standard_normal((1, 512, 1), np.float32)
    card = VoiceFileHeader(name, fingerprint, "2026-01-01T00:00:00+00:00", seconds=6.0, recordings=1)
    tensors = {voice_files.LATENT: latent, voice_files.SPEAKER: speaker / np.linalg.norm(speaker)}
    voice_files.write(folder, card, tensors)
