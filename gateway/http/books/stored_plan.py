"""The stored plan of a book: its chapters without their texts, so that its state is found without reading them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from gateway.book.book_plan import BookPlan, PlannedChapter
from seriatim.text.documents.document import Matter


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan whose chapters have no texts, and the counts of what was in them."""

    plan: BookPlan
    words: tuple[int, ...]  #: of each chapter
    characters: tuple[int, ...]  #: likewise

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """The plan of `plan_fields`.

        Raises:
            KeyError, TypeError, ValueError: they are damaged.
        """
        rows = fields["chapters"]
        chapters = tuple(
            PlannedChapter(
                one["number"],
                one["title"],
                "",
                one["key"],
                one["estimated_ms"],
                matter=Matter(one["matter"]),
                voice=one["voice"],
            )
            for one in rows
        )
        plan = BookPlan(
            fields["title"], tuple(fields["authors"]), fields["language"], b"", chapters, tuple(fields["warnings"])
        )
        return cls(plan, tuple(row["words"] for row in rows), tuple(row["characters"] for row in rows))


def plan_fields(plan: BookPlan) -> dict[str, Any]:
    """A plan without corrections, as JSON has it; its texts and its cover are left out."""
    return {
        "title": plan.title, "authors": list(plan.authors), "language": plan.language, "warnings": list(plan.warnings),
        "chapters": [
            {
                "number": one.number, "title": one.title, "key": one.key, "estimated_ms": one.estimated_ms,
                "matter": str(one.matter), "voice": one.voice, "words": len(one.text.split()),
                "characters": len(one.text),
            }
            for one in plan.chapters
        ],
    }  # fmt: skip
