"""A speech run: one text, spoken by a system of processes into an output, in order, while it is synthesized.

`seriatim speak` makes one, and `seriatim book` one for each chapter.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from typing import Protocol

from gateway.cli.render.summary import RunSummary
from gateway.local.processes import LocalSystem
from gateway.output.begin_jobs import begin_jobs, check_workers
from gateway.output.job_group import JobGroup
from gateway.output.speak_arguments import SpeakArguments
from seriatim.audio.pcm import ms_of_bytes
from seriatim.audio.title_tags import first_words
from seriatim.client.job import Job
from seriatim.client.job_options import AUTO
from seriatim.client.producer import Producer
from seriatim.client.resolved_request import ResolvedRequest
from seriatim.client.sentence_rows import segmentation_for, sentences_of_text
from seriatim.client.sentences.pool_sentences import pool_sentences, resolve_pools
from seriatim.errors import JobEnded, JobFailed, SeriatimError, Unavailable
from seriatim.process import watched_tasks
from seriatim.process.process_age import process_age_s
from seriatim.records import Sentence
from seriatim.state.job_record import read_job, sentences_by_worker
from seriatim.stream_entries import Audio, Gap, SentenceStart
from seriatim.text.language_detector import load_detector_ahead
from seriatim.text.language_guess import asks_detector

WATCH_S = 0.5  #: how soon a process that ended for good is noticed
KEEP_ALIVE_S = 10.0  #: between two reports that a job whose turn has not come has a reader
COUNT_TIMEOUT_S = 10.0  #: a worker reports its last sentence milliseconds after the audio, or seconds where all is busy


class SpeechOutput(Protocol):
    """An output as a run writes it: a file, a pipe, or a chapter of a book."""

    title: str

    @property
    def sentences_done(self) -> int: ...

    @property
    def ms_done(self) -> float: ...

    def write(self, pcm: bytes, rate_hz: int) -> None: ...

    def complete_sentence(self, seq: int) -> None: ...

    def finish(self) -> None: ...


#: from the number of a sentence (0-based), the sentence, and what reads a text as the job's: what to speak for it
SentenceEdit = Callable[[int, Sentence, Callable[[str], Iterable[Sentence]]], Iterable[Sentence]]


class SpeechProgress(Protocol):
    """The progress of one text, which a run reports."""

    def start_counting(self, total_sentences: int | None, before: int = 0) -> None: ...

    def add_audio(self, ms: float) -> None: ...

    def count_sentence(self) -> None: ...


def _ignore(_: object) -> None:
    """Do nothing."""


@dataclass(slots=True)
class SpeakRun:
    """The state of one run: what has been written so far, and when."""

    arguments: SpeakArguments
    output: SpeechOutput
    progress: SpeechProgress
    on_sentence: Callable[[Sentence], None] = _ignore  #: called for each sentence of the text, spoken before or not
    on_gap: Callable[[Gap], None] = _ignore  #: called for each sentence of which all or the rest is missing
    on_job: Callable[[Job], None] = _ignore  #: called once the job is accepted
    on_complete: Callable[[SpeechOutput], None] = _ignore  #: called once all is written, before the output is complete
    edit: SentenceEdit | None = None  #: None: all sentences are spoken, as they are
    submitted_s: float = 0.0
    first_s: float | None = None
    first_age_s: float | None = None  #: of this process at the first audio
    audio_ms: float = 0.0
    sentences: int = 0
    rate_hz: int = 0
    gaps: list[Gap] = field(default_factory=list)
    current_seq: int | None = None  #: sentence of the job that is being written
    failure: SeriatimError | None = None  #: why the job was cancelled from here
    ended: threading.Event = field(default_factory=threading.Event)

    def write_entry(self, entry: object, before: int) -> None:
        """Write one stream entry to the output; `before` sentences were written by an interrupted run."""
        if isinstance(entry, SentenceStart):
            self._complete_sentence(before)
            self.current_seq, self.rate_hz = entry.seq, entry.rate_hz
        elif isinstance(entry, Audio):
            if self.first_s is None:
                self.first_s = time.monotonic() - self.submitted_s
                self.first_age_s = process_age_s()
            self.output.write(entry.pcm, self.rate_hz)
            ms = ms_of_bytes(len(entry.pcm), self.rate_hz)
            self.audio_ms += ms
            self.progress.add_audio(ms)
        elif isinstance(entry, Gap):
            before_seq = replace(entry, seq=before + entry.seq)
            self.gaps.append(entry)
            self.on_gap(before_seq)

    def _complete_sentence(self, before: int) -> None:
        if self.current_seq is not None:
            self.output.complete_sentence(before + self.current_seq)
            self.sentences += 1
            self.progress.count_sentence()

    def end(self, before: int) -> None:
        """Complete the last sentence and the output."""
        self._complete_sentence(before)
        self.finish()

    def finish(self) -> None:
        """Complete the output."""
        self.on_complete(self.output)
        self.output.finish()


def await_own_workers(system: LocalSystem, arguments: SpeakArguments) -> None:
    """Wait until the workers of a private system are there; those of a running one are not waited for.

    Raises:
        EngineUnavailable, Misconfigured: they do not start.
    """
    if arguments.embedded:
        for plan in arguments.worker_plans:
            system.await_workers(plan.pool_name)


def speak_text(system: LocalSystem, run: SpeakRun) -> RunSummary:
    """Speak the rest of a text into the output of a run; returns a summary.

    Raises:
        SeriatimError: the job, its text or the system ended early.
    """
    arguments = run.arguments
    if arguments.embedded and arguments.request.language in ("", AUTO) and asks_detector(arguments.text):
        load_detector_ahead()  # half a second, for which the first sentence would wait
    await_own_workers(system, arguments)
    with closing(Producer(system.settings)) as producer:
        check_workers(producer, arguments.request)
        return speak_with(producer, system, run)


def speak_with(producer: Producer, system: LocalSystem, run: SpeakRun) -> RunSummary:
    """As `speak_text`, with a producer that others use, too; the pools are not waited for.

    Raises:
        SeriatimError: the job, its text or the system ended early.
    """
    arguments = run.arguments
    resolved = resolve_pools(producer, arguments.request, arguments.text)
    narrator = resolved[next(iter(resolved))]
    _warn(arguments, narrator.warning)
    before, before_ms = run.output.sentences_done, run.output.ms_done
    run.progress.start_counting(None, before)
    run.submitted_s = time.monotonic()
    whole = _sentences(run, resolved)
    opening = list(islice(whole, 1))
    run.output.title = first_words(opening[0][1].text) if opening else ""
    sentences = islice(chain(opening, whole), before, None)
    first = list(islice(sentences, 1))
    if not first and before:  # interrupted between the last sentence and the file's name
        run.finish()
        return RunSummary(arguments.output, 0, 0.0, time.monotonic() - run.submitted_s, None, {}, before, before_ms)
    group = begin_jobs(producer, arguments.request, chain(first, sentences), resolved)
    for job in group.jobs:
        run.on_job(job)
    _write_jobs(group, system, run, before)
    for one in resolved.values():
        _warn(arguments, one.new_warning())
    wall_s = time.monotonic() - run.submitted_s
    return RunSummary(
        run.arguments.output,
        run.sentences,
        run.audio_ms,
        wall_s,
        run.first_s,
        _counts_by_worker(producer, group),
        before,
        before_ms,
        _format_marks(group, before),
        first_audio_age_s=run.first_age_s,
        gaps=tuple(f"sentence {before + gap.seq}: {gap.reason}" for gap in run.gaps),
    )


def _write_jobs(group: JobGroup, system: LocalSystem, run: SpeakRun, before: int) -> None:
    """Write the jobs of a text to the output, while another thread sends the rest of it.

    Raises:
        SeriatimError: a job, its text or the system ended early.
    """
    sender = threading.Thread(target=_send_rest, args=(group, run, before), name="sender", daemon=True)
    sender.start()
    watched_tasks.start("watch", partial(_watch_system, system, group, run))
    try:
        for entry in group.audio():
            run.write_entry(entry, before)
    except JobEnded as ended:
        sender.join(timeout=5)  # it may have ended the job, and set `failure` in a moment
        if group.order:
            with contextlib.suppress(SeriatimError):
                group.cancel("another job of its text ended")
        raise run.failure or ended from None
    except Unavailable as error:
        raise run.failure or error from None  # `failure`: why it does not answer
    except BaseException:
        if not run.arguments.disposable:
            group.cancel("the command that submitted it ended")
        raise
    finally:
        run.ended.set()
    sender.join()  # all of the text is sent, or `failure` is set: an output must not hold half a text
    if run.failure is not None:
        raise run.failure
    run.end(before)


def _send_rest(group: JobGroup, run: SpeakRun, before: int) -> None:
    """Send the rest of the text; an error cancels its jobs and becomes the failure of the run."""
    try:
        run.progress.start_counting(before + group.send_rest(), before)
    except SeriatimError as error:
        run.failure = error
    except Exception as error:  # noqa: BLE001  # outermost call of a thread: the run must not end as a success
        run.failure = JobFailed(f"the text could not be sent: {type(error).__name__}: {error}")
    if run.failure is not None and group.order:
        with contextlib.suppress(SeriatimError):
            group.cancel(str(run.failure))


def _watch_system(system: LocalSystem, group: JobGroup, run: SpeakRun) -> None:
    """Cancel the jobs when a process of the system has ended for good: the rest would never be spoken."""
    interval_s, alive_s = min(KEEP_ALIVE_S, system.settings.reader_grace_s / 4), time.monotonic()
    while not run.ended.wait(WATCH_S):
        try:
            system.check_children()
        except SeriatimError as error:
            if not run.ended.is_set():
                run.failure = error
                with contextlib.suppress(SeriatimError):  # it may be the server that has ended
                    group.cancel(str(error))
            return
        if time.monotonic() - alive_s >= interval_s:
            alive_s = time.monotonic()
            with contextlib.suppress(SeriatimError):  # those who read notice what is wrong
                group.keep_alive()


def _sentences(run: SpeakRun, resolved: Mapping[str, ResolvedRequest]) -> Iterator[tuple[str, Sentence]]:
    """The sentences of the text with their pools, each with the seed that it has whichever run speaks it."""
    for seq, (pool, sentence) in enumerate(pool_sentences(run.arguments.text, resolved)):
        seeded = replace(sentence, seed=(run.arguments.request.seed + seq) % 2**63)
        run.on_sentence(seeded)
        if run.edit is None:
            yield pool, seeded
            continue
        own = resolved[pool]

        def read(text: str, own: ResolvedRequest = own) -> Iterator[Sentence]:
            return sentences_of_text(text, segmentation_for(own), own)

        yield from ((pool, edited) for edited in run.edit(seq, seeded, read))


def _warn(arguments: SpeakArguments, warning: str) -> None:
    if warning and not arguments.quiet:
        sys.stderr.write(f"seriatim: {warning}\n")


def _format_marks(group: JobGroup, before: int) -> tuple[str, ...]:
    """The quality marks of a text's sentences, formatted; `short` means that words may be missing."""
    with contextlib.suppress(SeriatimError):  # the file is complete: no reason to fail
        return tuple(f"sentence {before + seq}: {', '.join(marks)}" for seq, marks in sorted(group.marks().items()))
    return ()


def _counts_by_worker(producer: Producer, group: JobGroup) -> dict[str, int]:
    """The number of sentences that each worker process spoke; waits until the last one is counted."""
    deadline_s, counts = time.monotonic() + COUNT_TIMEOUT_S, {}
    with contextlib.suppress(SeriatimError):  # the file is complete: no reason to fail
        for job in group.jobs:
            while (record := read_job(producer.redis, job.pool, job.id)) and record.state == "run":
                if time.monotonic() > deadline_s:
                    break
                time.sleep(0.01)
            counts.update(sentences_by_worker(producer.redis, job.pool, job.id))
    return counts
