"""The speed of a book: how much of its engine's on all cores is left in a finished audiobook, and its memory.

By turns, round by round: the engine alone, in as many processes as there are cores, which speak the book's sentences
and keep nothing; a book made one sentence after another in one process, as other tools make it (`sequential_book`),
from its start to the finished M4B, and the part of that time in the engine; and `seriatim book`, from Enter to the
finished M4B with its chapters. Memory is the most that all processes of the command hold, for
the book and for a quarter of it: where it does not grow with the book, both are alike. It is their PSS: a page that
forked processes share counts once, where the sum of their RSS has it in each.

    python -m bench.book                          make bench-book
    python -m bench.book --kb 300 --rounds 1
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.book.book_command import BookCommand, finish
from bench.book.novel import novel
from bench.book.sequential_book import PAUSE_MS, SequentialBook, sentence_pcm, sequential_book
from bench.memory import LONG_RUN_SAMPLE_S, watched
from seriatim.audio.pcm import ms_of_bytes
from seriatim.engine import Engine
from seriatim.text.segment import SegmentOptions, segment
from workers.engines.engine_registry import load

HEAD = (
    "| round | sound, s | engine on all cores, s | engine in one process, s | sequential book, s | book, s "
    "| engine ÷ book | one process ÷ book | sequential ÷ book | PSS of all processes, a quarter and all, MB |\n"
    "|---|---|---|---|---|---|---|---|---|---|\n"
)


@dataclass(frozen=True, slots=True)
class BookRound:
    """One turn of each; times are wall times in seconds, memory is in MB (1e6 bytes)."""

    audio_s: float
    cores_s: float
    single: SequentialBook
    book_s: float
    quarter_mb: float
    book_mb: float

    def row(self, number: int) -> str:
        """A row of the table."""
        return (
            f"| {number} | {self.audio_s:.0f} | {self.cores_s:.1f} | {self.single.engine_s:.1f} "
            f"| {self.single.book_s:.1f} | {self.book_s:.1f} | {self.cores_s / self.book_s:.2f} "
            f"| {self.single.engine_s / self.book_s:.2f} | {self.single.book_s / self.book_s:.2f} "
            f"| {self.quarter_mb:.0f}, {self.book_mb:.0f} |\n"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; print a row for each round, and the medians."""
    options = _arguments().parse_args(argv)
    sys.stdout.write(HEAD)
    rounds = []
    for number in range(1, options.rounds + 1):
        rounds.append(one_round(options.engine, options.kb * 1000))
        sys.stdout.write(rounds[-1].row(number))
        sys.stdout.flush()
    cores = statistics.median(each.cores_s / each.book_s for each in rounds)
    single = statistics.median(each.single.engine_s / each.book_s for each in rounds)
    sequential = statistics.median(each.single.book_s / each.book_s for each in rounds)
    sys.stdout.write(
        f"\nmedians: the book takes {1 / cores:.2f} × the engine's own time on all cores, "
        f"and is {single:.2f} × as fast as the engine in one process, {sequential:.2f} × as a sequential book\n"
    )
    return 0


def one_round(engine: str, n_chars: int) -> BookRound:
    """Each way once, for a book of about `n_chars` characters."""
    text = novel(n_chars)
    loaded = load(engine, {})
    sentences = [piece.text for piece in segment(text, SegmentOptions("en", loaded.limit_chars))]
    loaded.close()
    cores_s, _ = spoken_alone(engine, sentences, os.cpu_count() or 1)
    with TemporaryDirectory() as folder:
        single = sequential_book(engine, text, Path(folder, "sequential.m4b"))
        _, _, quarter_mb = made_book(engine, novel(n_chars // 4), Path(folder, "quarter"))
        book_s, audio_s, book_mb = made_book(engine, text, Path(folder, "book"))
    return BookRound(audio_s, cores_s, single, book_s, quarter_mb, book_mb)


def spoken_alone(engine: str, sentences: Sequence[str], processes: int) -> tuple[float, float]:
    """Speak in so many processes at once, without Seriatim. Returns the seconds it took, and those of the audio."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _load, (engine,)) as pool:
        list(pool.map(_speak, sentences[: 8 * processes]))  # every process has loaded the engine, and used it
        began_s = time.monotonic()
        audio_s = sum(pool.map(_speak, sentences))
        return time.monotonic() - began_s, audio_s


_engine: Engine  #: of a process of the pool


def _load(engine: str) -> None:
    global _engine  # what a pool's initializer makes has no other place
    _engine = load(engine, {})


def _speak(sentence: str) -> float:
    return ms_of_bytes(len(sentence_pcm(_engine, sentence)), _engine.rate_hz) / 1000


def made_book(engine: str, text: str, path: Path) -> tuple[float, float, float]:
    """Make an audiobook by the command. Returns the seconds it took, those of its audio, and the most memory in MB."""
    source = path.with_suffix(".md")
    source.write_text(text, "utf-8")
    options = ("--engine", engine, "--reading", "off", "--pause-ms", str(PAUSE_MS))
    command, began_s = BookCommand(source, path.with_suffix(".m4b"), options), time.monotonic()
    with command.start() as process, watched(process.pid, LONG_RUN_SAMPLE_S) as peak:
        summary = finish(process)
        taken_s = time.monotonic() - began_s
    return taken_s, float(summary["audio_s"]), peak.mb


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.book", description="An audiobook, and its engine alone.")
    parser.add_argument("--engine", default="hibari", metavar="NAME", help="whose voice (hibari)")
    parser.add_argument("--kb", type=int, default=60, metavar="N", help="kilobytes of text (60: an hour of speech)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each (3)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
