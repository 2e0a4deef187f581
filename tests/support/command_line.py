"""The command line as its users run it: a process, its exit status, what it said where."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from seriatim.settings import other_variables
from tests.support.forked_command import ForkedCommand, run_command

SERIATIM = (sys.executable, "-P", "-m", "gateway.cli.main")
ROOT = Path(__file__).parents[2]
TONE = ("--engine", "tone", "--engine-option", "rate_hz=8000", "--workers", "1")
LIMIT_S = 90.0
#: the lease is longer than any pause in which a worker on a busy machine does not get a turn
QUICK = {"SERIATIM_SWEEP_MS": "100", "SERIATIM_HEARTBEAT_MS": "200", "SERIATIM_LEASE_MS": "10000"}


def installed(*names: str, package: str) -> str:
    """The first of these programs that is here. Skips the test where none is; on CI that is a failure."""
    for name in names:
        if found := shutil.which(name):
            return found
    why = f"{' or '.join(names)} is not installed (apt-get install {package})"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def environment(settings: Mapping[str, str] = QUICK) -> dict[str, str]:
    """Nothing of ours from outside the test; our packages found from any directory."""
    return other_variables(os.environ) | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"} | dict(settings)


def seriatim(
    *arguments: str | Path,
    stdin: bytes = b"",
    settings: Mapping[str, str] = QUICK,
    cwd: Path = ROOT,
    limit_s: float = LIMIT_S,
) -> "subprocess.CompletedProcess[bytes]":
    """Run one command to its end."""
    command = [*SERIATIM, *map(str, arguments)]
    return run_command(command, stdin=stdin, limit_s=limit_s, env=environment(settings), cwd=cwd)


def start_command(
    *arguments: str | Path, settings: Mapping[str, str] = QUICK, cwd: Path = ROOT
) -> "subprocess.Popen[bytes]":
    """Start a command, its output in pipes."""
    return ForkedCommand(
        [*SERIATIM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(settings),
        cwd=cwd,
    )


def complaint(done: "subprocess.CompletedProcess[bytes]") -> str:
    """The one line that a command has said which could not do its work: one, and no traceback."""
    lines: Sequence[str] = done.stderr.decode().splitlines()
    assert len(lines) == 1, done.stderr.decode()
    assert lines[0].startswith("seriatim: "), lines
    assert done.stdout == b""
    return lines[0].removeprefix("seriatim: ")
