"""Cache warming: the texts of a file are spoken into the sentence cache, each as a job of its own.

A cached sentence is known by all that its sound depends on: the texts around it, its seed and how its text was split
are part of that. So each text is split here as it will be by the job that says it later, in a pool that has slots to
spare, and has no neighbours but its own.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial

from gateway.local.processes import LocalSystem
from gateway.output.running_jobs import RunningJobs
from gateway.output.speech_run import COUNT_TIMEOUT_S, WATCH_S, SpeechProgress
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.client.resolved_request import ResolvedRequest
from seriatim.client.sentence_rows import FIRST_CHARS, segmentation_for, sentences_of_text
from seriatim.errors import EmptyText, Misconfigured, NoWorkers, Refused, SeriatimError
from seriatim.process import watched_tasks
from seriatim.records import JobKind, Sentence
from seriatim.state.job_record import read_job
from seriatim.state.pool_record import PoolRecord, read_cache_errors
from seriatim.stream_entries import Audio, Gap, SentenceStart
from seriatim.text.dialogue.cast import NO_CAST
from seriatim.text.markup import Markup
from seriatim.text.reading import ReadingMode

LEAST_AT_ONCE, MOST_AT_ONCE = 2, 32  #: jobs, of a pool with few slots and with many
FIRST_PAUSE_S = 0.5  #: before a job that was refused is sent again; twice as long before each further time
LONGEST_PAUSE_S = 60.0  #: where the pool wants a longer one, as for a spent budget, the run ends


@dataclass(frozen=True, slots=True)
class WarmCounts:
    """What became of the sentences of one text, or of several."""

    texts: int = 0
    sentences: int = 0
    cached: int = 0  #: sentences that were in the cache
    doubts: tuple[str, ...] = ()  #: marks of sentences, by the numbers of text and sentence (both 1-based)
    gaps: tuple[str, ...] = ()  #: sentences that could not be spoken, likewise, and the reason
    warnings: tuple[str, ...] = ()  #: such as that of a text in another language than its voice's
    not_kept: int = 0  #: sentences that a worker of the pool could not write into its cache meanwhile

    @property
    def new(self) -> int:
        """Sentences that were spoken now."""
        return self.sentences - self.cached - len(self.gaps)

    def __add__(self, other: "WarmCounts") -> "WarmCounts":
        return WarmCounts(
            self.texts + other.texts, self.sentences + other.sentences, self.cached + other.cached,
            self.doubts + other.doubts, self.gaps + other.gaps,
            tuple({*self.warnings, *other.warnings} - {""}), self.not_kept + other.not_kept,
        )  # fmt: skip


@dataclass(slots=True)
class CacheWarming:
    """A run: what is spoken, and how."""

    request: JobRequest  #: of each text
    kind: JobKind  #: of the jobs that will say the texts later
    progress: SpeechProgress
    jobs: RunningJobs = field(default_factory=RunningJobs)
    failure: SeriatimError | None = None  #: why the system ended

    def segmentation(self, resolved: ResolvedRequest) -> Callable[[str], Iterator[Sentence]]:
        """How a text is split in a job of `kind`, while its pool has slots to spare."""
        cut = segmentation_for(resolved)
        cut = replace(cut, first_chars=FIRST_CHARS if self.kind is JobKind.LIVE else 0, limit_ms=0)
        return lambda text: sentences_of_text(text, cut, resolved)


def check_cache(pool: PoolRecord) -> None:
    """Refuse a pool that keeps no sentences.

    Raises:
        NoWorkers: it has no worker.
        Misconfigured: not all its workers have a cache.
    """
    if not pool.slots:
        advice = "start one, or omit --redis to use a private system"
        raise NoWorkers(f"no worker of pool {pool.pool!r} is running; {advice}", 5)
    if not pool.keeps_sentences:
        some = any(abilities.cached for abilities in pool.abilities)
        workers = f"some workers of pool {pool.pool!r} keep" if some else f"pool {pool.pool!r} keeps"
        raise Misconfigured(
            f"{workers} no sentences: start all of its workers with SERIATIM_CACHE=all, or with exact where the engine "
            "always gives the same bytes"
        )


def warm_cache(system: LocalSystem, warming: CacheWarming, texts: Sequence[str], *, embedded: bool) -> WarmCounts:
    """Speak the texts, several at once; returns once all of them are spoken.

    Raises:
        EmptyText: there is nothing to speak in any of them.
        SeriatimError: the pool keeps no sentences, or a text or the system failed. What was spoken stays in the cache.
    """
    pool_name = warming.request.pool_name
    if embedded:
        system.await_workers(pool_name)
    with closing(Producer(system.settings)) as producer, _watched(system, warming):
        pool = producer.pool_cache.get(pool_name)
        check_cache(pool)
        errors_before = read_cache_errors(producer.redis, pool_name)
        warming.progress.start_counting(None)
        calls = [partial(_speak_text, producer, warming, n, text) for n, text in enumerate(texts, 1)]
        at_once = min(max(pool.slots, LEAST_AT_ONCE), MOST_AT_ONCE)
        counts = sum(warming.jobs.run_together(calls, at_once), WarmCounts())
        counts += WarmCounts(not_kept=read_cache_errors(producer.redis, pool_name) - errors_before)
    if not counts.sentences:
        raise EmptyText("the file has nothing to speak: no letters and no digits")
    return counts


def _speak_text(producer: Producer, warming: CacheWarming, number: int, text: str) -> WarmCounts:
    """Speak one text; `number` is its place in the file, 1-based."""
    resolved = producer.resolve(warming.request, text)
    sentences = list(warming.segmentation(resolved)(text))
    if not sentences:
        return WarmCounts()
    with warming.jobs.registration() as add:
        job = _submit(producer, warming, sentences, _request_of(warming.request, resolved))
        add(job)
        gaps = _hear(job, warming.progress)
    cached, marks = _count_cached(producer, job), sorted(job.marks().items())
    return WarmCounts(
        1, len(sentences), cached,
        tuple(f"text {number}, sentence {seq + 1}: {', '.join(words)}" for seq, words in marks),
        tuple(f"text {number}, sentence {gap.seq + 1}: {gap.reason}" for gap in gaps), (resolved.joined_warning(),),
    )  # fmt: skip


def _request_of(request: JobRequest, resolved: ResolvedRequest) -> JobRequest:
    """The request for sentences of a text that was split by `resolved`: nothing in them is read once more."""
    named = replace(request, voice=resolved.request.voice, language=resolved.request.language)
    return replace(named, markup=Markup.NONE, reading=ReadingMode.OFF, speakers={}, cast=NO_CAST)


def _count_cached(producer: Producer, job: Job) -> int:
    """How many sentences came from the cache; waits until the last one is counted."""
    until_s = time.monotonic() + COUNT_TIMEOUT_S
    while (record := read_job(producer.redis, job.pool, job.id)) and record.state == "run":
        if time.monotonic() > until_s:
            break
        time.sleep(0.01)
    return record.cached if record else 0


def _submit(producer: Producer, warming: CacheWarming, sentences: Sequence[Sentence], request: JobRequest) -> Job:
    """Submit a job, again where the pool takes it soon.

    Raises:
        Refused: it does not.
    """
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return producer.enqueue(sentences, request)
        except Refused as error:
            longer_s = max(pause_s, error.retry_after_s)
            if longer_s > LONGEST_PAUSE_S or warming.jobs.stopped.wait(longer_s):
                raise
        pause_s *= 2


def _hear(job: Job, progress: SpeechProgress) -> list[Gap]:
    """Hear a job to its end, and keep nothing; returns its gaps."""
    gaps, rate_hz = list[Gap](), 0
    for entry in job.audio():
        if isinstance(entry, SentenceStart):
            rate_hz = entry.rate_hz
            progress.count_sentence()
        elif isinstance(entry, Audio):
            progress.add_audio(ms_of_bytes(len(entry.pcm), rate_hz))
        elif isinstance(entry, Gap):
            gaps.append(entry)
    return gaps


@contextmanager
def _watched(system: LocalSystem, warming: CacheWarming) -> Iterator[None]:
    """Cancel the jobs when a process of the system has ended for good; its error is raised in place of theirs."""
    ended = threading.Event()
    watched_tasks.start("watch", partial(_watch, system, warming, ended))
    try:
        yield
    except SeriatimError as error:
        raise warming.failure or error from None
    finally:
        ended.set()


def _watch(system: LocalSystem, warming: CacheWarming, ended: threading.Event) -> None:
    while not ended.wait(WATCH_S):
        try:
            system.check_children()
        except SeriatimError as error:
            if not ended.is_set():
                warming.failure = error
                with suppress(SeriatimError):  # Redis has ended, and with it the jobs
                    warming.jobs.stop()
            return
