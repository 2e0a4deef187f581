"""Parts of documents that may be left out: tables, poems and quotations, as far as a document names them."""

import pytest

from gateway.book.book_formats import EXCLUDABLE
from gateway.book.book_plan import ChapterChoice
from seriatim.text.documents import Document, DocumentLimits, read_document
from seriatim.text.documents.document import PartKind
from seriatim.text.documents.document_process import document_fields, document_of
from tests.support.document_files import docx, paragraph
from tests.support.documents_extra import require_documents_extra

require_documents_extra()

PAGE = b"""<html><body><h1>One</h1><p>First.</p>
<blockquote><p>Quoted.</p><div class="poem"><p>A verse</p></div></blockquote><p>Middle.</p>
<table><tr><td>a</td><td>b</td></tr></table><p>Last.</p>
<table><tr><td><p>A page</p><p>in columns.</p></td></tr></table>
<h1>Two</h1><div class="poem"><h2>Song</h2><p>La</p></div><p>End.</p></body></html>"""
FB2 = """<FictionBook><body><section><title><p>One</p></title><epigraph><p>Words.</p></epigraph><p>First.</p>
<poem><stanza><v>A verse</v><v>or two</v></stanza></poem><cite><p>Quoted.</p></cite>
<table><tr><td>a</td><td>b</td></tr></table><p>Last.</p></section></body></FictionBook>"""
MARKDOWN = "# One\n\nFirst.\n\n> Quoted,\n> on.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nLast > all.\n"
WORD = docx(paragraph("First.") + f"<w:tbl><w:tr><w:tc>{paragraph('a')}</w:tc></w:tr></w:tbl>" + paragraph("Last."))


def read(raw: bytes) -> Document:
    return read_document(raw, "no-name", DocumentLimits())


def text_without(document: Document, *kinds: str) -> str:
    """What is spoken, in one line."""
    choice = ChapterChoice(exclude=kinds)
    return " ".join("".join(choice.text(chapter) for chapter in document.chapters).split())


@pytest.mark.parametrize(
    ("raw", "kinds", "expected"),
    [
        (PAGE, (), "One First. Quoted. A verse Middle. a, b Last. A page in columns. Two Song La End."),
        (PAGE, ("poems",), "One First. Quoted. Middle. a, b Last. A page in columns. Two End."),
        (PAGE, ("quotations",), "One First. Middle. a, b Last. A page in columns. Two Song La End."),
        (PAGE, ("tables", "poems", "quotations"), "One First. Middle. Last. A page in columns. Two End."),
        (FB2.encode(), ("poems",), "One Words. First. Quoted. a, b Last."),
        (FB2.encode(), ("tables", "quotations"), "One First. A verse or two Last."),
        (MARKDOWN.encode(), ("tables",), "# One First. > Quoted, > on. Last > all."),
        (MARKDOWN.encode(), ("quotations",), "# One First. | a | b | |---|---| | 1 | 2 | Last > all."),
        (WORD, ("tables",), "First. Last."),
    ],
)
def test_parts_are_left_out_by_choice(raw: bytes, kinds: tuple[str, ...], expected: str) -> None:
    assert text_without(read(raw), *kinds) == expected


def test_the_kinds_of_parts_may_be_left_out() -> None:
    assert set(PartKind) | {"front", "back"} == set(EXCLUDABLE)


def test_a_process_passes_parts_on() -> None:
    document = read(PAGE)
    assert document_of(document_fields(document)) == document
