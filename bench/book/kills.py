"""Kills of a book: `kill -9` of any of its processes, ten times, while it is made. Is it the same book?

The same text is made into a book twice, by the engine of tones at a cost of its own: undisturbed, and with a kill at
each of so many sentences, drawn by a seed. The victims are the command, its Redis, its reassembler, its supervisor
and its worker, in turn; where the command ends by that, it is started again. Compared are the samples of every chapter
as the project keeps them (FLAC), and the bytes of the M4B file. Work done again is counted by the engine: attempts
at sentences beyond those of the undisturbed book.

    python -m bench.book.kills --kb 300 --kills 10
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.book.book_command import BookCommand, finish, n_kept, processes, wait_for
from bench.book.novel import novel
from gateway.book.chapter_samples import chapter_samples

VICTIMS = ("command", "worker", "Redis", "supervisor", "reassembler")


@dataclass(slots=True)
class KilledBook:
    """What kills did to a book."""

    n_sentences: int  #: that the undisturbed book took of its engine
    n_again: int  #: attempts beyond those
    same_samples: bool
    same_file: bool
    n_starts: int
    killed: Counter[str] = field(default_factory=Counter)

    def lines(self) -> str:
        """The figures."""
        victims = ", ".join(f"{name} {n} ×" for name, n in sorted(self.killed.items()))
        return (
            f"killed: {victims}; the command was started {self.n_starts} times\n"
            f"samples of the chapters: {'the same' if self.same_samples else 'OTHERS'}; "
            f"bytes of the M4B: {'the same' if self.same_file else 'OTHERS'}\n"
            f"spoken again: {self.n_again} of {self.n_sentences} sentences, {self.n_again / self.n_sentences:.2%}\n"
        )

    @property
    def fine(self) -> bool:
        """Whether it is the same book."""
        return self.same_samples and self.same_file


def main(argv: Sequence[str] | None = None) -> int:
    """Make both books; print the figures."""
    options = _arguments().parse_args(argv)
    with TemporaryDirectory() as folder:
        killed = kill_book(Path(folder), options.kb * 1000, options.kills, options.seed, options.rtf)
    sys.stdout.write(killed.lines())
    return 0 if killed.fine else 1


def kill_book(folder: Path, n_chars: int, n_kills: int, seed: int, rtf: float) -> KilledBook:
    """Make a book of about `n_chars` characters undisturbed, and again with kills."""
    (source := folder / "novel.md").write_text(novel(n_chars), "utf-8")
    calm, wild = (_command(source, folder / name, rtf) for name in ("undisturbed", "killed"))
    finish(calm.start())
    n_sentences = _n_attempts(calm)
    killed = KilledBook(n_sentences, 0, same_samples=False, same_file=False, n_starts=0)
    draw = random.Random(seed)
    _make_under_kills(wild, sorted(draw.sample(range(n_sentences // 20, n_kept(calm.project) - 5), n_kills)), killed)
    killed.n_again = _n_attempts(wild) - n_sentences
    killed.same_samples = _samples(calm) == _samples(wild)
    killed.same_file = calm.output.read_bytes() == wild.output.read_bytes()
    return killed


def _command(source: Path, folder: Path, rtf: float) -> BookCommand:
    tally = folder / "tally"
    tally.mkdir(parents=True)
    counted = ("slow_on=.", "slow_ms=0", "slow_times=1000", f"tally={tally}", f"rtf={rtf}")
    engine = ("--engine", "tone", *(part for option in counted for part in ("--engine-option", option)))
    return BookCommand(source, folder / "book.m4b", engine)


def _make_under_kills(command: BookCommand, points: Sequence[int], killed: KilledBook) -> None:
    """Make a book; as soon as each number of sentences is kept, a process is killed.

    Raises:
        SystemExit: the command fails though nothing was killed.
    """
    pending, victims = list(points), cycle(VICTIMS)
    while True:
        killed.n_starts += 1
        before = killed.killed.total()
        with command.start() as process:
            while pending and wait_for(lambda: n_kept(command.project) >= pending[0], process):
                _kill(process, next(victims), killed)
                pending.pop(0)
            process.communicate()
        if process.returncode == 0:
            return
        if killed.killed.total() == before:
            raise SystemExit(f"the command ended with {process.returncode}, and nothing was killed")


def _kill(process: "subprocess.Popen[bytes]", victim: str, killed: KilledBook) -> None:
    """Kill a process as soon as there is one of its role; one that is starting is waited for."""
    if wait_for(lambda: victim in processes(process.pid), process):
        os.kill(processes(process.pid).get(victim, process.pid), signal.SIGKILL)
        killed.killed[victim] += 1


def _n_attempts(command: BookCommand) -> int:
    return len(list((command.output.parent / "tally").iterdir()))


def _samples(command: BookCommand) -> list[str]:
    """The SHA-256 of the samples of each chapter; a name of a file stands for the engine's options, too."""
    return sorted(_digests(command))


def _digests(command: BookCommand) -> Iterator[str]:
    for path in command.project.chapters.glob("*.flac"):
        digest = hashlib.sha256()
        for pcm in chapter_samples(path, command.project.read_record(path.stem).n_samples):
            digest.update(pcm)
        yield digest.hexdigest()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.book.kills", description="A book under kill -9.")
    parser.add_argument("--kb", type=int, default=300, metavar="N", help="kilobytes of text (300)")
    parser.add_argument("--kills", type=int, default=10, metavar="N", help="kills (10)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the sentences at which they come (1)")
    parser.add_argument("--rtf", type=float, default=0.005, metavar="X", help="seconds for each of audio (0.005)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
