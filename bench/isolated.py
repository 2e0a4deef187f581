"""Isolated measurements: each runs in a process, and a session, of its own.

A run leaves neither memory nor imports behind that would be counted in the next, and one that hangs is ended with all
it started: first by its own alarm, which lets it clean up, then by the end of every process of its session.

Row = measure(work, profile) is what runs there; it is named "module:function". What
comes back is one line of JSON: the row, or why there is none.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psutil  # type: ignore[import-untyped]  # its wheel ships no types

from bench.broker import Profile
from bench.measure import Row
from bench.work import Work
from seriatim.process.child_processes import dies_with_parent

CLEANUP_S = 50.0  #: after the alarm: a Celery worker may take 32 s for a warm shutdown, a server some more
START_S = 60.0  #: what a run may take beside its work: servers and workers that start, and that stop
END_S = 5.0  #: for the kernel to end what was killed
_ROOT = Path(__file__).parents[1]

Measure = Callable[[Work, Profile], Row]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to measure."""

    name: str
    target: str  #: "module:function" of a `Measure`
    most: int = 0  #: sentences it is given at most, because it would take minutes or gigabytes; 0: as many as others


def run_all(
    entries: Iterable[Entry], work: Work, profile: Profile, report: Callable[[Row], None] = lambda _row: None
) -> list[Row]:
    """Run one after another on the same work, or on less where an entry says so; `report` gets each row at once."""
    rows = []
    for entry in entries:
        own = replace(work, sentences=min(work.sentences, entry.most or work.sentences))
        rows.append(isolated(entry, own, profile, START_S + 2 * own.cost_s))  # twice one sentence after another
        report(rows[-1])
    return rows


def isolated(entry: Entry, work: Work, profile: Profile, limit_s: float) -> Row:
    """Run one in a process of its own for `limit_s` seconds at most; a failure is a row with a reason."""
    arguments = [entry.target, json.dumps(asdict(work)), profile.value, str(limit_s)]
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        if not _ran(arguments, out, err, limit_s + CLEANUP_S):
            failure = f"no end within {limit_s:.0f} s, nor after its alarm"
        elif not (last_line := _last_line(out)):
            failure = f"it gave no row; its last words: {_last_line(err) or 'none'}"
        elif not (failure := json.loads(last_line).get("failure", "")):
            return replace(row_from_json(json.loads(last_line)), name=entry.name)
    return Row(work, profile, entry.name, failure=failure)


def _ran(arguments: Sequence[str], out: Path, err: Path, limit_s: float) -> bool:
    """Run it with its output in files, since what it leaves behind may hold a pipe open; False at the time limit."""
    argv, env = [sys.executable, "-m", "bench.isolated", *arguments], os.environ | {"TMPDIR": str(out.parent)}
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            argv,
            cwd=_ROOT,
            env=env,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return False
    except KeyboardInterrupt:  # the signal did not reach its session
        process.terminate()
        process.wait(CLEANUP_S)
        raise
    finally:
        _end_session(process)
    return True


def row_from_json(fields: dict[str, object]) -> Row:
    """Return the row that `asdict` made these fields of.

    Raises:
        TypeError: a field is missing or unknown.
    """
    work, profile = fields.pop("work"), fields.pop("profile")
    assert isinstance(work, dict)
    return Row(work=Work(**work), profile=Profile(str(profile)), **fields)  # type: ignore[arg-type]  # JSON's values


def _end_session(process: subprocess.Popen[bytes]) -> None:
    """End whatever is left of the run; only processes that still carry its session, which a freed id does not."""
    left = []
    for one in psutil.process_iter():
        try:
            if os.getsid(one.pid) == process.pid:
                one.kill()
                left.append(one)
        except (psutil.NoSuchProcess, ProcessLookupError, PermissionError):  # ended since it was listed, or not ours
            continue
    psutil.wait_procs(left, timeout=END_S)
    process.wait()


def _last_line(path: Path) -> str:
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _give_up(number: int, _frame: FrameType | None) -> NoReturn:
    if number == signal.SIGALRM:
        raise SystemExit("no end within its time limit")
    raise SystemExit(f"stopped by {signal.Signals(number).name}")


def main() -> NoReturn:
    """Run the target named on the command line, and print its row."""
    target, work, profile, seconds = sys.argv[1:]
    signal.signal(signal.SIGALRM, _give_up)
    signal.signal(signal.SIGTERM, _give_up)
    module, _, function = target.partition(":")
    answer: dict[str, object]
    try:
        measure: Measure = getattr(import_module(module), function)
        signal.setitimer(signal.ITIMER_REAL, float(seconds))
        answer = asdict(measure(Work(**json.loads(work)), Profile(profile)))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the process's outermost call: whatever it was is the answer
        answer = {"failure": f"{type(error).__name__}: {' '.join(str(error).split())}"}
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(json.dumps(answer), flush=True)
    os._exit(0)  # all is cleaned up; an orderly exit would wait for Celery's results to reach a server that is gone


if __name__ == "__main__":
    main()
