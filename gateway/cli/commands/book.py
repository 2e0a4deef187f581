"""`seriatim book`: speak a document as an audiobook with chapters; what is spoken is kept, chapter by chapter."""

import argparse
import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from gateway.book.book_assembly import spoken_chapters, write_audiobook
from gateway.book.book_plan import BookPlan, ChapterChoice, parse_numbers, plan_book
from gateway.book.book_project import BookProject
from gateway.book.speak_chapters import speak_chapters, unspoken
from gateway.cli import parser as args
from gateway.cli.commands.speak import end_on_sigterm, open_system, with_engine
from gateway.cli.input_text import read_input, refuse_to_overwrite
from gateway.cli.parser_parts import worker_plan
from gateway.cli.render.book_progress import BookProgress
from gateway.cli.render.book_tables import BookSummary, book_summary_json, book_summary_text, plan_json, plan_text
from gateway.output.speech_run import SpeakArguments
from seriatim.errors import SeriatimError, UnknownFormat
from seriatim.exit_codes import ExitCode
from seriatim.settings import Settings

ENDINGS = (".m4b", ".m4a", ".mp4")


@dataclass(frozen=True, slots=True)
class BookArguments:
    """The arguments of `seriatim book`, parsed."""

    speech: SpeakArguments
    plan: BookPlan

    @property
    def output(self) -> str:
        """The file to write."""
        return self.speech.output


def run_book(options: argparse.Namespace, settings: Settings) -> int:
    """Run the command; returns its exit status.

    Raises:
        SeriatimError: any error of the tree; the same command continues.
        KeyboardInterrupt: likewise.
    """
    end_on_sigterm()
    quiet = options.quiet or options.json
    arguments, reason = _arguments(options, settings)
    if reason and not quiet:
        sys.stderr.write(f"seriatim: {reason}\n")
    if options.plan:
        request = arguments.speech.request
        facts = (arguments.plan, request.voice, request.pool_name)
        sys.stdout.write(json.dumps(plan_json(*facts)) + "\n" if options.json else plan_text(*facts))
        return ExitCode.OK
    summary = _make_book(arguments, settings)
    if options.json:
        sys.stdout.write(json.dumps(book_summary_json(summary)) + "\n")
    elif not options.quiet:
        sys.stderr.write(book_summary_text(summary) + "\n")
    return ExitCode.FAILED if summary.gaps else ExitCode.OK


def _arguments(options: argparse.Namespace, settings: Settings) -> tuple[BookArguments, str]:
    """The arguments, and the reason where the engine is not the default one.

    Raises:
        BadInput: the document or an option cannot be used.
    """
    embedded = options.redis is None
    output = options.output or str(Path(options.file).with_suffix(".m4b"))
    _require_ending(output)
    refuse_to_overwrite(options.file, output)
    request = args.request(options)
    document = read_input(options.file, settings, request.markup)
    numbers = parse_numbers(options.chapters, len(document.chapters)) if options.chapters else None
    request = replace(request, markup=document.markup)
    request, reason = with_engine(settings, request, document.text, embedded=embedded)
    options.engine = request.engine
    quiet = options.quiet or options.json
    speech = SpeakArguments("", output, request, worker_plan(options, text=document.text), embedded, quiet=quiet)
    choice = ChapterChoice(options.include, numbers)
    plan = plan_book(document, Path(options.file).stem, speech.fingerprint.options, choice)
    return BookArguments(speech, plan), reason


def _require_ending(output: str) -> None:
    """Refuse an output that is no audiobook file.

    Raises:
        UnknownFormat: its ending is another one.
    """
    if not output.lower().endswith(ENDINGS):
        raise UnknownFormat(f"{output!r} is no audiobook file; expected an ending of {', '.join(ENDINGS)}")


def _make_book(arguments: BookArguments, settings: Settings) -> BookSummary:
    """Speak what is missing of a book, and write it; returns a summary.

    Raises:
        SeriatimError: any error of the tree; the same command continues.
        KeyboardInterrupt: likewise.
    """
    plan, started_s = arguments.plan, time.monotonic()
    project = BookProject.of(arguments.output)
    with project.lock():
        missing = unspoken(plan, project)
        spoken_ms = _speak_missing(arguments, settings, project) if missing else 0.0
        chapters = spoken_chapters(plan, project)
        write_audiobook(plan, project, arguments.output, arguments.speech.request.voice)
        project.remove_others({chapter.key for chapter in plan.chapters})
    return BookSummary(
        arguments.output, tuple(chapters), len(missing), spoken_ms, time.monotonic() - started_s, plan.warnings
    )


def _speak_missing(arguments: BookArguments, settings: Settings, project: BookProject) -> float:
    """Speak the chapters that are missing; returns the duration of what was spoken in ms."""
    chapters = unspoken(arguments.plan, project)
    console = Console(stderr=True, quiet=arguments.speech.quiet)
    estimates = [(chapter.number, float(chapter.estimated_ms)) for chapter in chapters]
    with BookProgress(console, estimates) as progress:
        try:
            with open_system(arguments.speech, settings) as system:
                runs = speak_chapters(chapters, project, arguments.speech, system, progress)
        except (SeriatimError, KeyboardInterrupt):
            progress.finish()
            if any(chapter.audio_ms for chapter in progress.chapters):
                advice = f"what is spoken is kept in {project.folder}; the same command continues"
                console.print(advice, soft_wrap=True, highlight=False, markup=False)
            raise
    return sum(run.audio_ms for run in runs)
