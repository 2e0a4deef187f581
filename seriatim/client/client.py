"""The client: splits texts into sentences, requests admission, returns handles on jobs.

The steps have an order: first the job's own keys, with a short TTL; then the pool, which refuses or accepts in one
step; then the full TTL. A crash between two steps is repaired: a job that was not accepted expires, and for an accepted
one the missing steps are in the to-do list.
"""

import hashlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, cast

from seriatim import tracing
from seriatim.celery_app import make_app
from seriatim.client.default_engine import default_pool, resolve_engine
from seriatim.client.job import Job
from seriatim.client.job_options import (
    EmptyTextPolicy,
    JobOptions,
    JobRequest,
    Text,
    check_job,
    check_text,
    check_voice,
    normalize_voice,
)
from seriatim.client.open_job import OpenJob, open_job_with
from seriatim.client.open_job_leases import OpenJobLeases
from seriatim.client.partial_submission import SUBMISSION_LEASE_MS, PartialSubmission, idempotency_conflict
from seriatim.client.pool_cache import FRESH_S, PoolCache
from seriatim.client.stored_segmentation import segmentation_to_json, with_stored_segmentation
from seriatim.client.text_limits import check_size, checked_sentences, limited_rows
from seriatim.dispatch import PoolClient, complete_pending_step, dispatch
from seriatim.engine import Voice
from seriatim.errors import (
    BadInput,
    Busy,
    CapReached,
    EmptyText,
    JobUnknown,
    MemoryFull,
    NoWorkers,
    SeriatimError,
    TextTooLarge,
)
from seriatim.keys import user_tag
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.job_scripts import JobSlot
from seriatim.lua.pool_records import Submission, SubmitResult, SubmitVerdict
from seriatim.lua.pool_scripts import sentence_argument
from seriatim.lua.script_calls import run
from seriatim.reassembler_heartbeats import store_folder
from seriatim.records import DrainMode, JobKind, JobSpec, Sentence
from seriatim.servers.connection_shares import ConnectionShares
from seriatim.servers.redis_clients import blocking_client, command_client
from seriatim.servers.server_urls import redacted_url
from seriatim.settings import Settings
from seriatim.state.job_record import LiveJobState
from seriatim.state.pool_record import PoolRecord, read_pool
from seriatim.state.pool_state import PoolState, pool_states
from seriatim.state.stream_record import read_stream_record
from seriatim.text.documents import Document, DocumentLimits
from seriatim.text.duration_estimate import estimate_ms
from seriatim.text.markup import has_markup
from seriatim.text.reading import ReadingMode, read_sentence
from seriatim.text.segment import SegmentOptions, segment
from seriatim.text.text_files import read_if_file
from seriatim.user_limits import LIMITS, UserLimits

log = logging.getLogger(__name__)

Options = TypeVar("Options", JobRequest, Sentence)

FIRST_BATCH = (
    32  #: sentences submitted at once: a page is one step, and a book's first sentence does not wait for its last
)
FIRST_CHARS = 80  #: a live job's first part: about five seconds of speech, and less than half that of synthesis
TIGHT_FIRST_CHARS = 40  #: while its pool is nearly full: every listener's first audio comes sooner, for one more seam
NO_LIMIT_MS = 10**12  #: a complete text is accepted whole; only open jobs have a queue limit


class Client:
    """A connection to one Seriatim system, to enqueue, attach to and list jobs. Thread-safe.

        with Client("redis://10.0.0.7/0") as client:
            job = client.enqueue_job("Good morning.")

    Several clients with different settings may exist in one process. Nothing connects before the first call.
    """

    def __init__(
        self, redis_url: str = "", *, broker_url: str = "", store_dir: str = "", settings: Settings | None = None
    ) -> None:
        """Use the settings of the environment, or `settings`; each further argument overrides one of them.

        Raises:
            Misconfigured: a setting is wrong.
        """
        overrides = {"redis_url": redis_url, "broker_url": broker_url, "store_dir": store_dir}
        base = Settings.from_env(os.environ) if settings is None else settings
        self.settings = replace(base, **{name: value for name, value in overrides.items() if value})  # type: ignore[arg-type]  # all are strings
        self.shares = ConnectionShares.of(self.settings.redis_connections)
        self.redis = command_client(self.settings.redis_url, max_connections=self.shares.commands)
        self.reader = blocking_client(self.settings.redis_url, max_connections=self.shares.reads)
        self.pool_cache = PoolCache(self.redis)
        self.leases = OpenJobLeases()  #: of its open jobs
        self._pool_clients: dict[str, PoolClient] = {}
        self._lock = threading.Lock()  #: of `_pool_clients`
        self._resolved_settings = self.settings  #: the settings, with the folder where recordings are
        self._resolved_s = float("-inf")  #: monotonic time at which it was resolved

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({redacted_url(self.settings.redis_url)!r})"

    def enqueue_job(self, text: Text, **options: Unpack[JobOptions]) -> Job:
        """Accept a text, or an iterable of sentences, as one job, as `seriatim.enqueue_job`.

        Raises:
            as `seriatim.enqueue_job`.
        """
        return self.enqueue(text, JobRequest.of(options))

    def open_job(self, **options: Unpack[JobOptions]) -> OpenJob:
        """Open a job for text that is still being generated, as `seriatim.open_job`.

        Raises:
            as `enqueue_job`.
        """
        return open_job_with(self, JobRequest.of(options))

    def voices(self, pool: str = "") -> list[Voice]:
        """Return the voices of a pool, its default first; without a name, those of the default engine's pool.

        Raises:
            Unavailable: Redis does not answer.
        """
        return list(read_pool(self.redis, pool or default_pool(self)).voices)

    def pools(self) -> list[PoolState]:
        """Return the state of every pool.

        Raises:
            Unavailable: Redis does not answer.
        """
        return pool_states(self.redis)

    def jobs(self, pool: str = "") -> list[LiveJobState]:
        """Return the jobs that have not ended, of one pool or of all; at most `pool_state.JOBS_SHOWN` per pool.

        Raises:
            Unavailable: Redis does not answer.
        """
        return [job for each in self.pools() if pool in ("", each.pool) for job in each.jobs]

    def pool_client(self, pool: str) -> PoolClient:
        """The client of one pool, to dispatch its work; its connections rebase the pool after a server's restart."""
        with self._lock:
            if pool not in self._pool_clients:
                app = make_app(self.settings.broker, connections=self.shares.broker)
                redis = command_client(self.settings.redis_url, [pool], max_connections=self.shares.commands)
                self._pool_clients[pool] = PoolClient(redis, app, pool, self.settings)
            return self._pool_clients[pool]

    def enqueue(self, text: Text, request: JobRequest) -> Job:
        """Accept a text as one job; returns once all of it is accepted.

        Raises:
            as `begin`.
        """
        submission = self.begin(text, request)
        submission.send_rest()
        return submission.job

    def begin(self, text: Text, request: JobRequest) -> PartialSubmission:
        """Accept the first sentences of a text as one job, which are spoken at once; `send_rest` must follow.

        Raises:
            EmptyText, TextTooLarge, UnknownVoice, UnknownLanguage, BadInput: the text or an option cannot be used.
            IdempotencyConflict: the idempotency key stands for another text.
            Busy, CapReached, MemoryFull, NoWorkers: retry after `retry_after_s`.
            Unavailable: Redis does not answer.
        """
        content = read_if_file(text, DocumentLimits.of(self.settings), request.markup)
        if isinstance(content, Document):
            request = replace(request, markup=content.markup)
            content = content.text
        check_text(content)
        request = resolve_engine(self, request, content)
        facts = self.pool_cache.get(request.pool_name)
        resolved = self.ensure(request, facts)
        return self._submit_first(cast("str | Iterable[str | Sentence]", content), resolved, facts)

    def _submit_first(
        self, text: str | Iterable[str | Sentence], request: JobRequest, facts: PoolRecord, stored_cut: str = ""
    ) -> PartialSubmission:
        """`begin`; `stored_cut` is how the text was split when it was first sent (stored_segmentation.py)."""
        cut = with_stored_segmentation(self.cut(request, facts), stored_cut)
        rows = self._sentence_rows(text, request, facts, cut)
        first = list(islice(rows, FIRST_BATCH))
        if not first and request.empty is EmptyTextPolicy.ERROR:
            raise EmptyText("the text has nothing to speak: no letters and no digits")
        next_row = next(rows, None)
        whole = next_row is None
        pool_client = self.pool_client(request.pool_name)
        mark = segmentation_to_json(cut) if isinstance(text, str) else ""
        answer = self.submit(pool_client, request, first, n=len(first) if whole else -1, cut=mark)
        if answer.verdict is SubmitVerdict.RECUT:
            return self._submit_first(text, request, facts, answer.cut)
        dispatch(pool_client)
        job = self.job(answer.job, request.pool_name, DrainMode(answer.drain or request.drained_by))
        rest = rows if next_row is None else chain([next_row], rows)
        if answer.verdict is SubmitVerdict.DUPLICATE:  # its first sender may have stopped at any point
            return PartialSubmission(job, pool_client, 0, chain(first, rest), whole=False, again=True)
        return PartialSubmission(job, pool_client, len(first), rest, whole=whole)

    def submit(self, pool_client: PoolClient, request: JobRequest, rows: list[str], *, n: int,
               producer_ms: int = SUBMISSION_LEASE_MS, queue_limit_ms: int = NO_LIMIT_MS,
               cut: str = "") -> SubmitResult:  # fmt: skip
        """Request admission with the first sentences; n is -1 while more may follow.

        The verdict is ACCEPTED; DUPLICATE, with the job that has the idempotency key; or RECUT, and nothing has
        changed.

        Raises:
            IdempotencyConflict: the key's job has another text.
        """
        with tracing.span(
            "enqueue", tracing.PRODUCER, pool=pool_client.pool, kind=str(request.kind), sentences=len(rows)
        ) as span:
            s = self._submission(request, closed=n >= 0, producer_ms=producer_ms, queue_limit_ms=queue_limit_ms)
            try:
                answer = self._run_submission(pool_client, request, rows, n, replace(s, cut=cut))
            except MemoryFull:  # the server itself ran out of memory; keys of an incomplete job expire
                wait_ms = run(pool_client.redis, pool_calls.memory_wait(pool_client.pool, s.memory_share))
                raise MemoryFull("Redis is out of memory; running jobs continue", wait_ms / 1000) from None
            span.note(job=answer.job)
            return answer

    @staticmethod
    def _run_submission(
        pool_client: PoolClient, request: JobRequest, rows: list[str], n: int, s: Submission
    ) -> SubmitResult:
        job_id = s.job
        slot = JobSlot(
            request.hold, s.drain, life_ms=s.life_ms, ended_life_ms=s.ended_life_ms, pool=pool_client.pool,
            memory_share=s.memory_share,
        )  # fmt: skip
        run(pool_client.redis, job_calls.init(job_id, n, slot))
        answer = run(pool_client.redis, pool_calls.submit(pool_client.pool, s, rows))
        if answer.verdict is SubmitVerdict.ACCEPTED or (
            answer.job == job_id and answer.verdict is SubmitVerdict.DUPLICATE
        ):
            complete_pending_step(
                pool_client, job_calls.life(job_id, accepted=True), f"life|{job_id}"
            )  # the duplicate may be this very call, sent twice
            return answer
        run(pool_client.redis, job_calls.life(job_id, accepted=False))
        if answer.verdict not in (SubmitVerdict.DUPLICATE, SubmitVerdict.RECUT):
            raise _refusal_error(answer, request)
        return answer

    def attach(self, job_id: str) -> Job:
        """Return a handle on a job from its id, in any process.

        Raises:
            JobUnknown: no such job, or it has expired and has no recording.
            BadInput: not a job id.
        """
        check_job(job_id)
        known = read_stream_record(self.redis, job_id)
        handle = self.job(job_id, known.pool if known else "", DrainMode(known.drain if known else DrainMode.STORE))
        if known is None and not handle.recorded():
            raise JobUnknown(f"no job {job_id!r}: it was never accepted, or it has ended and expired")
        return handle

    def close(self) -> None:
        """Close all connections. Handles from this client cannot be used afterwards."""
        self.leases.forget()
        for pool_client in self._pool_clients.values():
            pools: tuple[Any, ...] = (
                pool_client.app.producer_pool,
                pool_client.app.pool,
            )  # celery-types lacks kombu's Resource
            for pool in pools:
                pool.force_close_all()
            pool_client.redis.close()
        self._pool_clients.clear()
        self.redis.close()
        self.reader.close()

    def job(self, job_id: str, pool: str, drain: DrainMode) -> Job:
        """A handle on a job, with the folder of recordings resolved."""
        if time.monotonic() - self._resolved_s > FRESH_S:
            folder = str(store_folder(self.redis, self.settings.store_dir))
            self._resolved_settings, self._resolved_s = replace(self.settings, store_dir=folder), time.monotonic()
        return Job(job_id, pool, drain, self.redis, self.reader, self._resolved_settings)

    def rows_of(self, sentences: Iterable[Sentence], request: JobRequest) -> Iterator[str]:
        """Sentences in the pool's form, with their estimated durations."""
        for sentence in sentences:
            s = sentence if sentence.pause_ms >= 0 else replace(sentence, pause_ms=request.pause_ms)
            language = s.language or request.language or "en"
            spoken_ms = estimate_ms(s.text, language, s.speed or request.speed)
            yield sentence_argument(spoken_ms + s.pause_ms, s.to_json())

    def cut(self, request: JobRequest, facts: PoolRecord) -> SegmentOptions:
        """The options by which a request's texts are split for a pool."""
        language = request.language or facts.language_of(request.voice) or "en"
        first = (TIGHT_FIRST_CHARS if facts.tight else FIRST_CHARS) if request.kind is JobKind.LIVE else 0
        limit_chars = facts.limit_of(language)
        return SegmentOptions(
            language,
            limit_chars,
            facts.merge_chars,
            first,
            request.pause_ms,
            request.paragraph_ms,
            request.markup,
            request.reading,
        )

    def _sentence_rows(
        self, text: str | Iterable[str | Sentence], request: JobRequest, facts: PoolRecord, cut: SegmentOptions
    ) -> Iterator[str]:
        if isinstance(text, str):
            check_size(text, self.settings)
            sentences: Iterable[Sentence] = (Sentence(p.text, p.pause_ms) for p in segment(text, cut))
        else:
            sentences = self._prepare_sentences(text, request, facts)
        yield from limited_rows(self.rows_of(sentences, request), self.settings)

    def _prepare_sentences(
        self, sentences: Iterable[str | Sentence], request: JobRequest, facts: PoolRecord
    ) -> Iterator[Sentence]:
        for sentence in checked_sentences(sentences, request.pause_ms, self.settings):
            resolved = self._check_sentence(sentence, request, facts)
            language = resolved.language or request.language or "en"
            yield from self._fit_sentence(resolved, language, facts, request)

    def ensure(self, request: JobRequest, facts: PoolRecord) -> JobRequest:
        """Check a request against the pool's abilities, and resolve its voice to the pool's name.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption: the pool's workers do not support it.
        """
        return self._check_with_refresh(request.pool_name, facts, lambda now: _resolve_voice(request, request, now))

    def _check_sentence(self, sentence: Sentence, request: JobRequest, facts: PoolRecord) -> Sentence:
        return self._check_with_refresh(request.pool_name, facts, lambda now: _resolve_voice(sentence, request, now))

    def _check_with_refresh(self, pool: str, facts: PoolRecord, check: Callable[[PoolRecord], Options]) -> Options:
        """Check again with a fresh record after a refusal, for what was added recently, such as a voice."""
        try:
            return check(facts)
        except BadInput:
            return check(self.pool_cache.refresh(pool))

    @staticmethod
    def _fit_sentence(sentence: Sentence, language: str, facts: PoolRecord, request: JobRequest) -> Iterator[Sentence]:
        """A caller's sentence, split if it exceeds the engine's limit; its pause follows the last part."""
        limit_chars = facts.limit_of(language)
        if len(sentence.text) <= limit_chars and _is_plain(sentence.text, language, request):
            yield sentence
            return
        cut = SegmentOptions(language, limit_chars, markup=request.markup, reading=request.reading)
        pieces = [p.text for p in segment(sentence.text, cut)]
        if pieces and len(joined := " ".join(pieces)) <= limit_chars:
            pieces = [joined]
        for text in pieces[:-1]:
            yield Sentence(text, 0, sentence.voice, sentence.language, sentence.speed, sentence.seed)
        for text in pieces[-1:]:
            yield Sentence(text, sentence.pause_ms, sentence.voice, sentence.language, sentence.speed, sentence.seed)

    def _submission(self, request: JobRequest, *, closed: bool, producer_ms: int, queue_limit_ms: int) -> Submission:
        s, live = self.settings, request.kind is JobKind.LIVE
        timeout_s = request.timeout_s or (s.live_timeout_s if live else s.batch_timeout_s)
        spec = JobSpec(
            request.voice,
            request.language,
            request.speed,
            request.seed,
            dict(request.options),
            trace=tracing.current_traceparent(),
        )
        return Submission(
            job=secrets.token_hex(16), user=user_tag(request.user), kind=request.kind, spec=spec.to_json(),
            closed=closed, idempotency_key=request.idempotency_key, spec_digest=_spec_digest(spec),
            priority=request.priority, weight=request.weight, speed=request.speed, play=request.play,
            gap=request.gap_policy, drain=request.drained_by,
            window_ms=request.window_ms or (s.live_window_ms if live else s.batch_window_ms),
            target_ms=s.first_audio_ms, timeout_ms=round(timeout_s * 1000),
            life_ms=round((timeout_s + s.ended_job_ttl_s) * 1000),
            grace_ms=round((request.reader_grace_s or s.reader_grace_s) * 1000),
            producer_ms=0 if closed else producer_ms, queue_limit_ms=queue_limit_ms,
            ended_life_ms=round(s.ended_job_ttl_s * 1000), memory_share=s.memory_share,
            limits=UserLimits.from_settings(s),
        )  # fmt: skip


def _spec_digest(spec: JobSpec) -> str:
    """A digest of the audible part of a spec: the trace and the spelling of the voice do not count."""
    same = replace(spec, trace="", voice=normalize_voice(spec.voice))
    return hashlib.blake2s(same.to_json().encode(), digest_size=16).hexdigest()


def _resolve_voice(options: Options, request: JobRequest, facts: PoolRecord) -> Options:
    """What is asked for, if the pool's workers can do it, with its voice by the pool's name for it."""
    facts.check(options.language, options.speed or request.speed, request.options)
    voice = check_voice(options.voice, facts.voice_names, request.pool_name)
    return options if voice == options.voice else replace(options, voice=voice)


def _is_plain(text: str, language: str, request: JobRequest) -> bool:
    """True if a caller's sentence is spoken as it is written."""
    if not (text.isprintable() and _has_speech(text)) or has_markup(text, request.markup):
        return False
    return request.reading is ReadingMode.OFF or read_sentence(text, language) == text


def _has_speech(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _refusal_error(answer: SubmitResult, request: JobRequest) -> SeriatimError:
    after_s, pool, user = answer.retry_after_ms / 1000, request.pool_name, request.user
    if answer.verdict is SubmitVerdict.TOO_LARGE:
        return TextTooLarge(
            f"a job of user {user!r} has more audio than SERIATIM_USER_QUEUED_S allows; send it in parts"
        )
    if answer.verdict is SubmitVerdict.CONFLICT:
        return idempotency_conflict(answer.job)
    for name, limit in LIMITS.items():
        if answer.verdict.name.lower() == limit.script_name:
            return CapReached(f"user {user!r} has {limit.reached} SERIATIM_USER_{name.upper()} allows", after_s)
    refusals = {
        SubmitVerdict.BUSY: Busy(f"pool {pool!r} has all the listeners that it can serve without gaps", after_s),
        SubmitVerdict.MEMORY: MemoryFull("the Redis memory budget is used up; running jobs continue", after_s),
        SubmitVerdict.NO_WORKERS: NoWorkers(
            f"no worker of pool {pool!r} is alive; start one with: seriatim worker --engine {request.engine}", after_s
        ),
    }
    return refusals[answer.verdict]
