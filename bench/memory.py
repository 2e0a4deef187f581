"""Most memory that a process and all its children hold together while something runs.

A process of its own takes the samples, so that they cost the measured one no time under its interpreter lock. Where
the system tells it (Linux), a page that several processes share counts once, divided among them (PSS); elsewhere
what each process has for itself is summed (USS), which leaves shared pages out.
"""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its wheel ships no types

SAMPLE_S = 0.1  #: a sample of ten small processes takes 2 ms, 2 % of one core; of some 100 MB more, 14 % of one
LONG_RUN_SAMPLE_S = 1.0  #: where minutes are watched, and the watch must take nothing from them
_ROOT = Path(__file__).parents[1]


@dataclass(slots=True)
class Peak:
    """The most that was seen; known only once the watch is over."""

    mb: float = 0.0  #: MB (1e6 bytes)
    n_samples: int = 0


@contextmanager
def watched(pid: int | None = None, sample_s: float = SAMPLE_S) -> Iterator[Peak]:
    """Watch a process, by default this one, and its descendants; the peak that is yielded is filled in on exit.

    `sample_s`: from one sample to the next.
    """
    sampler = subprocess.Popen(
        [sys.executable, "-m", "bench.memory", str(pid or psutil.Process().pid), str(sample_s)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT,
    )  # fmt: skip
    peak = Peak()
    with sampler:
        assert sampler.stdin
        assert sampler.stdout
        sampler.stdout.readline()  # the first sample is taken: what follows is not slowed by its start
        try:
            yield peak
        finally:
            sampler.stdin.write("\n")  # a line, not an end: a forked child may hold the pipe open
            sampler.stdin.flush()
            peak.mb, peak.n_samples = json.loads(sampler.stdout.readline())


def held_mb(root: psutil.Process, without: int) -> float:
    """Return the MB that `root` and its descendants hold now, except the process with the id `without`."""
    try:
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:  # the one that is watched has ended
        return 0.0
    return sum(_held_bytes(process) for process in family if process.pid != without) / 1e6


def _held_bytes(process: psutil.Process) -> int:
    try:
        held = process.memory_full_info()
    except psutil.NoSuchProcess:  # it ended since it was listed: it holds nothing
        return 0
    return int(getattr(held, "pss", held.uss))


def main() -> None:
    """Print a line at the first sample and, when one comes in, one with the peak and the number of samples."""
    root, sample_s, me = psutil.Process(int(sys.argv[1])), float(sys.argv[2]), psutil.Process().pid
    most, n_samples, watching = held_mb(root, me), 1, True
    print(flush=True)
    while watching:
        watching = not select.select([sys.stdin], [], [], sample_s)[0]
        most, n_samples = max(most, held_mb(root, me)), n_samples + 1
    print(json.dumps([most, n_samples]), flush=True)


if __name__ == "__main__":
    main()
