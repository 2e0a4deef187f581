"""The producer: turns texts into jobs of pools, for the client, the gateway and the command line.

It checks a request against its pool, splits the text (`sentence_rows`), requests admission with the first sentences
(`admission`), and returns handles on jobs. `seriatim.client.client` is what a user's program has of it.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar, cast

from seriatim.celery_app import make_app
from seriatim.client import default_engine
from seriatim.client.admission import make_submission, submit
from seriatim.client.job import Job
from seriatim.client.job_lexicon import SystemLexicons
from seriatim.client.job_options import AUTO, EmptyTextPolicy, JobRequest, Text
from seriatim.client.open_job import OpenJob
from seriatim.client.open_job_leases import OpenJobLeases
from seriatim.client.option_checks import check_job, check_text
from seriatim.client.partial_submission import SUBMISSION_LEASE_MS, PartialSubmission
from seriatim.client.pool_cache import FRESH_S, PoolCache
from seriatim.client.resolved_request import ResolvedRequest, without_auto
from seriatim.client.sentence_rows import rows_of_text, segmentation_for
from seriatim.client.sentences.speaker_voices import cast_for_text
from seriatim.client.text_languages import LanguageCheck
from seriatim.client.voice_names import find_voice
from seriatim.dispatch import PoolClient, dispatch
from seriatim.errors import BadInput, EmptyText, JobUnknown
from seriatim.lua.pool_records import SubmitResult, SubmitVerdict
from seriatim.reassembler_heartbeats import store_of_system
from seriatim.recordings.store_place import StorePlace, store_place
from seriatim.records import DrainMode, JobKind, Sentence
from seriatim.servers.connection_shares import ConnectionShares
from seriatim.servers.redis_clients import blocking_client, command_client
from seriatim.settings import Settings
from seriatim.state.pool_record import PoolRecord
from seriatim.state.stream_record import read_stream_record
from seriatim.text.dialogue.cast import NARRATOR, Cast
from seriatim.text.documents import Document, DocumentLimits
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions
from seriatim.text.segment.stored_segmentation import segmentation_to_json, with_stored_segmentation
from seriatim.text.speech_style import SpeechStyle
from seriatim.text.text_files import read_if_file

Options = TypeVar("Options", JobRequest, Sentence)

#: sentences submitted at once: a page is one step, and a book's first sentence does not wait for its last
FIRST_BATCH = 32
NO_LIMIT_MS = 10**12  #: a complete text is accepted whole; only open jobs have a queue limit


class Producer:
    """Connections to one Seriatim system, and the jobs that are made over them. Thread-safe."""

    def __init__(self, settings: Settings, job_suffix: str = "") -> None:
        """`job_suffix`: the end of the ids of its jobs, by which a gateway finds their server."""
        self.settings, self.job_suffix = settings, job_suffix
        self.shares = ConnectionShares.of(settings.redis_connections)
        self.redis = command_client(settings.redis_url, max_connections=self.shares.commands)
        self.reader = blocking_client(settings.redis_url, max_connections=self.shares.reads)
        self.pool_cache = PoolCache(self.redis)
        self.leases = OpenJobLeases()  #: of its open jobs
        self._system_lexicons = SystemLexicons(settings)
        self._pool_clients: dict[str, PoolClient] = {}
        self._lock = threading.Lock()  #: of `_pool_clients`
        self._resolved_settings = settings  #: the settings, with the folder where recordings are
        self._resolved_s = float("-inf")  #: monotonic time at which it was resolved

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
        content = read_if_file(text, DocumentLimits.of(self.settings), request.markup, request.code)
        lost = ""
        if isinstance(content, Document):
            request = replace(request, markup=content.markup)
            lost, content = content.warning, content.text
        check_text(content)
        resolved = self.resolve(request, content).with_warning(lost)
        return self._submit_first(cast("str | Iterable[str | Sentence]", content), resolved)

    def open(self, request: JobRequest) -> OpenJob:
        """Open a job for text that is still being generated.

        Raises:
            as `begin`.
        """
        resolved = self.resolve(request)
        request = resolved.request
        cut = segmentation_for(resolved, whole=False)
        answer = self._submit_open(resolved, segmentation_to_json(cut))
        if answer.verdict is SubmitVerdict.RECUT:
            answer = self._submit_open(resolved, answer.cut)
        cut = with_stored_segmentation(cut, answer.cut)
        return self._keep_open(self._handle(answer, request, resolved.warning), resolved, cut)

    def resume(self, job: Job, request: JobRequest, first_chars: int, limit_ms: int = 0) -> OpenJob:
        """Continue an open job whose producer was lost, in another process.

        Send all of its text again from the beginning, with `flush` at the same places: it is split as it was the first
        time, and sentences that are known already are not added again. `first_chars` and `limit_ms`: of the lost job.
        """
        resolved = self.resolve(request)
        cut = replace(segmentation_for(resolved, whole=False), first_chars=first_chars, limit_ms=limit_ms)
        return self._keep_open(job, resolved, cut)

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

    def job(self, job_id: str, pool: str, drain: DrainMode) -> Job:
        """A handle on a job, with the store of recordings resolved."""
        return Job(job_id, pool, drain, self.redis, self.reader, self._settings_with_store())

    def store(self) -> StorePlace:
        """The store of recordings, as the reassemblers of this machine have it.

        Raises:
            Unavailable: Redis does not answer.
            Misconfigured: SERIATIM_STORE_DIR is no place.
        """
        return store_place(self._settings_with_store().store_dir)

    def _settings_with_store(self) -> Settings:
        if time.monotonic() - self._resolved_s > FRESH_S:
            store = str(store_of_system(self.redis, self.settings.store_dir))
            self._resolved_settings, self._resolved_s = replace(self.settings, store_dir=store), time.monotonic()
        return self._resolved_settings

    def default_pool(self) -> str:
        """The pool that speaks requests which name none.

        Raises:
            Unavailable: Redis does not answer.
        """
        return default_engine.default_pool(self.pool_cache, self.settings.engine)

    def choose_pool(self, request: JobRequest, text: object = None) -> JobRequest:
        """The request with the pool that is to speak it; one that names an engine or a pool is returned as it is.

        Raises:
            Unavailable: Redis does not answer.
        """
        return request if request.pool_name else self.choose_engine(request, text)[0]

    def choose_engine(self, request: JobRequest, text: object) -> tuple[JobRequest, str]:
        """The request with the first pool that can speak the text, and the reason (`default_engine.choose_engine`)."""
        pools = default_engine.running_pools(self.pool_cache, self.settings.engine)
        return default_engine.choose_engine(pools, request, text)

    def resolve(self, request: JobRequest, text: object = None) -> ResolvedRequest:
        """The request in the terms of its pool: its voice, the language of the text, its lexicons.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption, BadInput: the pool's workers do not support it.
            Unavailable: Redis does not answer.
        """
        request = self.choose_pool(request, text)
        pool = self.pool_cache.get(request.pool_name)
        unserved = default_engine.warn_if_unknown(self.pool_cache, request, pool)
        checked = self._check(without_auto(request), request, pool)
        cast = self._check_cast(cast_for_text(request, pool, text), request, pool)
        if checked.speakers or cast is not checked.cast:
            checked = replace(checked, speakers={}, cast=cast)
        if request.language == AUTO and not checked.language:
            checked = replace(checked, language=AUTO)
        resolved = ResolvedRequest.of(checked, pool, text, self._system_lexicons.current(checked.pool_name))
        return replace(resolved, warning=unserved).with_warning(resolved.warning) if unserved else resolved

    def pool_client(self, pool: str) -> PoolClient:
        """The client of one pool, to dispatch its work; its connections rebase the pool after a server's restart."""
        with self._lock:
            if pool not in self._pool_clients:
                app = make_app(self.settings.broker, connections=self.shares.broker)
                redis = command_client(self.settings.redis_url, [pool], max_connections=self.shares.commands)
                self._pool_clients[pool] = PoolClient(redis, app, pool, self.settings)
            return self._pool_clients[pool]

    def close(self) -> None:
        """Close all connections. Handles from this producer cannot be used afterwards."""
        self.leases.forget()
        for pool_client in self._pool_clients.values():
            app: Any = pool_client.app  # celery-types lacks kombu's Resource
            for connections in (app.producer_pool, app.pool):
                connections.force_close_all()
            pool_client.redis.close()
        self._pool_clients.clear()
        self.redis.close()
        self.reader.close()

    def _check(self, options: Options, request: JobRequest, pool: PoolRecord) -> Options:
        """Check a request, or one of its sentences; after a refusal once more with a fresh record of the pool.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption: the pool's workers do not support it.
        """
        try:
            return _resolve_voice(options, request, pool)
        except BadInput:  # perhaps it was added recently, such as a voice
            return _resolve_voice(options, request, self.pool_cache.refresh(request.pool_name))

    def _check_cast(self, cast: Cast, request: JobRequest, pool: PoolRecord) -> Cast:
        """The cast with the pools' names of its voices.

        Raises:
            as `_check`.
        """
        if not cast.speakers and not cast.quotes:
            return cast
        speakers = {name: self._check_speaker(style, request, pool) for name, style in cast.speakers.items()}
        named = cast.quotes not in ("", NARRATOR)
        quotes = self._check_speaker(SpeechStyle(cast.quotes), request, pool).voice if named else cast.quotes
        return replace(cast, speakers=speakers, quotes=quotes)

    def _check_speaker(self, style: SpeechStyle, request: JobRequest, pool: PoolRecord) -> SpeechStyle:
        """The style with the name of its voice in its pool, which is the job's or the speaker's own.

        Raises:
            as `_check`.
        """
        if style.engine:
            request = replace(request, engine=style.engine, pool="", options={})
            pool = self.pool_cache.get(style.engine)
        checked = self._check(Sentence("", voice=style.voice, language=style.language), request, pool)
        return replace(style, voice=checked.voice or style.voice)

    def _submit_first(
        self, text: str | Iterable[str | Sentence], resolved: ResolvedRequest, stored_cut: str = ""
    ) -> PartialSubmission:
        """`begin`; `stored_cut` is how the text was split when it was first sent (stored_segmentation.py)."""
        request = resolved.request
        cut = with_stored_segmentation(segmentation_for(resolved), stored_cut)
        resolve = partial(self._check, request=request, pool=resolved.pool)
        rows = rows_of_text(text, resolved, cut, self.settings, resolve)
        first = list(islice(rows, FIRST_BATCH))
        if not first and request.empty is EmptyTextPolicy.ERROR:
            raise EmptyText("the text has nothing to speak: no letters and no digits")
        warning = resolved.joined_warning()
        next_row = next(rows, None)
        whole = next_row is None
        pool_client = self.pool_client(request.pool_name)
        submission = make_submission(
            request, self.settings, closed=whole, producer_ms=SUBMISSION_LEASE_MS, queue_limit_ms=NO_LIMIT_MS,
            cut=segmentation_to_json(cut) if isinstance(text, str) else "", warning=warning, job_suffix=self.job_suffix,
        )  # fmt: skip
        answer = submit(pool_client, request, submission, first)
        if answer.verdict is SubmitVerdict.RECUT:
            return self._submit_first(text, replace(resolved, warning=warning), answer.cut)
        job = self._handle(answer, request, warning)
        rest = rows if next_row is None else chain([next_row], rows, _warned_at_end(resolved))
        if answer.verdict is SubmitVerdict.DUPLICATE:  # its first sender may have stopped at any point
            dispatch(pool_client)
            return PartialSubmission(job, pool_client, 0, chain(first, rest), whole=False, again=True)
        return PartialSubmission(job, pool_client, len(first), rest, whole=whole)

    def _submit_open(self, resolved: ResolvedRequest, cut: str) -> SubmitResult:
        request, lease_ms = resolved.request, round(self.settings.open_job_lease_s * 1000)
        submission = make_submission(
            request, self.settings, closed=False, producer_ms=lease_ms, queue_limit_ms=self.settings.queue_limit_ms,
            cut=cut, warning=resolved.warning, job_suffix=self.job_suffix,
        )  # fmt: skip
        return submit(self.pool_client(request.pool_name), request, submission, [])

    def _handle(self, answer: SubmitResult, request: JobRequest, warning: str) -> Job:
        if answer.verdict is SubmitVerdict.ACCEPTED and request.kind is JobKind.LIVE:
            self.pool_cache.add_listener(request.pool_name)
        job = self.job(answer.job, request.pool_name, DrainMode(answer.drain or request.drained_by))
        job.warning = warning
        return job

    def _keep_open(self, job: Job, resolved: ResolvedRequest, cut: SegmentOptions) -> OpenJob:
        check = None if resolved.voices else LanguageCheck(resolved.request, resolved.pool)
        opened = OpenJob(
            job, self.pool_client(job.pool), resolved, IncrementalSegmenter(cut), first_chars=cut.first_chars,
            limit_ms=cut.limit_ms, neighbours=resolved.pool.takes_neighbours, language_check=check,
        )  # fmt: skip
        self.leases.keep(opened)
        return opened


def _warned_at_end(resolved: ResolvedRequest) -> Iterator[str]:
    """No rows; where they would come, what was found in the rest of the text is logged."""
    resolved.take_warning()
    yield from ()


def _resolve_voice(options: Options, request: JobRequest, pool: PoolRecord) -> Options:
    """What is asked for, if the pool's workers can do it, with its voice by the pool's name for it."""
    pool.check(options.language, options.speed or request.speed, request.options)
    voice, language = find_voice(options.voice, pool)
    if voice == options.voice:
        return options
    return replace(options, voice=voice, language=options.language or language)
