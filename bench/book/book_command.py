"""The command `seriatim book` as benches start it, its processes, and how far it has come."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # its wheel ships no types

from gateway.book.book_project import BookProject

POLL_S = 0.02
ENTRY_POINT = "from gateway.cli.entry_point import main; main()"  #: as the console script: it forks its processes
COMPLETE = 1 << 40  #: a complete chapter counts for more than any journal


@dataclass(frozen=True, slots=True)
class BookCommand:
    """A book to be made of a text file."""

    source: Path
    output: Path
    options: Sequence[str] = ()

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the command; it prints its summary as JSON."""
        command = (sys.executable, "-P", "-c", ENTRY_POINT, "book", str(self.source), "-o", str(self.output))
        return subprocess.Popen([*command, *self.options, "--json", "--quiet"], stdout=subprocess.PIPE)

    @property
    def project(self) -> BookProject:
        """Its project folder."""
        return BookProject.of(str(self.output))


def finish(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """Wait for the end of a command; returns its summary.

    Raises:
        SystemExit: it failed.
    """
    printed, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{process.args!r} ended with {process.returncode}")
    summary: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return summary


def n_kept(project: BookProject) -> int:
    """The number of sentences whose audio is kept."""
    chapters = list(project.chapters.glob("*.flac"))
    kept = sum(len(project.read_record(path.stem).ends) for path in chapters)
    for journal in project.chapters.glob("*.part.json"):
        if project.audio(journal.name.partition(".")[0]) not in chapters:
            kept += max(0, _n_lines(journal) - 1)
    return kept


def journal_size(project: BookProject) -> int:
    """A number that grows with each sentence that is kept, and is cheap to read."""
    chapters = list(project.chapters.glob("*.flac"))
    journals = [_size(path) for path in project.chapters.glob("*.part.json")]
    return COMPLETE * len(chapters) + sum(journals)


def wait_for(condition: Callable[[], bool], process: "subprocess.Popen[bytes]", poll_s: float = POLL_S) -> bool:
    """Wait for a condition; returns whether it came true before the process ended."""
    while process.poll() is None:
        if condition():
            return True
        time.sleep(poll_s)
    return False


def processes(root: int) -> dict[str, int]:
    """The ids of a command and its processes, by their roles."""
    roles = {"command": root}
    try:
        children = psutil.Process(root).children(recursive=True)
        for child in children:
            roles[_role(child, root)] = child.pid
    except psutil.Error:
        """It is ending."""
    return roles


def _role(process: psutil.Process, root: int) -> str:
    """The role of a child by its output: a forked one has the command line of its parent."""
    try:
        log = Path(f"/proc/{process.pid}/fd/1").readlink().stem
    except OSError:  # it has ended
        log = ""
    if log == "worker":
        return "supervisor" if process.ppid() == root else "worker"
    return {"redis": "Redis"}.get(log, log)


def _n_lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except FileNotFoundError:  # its chapter is complete by now
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
