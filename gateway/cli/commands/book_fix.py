"""`seriatim book fix`: list the doubtful sentences of a book, and speak single ones again."""

import argparse
import json
import os
import sys
from pathlib import Path

from gateway.book.book_plan import BookPlan
from gateway.book.book_project import BookProject
from gateway.book.doubtful_sentences import ListedSentence, listed_sentences
from gateway.book.making.sentence_address import SentenceChange, corrections_of, has_speech
from gateway.book.quality_report import write_report
from gateway.book.recognised_text import SpeechRecogniser, unchecked_words
from gateway.book.renamed_book import rename_project
from gateway.cli import parser as args
from gateway.cli.commands.book import BookArguments, book_arguments, make_book, print_summary
from gateway.cli.interrupts import end_on_sigterm
from gateway.cli.render.duration import clock_face
from seriatim.client.job_options import AUTO
from seriatim.errors import BadInput
from seriatim.exit_codes import ExitCode
from seriatim.settings import Settings
from seriatim.text.language_guess import MIXED, guess_language


def run_fix(options: argparse.Namespace, settings: Settings) -> int:
    """Run the command; returns its exit status.

    Raises:
        SeriatimError: any error of the tree; a correction that was accepted is kept, and `seriatim book` goes on.
        KeyboardInterrupt: likewise.
    """
    end_on_sigterm()
    _check_options(options)
    project, report = _project_of(options.book), Path(options.report).resolve() if options.report else None
    arguments = _saved_arguments(project, options, settings)
    plan = arguments.plan.with_corrections(project.read_corrections())
    recogniser = _recogniser(arguments, options)
    addresses = options.sentence or _doubtful_addresses(plan, project, options, recogniser)
    if not addresses:
        listed = list(listed_sentences(plan, project, options.find, recogniser))
        if report is not None:
            write_report(report, plan.title, options.book, project, listed)
        _print_list(listed, options.find, as_json=options.json)
        return ExitCode.OK
    sentences = [SentenceChange(address, options.text, options.again) for address in addresses]
    changes = corrections_of(plan, project, sentences)
    rename_project(plan, arguments.output, Path(str(arguments.options["file"])))
    summary = make_book(arguments, settings, changes)
    return print_summary(summary, options)


def _check_options(options: argparse.Namespace) -> None:
    """Check that the options are either of a list or of a correction.

    Raises:
        BadInput: they are not.
    """
    if options.report and Path(options.report).suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"--report {options.report}: a report is HTML; name a file that ends in .html")
    if not options.sentence:
        _check_list_options(options)
        return
    if options.verify or options.doubtful:
        raise BadInput("--verify and --doubtful are for all doubtful sentences; omit them with --sentence")
    if not (options.again or options.text):
        raise BadInput("--sentence needs --text, the text to speak instead, or --again, for another take of the same")
    if options.text and (options.again or len(options.sentence) > 1):
        raise BadInput("--text is for one --sentence, without --again; correct one sentence after the other")
    if options.text and not has_speech(options.text):
        raise BadInput(f"--text {options.text!r} has nothing to speak")


def _check_list_options(options: argparse.Namespace) -> None:
    """Check the options where no sentence is named.

    Raises:
        BadInput: they do not go together.
    """
    if options.doubtful and (not options.again or options.text or options.find or options.report):
        raise BadInput("--doubtful speaks all doubtful sentences --again; it has no other options but --verify")
    if not options.doubtful and (options.again or options.text):
        raise BadInput("--again and --text need --sentence, the address of a sentence, such as 2.14")


def _doubtful_addresses(
    plan: BookPlan, project: BookProject, options: argparse.Namespace, recogniser: SpeechRecogniser | None
) -> list[str]:
    """The addresses of the doubtful sentences, if the options are to speak them again."""
    if not options.doubtful:
        return []
    return [one.address for one in listed_sentences(plan, project, recogniser=recogniser)]


def _recogniser(arguments: BookArguments, options: argparse.Namespace) -> SpeechRecogniser | None:
    """The recogniser that the options name, for the language of the book; what it does not find is a line."""
    if not options.verify:
        return None
    language = book_language(arguments.plan, arguments.speech.request.language)
    recogniser = SpeechRecogniser(options.verify, language)
    if (line := unchecked_words(language)) and not options.quiet:
        sys.stderr.write(f"seriatim: {line}\n")
    return recogniser


def book_language(plan: BookPlan, named: str) -> str:
    """The language of a book: the one that its command named, or its document states, or a guess; "": not known."""
    stated = plan.language if named in ("", AUTO) else named
    return stated or guess_language("\n\n".join(one.text for one in plan.chapters)).removeprefix(MIXED)


def _project_of(book: str) -> BookProject:
    """The project of a book, named by its output or by the project's own folder.

    Raises:
        BadInput: there is none.
    """
    for project in (BookProject.of(book), BookProject(Path(book).resolve())):
        if project.read_command() is not None:
            return project
    raise BadInput(f"{book} has no project beside it; make the book first with: seriatim book FILE -o {book}")


def _saved_arguments(project: BookProject, options: argparse.Namespace, settings: Settings) -> BookArguments:
    """The arguments of the command that made the book, in the folder where it ran.

    Raises:
        BadInput: the document is gone, for instance.
    """
    folder, values = project.read_command() or ("", {})
    saved = args.build_parser(["book"]).parse_args(["book", "FILE"])
    vars(saved).update(values | {name: getattr(options, name) for name in ("redis", "json", "quiet")})
    try:
        os.chdir(folder)  # relative paths of the document, a lexicon and others count from there
    except OSError:
        raise BadInput(f"the folder {folder}, where the book was made, is gone; run seriatim book again") from None
    return book_arguments(saved, settings)[0]


def _print_list(sentences: list[ListedSentence], find: str, *, as_json: bool) -> None:
    if as_json:
        fields = [
            {"sentence": one.address, "start_s": round(one.start_s, 3), "text": one.text, "doubts": list(one.doubts)}
            for one in sentences
        ]
        sys.stdout.write(json.dumps(fields) + "\n")
        return
    for one in sentences:
        doubts = f"({'; '.join(one.doubts)}) " if one.doubts else ""
        sys.stdout.write(f"{one.address:>8}  {clock_face(one.start_s):>7}  {doubts}{one.text}\n")
    if not sentences:
        sys.stdout.write(f"no sentence has {find!r}\n" if find else "no sentence is doubtful\n")
