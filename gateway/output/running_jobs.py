"""Running jobs of a command that has several at a time, to be cancelled together."""

import threading
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

    def stop(self) -> None:
        """Cancel all jobs, also those that are added later."""
        with self.lock:
            self.stopped, jobs = True, list(self.jobs)
        for job in jobs:
            job.cancel("the command that submitted it ended")
