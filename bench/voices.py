"""Voices: their quality and their cost, and how much of an engine's speed is left through Seriatim, and why.

First a table of engines (bench/voice_quality.py). Then the same text by turns, round by round, because a shared machine
changes its speed from minute to minute: alone, one process loads the engine and speaks one sentence after another,
trimmed as a worker trims them; through Seriatim it is one batch job of a private system, with one worker of one slot
and of two, and with two workers. The ratio of each round counts. The CPU time of each role, which a busy machine
changes little, says what limits it: all of it shares the machine's cores.

    python -m bench.voices                                    make bench-voices
    python -m bench.voices --quality espeak,hibari --rounds 0
    python -m bench.voices --quality hibari,piper:voices=DIR  an engine's options follow a colon
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path

from bench.cpu_times import ROLES, cpu_times_s
from bench.voice_quality import HEAD, measure_apart
from gateway.local.processes import LocalSystem, WorkerPlan, private_system
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
QUALITY = "espeak,hibari"
PAUSE_MS = 200  #: of a request that says nothing else
PLANS = ((1, 1), (1, 2), (2, 1))  #: worker processes, and slots in each


@dataclass(frozen=True, slots=True)
class VoiceRun:
    """One reading of the text."""

    audio_s: float  #: seconds of sound
    wall_s: float  #: from the first sentence's start, or the job's submission, to the last byte
    cpu_s: Mapping[str, float] = field(default_factory=dict)  #: by role

    @property
    def speed(self) -> float:
        """Seconds of sound a second."""
        return self.audio_s / self.wall_s


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print each round and the medians."""
    options = _arguments().parse_args(argv)
    if options.quality:
        sys.stdout.write(HEAD)
    for subject in filter(None, options.quality.split(",")):
        name, _, pairs = subject.partition(":")
        sys.stdout.write(measure_apart(name, list(filter(None, pairs.split(";")))).row())
        sys.stdout.flush()
    if not options.rounds:
        return 0
    text = sentences(options.sentences, options.engine)
    rounds = []
    for number in range(options.rounds):
        rounds.append(one_round(options.engine, text))
        alone, *through = rounds[-1]
        shares = ", ".join(f"{run.speed / alone.speed:.2f}" for run in through)
        sys.stdout.write(f"round {number + 1}: alone {alone.speed:.1f} × real time; shares {shares}\n")
        sys.stdout.flush()
    sys.stdout.write(summary(options.engine, rounds, len(text)))
    return 0


def one_round(engine: str, text: Sequence[str]) -> list[VoiceRun]:
    """The engine alone, then through Seriatim by each of PLANS."""
    runs = []
    loaded = load(engine, {})
    spoken_alone(loaded, text[:2])
    runs.append(spoken_alone(loaded, text))
    loaded.close()
    for processes, slots in PLANS:
        with _system(engine, processes, slots) as (system, client):
            spoken_through(client, engine, text[: 4 * processes])
            before = cpu_times_s(system)
            run = spoken_through(client, engine, text)
            after = cpu_times_s(system)
            runs.append(replace(run, cpu_s={role: after[role] - before[role] for role in ROLES}))
    return runs


def summary(engine: str, rounds: Sequence[Sequence[VoiceRun]], n_sentences: int) -> str:
    """A table of medians, as Markdown; a share is that of its own round, and CPU is in ms for each sentence."""
    rows = []
    for n, plan in enumerate((None, *PLANS)):
        speeds, shares = [runs[n].speed for runs in rounds], [runs[n].speed / runs[0].speed for runs in rounds]
        cpu = {
            role: statistics.median(runs[n].cpu_s.get(role, 0.0) for runs in rounds) * 1000 / n_sentences
            for role in ROLES
        }
        least, most = f"{min(shares):.2f}", f"{max(shares):.2f}"
        cells = " | ".join(f"{ms:.1f}" if ms else "–" for ms in cpu.values())
        rows.append(
            f"| {_title(engine, plan)} | {statistics.median(speeds):.1f} "
            f"| {statistics.median(shares):.2f} ({least} to {most}) | {sum(cpu.values()):.1f} | {cells} |"
        )
    return (
        f"\n| {rounds[0][0].audio_s:.0f} s of sound, {len(rounds)} rounds | × real time, median | share of alone "
        f"| CPU ms a sentence | {' | '.join(ROLES)} |\n|{'---|' * (4 + len(ROLES))}\n" + "\n".join(rows) + "\n"
    )


def _title(engine: str, plan: tuple[int, int] | None) -> str:
    if plan is None:
        return f"{engine} alone, one process"
    processes, slots = plan
    return f"through Seriatim, {processes} worker{'s' * (processes > 1)}" + f" of {slots} slots" * (slots > 1)


def sentences(n: int, engine: str) -> list[str]:
    """The example's sentences again and again, `n` in all, cut for the engine; numbered, so that none is equal."""
    loaded = load(engine, {})
    pieces = [piece.text for piece in segment(TEXT.read_text("utf-8"), SegmentOptions("en", loaded.limit_chars))]
    loaded.close()
    return [f"Number {number}. {text}" for number, text in enumerate(islice(cycle(pieces), n), 1)]


def spoken_alone(engine: Engine, text: Sequence[str]) -> VoiceRun:
    """Speak in this process."""
    began_s, began_cpu_s, n_bytes = time.monotonic(), time.process_time(), 0
    for seed, sentence in enumerate(text):
        edges = TrimFadeFilter(engine.rate_hz, PAUSE_MS)
        for chunk in engine.speak(Utterance(sentence, seed=seed), lambda: False):
            n_bytes += len(edges.feed(chunk.pcm))
        n_bytes += len(edges.finish())
    cpu_s = {"worker": time.process_time() - began_cpu_s}
    return VoiceRun(ms_of_bytes(n_bytes, engine.rate_hz) / 1000, time.monotonic() - began_s, cpu_s)


def spoken_through(client: Producer, engine: str, text: Sequence[str]) -> VoiceRun:
    """Have one job speak it, and read it to its end."""
    began_s = time.monotonic()
    request = JobRequest(engine=engine, kind=JobKind.BATCH, drain=DrainMode.WINDOW, reading=ReadingMode.OFF)
    job = client.enqueue(list(text), request)
    n_bytes = sum(map(len, job.pcm()))
    wall_s = time.monotonic() - began_s
    return VoiceRun(ms_of_bytes(n_bytes, job.rate_hz() or 1) / 1000, wall_s)


@contextmanager
def _system(engine: str, processes: int, slots: int) -> Iterator[tuple[LocalSystem, Producer]]:
    with ExitStack() as stack:
        system = stack.enter_context(private_system(Settings(), WorkerPlan(engine, processes, slots)))
        system.await_workers(engine, processes)
        yield system, stack.enter_context(closing(Producer(system.settings)))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.voices", description="An engine alone, and through Seriatim."
    )
    parser.add_argument("--engine", default="hibari", metavar="NAME", help="whose voice (hibari)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each (5); 0: none")
    parser.add_argument(
        "--quality",
        default=QUALITY,
        metavar="ENGINES",
        help=f"whose quality ({QUALITY}); NAME:KEY=VALUE;KEY=VALUE has options",
    )
    parser.add_argument("--sentences", type=int, default=120, metavar="N", help="of the text (120)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
