"""A partial submission: the first sentences of a job are accepted, the rest of its text follows."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from seriatim.client.job import Job
from seriatim.dispatch import PoolClient, complete_pending_step
from seriatim.errors import Busy, IdempotencyConflict, JobEnded, JobFailed, SeriatimError
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.pool_records import ExtendVerdict
from seriatim.lua.script_calls import run

BATCH_SENTENCES = 500  #: sentences of each further step; about 100 kB, a few ms of the server's time
BOOK_LEASE_MS = 60_000  #: between two batches of a text that is at hand


@dataclass(slots=True)
class PartialSubmission:
    """A job whose first sentences are accepted."""

    job: Job
    pool_client: PoolClient
    n: int  #: sentences sent
    rows: Iterator[str]  #: those to be sent
    whole: bool  #: all are sent, and the pool knows it
    again: bool = False  #: it was accepted before, under its idempotency key: what is known is compared, the rest sent

    def send_rest(self) -> int:
        """Send the rest of a long text, in batches; returns how many sentences the job has. Then the text is closed.

        A crash in between leaves a job that its producer's lease closes; sending it again under its idempotency key
        goes on, or begins anew if it is closed already.

        Raises:
            TextTooLarge, BadInput: something in the rest; the job is cancelled, unless another sent it first.
            IdempotencyConflict: the job that has the key says something else; it goes on as it is.
            JobEnded: it ended meanwhile.
        """
        try:
            while not self.whole:
                self._send(list(islice(self.rows, BATCH_SENTENCES)))
        except BaseException as error:  # the caller's own iterable may raise anything: half a text is no text
            if not self.again:  # or it is its first producer's, which may be sending still
                with contextlib.suppress(SeriatimError):
                    self.job.cancel(f"its text could not be taken: {error}")
            raise
        return self.n

    def _send(self, batch: list[str]) -> None:
        close, ended_life_ms = len(batch) < BATCH_SENTENCES, self.pool_client.retry.ended_life_ms
        call = pool_calls.extend(
            self.pool_client.pool, self.job.id, self.n, batch,
            close=close, producer_ms=BOOK_LEASE_MS, ended_life_ms=ended_life_ms,
        )  # fmt: skip
        verdict, n = run(self.pool_client.redis, call)
        if verdict is ExtendVerdict.CONFLICT:
            raise idempotency_conflict(self.job.id)
        if verdict is ExtendVerdict.GONE and self.again:  # however it ended: its handle says so
            self.n += len(batch)
            self.whole = close
            return
        if verdict is ExtendVerdict.GONE:
            raise JobEnded(f"job {self.job.id} ended while its text was being sent")
        if verdict is ExtendVerdict.FULL:
            raise Busy(f"job {self.job.id} has as much text queued as SERIATIM_QUEUE_LIMIT_MS allows", 1.0)
        if verdict is ExtendVerdict.GAP:
            raise JobFailed(f"the server lost sentences {n} to {self.n} of job {self.job.id}; send the text again")
        if verdict is ExtendVerdict.CLOSED:
            said = f"job {self.job.id} was closed with {n} sentences: its producer was taken for dead"
            raise JobEnded(f"{said}; send the text again")
        self.n += len(batch)
        if close:
            complete_pending_step(self.pool_client, job_calls.close(self.job.id, n), f"close|{self.job.id}|{n}|")
            self.whole = True


def idempotency_conflict(job_id: str) -> IdempotencyConflict:
    """The refusal of a text whose idempotency key stands for another."""
    return IdempotencyConflict(
        f"the idempotency key stands for job {job_id}, which says something else, or says it otherwise; "
        "another text needs another key"
    )
