"""The whole engine, beside `Xtts.inference` in a loop, and its first chunk against `Xtts.inference_stream`."""

import statistics
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

import torch

from bench.xtts.figures import Figure
from bench.xtts.subject import LANGUAGE, MOST_CODES, Subject
from seriatim.engine import AudioChunk, Utterance
from tests.xtts.tiny_checkpoint import VOICES
from workers.engines.xtts.engine import XttsEngine
from workers.engines.xtts.quality.hallucination_guard import GuardStrictness
from workers.engines.xtts.xtts_options import Precision, XttsOptions

FASTER = 4.0
SEED = 11


@dataclass(frozen=True, slots=True)
class EngineRun:
    """All sentences, spoken."""

    wall_s: float
    n_samples: tuple[int, ...]  #: of each

    @property
    def rate(self) -> float:
        """Seconds of sound a second."""
        return sum(self.n_samples) / 24_000 / self.wall_s


def figures(subject: Subject, repeats: int) -> list[Figure]:
    """First chunk, then all sentences, in both dtypes."""
    firsts_s = [_library_first_s(subject, number) for number in range(2 * repeats)]
    theirs = [library(subject) for _ in range(repeats)]
    found: list[Figure] = []
    for precision in (Precision.FP32, Precision.BF16):
        with engine(subject, precision, slots=len(subject.texts)) as ours:
            if precision is Precision.FP32:
                found.append(_first(firsts_s, [_first_s(ours, subject, number) for number in range(2 * repeats)]))
            found.append(_compared(precision, theirs, [run_of(ours, subject) for _ in range(repeats)]))
    return found


def library(subject: Subject) -> EngineRun:
    """One sentence after another."""
    began_s, lengths = time.perf_counter(), []
    for number, text in enumerate(subject.texts):
        torch.manual_seed(SEED + number)
        voice = subject.voice
        output = subject.model.inference(
            text, LANGUAGE, voice["gpt_cond_latent"], voice["speaker_embedding"], max_new_tokens=MOST_CODES
        )
        lengths.append(output["wav"].size)
    return EngineRun(time.perf_counter() - began_s, tuple(lengths))


@contextmanager
def engine(subject: Subject, precision: Precision, *, slots: int) -> Iterator[XttsEngine]:
    """Our engine around the same model; it has spoken once. With 0 slots it takes as many as it finds best."""
    options = XttsOptions(
        model=str(subject.folder), slots=slots, precision=precision, guard=GuardStrictness.OFF,
        max_codes=MOST_CODES, voice_dir=str(subject.folder / "voices"),
    )  # fmt: skip
    with closing(XttsEngine(subject.model, options, subject.device)) as made:
        _samples(made, _utterance(subject, 0))
        yield made


def run_of(ours: XttsEngine, subject: Subject) -> EngineRun:
    """All sentences at once."""
    utterances = [_utterance(subject, number) for number in range(len(subject.texts))]
    began_s = time.perf_counter()
    with ThreadPoolExecutor(len(utterances)) as threads:
        lengths = tuple(threads.map(lambda utterance: _samples(ours, utterance), utterances))
    return EngineRun(time.perf_counter() - began_s, lengths)


def _samples(ours: XttsEngine, utterance: Utterance) -> int:
    return sum(len(piece.pcm) for piece in ours.speak(utterance, lambda: False)) // 2


def _utterance(subject: Subject, number: int) -> Utterance:
    return Utterance(subject.texts[number], VOICES[0], LANGUAGE, seed=SEED + number)


def _library_first_s(subject: Subject, number: int) -> float:
    torch.manual_seed(SEED + number)
    voice, began_s = subject.voice, time.perf_counter()
    chunks = subject.model.inference_stream(
        subject.texts[number], LANGUAGE, voice["gpt_cond_latent"], voice["speaker_embedding"], max_new_tokens=MOST_CODES
    )
    next(chunks)
    taken_s = time.perf_counter() - began_s
    chunks.close()
    return taken_s


def _first_s(ours: XttsEngine, subject: Subject, number: int) -> float:
    began_s = time.perf_counter()
    with closing(_speaking(ours, _utterance(subject, number))) as pieces:
        next(piece for piece in pieces if piece.pcm)
        return time.perf_counter() - began_s


def _speaking(ours: XttsEngine, utterance: Utterance) -> Generator[AudioChunk, None, None]:
    yield from ours.speak(utterance, lambda: False)


def _first(theirs_s: list[float], ours_s: list[float]) -> Figure:
    ours, theirs = statistics.median(ours_s), statistics.median(theirs_s)
    of = f"{ours * 1000:.0f} ms against inference_stream's {theirs * 1000:.0f} ms"
    return Figure.at_least("first chunk, one listener, how much earlier", 1.0, theirs / ours, of)


def _compared(precision: Precision, theirs: list[EngineRun], ours: list[EngineRun]) -> Figure:
    one, other = statistics.median(output.rate for output in ours), statistics.median(output.rate for output in theirs)
    alike = sum(a == b for a, b in zip(ours[0].n_samples, theirs[0].n_samples, strict=True))
    of = f"{one:.2f} against {other:.2f} s of sound a second; {alike} of {len(ours[0].n_samples)} equally long"
    name = f"{len(ours[0].n_samples)} sentences, whole engine against Xtts.inference, {precision}"
    return Figure.at_least(name, FASTER, one / other, of)
