"""Addresses of sentences, such as 2.14: the chapter and the number of the sentence in it, both from 1."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.corrections import Correction, last_text, next_take
from gateway.book.doubtful_sentences import current_record
from gateway.book.speak_chapters import corrections_done
from seriatim.errors import BadInput
from seriatim.text.segment import SegmentOptions, segment

_ADDRESS = re.compile(r"(\d{1,5})\.(\d{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class SentenceChange:
    """A sentence that a user wants spoken again."""

    address: str  #: such as 2.14
    text: str = ""  #: spoken instead; "": that of its last correction, or its own
    again: bool = False  #: with another seed


def corrections_of(
    plan: BookPlan, project: BookProject, changes: Iterable[SentenceChange]
) -> dict[str, list[Correction]]:
    """The corrections that make these changes, by the keys of the chapters without any; `plan` has those before.

    Raises:
        BadInput: as `find_sentence`.
    """
    found: dict[str, list[Correction]] = {}
    for change in changes:
        chapter, seq = find_sentence(plan, project, change.address)
        made = [*chapter.corrections, *found.get(chapter.base_key, [])]
        take = next_take(made, seq) if change.again else 0
        found.setdefault(chapter.base_key, []).append(Correction(seq, change.text or last_text(made, seq), take))
    return found


def find_sentence(plan: BookPlan, project: BookProject, address: str) -> tuple[PlannedChapter, int]:
    """The chapter, and the 0-based number of the sentence in it, of an address such as 2.14.

    Raises:
        BadInput: it is none, the book has no such sentence, or its chapter is not spoken.
    """
    chapter, seq = find_chapter(plan, address)
    n_sentences = len(spoken_record(project, chapter).ends)
    if not 0 <= seq < n_sentences:
        raise BadInput(f"sentence {address}: chapter {chapter.number} has sentences 1 to {n_sentences}")
    return chapter, seq


def find_chapter(plan: BookPlan, address: str) -> tuple[PlannedChapter, int]:
    """As `find_sentence`, also for a chapter that is not spoken: whether it has the sentence is not known.

    Raises:
        BadInput: it is no address, or the book has no such chapter.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise BadInput(f"sentence {address!r}; expected CHAPTER.SENTENCE, such as 2.14")
    number = int(match[1])
    chapter = next((chapter for chapter in plan.chapters if chapter.number == number), None)
    if chapter is None:
        raise BadInput(f"sentence {address}: the book has no chapter {number}")
    return chapter, int(match[2]) - 1


def spoken_version(project: BookProject, chapter: PlannedChapter) -> PlannedChapter:
    """The chapter with those of its corrections that are spoken: later ones may be waiting, or were interrupted."""
    n_done = corrections_done(chapter, project)
    return chapter.with_corrections(chapter.corrections[: n_done or 0])


def spoken_record(project: BookProject, chapter: PlannedChapter) -> ChapterRecord:
    """The record of a chapter's latest version that is spoken.

    Raises:
        BadInput: no version of it is spoken, or the record is damaged.
    """
    return current_record(project, spoken_version(project, chapter))


def has_speech(text: str) -> bool:
    """Whether there is anything to speak in the text of a correction."""
    return next(iter(segment(text, SegmentOptions())), None) is not None
