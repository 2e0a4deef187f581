"""Running jobs of a command that has several at a time, to be cancelled together."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from seriatim.client.job import Job


class RunStopped(Exception):
    """Another run failed, or the command was interrupted."""


@dataclass(slots=True)
class RunningJobs:
    """The jobs that run."""

    stopped: bool = False
    jobs: list[Job] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, job: Job) -> None:
        """Add a job, which is cancelled at once after `stop`."""
        with self.lock:
            self.jobs.append(job)
            stopped = self.stopped
        if stopped:
            job.cancel("the command that submitted it ended")

    def remove(self, job: Job) -> None:
        """Forget a job, which has ended; one that is not here is ignored."""
        with self.lock:
            self.jobs = [other for other in self.jobs if other is not job]

    @contextmanager
    def registration(self) -> Iterator[Callable[[Job], None]]:
        """A context that yields `add`, and removes the jobs that were added through it at its end."""
        mine: list[Job] = []

        def add(job: Job) -> None:
            mine.append(job)
            self.add(job)

        try:
            yield add
        finally:
            for job in mine:
                self.remove(job)

    def stop(self) -> None:
        """Cancel all jobs, also those that are added later."""
        with self.lock:
            self.stopped, jobs = True, list(self.jobs)
        for job in jobs:
            job.cancel("the command that submitted it ended")
