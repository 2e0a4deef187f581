"""Speak the chapters of a book that are not spoken yet, each as a job of its own, two at a time.

The second job fills the slots that the last sentences of the first one leave free. An error of one chapter stops the
other; what both have spoken is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject
from gateway.book.chapter_output import ChapterOutput
from gateway.book.corrected_chapter import ChapterCorrections
from gateway.book.making.book_cast import with_voices
from gateway.book.making.book_progress import ChapterProgress
from gateway.cli.render.summary import RunSummary
from gateway.output.running_jobs import RunningJobs, RunStopped
from gateway.output.speak_arguments import SpeakArguments
from gateway.output.speech_run import SpeakRun

AT_ONCE = 2


@dataclass(slots=True)
class ChapterSpeech:
    """The way in which the chapters of a book are spoken."""

    arguments: SpeakArguments  #: of all chapters; the text is that of each
    speak: Callable[[SpeakRun], RunSummary]  #: speaks a text into the output of a run
    voices: Mapping[str, str] = field(default_factory=dict)  #: of speakers whom the cast does not name
    jobs: RunningJobs = field(default_factory=RunningJobs)  #: `stop` ends all of them
    #: called before a chapter without corrections is spoken into its output, by its thread
    on_begin: Callable[[PlannedChapter, ChapterOutput], object] = lambda *_: None
    on_chapter: Callable[[PlannedChapter], object] = lambda _: None  #: called when a chapter is spoken, by its thread

    def arguments_of(self, chapter: PlannedChapter) -> SpeakArguments:
        """The arguments of a chapter."""
        request = with_voices(self.arguments.request, self.voices, chapter.text, chapter.voice)
        return replace(self.arguments, text=chapter.text, request=request)


def unspoken(plan: BookPlan, project: BookProject) -> list[PlannedChapter]:
    """The chapters that have to be spoken, each key once."""
    first = {chapter.key: chapter for chapter in reversed(plan.chapters)}
    return [c for c in plan.chapters if first[c.key] is c and not project.is_spoken(c.key)]


def speak_chapters(
    chapters: Sequence[PlannedChapter],
    project: BookProject,
    speech: ChapterSpeech,
    progress: Sequence[ChapterProgress],
) -> list[RunSummary]:
    """Speak chapters into the project, and their corrections; returns a summary of each job.

    `progress`: of each chapter.

    Raises:
        SeriatimError: any error of the tree; a later call continues.
        RunStopped: the jobs were stopped; likewise.
        KeyboardInterrupt: likewise.
    """
    jobs, arguments = speech.jobs, speech.arguments

    def speak(chapter: PlannedChapter, shown: ChapterProgress) -> list[RunSummary]:
        if jobs.stopped.is_set():
            raise RunStopped
        whole, summaries = speech.arguments_of(chapter), []
        n_done = corrections_done(chapter, project)
        if n_done is None:
            output = ChapterOutput(project, chapter.with_corrections(()), _paragraph_ms(arguments))
            with output, jobs.registration() as add_job:
                shown.audio_ms = output.ms_done
                if not chapter.corrections:
                    speech.on_begin(chapter, output)
                run = SpeakRun(
                    whole, output, shown,
                    on_sentence=output.add_sentence, on_gap=output.add_gap, on_job=add_job,
                )  # fmt: skip
                summaries.append(speech.speak(run))
        if chapter.corrections:
            again = ChapterCorrections(project, chapter, n_done or 0)
            with jobs.registration() as add_job:
                run = SpeakRun(whole, again, shown, on_gap=again.add_gap, on_job=add_job, edit=again.edit)
                summaries.append(speech.speak(run))
        shown.complete()
        speech.on_chapter(chapter)
        return summaries

    calls = [partial(speak, *each) for each in zip(chapters, progress, strict=True)]
    return [summary for summaries in jobs.run_together(calls, AT_ONCE) for summary in summaries]


def _paragraph_ms(arguments: SpeakArguments) -> int:
    """The shortest pause that ends a paragraph: longer than that after any other sentence."""
    return max(arguments.request.paragraph_ms, arguments.request.pause_ms + 1)


def corrections_done(chapter: PlannedChapter, project: BookProject) -> int | None:
    """How many of the corrections of a chapter are in the version that is spoken; None: no version is."""
    versions = range(len(chapter.corrections), -1, -1)
    return next((n for n in versions if project.is_spoken(chapter.with_corrections(chapter.corrections[:n]).key)), None)


def speech_estimates(chapters: Sequence[PlannedChapter], project: BookProject) -> list[tuple[int, float]]:
    """The number of each chapter, and how many ms are to be spoken of it: all of it, or its corrections alone."""
    return [(chapter.number, _estimated_ms(chapter, project)) for chapter in chapters]


def _estimated_ms(chapter: PlannedChapter, project: BookProject) -> float:
    n_done = corrections_done(chapter, project)
    if n_done is None:
        return float(chapter.estimated_ms)
    record = project.read_record(chapter.with_corrections(chapter.corrections[:n_done]).key)
    spans, corrected = record.spans(), {correction.seq for correction in chapter.corrections[n_done:]}
    return sum(1000 * (spans[seq][1] - spans[seq][0]) / record.rate_hz for seq in corrected if seq < len(spans))
