"""The process range: how few and how many worker processes a supervisor may run, as the command line names it."""

import argparse
import os
import re
from dataclasses import dataclass

RANGE = re.compile(r"(\d+)(?:\.\.(\d+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ProcessRange:
    """The least and the most worker processes; equal ones are a fixed number."""

    least: int = 1
    most: int = 1  #: 0: as many as suit the engine and the machine

    @property
    def fixed(self) -> bool:
        """Whether the number of processes never changes."""
        return self.least == self.most

    @classmethod
    def parse(cls, text: str) -> "ProcessRange":
        """Read `3`, `1..4` or `auto`.

        Raises:
            ValueError: it is none of these; the message says what is expected.
        """
        if text == "auto":
            return cls(1, 0)
        found = RANGE.fullmatch(text)
        least = int(found[1]) if found else 0
        most = int(found[2] or least) if found else 0
        if not 1 <= least <= most:
            raise ValueError(f"{text!r}; expected a number of 1 or more, a range such as 1..4, or auto")
        return cls(least, most)

    def limited(self, most: int) -> "ProcessRange":
        """The range with `most` processes where it names no such number."""
        return ProcessRange(self.least, self.most or max(self.least, most))

    def times(self, n: int) -> "ProcessRange":
        """The range `n` times, such as on each of `n` GPUs."""
        return ProcessRange(self.least * n, self.most * n)

    def __str__(self) -> str:
        return str(self.least) if self.fixed else f"{self.least}..{self.most}" if self.most else "auto"


def usable_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def process_range(text: str) -> ProcessRange:
    """Read the argument of --processes or --workers, for argparse.

    Raises:
        ArgumentTypeError: it is no range; the message says what is expected.
    """
    try:
        return ProcessRange.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
