"""A job whose text is still being generated: `say` any number of times, then `close`."""

import threading
import time
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import TYPE_CHECKING, Self

from seriatim.client.default_engine import resolve_engine
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest, check_text
from seriatim.client.partial_submission import idempotency_conflict
from seriatim.client.stored_segmentation import segmentation_to_json, with_stored_segmentation
from seriatim.client.text_limits import check_count, check_size
from seriatim.dispatch import PoolClient, complete_pending_step, dispatch
from seriatim.errors import BadInput, Busy, IdempotencyConflict, JobNotOpen
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.pool_records import ExtendVerdict, SubmitResult, SubmitVerdict
from seriatim.lua.script_calls import run
from seriatim.records import DrainMode, Sentence
from seriatim.text.segment import IncrementalSegmenter
from seriatim.text.text_files import TextFile, read_if_file

if TYPE_CHECKING:
    from seriatim.client.client import Client

FULL_POLL_S = 0.05  #: while the job's queue is full; a sentence takes some hundred ms


@dataclass(slots=True)
class OpenJob:
    """A job that takes text until it is closed. Used by one thread at a time; read its audio from another.

    While it is open its lease is renewed (`seriatim.client.open_job_leases`), so that a producer may pause as long as
    it lives; when its process dies the lease ends, and the job is closed with what was said.
    """

    job: Job
    producer: "Client" = field(repr=False)
    request: JobRequest
    text: IncrementalSegmenter = field(repr=False)
    n: int = 0  #: sentences sent
    closed: threading.Event = field(default_factory=threading.Event, repr=False)
    waiting: list[str] = field(default_factory=list, repr=False)  #: rows that a full queue has not taken yet
    first_chars: int = 0  #: how its first piece is cut, for whoever goes on with it

    def __post_init__(self) -> None:
        self.producer.leases.keep(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None:
            self.close()
        else:
            self.closed.set()
            if not isinstance(error, IdempotencyConflict):  # or the job is another's
                self.job.cancel(f"its producer failed: {type(error).__name__}")

    @property
    def pool_client(self) -> PoolClient:
        """What hands out its sentences."""
        return self.producer.pool_client(self.job.pool)

    def say(self, text: str | PathLike[str] | TextFile, timeout_s: float | None = None) -> None:
        """Say more: a piece of text, or a file. Complete sentences go out at once; the rest waits for more.

        Blocks while the job's queue is full (SERIATIM_QUEUE_LIMIT_MS).

        Raises:
            Busy: the queue was full for `timeout_s`; the text is taken, and goes out with the next call.
            JobNotOpen: the job is closed or ended.
            IdempotencyConflict: its idempotency key stands for a job that says something else.
            BadInput: it is no text, or a file that cannot be read.
            TextTooLarge, TooManySentences: more than one job may have; nothing of it is taken.
        """
        piece = read_if_file(text, self.pool_client.settings.max_text_bytes)
        check_text(piece)
        if not isinstance(piece, str):
            raise BadInput(f"a piece of text is {type(piece).__name__}; expected a string: say them one by one")
        check_size(piece, self.pool_client.settings)
        self._send([Sentence(p.text, p.pause_ms) for p in self.text.feed(piece)], timeout_s)

    def flush(self, timeout_s: float | None = None) -> None:
        """Say what waits as it is: the text makes a pause here."""
        self._send([Sentence(p.text, p.pause_ms) for p in self.text.flush()], timeout_s)

    def close(self, timeout_s: float | None = None) -> None:
        """Say the rest; no more will come. May be called twice.

        Raises:
            Busy: the queue was full for `timeout_s`; call again.
        """
        if self.closed.is_set():
            return
        self._send([Sentence(p.text, p.pause_ms) for p in self.text.flush()], timeout_s, close=True)
        self.closed.set()

    def _send(self, sentences: list[Sentence], timeout_s: float | None, *, close: bool = False) -> None:
        if self.closed.is_set():
            raise JobNotOpen(f"job {self.job.id} is closed; open another")
        check_count(self.n + len(self.waiting) + len(sentences), self.pool_client.settings)
        self.waiting += self.producer.rows_of(sentences, self.request)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while self.waiting or close:
            verdict = self._extend(self.waiting, close=close)
            if verdict is ExtendVerdict.OK:
                return
            if deadline is not None and time.monotonic() >= deadline:
                raise Busy(f"job {self.job.id} has as much text queued as SERIATIM_QUEUE_LIMIT_MS allows", FULL_POLL_S)
            time.sleep(FULL_POLL_S)

    def _extend(self, rows: list[str], *, close: bool) -> ExtendVerdict:
        """Send rows from sequence number n on; idempotent, so that a repeated call says nothing twice."""
        pool_client = self.pool_client
        producer_ms = round(pool_client.settings.open_job_lease_s * 1000)
        call = pool_calls.extend(
            pool_client.pool, self.job.id, self.n, rows,
            close=close, producer_ms=producer_ms, ended_life_ms=pool_client.retry.ended_life_ms,
        )  # fmt: skip
        verdict, n = run(pool_client.redis, call)
        if verdict is ExtendVerdict.CONFLICT:
            self.closed.set()
            raise idempotency_conflict(self.job.id)
        if verdict in (ExtendVerdict.GONE, ExtendVerdict.CLOSED):
            self.closed.set()
            if verdict is ExtendVerdict.GONE and close and not rows:
                return ExtendVerdict.OK
            raise JobNotOpen(f"job {self.job.id} takes no more text: {self._why()}")
        if verdict is ExtendVerdict.GAP:
            self.closed.set()
            self.job.cancel(f"the server lost sentences {n} to {self.n}")
            raise JobNotOpen(f"the server lost sentences {n} to {self.n} of job {self.job.id}; open another job")
        if verdict is ExtendVerdict.OK:
            self.n += len(rows)  # not n: one that was resumed says again what is known, from the beginning
            self.waiting = []  # before the steps below: one that fails must not have these sent, and said, again
            if close:
                complete_pending_step(pool_client, job_calls.close(self.job.id, n), f"close|{self.job.id}|{n}|")
            if rows:
                dispatch(pool_client)
        return verdict

    def _why(self) -> str:
        status = self.job.status()
        return f"it ended as {status.state}: {status.reason}" if status.ended else "it was closed"


def open_job_with(producer: "Client", request: JobRequest) -> OpenJob:
    """Ask for admission of a job without text yet.

    Raises:
        as `Client.enqueue`.
    """
    request = resolve_engine(producer, request)
    facts = producer.pool_cache.get(request.pool_name)
    request = producer.ensure(request, facts)
    cut = producer.cut(request, facts)
    answer = _submit(producer, request, segmentation_to_json(cut))
    if answer.verdict is SubmitVerdict.RECUT:
        answer = _submit(producer, request, answer.cut)
    cut = with_stored_segmentation(cut, answer.cut)
    job = producer.job(answer.job, request.pool_name, DrainMode(answer.drain or request.drained_by))
    return OpenJob(job, producer, request, IncrementalSegmenter(cut), first_chars=cut.first_chars)


def _submit(producer: "Client", request: JobRequest, cut: str) -> SubmitResult:
    settings = producer.settings
    return producer.submit(
        producer.pool_client(request.pool_name), request, [], n=-1, cut=cut,
        producer_ms=round(settings.open_job_lease_s * 1000), queue_limit_ms=settings.queue_limit_ms,
    )  # fmt: skip


def resume_job(producer: "Client", job: Job, request: JobRequest, first_chars: int) -> OpenJob:
    """Go on with an open job whose producer was lost, in another process.

    Say all of its text again from the beginning, with the same pauses for `flush`: it is cut as it was the first time,
    and sentences that are known already are not taken twice. `first_chars` is that of the lost one.
    """
    cut = replace(producer.cut(request, producer.pool_cache.get(request.pool_name)), first_chars=first_chars)
    return OpenJob(job, producer, request, IncrementalSegmenter(cut), first_chars=first_chars)
