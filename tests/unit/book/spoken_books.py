"""Spoken books for tests: projects with the audio of their chapters, made without an engine."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import soundfile

from gateway.book.book_plan import BookPlan, plan_book
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.output.journal import Option
from seriatim.text.documents import Chapter, Document, DocumentFormat
from tests.support.document_files import COVER

RATE_HZ = 8000
SENTENCE_SAMPLES = 800


def planned(
    *titles: str, title: str = "Harbour", first: int = 1, options: Mapping[str, Option] = MappingProxyType({})
) -> BookPlan:
    """The plan of a book whose chapters have two sentences each, the same under any title."""
    texts = [f"Chapter {number} begins. It ends." for number in range(first, first + len(titles))]
    chapters = tuple(Chapter(name, text) for name, text in zip(titles, texts, strict=True))
    document = Document(DocumentFormat.EPUB, chapters, title, ("Anna Berg",), "en", COVER)
    return plan_book(document, "in", options)


def speak(plan: BookPlan, project: BookProject) -> None:
    """Give each chapter of a plan its record and its audio."""
    project.chapters.mkdir(parents=True, exist_ok=True)
    for chapter in plan.chapters:
        record = ChapterRecord(RATE_HZ, ("One.", "Two."), (SENTENCE_SAMPLES, 2 * SENTENCE_SAMPLES))
        project.write_record(chapter.key, record)
        samples = np.full(record.n_samples, chapter.number * 1000, np.int16)
        soundfile.write(project.audio(chapter.key), samples, RATE_HZ, subtype="PCM_16")


def retitled(plan: BookPlan, *titles: str) -> BookPlan:
    """The plan with other titles of its chapters."""
    return replace(
        plan, chapters=tuple(replace(one, title=title) for one, title in zip(plan.chapters, titles, strict=True))
    )
