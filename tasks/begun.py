"""A job whose first sentences are accepted, and the rest of whose text is on its way."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from seriatim import job as job_calls
from seriatim import pool as pool_calls
from seriatim.errors import JobEnded, JobFailed, SeriatimError
from seriatim.pool import Extend
from seriatim.scripts import run
from tasks.dispatch import Desk, settle
from tasks.handle import Job

BATCH = 500  #: sentences of each further step; about 100 kB, a few ms of the server's time
BOOK_LEASE_MS = 60_000  #: between two batches of a text that is at hand


@dataclass(slots=True)
class Begun:
    """A job whose first sentences are accepted."""

    job: Job
    desk: Desk
    n: int  #: sentences sent
    rows: Iterator[str]  #: those to be sent
    whole: bool  #: all are sent, and the pool knows it

    def send_rest(self) -> int:
        """Send the rest of a long text, in batches; returns how many sentences the job has. Then the text is closed.

        A crash in between leaves a job that its producer's lease closes; sending it again under its idempotency key
        goes on.

        Raises:
            TextTooLarge, BadInput: something in the rest; the job is cancelled.
            JobEnded: it ended meanwhile.
        """
        try:
            while not self.whole:
                self._send(list(islice(self.rows, BATCH)))
        except BaseException as error:  # the caller's own iterable may raise anything: half a text is no text
            with contextlib.suppress(SeriatimError):
                self.job.cancel(f"its text could not be taken: {error}")
            raise
        return self.n

    def _send(self, batch: list[str]) -> None:
        close, ended_life_ms = len(batch) < BATCH, self.desk.retry.ended_life_ms
        call = pool_calls.extend(
            self.desk.pool, self.job.id, self.n, batch,
            close=close, producer_ms=BOOK_LEASE_MS, ended_life_ms=ended_life_ms,
        )  # fmt: skip
        verdict, n = run(self.desk.redis, call)
        if verdict is Extend.GONE:
            raise JobEnded(f"job {self.job.id} ended while its text was being sent")
        if verdict in (Extend.GAP, Extend.FULL):
            raise JobFailed(f"the server lost sentences {n} to {self.n} of job {self.job.id}; send the text again")
        self.n += len(batch)
        if close or verdict is Extend.CLOSED:
            settle(self.desk, job_calls.close(self.job.id, n), f"close|{self.job.id}|{n}|")
            self.whole = True
