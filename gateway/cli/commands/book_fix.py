"""`seriatim book fix`: list the doubtful sentences of a book, and speak single ones again."""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.chapter_samples import chapter_samples
from gateway.book.corrections import Correction, next_take
from gateway.book.sentence_quality import SentenceAudio, doubts_of, measure_sentence
from gateway.cli import parser as args
from gateway.cli.commands.book import BookArguments, book_arguments, make_book, print_summary
from gateway.cli.commands.speak import end_on_sigterm
from gateway.cli.render.duration import clock_face
from seriatim.errors import BadInput
from seriatim.exit_codes import ExitCode
from seriatim.settings import Settings
from seriatim.text.duration_estimate import estimate_ms
from seriatim.text.segment import SegmentOptions, segment

_ADDRESS = re.compile(r"(\d{1,5})\.(\d{1,6})")


@dataclass(frozen=True, slots=True)
class ListedSentence:
    """A sentence of a book, with the reasons to doubt it."""

    chapter: int  #: its number in the document, 1-based
    seq: int  #: in its chapter, 0-based
    start_s: float  #: from the beginning of its chapter
    text: str
    doubts: tuple[str, ...]

    @property
    def address(self) -> str:
        """As in --sentence, such as 2.14."""
        return f"{self.chapter}.{self.seq + 1}"


def run_fix(options: argparse.Namespace, settings: Settings) -> int:
    """Run the command; returns its exit status.

    Raises:
        SeriatimError: any error of the tree; a correction that was accepted is kept, and `seriatim book` goes on.
        KeyboardInterrupt: likewise.
    """
    end_on_sigterm()
    project = _project_of(options.book)
    arguments = _saved_arguments(project, options, settings)
    plan = arguments.plan.with_corrections(project.read_corrections())
    if not options.sentence:
        _print_list(list(_listed(plan, project, options.find)), as_json=options.json)
        return ExitCode.OK
    if not (options.again or options.text):
        raise BadInput("--sentence needs --text, the text to speak instead, or --again, for another take of the same")
    if options.text and (options.again or len(options.sentence) > 1):
        raise BadInput("--text is for one --sentence, without --again; correct one sentence after the other")
    if options.text and next(iter(segment(options.text, SegmentOptions())), None) is None:
        raise BadInput(f"--text {options.text!r} has nothing to speak")
    changes: dict[str, list[Correction]] = {}
    for address in options.sentence:
        chapter, seq = _find_sentence(plan, project, address)
        made = [*chapter.corrections, *changes.get(chapter.base_key, [])]
        correction = Correction(
            seq, options.text or _last_text(made, seq), next_take(made, seq) if options.again else 0
        )
        changes.setdefault(chapter.base_key, []).append(correction)
    summary = make_book(arguments, settings, changes)
    return print_summary(summary, options)


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


def _find_sentence(plan: BookPlan, project: BookProject, address: str) -> tuple[PlannedChapter, int]:
    """The chapter, and the 0-based number of the sentence in it, of an address such as 2.14.

    Raises:
        BadInput: it is none, or the book has no such sentence.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise BadInput(f"--sentence {address!r}; expected CHAPTER.SENTENCE, such as 2.14")
    number, seq = int(match[1]), int(match[2]) - 1
    chapter = next((chapter for chapter in plan.chapters if chapter.number == number), None)
    if chapter is None:
        raise BadInput(f"--sentence {address}: the book has no chapter {number}")
    n_sentences = len(_record(project, chapter).ends)
    if not 0 <= seq < n_sentences:
        raise BadInput(f"--sentence {address}: chapter {number} has sentences 1 to {n_sentences}")
    return chapter, seq


def _record(project: BookProject, chapter: PlannedChapter) -> ChapterRecord:
    if not project.is_spoken(chapter.key):
        changed = f"chapter {chapter.number} is not spoken as the document has it now"
        raise BadInput(f"{changed}; run the command that makes the book again, then correct it")
    return project.read_record(chapter.key)


def _last_text(corrections: list[Correction], seq: int) -> str:
    """The text of the last correction of a sentence, which another take keeps; "" if there was none."""
    return next((one.text for one in reversed(corrections) if one.seq == seq and one.text), "")


def _listed(plan: BookPlan, project: BookProject, words: str) -> Iterator[ListedSentence]:
    """The doubtful sentences of a book, or with `words` those in whose text they occur."""
    sentences: list[ListedSentence] = []
    figures: list[SentenceAudio] = []
    for chapter in plan.chapters:
        record = _record(project, chapter)
        for seq, (text, (start, end)) in enumerate(zip(record.texts, record.spans(), strict=True)):
            sentences.append(ListedSentence(chapter.number, seq, start / record.rate_hz, text, ()))
            pcm = b"".join(chapter_samples(project.audio(chapter.key), record.n_samples, start, end))
            figures.append(measure_sentence(pcm, record.rate_hz, estimate_ms(text, plan.language or "en")))
    for one, doubts in zip(sentences, doubts_of(figures), strict=True):
        if (words.lower() in one.text.lower()) if words else doubts:
            yield ListedSentence(one.chapter, one.seq, one.start_s, one.text, doubts)


def _print_list(sentences: list[ListedSentence], *, as_json: bool) -> None:
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
        sys.stdout.write("no such sentences\n")
