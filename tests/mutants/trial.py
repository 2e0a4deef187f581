"""One fault's trial: the tests that should see it, then some runs of the simulator, until something fails."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.mutants.mutant import Mutant
from tests.mutants.planting import planted

PATIENCE_S = 240.0  #: of one command; what hangs for so long is seen, too
FAILED = 1  #: exit status of pytest, and of the simulator, where something did not hold


class TrialVerdict(StrEnum):
    """What became of a fault."""

    KILLED = "killed"
    SURVIVED = "survived"
    BROKEN = "broken"  #: the trial itself failed: no such test, or the copy does not run


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """A verdict, who saw it, and how long that took."""

    mutant: Mutant
    verdict: TrialVerdict
    by: str
    took_s: float


def try_out(mutant: Mutant) -> TrialOutcome:
    """Plant a fault in a copy and look who sees it."""
    began_s = time.monotonic()
    with planted(mutant) as copy:
        for command in commands(mutant):
            verdict, by = _run(command, copy)
            if verdict is not TrialVerdict.SURVIVED:
                return TrialOutcome(mutant, verdict, by, time.monotonic() - began_s)
    return TrialOutcome(mutant, TrialVerdict.SURVIVED, "", time.monotonic() - began_s)


def commands(mutant: Mutant) -> list[list[str]]:
    """What is run, in this order."""
    runs = (
        [
            [
                "pytest",
                "-x",
                "-q",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:randomly",
                "-p",
                "tests.mutants.no_shrinking",
                "-rN",
                *mutant.tests,
            ]
        ]
        if mutant.tests
        else []
    )
    if mutant.seeds:
        runs.append(["tests.simulator", "--seeds", str(mutant.seeds)])
    return runs


def _run(command: list[str], copy: Path) -> tuple[TrialVerdict, str]:
    """One command in the copy: its own modules go before the installed ones, in its children too."""
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", *command], cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    ) as child:  # fmt: skip
        try:
            output, _ = child.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)  # with the servers that it started
            return TrialVerdict.KILLED, f"{command[0]} hung for {PATIENCE_S:.0f} s"
    if child.returncode == 0:
        return TrialVerdict.SURVIVED, ""
    if child.returncode != FAILED:
        return TrialVerdict.BROKEN, f"{' '.join(command)} ended with {child.returncode}: {output[-800:]}"
    return TrialVerdict.KILLED, _who(output)


def _who(output: str) -> str:
    """The test, or the seed, that saw it."""
    found = re.search(r"^_+ (?:ERROR at \w+ of )?(test_\S+).* _+$", output, re.MULTILINE)
    seed = re.search(r"^(seed \d+: .{0,80})", output, re.MULTILINE)
    match = found or seed
    return match[1] if match else output[-200:].strip()
