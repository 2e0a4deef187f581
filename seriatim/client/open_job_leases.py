"""The leases of all open jobs of a producer, renewed by one thread, however many there are.

A lease says that the job's producer lives; when it ends, the job is closed with what was said. The thread is there as
long as there is a lease. Each producer has its own: a server that is away keeps nobody's waiting but its own jobs'. A
child of a fork has none: what its parent opened is its parent's.
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seriatim.errors import SeriatimError
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.pool_records import ExtendVerdict
from seriatim.lua.script_calls import run_many
from seriatim.process import watched_tasks

if TYPE_CHECKING:
    from seriatim.client.open_job import OpenJob

log = logging.getLogger(__name__)

MAX_PER_ROUND_TRIP = 200  #: leases in one round trip
known: "weakref.WeakSet[OpenJobLeases]" = weakref.WeakSet()  #: those of this process


@dataclass(slots=True, eq=False, weakref_slot=True)
class OpenJobLeases:
    """Of one producer."""

    due: dict[int, tuple[float, "OpenJob"]] = field(default_factory=dict)  #: by identity; when to renew it, monotonic s
    changed: threading.Condition = field(default_factory=threading.Condition)
    running: bool = False  #: there is a thread

    def __post_init__(self) -> None:
        known.add(self)

    def keep(self, opened: "OpenJob") -> None:
        """Renew the lease of a job until it is closed or over."""
        with self.changed:
            self.due[id(opened)] = time.monotonic() + _third_s(opened), opened
            if not self.running:
                self.running = True
                watched_tasks.start("leases", self._run)
            self.changed.notify()

    def forget(self) -> None:
        """Renew none any more: the producer closes."""
        with self.changed:
            self.due.clear()
            self.changed.notify()

    def _run(self) -> None:
        while batch := self._next():
            for some in _by_server(batch):
                self._drop(self._renew(some))

    def _next(self) -> list["OpenJob"]:
        """Those that are due, once there are some; none when no job is open any more, and then the thread ends."""
        with self.changed:
            while True:
                self.due = {key: row for key, row in self.due.items() if not row[1].closed.is_set()}
                if not self.due:
                    self.running = False  # now, and not in a moment, when somebody may rely on it
                    return []
                now = time.monotonic()
                found = [opened for at, opened in self.due.values() if at <= now]
                if found:
                    self.due |= {id(o): (now + _third_s(o), o) for o in found}
                    return found
                self.changed.wait(min(at for at, _ in self.due.values()) - now)

    def _renew(self, some: list["OpenJob"]) -> list["OpenJob"]:
        """One round trip; returns those that need no lease any more."""
        calls = [pool_calls.extend(o.job.pool, o.job.id, o.n, [], producer_ms=round(_third_s(o) * 3000)) for o in some]
        try:
            verdicts = run_many(some[0].pool_client.redis, calls)
        except SeriatimError as error:  # an outage: the next third of the lease may do
            facts = {"n": len(some), "job": some[0].job.id, "error": str(error)}
            log.warning("leases of jobs were not renewed", extra=facts)
            return []
        return [
            o
            for o, (verdict, _) in zip(some, verdicts, strict=True)
            if verdict in (ExtendVerdict.GONE, ExtendVerdict.CLOSED)
        ]

    def _drop(self, gone: list["OpenJob"]) -> None:
        with self.changed:
            for opened in gone:
                self.due.pop(id(opened), None)


def _third_s(opened: "OpenJob") -> float:
    return opened.pool_client.settings.open_job_lease_s / 3


def _by_server(batch: list["OpenJob"]) -> Iterator[list["OpenJob"]]:
    """In parts that one round trip renews: the same connections, and not too many."""
    parts: dict[int, list[OpenJob]] = {}
    for opened in batch:
        parts.setdefault(id(opened.pool_client.redis), []).append(opened)
    for part in parts.values():
        for start in range(0, len(part), MAX_PER_ROUND_TRIP):
            yield part[start : start + MAX_PER_ROUND_TRIP]


def _forked() -> None:
    for leases in known:
        leases.__init__()  # type: ignore[misc]  # the lock may be held by a thread that is not here


os.register_at_fork(after_in_child=_forked)
