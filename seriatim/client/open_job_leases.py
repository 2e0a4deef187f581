"""The leases of all open jobs of a client, renewed by one thread, however many there are.

A lease shows that the job's producer is alive; when it expires, the job is closed with the text it has. The thread runs
as long as there is a lease. Each client has its own, so that an unreachable server delays only its own jobs. A forked
child has none: its parent's jobs stay with the parent.
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field

from seriatim.client.open_job import OpenJob
from seriatim.errors import SeriatimError
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.pool_records import ExtendVerdict
from seriatim.lua.script_calls import run_many
from seriatim.process import watched_tasks

log = logging.getLogger(__name__)

MAX_PER_ROUND_TRIP = 200  #: leases in one round trip
all_leases: "weakref.WeakSet[OpenJobLeases]" = weakref.WeakSet()  #: all instances of this process


@dataclass(slots=True, eq=False, weakref_slot=True)
class OpenJobLeases:
    """The leases of one client."""

    due: dict[int, tuple[float, OpenJob]] = field(
        default_factory=dict
    )  #: by identity: time of the next renewal (monotonic s), and the job
    changed: threading.Condition = field(default_factory=threading.Condition)
    running: bool = False  #: the thread is running

    def __post_init__(self) -> None:
        all_leases.add(self)

    def keep(self, open_job: OpenJob) -> None:
        """Renew the lease of a job until it is closed or has ended."""
        with self.changed:
            self.due[id(open_job)] = time.monotonic() + _third_s(open_job), open_job
            if not self.running:
                self.running = True
                watched_tasks.start("leases", self._renew_loop)
            self.changed.notify()

    def forget(self) -> None:
        """Stop renewing all leases, since the client closes."""
        with self.changed:
            self.due.clear()
            self.changed.notify()

    def _renew_loop(self) -> None:
        while batch := self._due_jobs():
            for jobs in _by_server(batch):
                self._remove_jobs(self._renew_leases(jobs))

    def _due_jobs(self) -> list[OpenJob]:
        """Wait for jobs whose leases are due; empty when no job is open any more, and then the thread ends."""
        with self.changed:
            while True:
                self.due = {key: row for key, row in self.due.items() if not row[1].closed.is_set()}
                if not self.due:
                    self.running = False  # under the lock: `keep` relies on it
                    return []
                now = time.monotonic()
                due_jobs = [open_job for at, open_job in self.due.values() if at <= now]
                if due_jobs:
                    self.due |= {id(o): (now + _third_s(o), o) for o in due_jobs}
                    return due_jobs
                self.changed.wait(min(at for at, _ in self.due.values()) - now)

    def _renew_leases(self, jobs: list[OpenJob]) -> list[OpenJob]:
        """Renew leases in one round trip; returns the jobs that need none any more."""
        calls = [pool_calls.extend(o.job.pool, o.job.id, o.n, [], producer_ms=_lease_ms(o)) for o in jobs]
        try:
            verdicts = run_many(jobs[0].pool_client.redis, calls)
        except SeriatimError as error:  # an outage: it is tried again after a third of the lease
            facts = {"n": len(jobs), "job": jobs[0].job.id, "error": str(error)}
            log.warning("open-job leases not renewed", extra=facts)
            return []
        return [
            o
            for o, (verdict, _) in zip(jobs, verdicts, strict=True)
            if verdict in (ExtendVerdict.GONE, ExtendVerdict.CLOSED)
        ]

    def _remove_jobs(self, ended: list[OpenJob]) -> None:
        with self.changed:
            for open_job in ended:
                self.due.pop(id(open_job), None)


def _lease_ms(open_job: OpenJob) -> int:
    return round(open_job.pool_client.settings.open_job_lease_s * 1000)


def _third_s(open_job: OpenJob) -> float:
    return open_job.pool_client.settings.open_job_lease_s / 3


def _by_server(batch: list[OpenJob]) -> Iterator[list[OpenJob]]:
    """Split jobs into batches for one round trip each: the same connection, and MAX_PER_ROUND_TRIP at most."""
    parts: dict[int, list[OpenJob]] = {}
    for open_job in batch:
        parts.setdefault(id(open_job.pool_client.redis), []).append(open_job)
    for part in parts.values():
        for start in range(0, len(part), MAX_PER_ROUND_TRIP):
            yield part[start : start + MAX_PER_ROUND_TRIP]


def _reset_after_fork() -> None:
    for leases in all_leases:
        leases.__init__()  # type: ignore[misc]  # the lock may be held by a thread that does not exist in the child


os.register_at_fork(after_in_child=_reset_after_fork)
