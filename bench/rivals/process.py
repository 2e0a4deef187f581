"""A rival's worker process: started with a log of its own, and ended with all its children on the way out."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its wheel ships no types

from seriatim.process.child_processes import dies_with_parent

WARM_S = 30.0  #: until every worker has spoken: three seconds on this machine when it is idle
TERM_S = 35.0  #: Celery's warm shutdown took 32 s at worst in our trials


class WorkerFailed(Exception):
    """A worker process did not come up, or ended by itself; the message carries the last line of its log."""


@contextmanager
def running(
    name: str, arguments: list[str], folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m ARGUMENTS` beside the block; end it with SIGTERM, and with SIGKILL whatever that leaves.

    Raises:
        WorkerFailed: the block failed (the cause), and this is the last that the worker said.
    """
    log = folder / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=env,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
    try:
        yield process
    except Exception as error:
        state = "ran" if process.poll() is None else f"had ended with code {process.returncode}"
        last = (log.read_text(errors="replace").strip().splitlines() or ["nothing"])[-1]
        raise WorkerFailed(f"{type(error).__name__}: {error}; {name} {state}, and said last: {last}") from error
    finally:
        _end(process)


def wait_until_warm(process: subprocess.Popen[bytes], warm: Callable[[], bool]) -> None:
    """Wait until `warm()` says that the first sentences are spoken.

    Raises:
        WorkerFailed: the process ended, or `WARM_S` seconds went by.
    """
    end = time.monotonic() + WARM_S
    while not warm():
        if process.poll() is not None:
            raise WorkerFailed("it ended before its first sentence")
        if time.monotonic() > end:
            raise WorkerFailed(f"it spoke nothing within {WARM_S:.0f} s")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(TERM_S)
    for one in (process, *family):
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()
    psutil.wait_procs(family)
