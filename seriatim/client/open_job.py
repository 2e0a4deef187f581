"""A job whose text is still being generated: `say` any number of times, then `close`."""

import threading
import time
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Self

from seriatim.client.job import Job
from seriatim.client.option_checks import check_text
from seriatim.client.partial_submission import idempotency_conflict
from seriatim.client.resolved_request import ResolvedRequest, log_warning
from seriatim.client.sentence_rows import rows_of_sentences, sentences_of
from seriatim.client.sentences.sentence_neighbours import with_neighbours
from seriatim.client.text_languages import LanguageCheck
from seriatim.client.text_limits import check_count, check_size
from seriatim.dispatch import PoolClient, complete_pending_step, dispatch
from seriatim.errors import BadInput, Busy, IdempotencyConflict, JobNotOpen
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.pool_records import ExtendVerdict
from seriatim.lua.script_calls import run
from seriatim.records import Sentence
from seriatim.text.documents import Document, DocumentLimits
from seriatim.text.segment import IncrementalSegmenter, Segment
from seriatim.text.text_files import TextFile, read_if_file

QUEUE_POLL_S = 0.05  #: interval of retries while the job's queue is full; a sentence takes some hundred ms


@dataclass(slots=True)
class OpenJob:
    """A job that accepts text until it is closed. Used by one thread at a time; read its audio from another.

    While it is open its lease is renewed (`seriatim.client.open_job_leases`), so that a producer may pause for as long
    as its process runs; if the process dies, the lease expires and the job is closed with the text it has.
    """

    job: Job
    pool_client: PoolClient = field(repr=False)
    resolved: ResolvedRequest = field(repr=False)
    text: IncrementalSegmenter = field(repr=False)
    n: int = 0  #: sentences sent
    closed: threading.Event = field(default_factory=threading.Event, repr=False)
    waiting: list[str] = field(default_factory=list, repr=False)  #: rows that a full queue has not accepted yet
    first_chars: int = 0  #: length of its first part, for `Producer.resume`
    limit_ms: int = 0  #: how long its parts may last, for the same
    neighbours: bool = False  #: sentences are sent with the text before them; what follows is not written yet
    previous: Sentence | None = field(default=None, repr=False)  #: the last one that was given, with `neighbours`
    warnings: list[str] = field(default_factory=list)  #: of its text so far, such as one in another language
    language_check: LanguageCheck | None = field(default=None, repr=False)  #: None: the text chooses the voice

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None:
            self.close()
        else:
            self.closed.set()
            if not isinstance(error, IdempotencyConflict):  # after a conflict the job belongs to another producer
                self.job.cancel(f"its producer failed: {type(error).__name__}")

    def say(self, text: str | PathLike[str] | TextFile, timeout_s: float | None = None) -> None:
        """Add text, or a file. Complete sentences are sent at once; the rest waits for more text.

        Blocks while the job's queue is full (SERIATIM_QUEUE_LIMIT_MS).

        Raises:
            Busy: the queue was full for `timeout_s`; the text is kept, and sent with the next call.
            JobNotOpen: the job is closed or has ended.
            IdempotencyConflict: its idempotency key stands for a job with another text.
            BadInput: not text, or a file that cannot be read.
            TextTooLarge, TooManySentences: more than a job may have; none of it is accepted.
        """
        piece = read_if_file(text, DocumentLimits.of(self.pool_client.settings))
        piece = piece.text if isinstance(piece, Document) else piece
        check_text(piece)
        if not isinstance(piece, str):
            raise BadInput(f"the text is {type(piece).__name__}; expected a string; call say() for each")
        check_size(piece, self.pool_client.settings)
        self._send_rows(self.text.feed(piece), timeout_s)

    def flush(self, timeout_s: float | None = None) -> None:
        """Speak pending text as it is: the text pauses here."""
        self._send_rows(self.text.flush(), timeout_s)

    def close(self, timeout_s: float | None = None) -> None:
        """Speak the rest and close the job. May be called twice.

        Raises:
            Busy: the queue was full for `timeout_s`; call again.
        """
        if self.closed.is_set():
            return
        self._send_rows(self.text.flush(), timeout_s, close=True)
        self.closed.set()

    def _send_rows(self, pieces: list[Segment], timeout_s: float | None, *, close: bool = False) -> None:
        if self.closed.is_set():
            raise JobNotOpen(f"job {self.job.id} is closed; open another")
        sentences = list(sentences_of(pieces, self.resolved))
        self.resolved.styles.ignore(self.text.unsupported)
        self._check_language(pieces, last=close)
        check_count(self.n + len(self.waiting) + len(sentences), self.pool_client.settings)
        self.waiting += rows_of_sentences(self._with_previous(sentences), self.resolved.request)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while self.waiting or close:
            verdict = self._extend_job(self.waiting, close=close)
            if verdict is ExtendVerdict.OK:
                return
            if deadline is not None and time.monotonic() >= deadline:
                raise Busy(f"job {self.job.id} has as much text queued as SERIATIM_QUEUE_LIMIT_MS allows", QUEUE_POLL_S)
            time.sleep(QUEUE_POLL_S)

    def _with_previous(self, sentences: list[Sentence]) -> list[Sentence]:
        """The sentences with the text before each, if the pool speaks by it."""
        if not self.neighbours or not sentences:
            return sentences
        previous, self.previous = self.previous, sentences[-1]
        return [replace(each, next_text="") for each in with_neighbours(sentences, previous)]

    def _check_language(self, pieces: list[Segment], *, last: bool) -> None:
        warning = self.resolved.take_warning()
        if self.language_check:
            warning = self.language_check.feed(" ".join(piece.text for piece in pieces), last=last)
            log_warning(warning)
        if warning:
            self.warnings.append(warning)

    def _extend_job(self, rows: list[str], *, close: bool) -> ExtendVerdict:
        """Send rows from sequence number n on; idempotent, so that a repeated call has no further effect."""
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
            raise JobNotOpen(f"job {self.job.id} takes no more text: {self._end_reason()}")
        if verdict is ExtendVerdict.GAP:
            self.closed.set()
            self.job.cancel(f"the server lost sentences {n} to {self.n}")
            raise JobNotOpen(f"the server lost sentences {n} to {self.n} of job {self.job.id}; open another job")
        if verdict is ExtendVerdict.OK:
            self.n += len(rows)  # not n: a resumed job sends the whole text again, from its beginning
            self.waiting = []  # before the steps below: if one fails, these rows must not be sent and spoken again
            if close:
                complete_pending_step(pool_client, job_calls.close(self.job.id, n), f"close|{self.job.id}|{n}|")
            if rows:
                dispatch(pool_client)
        return verdict

    def _end_reason(self) -> str:
        status = self.job.status()
        return f"it ended as {status.state}: {status.reason}" if status.ended else "it was closed"
