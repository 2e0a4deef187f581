"""A producer: cuts texts, asks for admission, hands back handles. One per process; thread-safe.

The steps have an order: the job's own slot first, with a short life; then the pool, which refuses or
accepts in one step; then the whole life. A crash between two of them heals: what was not accepted expires, what was
is in the to-do list.
"""

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, TypeVar, cast

from redis import Redis

from seriatim import job as job_calls
from seriatim import pool as pool_calls
from seriatim import traces
from seriatim.connect import blocking, commands
from seriatim.connection_shares import ConnectionShares
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
from seriatim.keys import job_prefix, user_tag
from seriatim.pool import Submission, Submit, Submitted, sentence_argument
from seriatim.presence import store_folder
from seriatim.records import Drain, Kind, Sentence, Spec
from seriatim.scripts import answered, run
from seriatim.settings import Settings
from tasks.app import make_app
from tasks.begun import BOOK_LEASE_MS, Begun, conflict
from tasks.dispatch import Desk, dispatch, settle
from tasks.estimate import estimate_ms
from tasks.handle import Job
from tasks.leases import Leases
from tasks.limits import check_size, checked, counted
from tasks.pools import FRESH_S, PoolBook, PoolFacts
from tasks.recut import as_written, written
from tasks.request import Empty, Request, Text, check_job, check_text, check_voice, spelling
from tasks.segment import Cut, segment
from tasks.textfile import read_if_file

log = logging.getLogger(__name__)

Asked = TypeVar("Asked", Request, Sentence)

FIRST_BATCH = 32  #: sentences submitted at once: a page is one step, and a book's first does not wait for its last
FIRST_CHARS = 80  #: a live job's first piece: about five seconds of speech, and less than half that of synthesis
TIGHT_FIRST_CHARS = 40  #: while its pool is nearly full: everybody's first sound comes sooner, for a seam more
NO_LIMIT_MS = 10**12  #: text at hand is accepted whole; only open jobs have a queue limit


@dataclass(slots=True)
class Producer:
    """What enqueues jobs in this process."""

    settings: Settings = field(repr=False)
    redis: "Redis" = field(init=False, repr=False)
    reader: "Redis" = field(init=False, repr=False)
    book: PoolBook = field(init=False, repr=False)
    shares: ConnectionShares = field(init=False, repr=False)
    desks: dict[str, Desk] = field(default_factory=dict, repr=False)
    leases: Leases = field(default_factory=Leases, repr=False)  #: of its open jobs
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)  #: of `desks`

    placed: Settings = field(init=False, repr=False)  #: the settings, with the folder where recordings are
    placed_s: float = field(default=float("-inf"), repr=False)  #: when that was asked

    def __post_init__(self) -> None:
        self.shares = ConnectionShares.of(self.settings.redis_connections)
        self.redis = commands(self.settings.redis_url, most=self.shares.commands)
        self.reader = blocking(self.settings.redis_url, most=self.shares.reads)
        self.book = PoolBook(self.redis)

    def desk(self, pool: str) -> Desk:
        """What this producer needs to hand out work of a pool; its connections rebase the pool after a restart."""
        with self.lock:
            if pool not in self.desks:
                app = make_app(self.settings.broker, connections=self.shares.broker)
                redis = commands(self.settings.redis_url, [pool], most=self.shares.commands)
                self.desks[pool] = Desk(redis, app, pool, self.settings)
            return self.desks[pool]

    def enqueue(self, text: Text, request: Request) -> Job:
        """Accept a text as one job; returns when all of it is accepted.

        Raises:
            as `begin`.
        """
        begun = self.begin(text, request)
        begun.send_rest()
        return begun.job

    def begin(self, text: Text, request: Request) -> Begun:
        """Accept a text as one job by its first sentences, which are spoken at once; `send_rest` must follow.

        Raises:
            EmptyText, TextTooLarge, UnknownVoice, UnknownLanguage, BadInput: the text or an option cannot be used.
            IdempotencyConflict: the idempotency key stands for another text.
            Busy, CapReached, MemoryFull, NoWorkers: not now; `retry_after_s` says when.
            Unavailable: Redis does not answer.
        """
        given = read_if_file(text, self.settings.max_text_bytes)
        check_text(given)
        facts = self.book.facts(request.pool_name)
        able = self.ensure(request, facts)
        return self._begin(cast("str | Iterable[str | Sentence]", given), able, facts)

    def _begin(self, text: str | Iterable[str | Sentence], request: Request, facts: PoolFacts, told: str = "") -> Begun:
        """`begin`; `told` is how the text was cut when it came first (tasks/recut.py)."""
        cut = as_written(self.cut(request, facts), told)
        rows = self._rows(text, request, facts, cut)
        first = list(islice(rows, FIRST_BATCH))
        if not first and request.empty is Empty.ERROR:
            raise EmptyText("there is nothing to say in this text: no letters and no digits")
        following = next(rows, None)
        whole = following is None
        desk = self.desk(request.pool_name)
        mark = written(cut) if isinstance(text, str) else ""
        answer = self.submit(desk, request, first, n=len(first) if whole else -1, cut=mark)
        if answer.verdict is Submit.RECUT:
            return self._begin(text, request, facts, answer.cut)
        dispatch(desk)
        job = self.job(answer.job, request.pool_name, Drain(answer.drain or request.drained_by))
        rest = rows if following is None else chain([following], rows)
        if answer.verdict is Submit.DUPLICATE:  # whoever sent it first may have stopped anywhere
            return Begun(job, desk, 0, chain(first, rest), whole=False, again=True)
        return Begun(job, desk, len(first), rest, whole=whole)

    def submit(self, desk: Desk, request: Request, rows: list[str], *, n: int, producer_ms: int = BOOK_LEASE_MS,
               queue_limit_ms: int = NO_LIMIT_MS, cut: str = "") -> Submitted:  # fmt: skip
        """Ask for admission with the first sentences; n is -1 while more may come.

        The answer is ACCEPTED; DUPLICATE, with the job that has the idempotency key; or RECUT, and nothing was done.

        Raises:
            IdempotencyConflict: the key's job says something else.
        """
        with traces.span(
            "enqueue", traces.PRODUCER, pool=desk.pool, kind=str(request.kind), sentences=len(rows)
        ) as span:
            s = self._submission(request, closed=n >= 0, producer_ms=producer_ms, queue_limit_ms=queue_limit_ms)
            try:
                answer = self._submit(desk, request, rows, n, replace(s, cut=cut))
            except MemoryFull:  # the server itself had none for a step of it; what is half made expires
                wait_ms = run(desk.redis, pool_calls.memory_wait(desk.pool, s.memory_share))
                raise MemoryFull("Redis has no memory left; running jobs go on", wait_ms / 1000) from None
            span.note(job=answer.job)
            return answer

    @staticmethod
    def _submit(desk: Desk, request: Request, rows: list[str], n: int, s: Submission) -> Submitted:
        job_id = s.job
        made = job_calls.init(
            job_id,
            n,
            hold=request.hold,
            drain=s.drain,
            life_ms=s.life_ms,
            ended_life_ms=s.ended_life_ms,
            pool=desk.pool,
            memory_share=s.memory_share,
        )
        run(desk.redis, made)
        answer = run(desk.redis, pool_calls.submit(desk.pool, s, rows))
        if answer.verdict is Submit.ACCEPTED or (answer.job == job_id and answer.verdict is Submit.DUPLICATE):
            settle(
                desk, job_calls.life(job_id, accepted=True), f"life|{job_id}"
            )  # a duplicate of ourselves: sent twice
            return answer
        run(desk.redis, job_calls.life(job_id, accepted=False))
        if answer.verdict not in (Submit.DUPLICATE, Submit.RECUT):
            raise _refusal(answer, request)
        return answer

    def attach(self, job_id: str) -> Job:
        """A handle on a job that somebody else enqueued, from its id.

        Raises:
            JobUnknown: no such job, or its life is over and nothing of it is in the store.
            BadInput: that is no job's id.
        """
        check_job(job_id)
        with answered():
            found = self.redis.hmget(f"{job_prefix(job_id)}:c:{job_id}", ["pool", "drain"])
        known = cast("list[bytes | None]", found)
        pool, drain = known
        handle = self.job(job_id, (pool or b"").decode(), Drain((drain or b"store").decode()))
        if pool is None and not handle.recorded():
            raise JobUnknown(f"no job {job_id!r}: it was never accepted, or it ended and its life is over")
        return handle

    def close(self) -> None:
        """Close all connections. Handles that came from here are of no use afterwards."""
        self.leases.forget()
        for desk in self.desks.values():
            pools: tuple[Any, ...] = (desk.app.producer_pool, desk.app.pool)  # celery-types lacks kombu's Resource
            for pool in pools:
                pool.force_close_all()
            desk.redis.close()
        self.desks.clear()
        self.redis.close()
        self.reader.close()

    def job(self, job_id: str, pool: str, drain: Drain) -> Job:
        """A handle, which knows where recordings are."""
        if time.monotonic() - self.placed_s > FRESH_S:
            folder = str(store_folder(self.redis, self.settings.store_dir))
            self.placed, self.placed_s = replace(self.settings, store_dir=folder), time.monotonic()
        return Job(job_id, pool, drain, self.redis, self.reader, self.placed)

    def rows_of(self, sentences: Iterable[Sentence], request: Request) -> Iterator[str]:
        """Sentences as the pool takes them, with their estimated length."""
        for given in sentences:
            s = given if given.pause_ms >= 0 else replace(given, pause_ms=request.pause_ms)
            language = s.language or request.language or "en"
            spoken_ms = estimate_ms(s.text, language, s.speed or request.speed)
            yield sentence_argument(spoken_ms + s.pause_ms, s.to_json())

    def cut(self, request: Request, facts: PoolFacts) -> Cut:
        """How texts of a request are cut for a pool."""
        language = request.language or dict(facts.voices).get(request.voice, "") or "en"
        first = (TIGHT_FIRST_CHARS if facts.tight else FIRST_CHARS) if request.kind is Kind.LIVE else 0
        limit_chars = facts.limit_of(language)
        return Cut(language, limit_chars, facts.merge_chars, first, request.pause_ms, request.paragraph_ms)

    def _rows(
        self, text: str | Iterable[str | Sentence], request: Request, facts: PoolFacts, cut: Cut
    ) -> Iterator[str]:
        if isinstance(text, str):
            check_size(text, self.settings)
            sentences: Iterable[Sentence] = (Sentence(p.text, p.pause_ms) for p in segment(text, cut))
        else:
            sentences = self._given(text, request, facts)
        yield from counted(self.rows_of(sentences, request), self.settings)

    def _given(self, sentences: Iterable[str | Sentence], request: Request, facts: PoolFacts) -> Iterator[Sentence]:
        for sentence in checked(sentences, request.pause_ms, self.settings):
            able = self._ensure(sentence, request, facts)
            yield from self._fitted(able, able.language or request.language or "en", facts)

    def ensure(self, request: Request, facts: PoolFacts) -> Request:
        """The request, with its voice by the pool's name for it.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption: the pool's workers cannot do what it asks for.
        """
        return self._fresh(request.pool_name, facts, lambda now: _able(request, request, now))

    def _ensure(self, sentence: Sentence, request: Request, facts: PoolFacts) -> Sentence:
        return self._fresh(request.pool_name, facts, lambda now: _able(sentence, request, now))

    def _fresh(self, pool: str, facts: PoolFacts, check: Callable[[PoolFacts], Asked]) -> Asked:
        """What was added a moment ago, as a voice, is known as soon as the pool's workers have it."""
        try:
            return check(facts)
        except BadInput:
            return check(self.book.ask(pool))

    @staticmethod
    def _fitted(sentence: Sentence, language: str, facts: PoolFacts) -> Iterator[Sentence]:
        """A sentence that the caller cut, in pieces if it is over the engine's limit; its pause follows the last."""
        limit_chars = facts.limit_of(language)
        if len(sentence.text) <= limit_chars and sentence.text.isprintable() and _speakable(sentence.text):
            yield sentence
            return
        pieces = [p.text for p in segment(sentence.text, Cut(language, limit_chars))]
        if len(pieces) == 1 or len(sentence.text) <= limit_chars:
            pieces = [" ".join(pieces)] if pieces else []
        for text in pieces[:-1]:
            yield Sentence(text, 0, sentence.voice, sentence.language, sentence.speed, sentence.seed)
        for text in pieces[-1:]:
            yield Sentence(text, sentence.pause_ms, sentence.voice, sentence.language, sentence.speed, sentence.seed)

    def _submission(self, request: Request, *, closed: bool, producer_ms: int, queue_limit_ms: int) -> Submission:
        s, live = self.settings, request.kind is Kind.LIVE
        timeout_s = request.timeout_s or (s.live_timeout_s if live else s.batch_timeout_s)
        spec = Spec(
            request.voice, request.language, request.speed, request.seed, dict(request.options), trace=traces.here()
        )
        return Submission(
            job=secrets.token_hex(16), user=user_tag(request.user), kind=request.kind, spec=spec.to_json(),
            closed=closed, idempotency_key=request.idempotency_key, said=_heard_of(spec), priority=request.priority,
            weight=request.weight, speed=request.speed, play=request.play,
            gap=request.gap_policy, drain=request.drained_by,
            window_ms=request.window_ms or (s.live_window_ms if live else s.batch_window_ms),
            target_ms=s.first_audio_ms, timeout_ms=round(timeout_s * 1000),
            life_ms=round((timeout_s + s.ended_life_s) * 1000),
            grace_ms=round((request.reader_grace_s or s.reader_grace_s) * 1000),
            producer_ms=0 if closed else producer_ms, queue_limit_ms=queue_limit_ms,
            ended_life_ms=round(s.ended_life_s * 1000), memory_share=s.memory_share,
            cap_jobs=s.user_jobs or None, cap_queued_ms=s.user_queued_s * 1000 or None,
            cap_infl=s.user_in_flight or None,
        )  # fmt: skip


def _heard_of(spec: Spec) -> str:
    """A digest of what is heard of a spec: another trace is no other job, nor is another spelling of its voice."""
    same = replace(spec, trace="", voice=spelling(spec.voice))
    return hashlib.blake2s(same.to_json().encode(), digest_size=16).hexdigest()


def _able(asked: Asked, request: Request, facts: PoolFacts) -> Asked:
    """What is asked for, if the pool's workers can do it, with its voice by the pool's name for it."""
    facts.check(asked.language, asked.speed or request.speed, request.options)
    voice = check_voice(asked.voice, facts.voice_names, request.pool_name)
    return asked if voice == asked.voice else replace(asked, voice=voice)


def _speakable(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _refusal(answer: Submitted, request: Request) -> SeriatimError:
    after_s, pool, user = answer.retry_after_ms / 1000, request.pool_name, request.user
    if answer.verdict is Submit.TOO_LARGE:
        return TextTooLarge(
            f"one job of user {user!r} is more audio than SERIATIM_USER_QUEUED_S allows: send it in parts"
        )
    if answer.verdict is Submit.CONFLICT:
        return conflict(answer.job)
    refusals = {
        Submit.BUSY: Busy(f"pool {pool!r} has all the listeners it can serve without a stall", after_s),
        Submit.CAP_JOBS: CapReached(f"user {user!r} has as many jobs as SERIATIM_USER_JOBS allows", after_s),
        Submit.CAP_QUEUED: CapReached(
            f"user {user!r} has as much audio queued as SERIATIM_USER_QUEUED_S allows", after_s
        ),
        Submit.MEMORY: MemoryFull("the Redis memory budget is used up; running jobs go on", after_s),
        Submit.NO_WORKERS: NoWorkers(
            f"no worker of pool {pool!r} is alive; start one with: seriatim worker --engine {request.engine}", after_s
        ),
    }
    return refusals[answer.verdict]
