"""Speak the chapters of a book that are not spoken yet, each as a job of its own, two at a time.

The second job fills the slots that the last sentences of the first one leave free. An error of one chapter stops the
other; what both have spoken is kept.
"""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial

from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject
from gateway.book.chapter_output import ChapterOutput
from gateway.cli.render.book_progress import BookProgress, ChapterProgress
from gateway.cli.render.summary import RunSummary
from gateway.local.processes import LocalSystem
from gateway.output.speech_run import SpeakArguments, SpeakRun, speak_text
from seriatim.client.job import Job
from seriatim.errors import SeriatimError

AT_ONCE = 2


class _Stopped(Exception):
    """Another chapter failed, or the command was interrupted."""


@dataclass(slots=True)
class _ChapterJobs:
    """The jobs that run, to be cancelled together."""

    stopped: bool = False
    jobs: list[Job] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, job: Job) -> None:
        with self.lock:
            self.jobs.append(job)
            stopped = self.stopped
        if stopped:
            job.cancel("the command that submitted it ended")

    def stop(self) -> None:
        with self.lock:
            self.stopped, jobs = True, list(self.jobs)
        for job in jobs:
            job.cancel("the command that submitted it ended")


def unspoken(plan: BookPlan, project: BookProject) -> list[PlannedChapter]:
    """The chapters that have to be spoken, each key once."""
    first = {chapter.key: chapter for chapter in reversed(plan.chapters)}
    return [c for c in plan.chapters if first[c.key] is c and not project.is_spoken(c.key)]


def speak_chapters(
    chapters: list[PlannedChapter],
    project: BookProject,
    arguments: SpeakArguments,
    system: LocalSystem,
    progress: BookProgress,
) -> list[RunSummary]:
    """Speak chapters into the project; returns a summary of each.

    Raises:
        SeriatimError: any error of the tree; a later call continues.
        KeyboardInterrupt: likewise.
    """
    jobs = _ChapterJobs()

    def speak(chapter: PlannedChapter, shown: ChapterProgress) -> RunSummary:
        if jobs.stopped:
            raise _Stopped
        with ChapterOutput(project, chapter) as output:
            shown.audio_ms = output.ms_done
            run = SpeakRun(
                replace(arguments, text=chapter.text), output, shown,
                on_sentence=output.add_sentence, on_gap=output.add_gap, on_job=jobs.add,
            )  # fmt: skip
            summary = speak_text(system, run)
        shown.complete()
        return summary

    return _run_all([partial(speak, *each) for each in zip(chapters, progress.chapters, strict=True)], jobs)


def _run_all(calls: list[Callable[[], RunSummary]], jobs: _ChapterJobs) -> list[RunSummary]:
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="chapter") as executor:
        futures: list[Future[RunSummary]] = [executor.submit(call) for call in calls]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in sorted(futures, key=Future.done, reverse=True):
                future.result()  # raises the error of a chapter, before those that still run
        except BaseException:
            _stop_all(futures, jobs)
            raise
    return [future.result() for future in futures]


def _stop_all(futures: list[Future[RunSummary]], jobs: _ChapterJobs) -> None:
    jobs.stopped = True
    for future in futures:
        future.cancel()
    try:
        jobs.stop()
    except SeriatimError:  # the system has ended, and with it the jobs
        return
