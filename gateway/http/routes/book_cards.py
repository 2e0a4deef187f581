"""Cards of books: a book, its chapters and its files, as the routes of books describe them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redis import Redis

from gateway.book.book_plan import BookPlan, PlannedChapter
from gateway.book.book_project import BookProject, ChapterRecord
from gateway.book.making.book_cost import PoolPrice
from gateway.book.making.sentence_address import spoken_version
from gateway.http.books.book_folder import BookFolder, BookOutcome
from gateway.http.books.book_lease import read_progress
from gateway.http.books.book_order import BookOrder
from gateway.http.books.chapter_facts import ChapterFacts, chapter_facts
from gateway.http.books.stored_plan import StoredPlan
from gateway.http.problems import HttpProblem, not_found
from gateway.http.schemas.books import (
    BookCard,
    BookChapterCard,
    BookChapterText,
    BookCost,
    BookFileCard,
    BookPlanCard,
    BookSentence,
    PlannedChapterCard,
)
from seriatim.errors import BadInput

MEDIA_TYPES = {
    "m4b": "audio/mp4", "m4a": "audio/mp4", "mp3": "audio/mpeg", "opus": "audio/ogg", "flac": "audio/flac",
    "epub": "application/epub+zip", "vtt": "text/vtt", "srt": "application/x-subrip", "jpg": "image/jpeg",
    "png": "image/png",
}  # fmt: skip


def book_card(book: BookFolder, redis: "Redis", prices: Mapping[str, PoolPrice]) -> BookCard:
    """Describe a book.

    Raises:
        FileNotFoundError: it is removed.
        Unavailable: Redis does not answer.
    """
    outcome = book.outcome()  # read first: what it says stays true
    order, stored, progress = book.order(), book.plan(), read_progress(redis, book.id) or {}
    plan, project = stored.plan.with_corrections(book.project.read_corrections()), book.project
    parts = progress.get("chapters", {})
    facts = [chapter_facts(project, spoken_version(project, chapter).key) for chapter in plan.chapters]
    rows = zip(plan.chapters, stored.words, facts, strict=True)
    chapters = [_chapter_card(project, *row, parts.get(str(row[0].number))) for row in rows]
    shares = {chapter.number: chapter.part for chapter in chapters}
    seconds = [chapter.audio_s if chapter.audio_s is not None else chapter.estimated_s for chapter in chapters]
    pool = str(order.options["pool"])
    gaps = [gap for one in facts if one for gap in one.gaps]
    return BookCard(
        id=book.id, **_state(outcome, progress), title=plan.title, authors=list(plan.authors), language=plan.language,
        model=pool, voice=str(order.options["voice"]), layout=order.layout, format=order.format_name,
        created=order.created_s, characters=sum(stored.characters),
        part=_whole_part(chapters), estimated_s=round(sum(seconds), 3),
        cost=_cost(prices.get(pool), stored, shares), warnings=_warnings(order, plan), gaps=gaps, chapters=chapters,
        files=_files(book.files),
    )  # fmt: skip


def plan_card(plan: BookPlan, order: BookOrder, fields: Mapping[str, Any], price: PoolPrice | None) -> BookPlanCard:
    """Describe what would be spoken; `fields` are those of `plan_json`."""
    characters = sum(len(chapter.text) for chapter in plan.chapters)
    chapters = [PlannedChapterCard.model_validate(row) for row in fields["chapters"]]
    whole = price.of(characters) if price else 0.0
    return BookPlanCard(
        title=plan.title, authors=list(plan.authors), language=plan.language, model=str(order.options["pool"]),
        voice=str(order.options["voice"]), cover=bool(plan.cover), characters=characters,
        estimated_s=round(sum(chapter.estimated_s for chapter in chapters), 1),
        cost=BookCost(spent=0.0, whole=whole, currency=price.currency) if price else None,
        warnings=_warnings(order, plan), chapters=chapters,
    )  # fmt: skip


def chapter_text(book: BookFolder, number: int) -> BookChapterText:
    """Describe a chapter that is spoken, sentence by sentence.

    Raises:
        HttpProblem: there is no such chapter, or it is not spoken yet.
    """
    chapter, version, record = spoken_chapter(book, number)
    sentences = sentence_cards(chapter, version, record)
    return BookChapterText(
        number=number, title=chapter.title, version=version.key, audio_s=round(record.duration_s, 3),
        sentences=sentences,
    )  # fmt: skip


def sentence_cards(chapter: PlannedChapter, version: PlannedChapter, record: ChapterRecord) -> list[BookSentence]:
    """Describe the sentences of a chapter; `version`: that is spoken, with its record."""
    n_done = len(version.corrections)
    corrected = {one.seq for one in version.corrections}
    waiting = {one.seq for one in chapter.corrections[n_done:]}
    return [
        BookSentence(
            sentence=f"{chapter.number}.{seq + 1}", text=text, start_s=round(start / record.rate_hz, 3),
            end_s=round(end / record.rate_hz, 3), paragraph=seq in record.paragraphs, corrected=seq in corrected,
            waiting=seq in waiting,
        )
        for seq, (text, (start, end)) in enumerate(zip(record.texts, record.spans(), strict=True))
    ]  # fmt: skip


def spoken_chapter(book: BookFolder, number: int) -> tuple[PlannedChapter, PlannedChapter, ChapterRecord]:
    """A chapter, its latest version that is spoken, and the record of that.

    Raises:
        HttpProblem: there is no such chapter, or it is not spoken yet.
    """
    project = book.project
    plan = book.plan().plan.with_corrections(project.read_corrections())
    chapter = next((one for one in plan.chapters if one.number == number), None)
    if chapter is None:
        raise not_found(f"book {book.id} has no chapter {number}")
    for _ in range(2):  # a version may be replaced, and removed, while it is looked for
        version = spoken_version(project, chapter)
        if record := read_chapter_record(project, version.key):
            return chapter, version, record
    raise HttpProblem(409, "not_spoken", f"chapter {number} is not spoken yet")


def chapter_version(book: BookFolder, number: int, key: str = "") -> PlannedChapter:
    """The version of a chapter with this key, or its latest one that is spoken.

    A version that is replaced is there until the files of the book are written: a player can go on.

    Raises:
        HttpProblem: there is none.
    """
    chapter, latest, _ = spoken_chapter(book, number)
    if key in ("", latest.key):
        return latest
    versions = (chapter.with_corrections(chapter.corrections[:n]) for n in range(len(chapter.corrections)))
    found = next((one for one in versions if one.key == key), None)
    if found is None or not book.project.is_spoken(key):
        raise not_found(f"chapter {number} has another version by now, which GET …/chapters/{number} names")
    return found


def _chapter_card(
    project: BookProject, chapter: PlannedChapter, words: int, facts: ChapterFacts | None, part: float | None
) -> BookChapterCard:
    """Describe a chapter.

    `facts`: of its latest version that is spoken. `part`: that a run has spoken of it, or of its corrections; None: no
    run speaks it.
    """
    is_spoken = project.is_spoken(chapter.key)
    return BookChapterCard(
        number=chapter.number, title=chapter.title, words=words, estimated_s=round(chapter.estimated_ms / 1000, 1),
        matter=str(chapter.matter), voice=chapter.voice,
        state="spoken" if is_spoken else "waiting" if part is None else "speaking",
        part=1.0 if is_spoken else part or 0.0, audio_s=facts.audio_s if facts else None,
        sentences=facts.sentences if facts else None, corrections=len(chapter.corrections), has_audio=bool(facts),
    )  # fmt: skip


def read_chapter_record(project: BookProject, key: str) -> ChapterRecord | None:
    """The record of a version of a chapter; None: it is not spoken, or removed."""
    if not project.is_spoken(key):
        return None
    try:
        return project.read_record(key)
    except BadInput:
        return None


def _whole_part(chapters: list[BookChapterCard]) -> float:
    whole = sum(chapter.estimated_s for chapter in chapters)
    parts = sum(chapter.estimated_s * (1.0 if chapter.has_audio else chapter.part) for chapter in chapters)
    return round(parts / whole, 4) if whole else 1.0


def _state(outcome: BookOutcome | None, progress: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say what happens to a book."""
    if outcome is not None:
        return {"state": outcome.state, "reason": outcome.reason, "left_s": None, "times_real_time": None}
    step = progress.get("step", "waiting")
    return {
        "state": "waiting" if progress.get("note") else step, "reason": progress.get("note", ""),
        "left_s": progress.get("left_s"), "times_real_time": progress.get("times_real_time"),
    }  # fmt: skip


def _cost(price: PoolPrice | None, stored: StoredPlan, parts: Mapping[int, float]) -> BookCost | None:
    if price is None:
        return None
    counts = zip(stored.plan.chapters, stored.characters, strict=True)
    spent = sum(characters * parts[chapter.number] for chapter, characters in counts)
    return BookCost(spent=price.of(spent), whole=price.of(sum(stored.characters)), currency=price.currency)


def _warnings(order: BookOrder, plan: BookPlan) -> list[str]:
    return [*filter(None, [order.warning]), *plan.warnings]


def _files(folder: Path) -> list[BookFileCard]:
    """The files of a book that are complete, by name."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_file() and not path.name.startswith("."):
            kind = MEDIA_TYPES.get(path.suffix.removeprefix("."), "application/octet-stream")
            found.append(BookFileCard(name=path.name, bytes=path.stat().st_size, type=kind))
    return found
