"""PDFs with a text layer: paragraphs across lines, columns and pages, without running heads and page numbers."""

import re
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seriatim.errors import BadInput, EmptyText
from seriatim.text.documents import Document, DocumentFormat, DocumentLimits, read_document
from seriatim.text.documents.block_writer import BlockWriter
from tests.support.documents_extra import require_documents_extra

require_documents_extra()
if find_spec("fpdf") is None:
    pytest.skip("fpdf2 is not installed (pip install -e '.[dev]')", allow_module_level=True)

FPDF = import_module("fpdf").FPDF
NEXT: dict[str, Any] = {"new_x": "LMARGIN", "new_y": "NEXT"}
WRAPPED = (
    "The paragraph is long enough to be wrapped over several lines, so that a word may be hyphen-\nated at its end."
)
JOINED = "The paragraph is long enough to be wrapped over several lines, so that a word may be hyphenated at its end."


def read(raw: bytes, limits: DocumentLimits | None = None) -> Document:
    return read_document(raw, "no-name", limits or DocumentLimits())


def pdf(n_pages: int) -> Any:
    """A file with so many empty pages, each with a running head and a page number; the first page is open."""
    file = FPDF()
    file.set_auto_page_break(False)
    for number in range(1, n_pages + 1):
        file.add_page()
        file.set_font("Helvetica", size=8)
        file.cell(0, 5, "Anna Berg" if number % 2 else "AT SEA", align="C", **NEXT)
        file.set_y(-15)
        file.cell(0, 10, f"- {number} -", align="C")
    file.set_font("Helvetica", size=11)
    return file


@pytest.mark.parametrize(
    ("letter", "first", "joined"), [("T", "he gate", "The gate"), ("T", "HE OLD gate", "THE OLD gate"),
                                    ("I", "t was", "I t was"), ("A", "gate", "A gate")],
)  # fmt: skip
def test_a_large_first_letter_begins_its_word_and_no_chapter(letter: str, first: str, joined: str) -> None:
    file = pdf(1)
    file.page = 1
    for size, x, y, height, text in (
        (16, 10, 20, 8, "Chapter 1"), (33, 10, 32, 14, letter), (11, 20, 32, 6, f"{first} of the harbour was open"),
        (11, 20, 38, 6, "when the first boats came home from the sea, and"), (11, 10, 44, 6, "they stood on the wall."),
    ):  # fmt: skip
        file.set_font("Helvetica", size=size)
        file.set_xy(x, y)
        file.cell(0, height, text)
    chapter = read(bytes(file.output())).chapters[-1]
    assert chapter.title == "Chapter 1"
    assert chapter.text.startswith(f"Chapter 1\n\n{joined} of the harbour was open when the first boats")


def test_paragraphs_are_joined_across_lines_columns_and_pages() -> None:
    file = pdf(4)
    file.set_title("At Sea")
    file.set_author("Anna Berg")
    for page in range(1, 5):
        file.page = page
        file.set_xy(10, 20)
        file.set_font("Helvetica", size=16)
        file.cell(0, 10, f"Chapter {page}", **NEXT)
        file.set_font("Helvetica", size=11)
        file.multi_cell(90, 6, WRAPPED, **NEXT)
        file.ln(4)
        file.multi_cell(90, 6, f"{WRAPPED} It goes", **NEXT)
        file.set_xy(110, 30)
        file.multi_cell(80, 6, f"on to the right. {WRAPPED}", **NEXT)
    document = read(bytes(file.output()))
    assert (document.format, document.title, document.authors) == (DocumentFormat.PDF, "At Sea", ("Anna Berg",))
    assert [chapter.title for chapter in document.chapters] == [f"Chapter {page}" for page in range(1, 5)]
    text = f"\n\n{JOINED}\n\n{JOINED} It goes on to the right. {JOINED}\n\n"
    assert [chapter.text for chapter in document.chapters] == [f"Chapter {page}{text}" for page in range(1, 5)]


def test_a_sentence_goes_on_over_the_page() -> None:
    file = pdf(4)
    for page, text in enumerate((f"{WRAPPED} It goes", "on here, and on", "over pages", "to the end."), 1):
        file.page = page
        file.set_font("Helvetica", size=8)
        file.set_font("Helvetica", size=11)  # written on this page, too
        file.set_xy(10, 40)
        file.multi_cell(90, 6, f"{text} {WRAPPED[:-1]}")
    unended = JOINED[:-1]
    assert read(bytes(file.output())).text == (
        f"{JOINED} It goes {unended} on here, and on {unended} over pages {unended} to the end. {unended}\n\n"
    )


def test_columns_that_the_file_has_row_by_row_are_read_one_by_one() -> None:
    file = pdf(1)
    for row in range(6):
        for column, name in enumerate("ab"):
            file.set_xy(10 + column * 95, 40 + row * 6)
            file.cell(80, 6, f"{name}{row} is a line of this very column,")
    words = read(bytes(file.output())).text.split()
    assert [word for word in words if word[1:].isdigit()] == [f"{name}{row}" for name in "ab" for row in range(6)]


def test_a_file_with_a_password_is_refused_and_one_without_is_read() -> None:
    for password, owner in (("secret", "owner"), ("", "owner")):
        file = pdf(1)
        file.set_xy(10, 40)
        file.cell(0, 6, "Hello there.")
        file.set_encryption(owner_password=owner, user_password=password)
        raw = bytes(file.output())
        if password:
            with pytest.raises(BadInput, match="is encrypted; remove its password first"):
                read(raw)
        else:
            assert "Hello there." in read(raw).text


def test_a_page_tree_that_is_a_circle_is_read_once_or_refused() -> None:
    file = pdf(1)
    file.set_xy(10, 40)
    file.cell(0, 6, "Hello there.")
    raw = bytes(file.output())
    kids = re.search(rb"(\d+) 0 obj\s*<<(?:(?!endobj).)*?/Kids \[", raw, re.DOTALL)
    assert kids
    circle = raw[: kids.end()] + kids[1] + b" 0 R " + raw[kids.end() :]
    try:
        assert read(circle).text.count("Hello there.") == 1
    except BadInput as refused:
        assert "no-name" in str(refused)  # noqa: PT017  # either is fine


def test_a_scan_is_refused_with_advice() -> None:
    file = FPDF()
    file.add_page()
    file.rect(10, 10, 50, 50, style="F")
    with pytest.raises(EmptyText, match=r"has no text; .*recognize their text first \(OCR\)"):
        read(bytes(file.output()))


def test_a_damaged_file_is_refused_or_read() -> None:
    raw = bytes(pdf(2).output())
    with pytest.raises(BadInput, match="SERIATIM_DOCUMENT_MAX_PAGES allows 1"):
        read(raw, DocumentLimits(pages=1))
    with pytest.raises(BadInput, match="damaged PDF"):
        read(b"%PDF-1.7\n")
    with pytest.raises(BadInput, match="damaged PDF: The filter name /Fl is deprecated"):
        read(raw.replace(b"/FlateDecode", b"/Fl         "))

    @given(st.integers(0, len(raw)), st.integers(0, 60), st.binary(max_size=20))
    @settings(max_examples=100, deadline=None)
    def damage(start: int, n: int, noise: bytes) -> None:
        with suppress(BadInput):
            read(raw[:start] + noise + raw[start + n :])

    damage()


@given(st.lists(st.text("abcdefgh.,", min_size=1, max_size=9), min_size=1, max_size=60))
@settings(max_examples=20, deadline=None)
def test_the_words_of_a_file_are_the_words_of_its_text(words: list[str]) -> None:
    file = FPDF()
    file.add_page()
    file.set_font("Helvetica", size=11)
    file.multi_cell(100, 6, " ".join(words))
    assert read(bytes(file.output())).text.split() == words


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["mus-", "eum"], "museum"),
        (["Anglo-", "Saxon"], "Anglo-Saxon"),
        (["a\xad", "b"], "ab"),
        (["it -", "so"], "it - so"),
    ],
)
def test_words_are_joined_at_line_ends(lines: list[str], text: str) -> None:
    writer = BlockWriter("x", DocumentLimits())
    for line in lines:
        writer.write_wrapped(line)
    assert writer.chapters()[0].text == f"{text}\n\n"
