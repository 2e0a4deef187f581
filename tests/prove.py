"""`make prove`: run the whole suite several times, one line a run, to see whether a test wins or loses a race.

A line of `prove.tsv`: when the run began (UTC), commit, how busy the machine was kept, passed, failed, skipped,
seconds, and the names of the tests that failed. Errors count as failures. A run whose process ended otherwise, such as
by a signal, is a failure that has no name.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
SPIN = "while True: pass"
HEADING = "began\tcommit\tbusy\tpassed\tfailed\tskipped\tseconds\tfailures\n"


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """What one run of pytest said."""

    passed: int
    skipped: int
    failures: tuple[str, ...]  #: names of tests; what pytest says of itself where it did not come so far
    seconds: float

    def line(self, began: str, commit: str, *, busy: bool) -> str:
        """A line of the record, with its end."""
        counts = f"{self.passed}\t{len(self.failures)}\t{self.skipped}\t{self.seconds:.0f}"
        return f"{began}\t{commit}\t{int(busy)}\t{counts}\t{' '.join(self.failures)}\n"


def run_suite(arguments: Sequence[str]) -> SuiteRun:
    """Run pytest once, its output on ours."""
    with TemporaryDirectory() as folder:
        report, began_s = Path(folder) / "report.xml", time.monotonic()
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *arguments]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        found = read_report(report) if report.exists() else SuiteRun(0, 0, (), 0)
        failures = found.failures or ((f"pytest-ended-with-{status}",) if status else ())
        return SuiteRun(found.passed, found.skipped, failures, time.monotonic() - began_s)


def read_report(path: Path) -> SuiteRun:
    """Counts and names of a report in JUnit's format."""
    cases = list(ElementTree.parse(path).iter("testcase"))
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    names = tuple(dict.fromkeys(f"{case.get('classname')}.{case.get('name', '').replace(' ', '_')}" for case in failed))
    skipped = sum(case.find("skipped") is not None for case in cases)
    return SuiteRun(len(cases) - len(failed) - skipped, skipped, names, 0)


@contextmanager
def busy_cores(n: int) -> Iterator[None]:
    """Keep `n` cores busy with as many processes that do nothing else."""
    spinning = [subprocess.Popen([sys.executable, "-I", "-S", "-c", SPIN]) for _ in range(n)]
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()


def commit_of(folder: Path) -> str:
    """The commit that is checked out, with a + where files differ from it; `unknown` outside a repository."""
    command = ["git", "describe", "--always", "--exclude=*", "--dirty=+"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def main(argv: Sequence[str] | None = None) -> int:
    """Run, record, and say whether any run failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--busy", type=int, default=0, choices=(0, 1), help="1: keep every core busy meanwhile")
    parser.add_argument("--record", type=Path, default=ROOT / "prove.tsv", help="file that gets a line a run")
    options, arguments = parser.parse_known_args(argv)
    if not options.record.exists():
        options.record.write_text(HEADING, "utf-8")
    n_failed = 0
    for _ in range(options.runs):
        began = datetime.now(UTC).isoformat(timespec="seconds")
        with busy_cores((os.cpu_count() or 1) * options.busy):
            done = run_suite(arguments)
        line = done.line(began, commit_of(ROOT), busy=bool(options.busy))
        with options.record.open("a", encoding="utf-8") as record:
            record.write(line)
        sys.stdout.write(HEADING + line)
        n_failed += bool(done.failures)
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
