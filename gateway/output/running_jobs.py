"""Running jobs of a command that has several at a time: run together, and cancelled together."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

from seriatim.client.job import Job
from seriatim.errors import SeriatimError

T = TypeVar("T")


class RunStopped(Exception):
    """Another run failed, or the command was interrupted."""


@dataclass(slots=True)
class RunningJobs:
    """The jobs that run."""

    stopped: threading.Event = field(default_factory=threading.Event)  #: no run goes on, and none begins
    jobs: list[Job] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, job: Job) -> None:
        """Add a job, which is cancelled at once after `stop`."""
        with self.lock:
            self.jobs.append(job)
            stopped = self.stopped.is_set()
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
        """Cancel all jobs, also those that are added later.

        Raises:
            SeriatimError: the last one of those that could not be cancelled.
        """
        with self.lock:
            self.stopped.set()
            jobs = list(self.jobs)
        failure: SeriatimError | None = None
        for job in jobs:
            try:
                job.cancel("the command that submitted it ended")
            except SeriatimError as error:
                failure = error
        if failure is not None:
            raise failure

    def run_together(self, calls: Iterable[Callable[[], T]], at_once: int) -> list[T]:
        """The results of calls, so many of which run at a time; an error of one stops the others, and is raised."""
        with ThreadPoolExecutor(at_once, thread_name_prefix="run") as executor:
            futures: list[Future[T]] = [executor.submit(call) for call in calls]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                for future in sorted(futures, key=Future.done, reverse=True):
                    future.result()  # raises the error of a call, before those that still run
            except BaseException:  # an interrupt, too: the threads must end before it leaves the executor
                self._end(futures)
                raise
        return [future.result() for future in futures]

    def _end(self, futures: "Iterable[Future[T]]") -> None:
        """Stop what runs; further interrupts, of a second Ctrl-C, do not end that: a job would be spoken to its end."""
        ended = False
        while not ended:
            with suppress(KeyboardInterrupt):
                self.stopped.set()
                for future in futures:
                    future.cancel()
                with suppress(SeriatimError):  # the system has ended, and with it the jobs
                    self.stop()
                ended = True
