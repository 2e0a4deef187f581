"""Running jobs: an interrupt, or an error of one, cancels all of them."""

import threading
from collections.abc import Callable

import pytest

from gateway.output.running_jobs import RunningJobs
from seriatim.errors import Unavailable


class SubmittedJob:
    """A job that runs until it is cancelled; the first attempt to do so raises an error."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.cancelled = threading.Event()

    def cancel(self, _: str) -> None:
        if self.errors:
            raise self.errors.pop()
        self.cancelled.set()


def raising(error: BaseException, *, after: threading.Barrier) -> Callable[[], None]:
    def call() -> None:
        after.wait()
        raise error

    return call


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Unavailable("redis does not answer")])
def test_what_comes_while_jobs_are_cancelled_leaves_none_to_its_end(error: BaseException) -> None:
    """A second Ctrl-C, or a job that cannot be cancelled: the others, of hours, must not be waited for."""
    jobs, ready = RunningJobs(), threading.Barrier(3)
    first, second = SubmittedJob(error), SubmittedJob()

    def run(job: SubmittedJob) -> None:
        jobs.jobs.append(job)  # type: ignore[arg-type]  # it has what is called
        ready.wait()
        second.cancelled.wait(timeout=10)

    calls = [lambda: run(first), lambda: run(second), raising(OSError("full"), after=ready)]
    with pytest.raises(OSError, match="full"):
        jobs.run_together(calls, 3)
    assert second.cancelled.is_set()
    assert first.cancelled.is_set() == isinstance(error, KeyboardInterrupt)
