"""Facts of spoken chapters that the state of a book shows: few of each, and kept, since clients ask every second."""

from dataclasses import dataclass
from functools import lru_cache

from gateway.book.book_project import BookProject
from seriatim.errors import BadInput

MOST_KEPT = 4096  #: chapters, about 200 bytes each: a hundred books that are followed


@dataclass(frozen=True, slots=True)
class ChapterFacts:
    """What is known of a spoken chapter without its texts."""

    audio_s: float
    sentences: int
    gaps: tuple[str, ...]  #: as in its record


def chapter_facts(project: BookProject, key: str) -> ChapterFacts | None:
    """The facts of a version of a chapter; None: it is not spoken, or removed."""
    try:
        written_ns = project.record_ns(key) if project.is_spoken(key) else None
        return None if written_ns is None else _read(project, key, written_ns)
    except BadInput:
        return None


@lru_cache(MOST_KEPT)
def _read(project: BookProject, key: str, _written_ns: int) -> ChapterFacts:
    """The facts of a record; one that is written again, such as that of a book sent anew, is read again."""
    record = project.read_record(key)
    return ChapterFacts(round(record.duration_s, 3), len(record.ends), record.gaps)
