"""A partial submission: the first sentences of a job are accepted, and the rest of its text follows."""

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

BATCH_SENTENCES = 500  #: sentences per further step; about 100 kB, a few ms of the server's time
SUBMISSION_LEASE_MS = 60_000  #: longest time between two batches of a complete text


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Some sentences of a text, in the pool's form."""

    rows: list[str]
    last: bool  #: the text ends with them


@dataclass(slots=True)
class PartialSubmission:
    """A job whose first sentences are accepted."""

    job: Job
    pool_client: PoolClient
    n: int  #: sentences sent
    rows: Iterator[str]  #: sentences still to be sent
    whole: bool  #: all are sent, and the job is closed
    again: bool = False  #: accepted before, under its idempotency key: known sentences are compared, the rest is sent

    def send_rest(self) -> int:
        """Send the rest of a long text in batches, and close it; returns the number of the job's sentences.

        After a crash in between, the job is closed when its producer's lease expires; sending the text again under its
        idempotency key continues it, or starts anew if it is closed already.

        Raises:
            TextTooLarge, BadInput: an error in the rest; the job is cancelled, unless another producer sent it first.
            IdempotencyConflict: the job with this key has another text; it continues unchanged.
            JobEnded: it ended meanwhile.
        """
        while not self.whole:
            self.send_batch(self.read_batch())
        return self.n

    def read_batch(self, n: int = BATCH_SENTENCES) -> TextBatch:
        """The next `n` sentences of the text, fewer at its end, for `send_batch`.

        Raises:
            TextTooLarge, BadInput: as `send_rest`.
        """
        with self._cancelling():
            rows = list(islice(self.rows, n))
        return TextBatch(rows, last=len(rows) < n)

    def send_batch(self, batch: TextBatch) -> None:
        """Send a batch, and close the job behind the last one.

        Raises:
            IdempotencyConflict, JobEnded: as `send_rest`.
        """
        with self._cancelling():
            self._extend(batch.rows, close=batch.last)

    @contextlib.contextmanager
    def _cancelling(self) -> Iterator[None]:
        """Cancel the job on any error; the caller's own iterable may raise any. An incomplete text is not spoken."""
        try:
            yield
        except BaseException as error:
            if not self.again:  # otherwise its first producer may still be sending
                with contextlib.suppress(SeriatimError):
                    self.job.cancel(f"its text could not be read: {error}")
            raise

    def _extend(self, batch: list[str], *, close: bool) -> None:
        ended_life_ms = self.pool_client.retry.ended_life_ms
        call = pool_calls.extend(
            self.pool_client.pool, self.job.id, self.n, batch,
            close=close, producer_ms=SUBMISSION_LEASE_MS, ended_life_ms=ended_life_ms,
        )  # fmt: skip
        verdict, n = run(self.pool_client.redis, call)
        if verdict is ExtendVerdict.CONFLICT:
            raise idempotency_conflict(self.job.id)
        if verdict is ExtendVerdict.GONE and self.again:  # the job's handle shows how it ended
            self.n += len(batch)
            self.whole = close
            return
        if verdict is ExtendVerdict.GONE:
            raise JobEnded(f"job {self.job.id} ended while its text was being sent; send all of it as a new job")
        if verdict is ExtendVerdict.FULL:
            raise Busy(f"job {self.job.id} has as much text queued as SERIATIM_QUEUE_LIMIT_MS allows", 1.0)
        if verdict is ExtendVerdict.GAP:
            raise JobFailed(f"the server lost sentences {n} to {self.n} of job {self.job.id}; send the text again")
        if verdict is ExtendVerdict.CLOSED:
            problem = f"job {self.job.id} was closed with {n} sentences: its producer's lease expired"
            raise JobEnded(f"{problem}; send the text again")
        self.n += len(batch)
        if close:
            complete_pending_step(self.pool_client, job_calls.close(self.job.id, n), f"close|{self.job.id}|{n}|")
            self.whole = True


def idempotency_conflict(job_id: str) -> IdempotencyConflict:
    """The error for a text whose idempotency key stands for another text."""
    return IdempotencyConflict(
        f"the idempotency key stands for job {job_id}, which has another text or other options; "
        "use another key for another text"
    )
