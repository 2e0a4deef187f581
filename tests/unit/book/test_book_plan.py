"""The plan of a book: which chapters of a document are spoken."""

import pytest

from gateway.book.book_plan import ChapterChoice, plan_book
from gateway.cli.render.book_tables import plan_json, plan_text
from seriatim.errors import EmptyText
from seriatim.text.documents import Chapter, Document, DocumentFormat
from seriatim.text.documents.document import Matter

BOOK = Document(
    DocumentFormat.EPUB,
    (
        Chapter("Title", "The title.\n\n", matter=Matter.FRONT), Chapter("One", "Text.\n\n"),
        Chapter("Index", "Anna, 1.\n\n", matter=Matter.BACK),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (ChapterChoice(), [1, 2, 3]),
        (ChapterChoice(exclude=["front"]), [2, 3]),
        (ChapterChoice(exclude=["front", "back"]), [2]),
        (ChapterChoice(exclude=["front"], numbers={1, 2}), [1, 2]),
    ],
)
def test_matter_is_left_out_by_choice_unless_its_number_is_named(choice: ChapterChoice, numbers: list[int]) -> None:
    assert [chapter.number for chapter in plan_book(BOOK, "book", {}, choice).chapters] == numbers


def test_the_plan_shows_what_is_matter() -> None:
    plan = plan_book(BOOK, "book", {})
    assert [line.split("words  ")[1] for line in plan_text(plan, "", "tone").splitlines()[2:]] == [
        "Title (front matter)", "One", "Index (back matter)",
    ]  # fmt: skip
    assert [chapter["matter"] for chapter in plan_json(plan, "", "tone")["chapters"]] == ["front", "", "back"]


def test_a_book_of_matter_alone_has_nothing_to_speak() -> None:
    with pytest.raises(EmptyText, match="no chapter with anything to speak"):
        plan_book(Document(DocumentFormat.EPUB, BOOK.chapters[:1]), "book", {}, ChapterChoice(exclude=["front"]))
    with pytest.raises(EmptyText, match=r"^the document has no chapter"):  # over HTTP it has no name
        plan_book(Document(DocumentFormat.TEXT, ()), "", {})
