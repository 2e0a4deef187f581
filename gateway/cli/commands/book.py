"""`seriatim book`: speak a document as an audiobook with chapters; what is spoken is kept, chapter by chapter."""

import argparse
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.console import Console

from gateway.book.book_output import BookOutput, parse_output
from gateway.book.book_plan import BookPlan, ChapterChoice, PlannedChapter, parse_numbers, plan_book
from gateway.book.book_project import BookProject
from gateway.book.corrections import Correction
from gateway.book.making.book_cast import book_voices, chapter_narrators, plan_with_voices, with_voices
from gateway.book.making.book_cost import PoolPrice, RunCost, pool_prices
from gateway.book.making.book_form import BookForm
from gateway.book.making.kept_texts import earlier_keys, with_kept_texts
from gateway.book.making.write_book import write_book
from gateway.book.one_file.chapter_preparation import ChapterPreparation
from gateway.book.renamed_book import find_project, rename_project
from gateway.book.speak_chapters import ChapterSpeech, speak_chapters, speech_estimates, unspoken
from gateway.cli import parser as args
from gateway.cli.commands.speak import open_system, with_engine
from gateway.cli.commands.voices import voices_of_engine
from gateway.cli.input_text import read_input, refuse_to_overwrite
from gateway.cli.interrupts import end_on_sigterm
from gateway.cli.parser_parts import cast_plans, worker_plan
from gateway.cli.render.book_progress import BookProgress
from gateway.cli.render.book_tables import BookSummary, book_summary_json, book_summary_text, plan_json, plan_text
from gateway.cli.render.speaker_table import planned_speakers, speakers_text
from gateway.output.speak_arguments import SpeakArguments
from gateway.output.speech_run import speak_text
from gateway.webhooks.outbox_sender import OutboxSender
from gateway.webhooks.webhook_outbox import WebhookOutbox
from seriatim.client.job_lexicon import SystemLexicons
from seriatim.client.job_options import JobRequest
from seriatim.engine import Voice
from seriatim.errors import BadInput, SeriatimError
from seriatim.exit_codes import ExitCode
from seriatim.settings import Settings
from seriatim.state.pool_record import PoolRecord

#: of sentences that are spoken and may be lost with the command that writes them: some dozens are ahead of it, each of
#: up to a minute
SENTENCES_MB = 64
#: options that another run has of its own; a URL of Redis may have a password
UNSAVED = {"command", "redis", "json", "quiet", "plan", "webhook"}


@dataclass(frozen=True, slots=True)
class BookArguments:
    """The arguments of `seriatim book`, parsed."""

    speech: SpeakArguments
    plan: BookPlan
    output: BookOutput
    loudness_lufs: float | None = None  #: None: as it was spoken
    room_tone_db: float | None = None  #: None: without
    voices: Mapping[str, str] = field(default_factory=dict)  #: of speakers whom the cast does not name
    earlier: Mapping[str, str] = field(default_factory=dict)  #: keys of chapters in the voices before, by those now
    options: Mapping[str, Any] = field(default_factory=dict)  #: as on the command line, for a later correction


def run_book(options: argparse.Namespace, settings: Settings) -> int:
    """Run the command; returns its exit status.

    Raises:
        SeriatimError: any error of the tree; the same command continues.
        KeyboardInterrupt: likewise.
    """
    end_on_sigterm()
    quiet = options.quiet or options.json
    arguments, reason = book_arguments(options, settings)
    if reason and not quiet:
        sys.stderr.write(f"seriatim: {reason}\n")
    if options.plan:
        _print_plan(arguments, options, settings)
        return ExitCode.OK
    rename_project(arguments.plan, arguments.output, Path(options.file))
    folder = arguments.output.project_folder(arguments.plan) / "webhooks"
    with OutboxSender.of(WebhookOutbox(folder), options.webhook, options.user, settings) as webhooks:
        try:
            summary = make_book(arguments, settings)
        except SeriatimError as error:
            path = str(arguments.output.path)
            webhooks.add("book.failed", output=path, reason=str(error))
            raise
        figures = {"chapters": len(summary.chapters), "gaps": len(summary.gaps)}
        webhooks.add("book.done", output=summary.output, **figures, audio_ms=round(summary.audio_s * 1000))
    return print_summary(summary, options)


def _print_plan(arguments: BookArguments, options: argparse.Namespace, settings: Settings) -> None:
    """Print the plan, with the speakers where there is a cast."""
    request, speakers = arguments.speech.request, []
    facts = (arguments.plan, request.voice, request.pool_name, _price(arguments, settings))
    if options.cast or options.speaker:
        texts = [chapter.text for chapter in arguments.plan.chapters]
        voices = voices_of_engine(options, settings)[1] if request.cast.finds_speakers else []
        speakers = planned_speakers(with_voices(request, arguments.voices, "\n\n".join(texts)), voices, texts)
    if options.json:
        sys.stdout.write(json.dumps(plan_json(*facts) | ({"speakers": speakers} if speakers else {})) + "\n")
    else:
        sys.stdout.write(plan_text(*facts) + (speakers_text(speakers) if speakers else ""))


def _price(arguments: BookArguments, settings: Settings) -> PoolPrice | None:
    return pool_prices(settings.pool_prices).get(arguments.speech.request.pool_name)


def print_summary(summary: BookSummary, options: argparse.Namespace) -> int:
    """Print the summary as the options ask for; returns the exit status."""
    if options.json:
        sys.stdout.write(json.dumps(book_summary_json(summary)) + "\n")
    elif not options.quiet:
        sys.stderr.write(book_summary_text(summary) + "\n")
    return ExitCode.FAILED if summary.gaps else ExitCode.OK


def book_arguments(options: argparse.Namespace, settings: Settings) -> tuple[BookArguments, str]:
    """The arguments, and the reason where the engine is not the default one.

    Raises:
        BadInput: the document or an option cannot be used.
    """
    embedded, typed = options.redis is None, {name: vars(options)[name] for name in vars(options).keys() - UNSAVED}
    output = parse_output(options.file, options.output, options.format, library=options.library)
    output = output.with_codec(options.codec).with_companions(options.captions, options.podcast or "")
    for path in (output.path, *map(output.caption_path, output.captions)):
        refuse_to_overwrite(options.file, str(path))
    request = args.request(options)
    document = read_input(options.file, settings, request.markup, request.code)
    numbers = parse_numbers(options.chapters, len(document.chapters)) if options.chapters else None
    request = replace(request, markup=document.markup)
    request, reason = with_engine(settings, request, document.text, embedded=embedded)
    options.engine = request.engine
    quiet = options.quiet or options.json
    speech = SpeakArguments(
        "", str(output.path), request, worker_plan(options, text=document.text), embedded, quiet=quiet,
        system_lexicon=SystemLexicons(settings).current(request.pool_name),
        cast_plans=cast_plans(options, request, document.text),
    )  # fmt: skip
    choice = ChapterChoice(options.include, options.exclude, numbers)
    plan = plan_book(document, _name(options.file), speech.fingerprint.options, choice)
    pool = _voices_to_choose(options, settings, request)
    narrators = chapter_narrators(options.chapter_voice, len(document.chapters), pool)
    project = find_project(plan, output, Path(options.file))
    voices = book_voices(request, pool.voices, [chapter.text for chapter in plan.chapters], project.read_voices())
    plan = plan_with_voices(plan, speech, voices, narrators)
    arguments = BookArguments(speech, plan, output, options.loudness, options.room_tone, voices, options=typed)
    if _voices_changed(project, options):
        pool = pool if pool.voices else _engine_voices(options, settings, request)
        arguments = replace(arguments, earlier=_earlier_keys(arguments, project, len(document.chapters), pool))
    return arguments, reason


def _name(file: str) -> str:
    """The name of a file without its ending, as a title: bytes that are no UTF-8 are replaced."""
    return os.fsencode(Path(file).stem).decode("utf-8", "replace")


def _voices_to_choose(options: argparse.Namespace, settings: Settings, request: JobRequest) -> PoolRecord:
    """The voices of the engine, where any are to be chosen or looked up; () otherwise: to ask for them takes time."""
    if not (request.cast.finds_speakers or options.chapter_voice):
        return PoolRecord(pool=request.pool_name)
    return _engine_voices(options, settings, request)


def _engine_voices(options: argparse.Namespace, settings: Settings, request: JobRequest) -> PoolRecord:
    cards = voices_of_engine(options, settings)[1]
    voices = tuple(Voice(card["name"], card["language"], card["description"]) for card in cards)
    return PoolRecord(pool=request.pool_name, voices=voices)


def _voices_changed(project: BookProject, options: argparse.Namespace) -> bool:
    """Whether the book has corrections, and the last command named other narrators."""
    _, before = project.read_command() or ("", {})
    names = [name for name in ("voice", "chapter_voice") if (before.get(name) or "") != (vars(options)[name] or "")]
    return bool(names and project.read_corrections())


def _earlier_keys(arguments: BookArguments, project: BookProject, n_chapters: int, pool: PoolRecord) -> dict[str, str]:
    """The keys that chapters had in the voices of the last command, by those that they have now."""
    _, before = project.read_command() or ("", {})
    narrators: dict[int, str] = {}
    with contextlib.suppress(BadInput):  # of another document, or of voices that are gone
        narrators = chapter_narrators(before.get("chapter_voice", []), n_chapters, pool)
    request, voice = arguments.speech.request, str(before.get("voice", ""))
    speech = replace(arguments.speech, request=replace(request, voice=voice))
    plan = plan_with_voices(arguments.plan, speech, arguments.voices, narrators)
    return earlier_keys(plan, arguments.plan, (voice, request.voice), request.language, pool)


def make_book(
    arguments: BookArguments, settings: Settings, changes: Mapping[str, Sequence[Correction]] = MappingProxyType({})
) -> BookSummary:
    """Speak what is missing of a book, and write it; returns a summary.

    `changes`: more corrections of its chapters, by the keys without any.

    Raises:
        SeriatimError: any error of the tree; the same command continues.
        KeyboardInterrupt: likewise.
    """
    plan, output, started_s = arguments.plan, arguments.output, time.monotonic()
    project = BookProject(output.project_folder(plan))
    with project.lock():
        if arguments.earlier:
            project.write_corrections(with_kept_texts(project.read_corrections(), arguments.earlier))
        files_folder = str(output.book_folder(plan).resolve())
        project.write_command(str(Path.cwd()), arguments.options, files_folder, plan.text_digests)
        if arguments.voices:
            project.write_voices(arguments.voices)
        plan = plan.with_corrections(project.add_corrections(changes))
        missing = unspoken(plan, project)
        form = BookForm(output, arguments.speech.request.voice, arguments.loudness_lufs, arguments.room_tone_db)
        with ChapterPreparation(plan, project, form) as preparation:
            spoken_ms = _speak_missing(missing, arguments, settings, preparation) if missing else 0.0
        assembly, path = write_book(plan, project, form)
    wall_s = time.monotonic() - started_s
    return BookSummary(
        str(path), tuple(assembly.chapters), len(missing), spoken_ms, wall_s, plan.warnings, assembly.gain_db
    )


def _speak_missing(
    chapters: list[PlannedChapter], arguments: BookArguments, settings: Settings, preparation: ChapterPreparation
) -> float:
    """Speak the chapters that are missing; returns the duration of what was spoken in ms."""
    console, project = Console(stderr=True, quiet=arguments.speech.quiet), preparation.project
    price, estimates = _price(arguments, settings), speech_estimates(chapters, project)
    parts = [spoken_ms / max(1, one.estimated_ms) for one, (_, spoken_ms) in zip(chapters, estimates, strict=True)]
    characters = sum(len(one.text) * min(1.0, part) for one, part in zip(chapters, parts, strict=True))
    with BookProgress(console, estimates, cost=RunCost(price, round(characters)) if price else None) as progress:
        try:
            with open_system(arguments.speech, _with_sentences(settings, project)) as system:
                speak = partial(speak_text, system)
                speech = ChapterSpeech(
                    arguments.speech, speak, arguments.voices, on_begin=preparation.begin, on_chapter=preparation.add
                )
                runs = speak_chapters(chapters, project, speech, progress.chapters)
        except (SeriatimError, KeyboardInterrupt):
            progress.finish()
            if any(chapter.audio_ms for chapter in progress.chapters):
                advice = f"what is spoken is kept in {project.folder}; the same command continues"
                console.print(advice, soft_wrap=True, highlight=False, markup=False)
            raise
    shutil.rmtree(_sentences(project), ignore_errors=True)  # the chapters have them
    return sum(run.audio_ms for run in runs)


def _with_sentences(settings: Settings, project: BookProject) -> Settings:
    """The settings with which workers of a private system keep the last sentences; a cache of the user's has them."""
    if settings.cache != "off":
        return settings
    return replace(settings, cache="exact", cache_dir=str(_sentences(project)), cache_mb=SENTENCES_MB)


def _sentences(project: BookProject) -> Path:
    """The folder of the last sentences that were spoken: a command that is killed has not written all of them."""
    return project.folder / "sentences"
