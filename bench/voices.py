"""Voices through Seriatim beside the same engine alone: how much of an engine's speed is left.

Alone, one process loads the engine and speaks the text's sentences one after another, trimmed as a worker trims them.
Through Seriatim the same text is one batch job of a private system with one worker process, and with two. All take
turns, round by round, because a shared machine changes its speed from minute to minute; the ratio of each round counts.

    python -m bench.voices                        make bench-voices
    python -m bench.voices --engine espeak --rounds 9 --sentences 240
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from gateway.local.processes import WorkerPlan, private_system
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.engine import Engine, Utterance
from seriatim.records import DrainMode, JobKind
from seriatim.settings import Settings
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import SegmentOptions, segment
from workers.engines.engine_registry import load
from workers.trim_and_fade import TrimFadeFilter

TEXT = Path(__file__).parents[1] / "examples" / "harbour.txt"
PAUSE_MS = 200  #: of a request that says nothing else
PROCESSES = (1, 2)


@dataclass(frozen=True, slots=True)
class VoiceRun:
    """One reading of the text."""

    audio_s: float  #: seconds of sound
    wall_s: float  #: from the first sentence's start, or the job's submission, to the last byte

    @property
    def speed(self) -> float:
        """Seconds of sound a second."""
        return self.audio_s / self.wall_s


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print each round and the medians."""
    options = _arguments().parse_args(argv)
    text = sentences(options.sentences, options.engine)
    rounds = []
    for number in range(options.rounds):
        rounds.append(one_round(options.engine, text))
        alone, *through = rounds[-1]
        shares = ", ".join(f"{n}: {run.speed / alone.speed:.2f}" for n, run in zip(PROCESSES, through, strict=True))
        sys.stdout.write(f"round {number + 1}: alone {alone.speed:.1f} × real time; workers: share {shares}\n")
    sys.stdout.write(summary(options.engine, rounds))
    return 0


def one_round(engine: str, text: Sequence[str]) -> list[VoiceRun]:
    """The engine alone, then through Seriatim with each number of worker processes."""
    runs = []
    loaded = load(engine, {})
    spoken_alone(loaded, text[:2])
    runs.append(spoken_alone(loaded, text))
    loaded.close()
    for processes in PROCESSES:
        with _system(engine, processes) as client:
            spoken_through(client, engine, text[: 4 * processes])
            runs.append(spoken_through(client, engine, text))
    return runs


def summary(engine: str, rounds: Sequence[Sequence[VoiceRun]]) -> str:
    """A table of medians, as Markdown; a share is that of its own round."""
    rows = [f"| {engine} alone, one process | {_median([runs[0].speed for runs in rounds]):.1f} | 1 |"]
    for n, processes in enumerate(PROCESSES, 1):
        speeds, shares = [runs[n].speed for runs in rounds], [runs[n].speed / runs[0].speed for runs in rounds]
        least, most = min(shares), max(shares)
        rows.append(
            f"| through Seriatim, {processes} worker{'s' * (processes > 1)} | {_median(speeds):.1f} | "
            f"{_median(shares):.2f} ({least:.2f} to {most:.2f}) |"
        )
    audio_s = rounds[0][0].audio_s
    head = (
        f"\n| {audio_s:.0f} s of sound, {len(rounds)} rounds | × real time, median | share of alone |\n|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def sentences(n: int, engine: str) -> list[str]:
    """The example's sentences again and again, `n` in all, cut for the engine; numbered, so that none is equal."""
    loaded = load(engine, {})
    pieces = [piece.text for piece in segment(TEXT.read_text("utf-8"), SegmentOptions("en", loaded.limit_chars))]
    loaded.close()
    return [f"Number {number}. {text}" for number, text in enumerate(islice(cycle(pieces), n), 1)]


def spoken_alone(engine: Engine, text: Sequence[str]) -> VoiceRun:
    """Speak in this process."""
    began_s, n_bytes = time.monotonic(), 0
    for seed, sentence in enumerate(text):
        edges = TrimFadeFilter(engine.rate_hz, PAUSE_MS)
        for chunk in engine.speak(Utterance(sentence, seed=seed), lambda: False):
            n_bytes += len(edges.feed(chunk.pcm))
        n_bytes += len(edges.finish())
    return VoiceRun(ms_of_bytes(n_bytes, engine.rate_hz) / 1000, time.monotonic() - began_s)


def spoken_through(client: Producer, engine: str, text: Sequence[str]) -> VoiceRun:
    """Have one job speak it, and read it to its end."""
    began_s = time.monotonic()
    request = JobRequest(engine=engine, kind=JobKind.BATCH, drain=DrainMode.WINDOW, reading=ReadingMode.OFF)
    job = client.enqueue(list(text), request)
    n_bytes = sum(map(len, job.pcm()))
    wall_s = time.monotonic() - began_s
    return VoiceRun(ms_of_bytes(n_bytes, job.rate_hz() or 1) / 1000, wall_s)


@contextmanager
def _system(engine: str, processes: int) -> Iterator[Producer]:
    with ExitStack() as stack:
        system = stack.enter_context(private_system(Settings(), WorkerPlan(engine, processes)))
        system.await_workers(engine, processes)
        yield stack.enter_context(closing(Producer(system.settings)))


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.voices", description="An engine alone, and through Seriatim."
    )
    parser.add_argument("--engine", default="hibari", metavar="NAME", help="whose voice (hibari)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each (5)")
    parser.add_argument("--sentences", type=int, default=120, metavar="N", help="of the text (120)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
