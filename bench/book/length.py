"""The length of a book, 40 hours at a simulated cost of its engine: flat memory, a quick resume, an M4B that opens.

Memory is the most that all processes of the command hold (PSS), for each quarter of the audio and for the writing of
the M4B. The command is killed twice: when most is spoken, and in the middle of the M4B. Times to resume are from Enter
to the first new sentence that is kept, and to the finished file. `--copied` speaks one chapter, and takes copies of it
for most of the others: a long book is kept within a minute, whose resume and M4B can be measured.

    python -m bench.book.length --hours 40
    python -m bench.book.length --hours 40 --copied
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import av

from bench.book.book_command import BookCommand, finish, journal_size, n_kept, wait_for
from bench.book.novel import novel
from bench.memory import LONG_RUN_SAMPLE_S, watched
from gateway.cli.commands.book import book_arguments
from gateway.cli.main import COMMANDS
from gateway.cli.parser import build_parser
from seriatim.settings import Settings
from seriatim.text.segment import SegmentOptions, segment

MS_PER_CHAR = 77.0  #: of novel's text, with its pauses, as the engine of tones speaks it
LIMIT_CHARS = 400  #: of its sentences
CHUNK_MS = 60_000  #: a sentence in two chunks, as of engines that do not stream
QUARTERS = 4
KILLED_AT = 0.9  #: of the sentences
KILLED_AT_BYTES = 1 << 20  #: of the M4B, which is joined from its encoded chapters
CHAPTER_S = 2400  #: 40 minutes


@dataclass(slots=True)
class LongBook:
    """The figures of a long book."""

    hours: float
    n_sentences: int
    made_s: float = 0.0  #: all runs together
    quarters_mb: list[float] = field(default_factory=list)
    resumed_s: float = 0.0  #: to the first new sentence
    writing_mb: float = 0.0
    written_again_s: float = 0.0  #: from the start of the command after a kill in the middle of the M4B
    opened: str = ""

    def lines(self) -> str:
        """The figures."""
        quarters = ", ".join(f"{mb:.0f}" for mb in self.quarters_mb) or "unknown"
        return (
            f"{self.hours:.1f} h of audio, {self.n_sentences} sentences, made in {self.made_s:.0f} s\n"
            f"PSS of all processes: {quarters} MB in the quarters of the "
            f"speech; {self.writing_mb:.0f} MB while the M4B was written\n"
            f"killed at {KILLED_AT:.0%} of the sentences: {self.resumed_s:.1f} s from Enter to the first new one\n"
            f"killed in the middle of the M4B: {self.written_again_s:.1f} s from Enter to the finished file\n"
            f"the M4B: {self.opened}\n"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Make the book; print the figures."""
    options = _arguments().parse_args(argv)
    with TemporaryDirectory(dir=options.folder) as folder:
        sys.stdout.write(long_book(Path(folder), options).lines())
    return 0


def long_book(folder: Path, options: argparse.Namespace) -> LongBook:
    """Make a book of about so many hours, with a kill while it is spoken and one while it is written."""
    hours = options.hours
    (source := folder / "novel.md").write_text(_text(hours), "utf-8")
    engine = ("--engine", "tone", "--engine-option", f"rtf={options.rtf}", "--engine-option", f"chunk_ms={CHUNK_MS}")
    command, began_s = BookCommand(source, folder / "book.m4b", engine), time.monotonic()
    book = LongBook(hours, _n_sentences(hours))
    if options.copied:
        _copy_most(command)
    else:
        _speak_most(command, book)
    _resume(command, book)
    book.made_s = time.monotonic() - began_s
    return book


def _speak_most(command: BookCommand, book: LongBook) -> None:
    """Speak until the first kill, and watch the memory of each quarter."""
    with command.start() as process:
        for quarter in range(1, QUARTERS + 1):
            until = round(book.n_sentences * min(quarter / QUARTERS, KILLED_AT))
            with watched(process.pid, LONG_RUN_SAMPLE_S) as peak:
                _expect(lambda: n_kept(command.project) >= until, process, poll_s=0.5)  # noqa: B023  # called here
            book.quarters_mb.append(peak.mb)
        process.kill()


def _copy_most(command: BookCommand) -> None:
    """Speak until a chapter is complete, and keep copies of it as most of the others."""
    with command.start() as process:
        _expect(lambda: any(command.project.chapters.glob("*.flac")), process, poll_s=0.1)
        process.kill()
    complete = next(command.project.chapters.glob("*.flac"))
    keys = _keys(command)
    for key in keys[: int(KILLED_AT * len(keys))]:
        for path in (complete, complete.with_suffix(".json")):
            if not (copy := path.with_stem(key)).exists():
                os.link(path, copy)


def _keys(command: BookCommand) -> list[str]:
    """The keys of the chapters, in order."""
    words = ["book", str(command.source), "-o", str(command.output), *command.options]
    arguments, _ = book_arguments(build_parser(COMMANDS).parse_args(words), Settings.from_env(os.environ))
    return [chapter.key for chapter in arguments.plan.chapters]


def _resume(command: BookCommand, book: LongBook) -> None:
    """Continue; kill the command in the middle of the M4B, and let it finish."""
    kept, started_s = journal_size(command.project), time.monotonic()
    with command.start() as process:
        _expect(lambda: journal_size(command.project) > kept, process)
        book.resumed_s = time.monotonic() - started_s
        new = command.project.folder / "book.m4b.new"
        _expect(new.exists, process)
        _expect(lambda: new.stat().st_size > KILLED_AT_BYTES, process)
        process.kill()
    started_s = time.monotonic()
    with command.start() as process, watched(process.pid) as peak:
        summary = finish(process)
    book.written_again_s, book.writing_mb = time.monotonic() - started_s, peak.mb
    book.hours = float(summary["audio_s"]) / 3600
    book.n_sentences = sum(chapter["sentences"] for chapter in summary["chapters"])
    book.opened = _opened(command.output)


def _opened(path: Path) -> str:
    """The length and the chapters of a file, the last of its audio decoded."""
    with av.open(str(path)) as file:
        assert file.duration
        n_chapters, duration_s = len(file.chapters()), file.duration / 1e6
        file.seek(file.duration - 1_000_000)
        end_s = max(frame.time or 0.0 for frame in file.decode(audio=0))
    return f"{duration_s / 3600:.2f} h, {n_chapters} chapters, decoded to {end_s / 3600:.2f} h"


def _expect(condition: Callable[[], bool], process: "subprocess.Popen[bytes]", poll_s: float = 0.02) -> None:
    if not wait_for(condition, process, poll_s):
        raise SystemExit(f"the command ended with {process.returncode} before it was killed")


def _text(hours: float) -> str:
    return novel(round(hours * 3_600_000 / MS_PER_CHAR), max(2, round(hours * 3600 / CHAPTER_S)))


def _n_sentences(hours: float) -> int:
    """About as many sentences as its text has."""
    text = _text(min(hours, 1.0))
    return round(sum(1 for _ in segment(text, SegmentOptions("en", LIMIT_CHARS))) * max(hours, 1.0))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.book.length", description="A book of many hours.")
    parser.add_argument("--hours", type=float, default=40, metavar="N", help="hours of speech (40)")
    parser.add_argument("--rtf", type=float, default=0.001, metavar="X", help="seconds for each of audio (0.001)")
    parser.add_argument("--copied", action="store_true", help="speak one chapter, and copy it")
    parser.add_argument("--folder", metavar="DIR", help="for the book, 0.12 GB an hour (default: a temporary one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
