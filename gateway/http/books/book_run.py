"""The run of a book in a gateway: it speaks what is missing, writes the files, and ends when nothing is left to do.

Chapters are ordinary jobs, and what is spoken is in the project (`gateway.book`), so a run may end at any point: the
next one, of this gateway or another, goes on there. The run holds the book's lease in Redis and the lock of its project
on the disk; without either it stops. An error that may pass is waited out, any other is the outcome.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gateway.book.book_plan import BookPlan
from gateway.book.corrections import Correction
from gateway.book.making.book_progress import BookPace
from gateway.book.making.write_book import write_book
from gateway.book.one_file.chapter_preparation import ChapterPreparation
from gateway.book.speak_chapters import ChapterSpeech, speak_chapters, speech_estimates, unspoken
from gateway.cli.render.summary import RunSummary
from gateway.http.books.book_folder import DONE, FAILED, BookFolder, BookOutcome
from gateway.http.books.book_lease import BookLease
from gateway.http.books.book_order import BookOrder, PreparedBook
from gateway.http.books.book_webhook import note_book_webhook
from gateway.http.books.stored_plan import StoredPlan, plan_fields
from gateway.http.encoding.thread_priority import lower_priority
from gateway.local.processes import LocalSystem
from gateway.output.begin_jobs import check_workers
from gateway.output.running_jobs import RunningJobs, RunStopped
from gateway.output.speech_run import SpeakRun, speak_with
from seriatim.client.producer import Producer
from seriatim.errors import JobUnknown, Misconfigured, PositionLost, Refused, SeriatimError
from seriatim.process import watched_tasks

log = logging.getLogger(__name__)

#: before a run goes on after an error that may pass; twice as long each time
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
IN_USE_S = 30.0  #: before a gateway tries again to lock a project that another process has
REPORT_S = 1.0  #: between two reports of the progress
SPOKEN_ANEW = (JobUnknown, PositionLost)  #: errors of a job that Redis has lost: another job speaks the rest


@dataclass(frozen=True, slots=True)
class BookWishes:
    """Everything that clients may change while a book is made."""

    order: BookOrder
    corrections: Mapping[str, Sequence[Correction]]


@dataclass(slots=True)
class BookRun:
    """One book that is being made; its thread calls `work`."""

    folder: BookFolder
    lease: BookLease
    producer: Producer
    prepare: Callable[[BookFolder, BookOrder], PreparedBook]
    step: str = "speaking"  #: or writing
    note: str = ""  #: the error that is waited out
    stopped: threading.Event = field(default_factory=threading.Event)
    _pace: BookPace | None = None  #: of what is being spoken
    _jobs: RunningJobs = field(default_factory=RunningJobs)
    _lock: threading.Lock = field(default_factory=threading.Lock)  #: of `_jobs`

    def progress(self) -> dict[str, Any]:
        """How far the run is, as JSON has it; the parts of chapters are 0..1, by their numbers."""
        pace = self._pace if self.step == "speaking" else None
        chapters = [one for one in pace.chapters if one.is_running or one.is_complete] if pace else []
        return {
            "step": self.step, "note": self.note,
            "times_real_time": pace.times_real_time if pace else None, "left_s": pace.left_s if pace else None,
            "chapters": {str(one.number): round(one.part, 4) for one in chapters},
        }  # fmt: skip

    def stop(self) -> None:
        """End the run soon, and cancel its jobs; what is spoken is kept."""
        with self._lock:
            self.stopped.set()
            jobs = self._jobs
        with suppress(SeriatimError):  # Redis does not answer: without a reader they end by themselves
            jobs.stop()

    def work(self) -> None:
        """Make the book with the lease that this run has, and give that back."""
        ended = threading.Event()
        renewal = watched_tasks.start("book lease", partial(self._keep_lease, ended))
        try:
            with self.folder.project.lock():
                self._work_until_done()
        except Misconfigured as error:
            log.warning("a book cannot be worked on here", extra={"book": self.folder.id, "error": str(error)})
            self.stopped.wait(IN_USE_S)
        finally:
            ended.set()
            renewal.join()
            self.folder.remove_remains()
            with suppress(SeriatimError):  # it ends by itself
                self.lease.release()

    def _keep_lease(self, ended: threading.Event) -> None:
        """Renew the lease with the progress; stop the run when it is lost, or the book is removed."""
        held_s = time.monotonic()
        while not ended.wait(min(REPORT_S, self.lease.lease_s / 4)):
            try:
                is_held = self.lease.hold(self.progress())
                held_s = time.monotonic() if is_held else held_s
            except SeriatimError:
                is_held = time.monotonic() - held_s < self.lease.lease_s
            if not is_held:
                log.warning("the lease of a book is lost; its run stops", extra={"book": self.folder.id})
            if not (is_held and self.folder.exists):
                self.stop()
                return

    def _work_until_done(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self.stopped.is_set():
            try:
                if self._make():
                    return
                pause_s = FIRST_PAUSE_S
            except RunStopped:
                return
            except SeriatimError as error:
                if not (error.retryable or isinstance(error, SPOKEN_ANEW)):
                    self._fail(str(error))
                    return
                self.note = str(error)
                self.stopped.wait(max(pause_s, error.retry_after_s if isinstance(error, Refused) else 0.0))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            except Exception as error:  # a book must not end without an outcome
                if not self._is_over:
                    log.exception("a book failed by an unexpected error", extra={"book": self.folder.id})
                self._fail(f"internal error: {type(error).__name__}; see the gateway's log")
                return

    @property
    def _is_over(self) -> bool:
        """Whether the run was stopped, or the book removed: what fails then is no failure of the book."""
        return self.stopped.is_set() or not self.folder.exists

    def _fail(self, reason: str) -> None:
        if self._is_over:
            return
        log.warning("a book failed", extra={"book": self.folder.id, "reason": reason})
        outcome = BookOutcome(FAILED, reason, self.folder.token)
        try:
            self.folder.write_outcome(outcome)
            self._end(outcome)
        except (SeriatimError, FileNotFoundError) as error:  # the next run tries again
            log.warning("a book cannot be worked on here", extra={"book": self.folder.id, "error": str(error)})
            self.stopped.wait(IN_USE_S)

    def _end(self, outcome: BookOutcome) -> bool:
        """Note an outcome that is written: its webhook, and that nothing is left; False: there is more by now."""
        note_book_webhook(self.producer.redis, self.folder, outcome)
        return self.folder.end(outcome.token)

    def _make(self) -> bool:
        """Speak what is missing, and write the files; False: there are more corrections or other voices by now."""
        with self.folder.changing():
            wishes = self._wishes()
            book = self._prepare(wishes.order)
        plan = book.plan.with_corrections(wishes.corrections)
        with ChapterPreparation(plan, self.folder.project, book.form) as preparation:
            self._speak(plan, book, preparation)
        if self._wishes() != wishes:
            return False
        self.step = "writing"
        with ThreadPoolExecutor(1, "book files", lower_priority) as executor:
            executor.submit(write_book, plan, self.folder.project, book.form).result()
        self.step = "speaking"
        if self._is_over:
            raise RunStopped
        with self.folder.changing():
            if self._wishes() != wishes:
                return False
            outcome = BookOutcome(DONE, token=self.folder.token)
            self.folder.write_outcome(outcome)
        log.info("a book is made", extra={"book": self.folder.id, "chapters": len(plan.chapters)})
        return self._end(outcome)

    def _prepare(self, order: BookOrder) -> PreparedBook:
        """Prepare the book, and keep its plan: another lexicon of the system makes other chapters of it."""
        book = self.prepare(self.folder, order)
        fields = plan_fields(book.plan)
        if self.folder.plan() != StoredPlan.of(fields):
            self.folder.write_json("plan.json", fields)
        return book

    def _wishes(self) -> BookWishes:
        return BookWishes(self.folder.order(), self.folder.project.read_corrections())

    def _speak(self, plan: BookPlan, book: PreparedBook, preparation: ChapterPreparation) -> None:
        """Speak the chapters that are missing, and corrections; each is prepared for the files meanwhile."""
        project = preparation.project
        missing = unspoken(plan, project)
        if not missing:
            return
        log.info("a book is spoken", extra={"book": self.folder.id, "chapters": len(missing)})
        self._pace = BookPace(speech_estimates(missing, project))
        system = LocalSystem(self.producer.settings, self.folder.path)
        speak = partial(self._speak_text, system)
        speech = ChapterSpeech(
            book.speech, speak, jobs=self._new_jobs(), on_begin=preparation.begin, on_chapter=preparation.add
        )
        speak_chapters(missing, project, speech, self._pace.chapters)

    def _speak_text(self, system: LocalSystem, run: SpeakRun) -> RunSummary:
        check_workers(self.producer, run.arguments.request, "the book goes on once there is one")
        self.note = ""
        return speak_with(self.producer, system, run)

    def _new_jobs(self) -> RunningJobs:
        """The jobs of the next step, which `stop` ends."""
        with self._lock:
            self._jobs = RunningJobs()
            if self.stopped.is_set():
                self._jobs.stopped.set()
            return self._jobs
