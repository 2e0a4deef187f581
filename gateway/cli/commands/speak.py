"""`seriatim speak`: a text into a file or a pipe, in order, while it is being spoken."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice

from rich.console import Console

from gateway.cli.render.progress import ProgressDisplay
from gateway.cli.render.summary import RunSummary
from gateway.local.installed_engines import choose_installed
from gateway.local.processes import LocalSystem, WorkerPlan, private_system, running_system
from gateway.output.journal import TextFingerprint
from gateway.output.open_output import Output, ResumePolicy, open_output
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.client import Client
from seriatim.client.default_engine import choose_engine, running_pools
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.partial_submission import PartialSubmission
from seriatim.errors import JobEnded, JobFailed, NoWorkers, SeriatimError
from seriatim.process import watched_tasks
from seriatim.records import Sentence
from seriatim.settings import Settings
from seriatim.state.job_record import read_job, sentences_by_worker
from seriatim.stream_entries import Audio, Gap, SentenceStart
from seriatim.text.segment import segment

WATCH_S = 0.5  #: how soon a process that is gone for good is noticed


COUNTED_S = 1.0  #: a worker that finished its last sentence needs some milliseconds to say so


@dataclass(frozen=True, slots=True)
class SpeakArguments:
    """What the command line asks for."""

    text: str
    output: str
    request: JobRequest
    worker_plan: WorkerPlan
    embedded: bool
    begin: ResumePolicy = ResumePolicy.NEW
    format_name: str | None = None
    quiet: bool = False

    @property
    def fingerprint(self) -> TextFingerprint:
        """What must be the same for an interrupted run to be resumed."""
        r = self.request
        options: dict[str, str | int | float | bool | None] = {
            "engine": r.engine, "voice": r.voice, "language": r.language, "speed": r.speed, "seed": r.seed,
            "pause": r.pause_ms, "paragraph": r.paragraph_ms, "gap": str(r.gap_policy),
            "engine options": " ".join(sorted(self.worker_plan.engine_options)),
            "options": " ".join(f"{name}={value}" for name, value in sorted(r.options.items())),
        }  # fmt: skip
        return TextFingerprint.of(self.text, options)


@dataclass(slots=True)
class _SpeakRun:
    """One text on its way: what was heard, and when."""

    wanted: SpeakArguments
    output: Output
    progress: ProgressDisplay
    submitted_s: float = 0.0
    first_s: float | None = None
    audio_ms: float = 0.0
    sentences: int = 0
    rate_hz: int = 0
    gaps: list[Gap] = field(default_factory=list)
    speaking: int | None = None  #: sentence of the job that is being heard
    failure: SeriatimError | None = None  #: why the job was cancelled from here
    over: threading.Event = field(default_factory=threading.Event)

    def take(self, entry: object, before: int) -> None:
        """Write what is heard; `before` sentences were there already."""
        if isinstance(entry, SentenceStart):
            self._complete(before)
            self.speaking, self.rate_hz = entry.seq, entry.rate_hz
        elif isinstance(entry, Audio):
            if self.first_s is None:
                self.first_s = time.monotonic() - self.submitted_s
            self.output.write(entry.pcm, self.rate_hz)
            ms = ms_of_bytes(len(entry.pcm), self.rate_hz)
            self.audio_ms += ms
            self.progress.audio(ms)
        elif isinstance(entry, Gap):
            self.gaps.append(entry)

    def _complete(self, before: int) -> None:
        if self.speaking is not None:
            self.output.sentence_done(before + self.speaking)
            self.sentences += 1
            self.progress.sentence_heard()

    def end(self, before: int) -> None:
        """The job is done."""
        self._complete(before)
        self.output.finish()


def with_engine(settings: Settings, request: JobRequest, text: str, *, embedded: bool) -> tuple[JobRequest, str]:
    """The request with the engine that speaks it, and why if that is not the default one.

    Raises:
        Unavailable, Misconfigured: a running system's Redis does not answer, or is not fit for use.
    """
    if embedded:
        return choose_installed(settings, request, text)
    if request.pool_name:
        return request, ""
    with running_system(settings), Client(settings=settings) as client:
        return choose_engine(running_pools(client), request, text)


def speak(wanted: SpeakArguments, settings: Settings) -> RunSummary:
    """Speak a text; returns what happened.

    Raises:
        SeriatimError: anything of the tree; whatever was spoken can be resumed where the output is a file.
        KeyboardInterrupt: the same.
    """
    console = Console(stderr=True, quiet=wanted.quiet)
    with (
        open_output(wanted.output, wanted.fingerprint, format_name=wanted.format_name, begin=wanted.begin) as output,
        ProgressDisplay(console) as progress,
    ):
        try:
            with _system(wanted, settings) as system:
                return _spoken(wanted, system, _SpeakRun(wanted, output, progress))
        except (SeriatimError, KeyboardInterrupt):
            progress.finish()
            if output.sentences_done and output.advice:
                console.print(output.advice, soft_wrap=True, highlight=False, markup=False)
            raise


def _system(wanted: SpeakArguments, settings: Settings) -> AbstractContextManager[LocalSystem]:
    return private_system(settings, wanted.worker_plan) if wanted.embedded else running_system(settings)


def _spoken(wanted: SpeakArguments, system: LocalSystem, run: _SpeakRun) -> RunSummary:
    pool = wanted.request.pool_name
    if wanted.embedded:
        system.await_workers(pool)
    producer = Client(settings=system.settings)
    if not producer.pool_cache.get(pool).slots:
        raise NoWorkers(
            f"no worker of pool {pool!r} is alive: start one, or leave --redis out to use a private system", 5
        )
    before, before_ms = run.output.sentences_done, run.output.ms_done
    run.progress.started(None, before)
    run.submitted_s = time.monotonic()
    sentences = _sentences(wanted, producer, before)
    first = next(sentences, None)
    if first is None and before:  # interrupted between the last sentence and the file's name
        run.output.finish()
        return RunSummary(wanted.output, 0, 0.0, time.monotonic() - run.submitted_s, None, {}, before, before_ms)
    begun = producer.begin(chain([first] if first else [], sentences), wanted.request)
    _hear(begun, system, run, before)
    wall_s = time.monotonic() - run.submitted_s
    return RunSummary(
        run.wanted.output,
        run.sentences,
        run.audio_ms,
        wall_s,
        run.first_s,
        _by_worker(producer, begun.job),
        before,
        before_ms,
        _doubts(begun.job, before),
        tuple(f"sentence {before + gap.seq}: {gap.reason}" for gap in run.gaps),
    )


def _hear(begun: PartialSubmission, system: LocalSystem, run: _SpeakRun, before: int) -> None:
    """Write the whole job to the output, while the rest of its text is being sent.

    Raises:
        SeriatimError: why the job, its text or the system ended early.
    """
    sender = threading.Thread(target=_send_rest, args=(begun, run, before), name="sender", daemon=True)
    sender.start()
    watched_tasks.start("watch", partial(_watch, system, begun.job, run))
    try:
        for entry in begun.job.audio():
            run.take(entry, before)
    except JobEnded as ended:
        sender.join(timeout=5)  # it may be what ended the job, and about to say why
        raise run.failure or ended from None
    except BaseException:
        if not run.wanted.embedded:
            begun.job.cancel("the command that wanted it ended")
        raise
    finally:
        run.over.set()
    sender.join()  # it has sent everything, or says why not: half a text is no file
    if run.failure is not None:
        raise run.failure
    run.end(before)


def _send_rest(begun: PartialSubmission, run: _SpeakRun, before: int) -> None:
    """Send the rest of the text while its beginning is heard; an error cancels the job, and becomes the command's."""
    try:
        run.progress.started(before + begun.send_rest(), before)
    except SeriatimError as error:
        run.failure = error
    except Exception as error:  # noqa: BLE001  # the thread's outermost call: the command must not take half for whole
        run.failure = JobFailed(f"the text could not be sent: {type(error).__name__}: {error}")


def _watch(system: LocalSystem, job: Job, run: _SpeakRun) -> None:
    """End the job when a process of the system is gone for good: nobody would ever speak the rest."""
    while not run.over.wait(WATCH_S):
        try:
            system.check()
        except SeriatimError as error:
            if not run.over.is_set():
                run.failure = error
                job.cancel(str(error))
            return


def _sentences(wanted: SpeakArguments, producer: Client, before: int) -> Iterator[Sentence]:
    """The text's sentences from the first one that is not spoken yet, each with the seed that it has in the whole."""
    facts = producer.pool_cache.get(wanted.request.pool_name)
    pieces = segment(wanted.text, producer.cut(wanted.request, facts))
    for seq, piece in islice(enumerate(pieces), before, None):
        yield Sentence(piece.text, piece.pause_ms, seed=(wanted.request.seed + seq) % 2**63)


def _doubts(job: Job, before: int) -> tuple[str, ...]:
    """The marks of its sentences: what is marked as `short`, of which words may be missing, is set before its end."""
    with contextlib.suppress(SeriatimError):  # as below
        return tuple(f"sentence {before + seq}: {', '.join(words)}" for seq, words in sorted(job.marks().items()))
    return ()


def _by_worker(producer: Client, job: Job) -> dict[str, int]:
    """How many sentences of the job each worker process spoke; the last is counted a moment after it was heard."""
    deadline_s = time.monotonic() + COUNTED_S
    with contextlib.suppress(SeriatimError):  # the file is whole: a summary without workers is no reason to fail
        while (record := read_job(producer.redis, job.pool, job.id)) and record.state == "run":
            if time.monotonic() > deadline_s:
                break
            time.sleep(0.01)
        return sentences_by_worker(producer.redis, job.pool, job.id)
    return {}


def end_on_sigterm() -> None:
    """Make SIGTERM what Ctrl-C is: everything is ended and nothing is lost."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, interrupt)
