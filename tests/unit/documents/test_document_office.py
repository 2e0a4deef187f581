"""Office documents (DOCX, ODT, RTF), FB2 and subtitles: their words are the words of the text, in its order."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seriatim.errors import BadInput
from seriatim.text.documents import Document, DocumentFormat, DocumentLimits, read_document
from tests.support.document_files import COVER, archive, docx, epub, odt, paragraph
from tests.support.documents_extra import require_documents_extra

require_documents_extra()


def read(raw: bytes) -> Document:
    return read_document(raw, "no-name", DocumentLimits())


def outline(document: Document) -> list[tuple[str, str, str]]:
    return [(chapter.title, chapter.text, chapter.notes) for chapter in document.chapters]


def test_a_docx_is_read_with_its_chapters_and_notes() -> None:
    body = "".join(
        [
            paragraph("At Sea", style="Titel"), paragraph("One", "\t3", style="Verzeichnis1"),
            paragraph("One", style="berschrift1"),
            paragraph("It f", "ell", '<w:r><w:footnoteReference w:id="2"/></w:r>', ", and", "<w:r><w:tab/></w:r>",
                      "<w:del><w:r><w:delText>no</w:delText></w:r></w:del>",
                      "<w:ins><w:r><w:t>rose</w:t></w:r></w:ins>", "."),
            paragraph("<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>", "First<&>", "<w:r><w:br/></w:r>",
                      "next"),
            "<w:tbl><w:tr><w:tc>" + paragraph("Day") + "</w:tc><w:tc>" + paragraph("Hours") + "</w:tc></w:tr></w:tbl>",
            paragraph("Two", style="berschrift1"),
            paragraph("End.", '<w:r><w:fldChar/><w:instrText>PAGE</w:instrText></w:r>'),
        ]
    )  # fmt: skip
    notes = '<w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
    notes += f'<w:footnote w:id="2">{paragraph("<w:r><w:footnoteRef/></w:r>", " A note.")}</w:footnote>'
    document = read(docx(body, notes))
    assert (document.format, document.title, document.authors) == (DocumentFormat.DOCX, "At Sea", ("Anna Berg",))
    assert outline(document) == [
        ("", "At Sea\n\n", ""),
        ("One", "One\n\nIt fell, and rose.\n\nFirst<&>  \nnext\n\nDay, Hours\n\n", "A note."),
        ("Two", "Two\n\nEnd.\n\n", ""),
    ]


def test_raised_numbers_and_large_first_letters_of_word_belong_to_their_words() -> None:
    raised = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>{}</w:t></w:r>'
    cap = '<w:p><w:pPr><w:framePr w:dropCap="drop" w:lines="3"/></w:pPr><w:r><w:t>T</w:t></w:r></w:p>'
    body = cap + paragraph("he gate.") + paragraph("10", raised.format("-3"), " m", raised.format("2"), " of a word",
                                                   raised.format("4"), ", the 1", raised.format("st"), ".")  # fmt: skip
    assert read(docx(body)).text == "The gate.\n\n10⁻³ m² of a word, the 1st.\n\n"


def test_links_to_the_notes_of_an_fb2_are_their_marks_also_without_a_type() -> None:
    book = (
        '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink"><body>'
        '<section id="s"><p>It fell<a l:href="#n1">1</a>, see <a l:href="#s">here</a>, 10<sup>6</sup>.</p></section>'
        '</body><body name="notes"><section id="n1"><p>A note.</p></section></body></FictionBook>'
    )
    assert outline(read(book.encode())) == [("", "It fell, see here, 10⁶.\n\n", "A note.")]


def test_an_odt_is_read_with_its_chapters_and_notes() -> None:
    body = (
        "<text:tracked-changes><text:p>no</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">One</text:h><text:p>It <text:span>fell</text:span><text:note>'
        "<text:note-citation>1</text:note-citation><text:note-body><text:p>A note."
        "</text:p></text:note-body></text:note>,<text:s/>and<text:tab/>rose.<text:line-break/>On.</text:p><text:list>"
        "<text:list-item><text:p>item</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>Day</text:p></table:table-cell><table:table-cell>"
        "<text:p>Hours</text:p></table:table-cell></table:table-row></table:table>"
    )
    document = read(odt(body))
    assert (document.format, document.title, document.authors, document.language) == (
        DocumentFormat.ODT, "At Sea", ("Anna Berg",), "en-GB",
    )  # fmt: skip
    assert outline(document) == [
        ("One", "One\n\nIt fell, and rose.  \nOn.\n\nitem\n\nDay, Hours\n\n", "A note."),
    ]


FB2 = f"""<?xml version="1.0" encoding="windows-1251"?>
<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink"><description>
<title-info><author><first-name>Анна</first-name><last-name>Берг</last-name></author><book-title>У моря</book-title>
<coverpage><image l:href="#c.gif"/></coverpage><lang>ru</lang></title-info></description>
<body><title><p>У моря</p></title><section><title><p>Глава 1</p><p>Порт</p></title><p>Он <emphasis>упал</emphasis>
<a l:href="#n1" type="note">[1]</a>.</p><poem><stanza><v>Первая</v><v>вторая</v></stanza></poem></section>
<section><p>Конец.</p></section></body>
<body name="notes"><section id="n1"><p>Примечание.</p></section></body>
<binary id="c.gif" content-type="image/gif">{base64.b64encode(COVER).decode()}</binary></FictionBook>"""


@pytest.mark.parametrize("packed", [False, True])
def test_an_fb2_is_read_with_its_chapters_and_notes(packed: bool) -> None:
    raw = FB2.encode("cp1251")
    document = read(archive({"book.fb2": raw}) if packed else raw)
    assert (document.format, document.title, document.authors) == (DocumentFormat.FB2, "У моря", ("Анна Берг",))
    assert (document.language, document.cover) == ("ru", COVER)
    assert outline(document) == [
        ("", "У моря\n\n", ""),
        ("Глава 1 Порт", "Глава 1\n\nПорт\n\nОн упал .\n\nПервая  \nвторая\n\n", ""),
        ("", "Конец.\n\n", "Примечание."),
    ]


def test_an_rtf_is_read() -> None:
    source = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title At Sea}{\author Anna Berg}}"
        r"\pard It {\b fell}, caf\'e9 \u8212?{\*\generator x;}\par And rose.\par}"
    )
    document = read(source.encode())
    assert (document.format, document.title, document.authors) == (DocumentFormat.RTF, "At Sea", ("Anna Berg",))
    assert document.text == "It fell, café —\n\nAnd rose.\n\n"


SRT = """1
00:00:01,000 --> 00:00:02,500
<i>It fell,</i>

2
00:00:02,500 --> 00:00:04,000
{\\an8}and then
it rose.

3
00:00:09,000 --> 00:00:10,000
- Really?
- Yes &amp; no. ♪
"""
VTT = """WEBVTT - a title
Kind: captions

STYLE
::cue { color: red }

NOTE not this

intro
00:01.000 --> 00:02.000 align:start
<v Anna>It fell,

00:02.000 --> 00:03.000
It fell,
and <00:02.500><c>rose.</c>
"""


def test_subtitles_are_read_without_their_times() -> None:
    for srt in (SRT, SRT.replace("\n", "\r\n"), "\ufeff" + SRT):
        document = read(srt.encode())
        assert document.format is DocumentFormat.SUBTITLES
        assert document.text == "It fell, and then it rose.\n\nReally?  \nYes & no.\n\n"
    assert read(VTT.encode()).text == "It fell, and rose.\n\n"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (docx("<w:p>"), r"word/document\.xml is no well-formed XML"),
        (docx(""), "has no text"),
        (FB2.encode("cp1251")[:-40], "no well-formed XML"),
        (f'<!DOCTYPE x [<!ENTITY a "b">]>{FB2.partition("?>")[2]}'.encode(), "entities of its own"),
        (b"{\\rtf1\\ansi }", "has no text"),
        (
            b"{\\rtf1 a\\u99999999999999999999?}",
            r"is damaged, and could not be read: Python int too large|is a damaged RTF document: chr\(\)",
        ),
    ],
)
def test_a_damaged_document_is_refused_with_a_line(raw: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message) as error:
        read(raw)
    assert "\n" not in str(error.value)


words = st.text("abcäßжअ漢&<>*_[]#1-", min_size=1, max_size=6)
paragraphs = st.lists(st.lists(words, min_size=1, max_size=8), min_size=1, max_size=6)


def xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@given(paragraphs)
@settings(max_examples=60, deadline=None)
def test_the_words_of_a_document_are_the_words_of_its_text(content: list[list[str]]) -> None:
    expected = [word for each in content for word in each]
    html = "".join(f"<p>{xml(' '.join(each))}</p>" for each in content)
    files = [
        epub({"a.xhtml": html}), f"<!doctype html><body>{html}".encode(),
        docx("".join(paragraph(f"<w:r><w:t>{xml(' '.join(each))}</w:t></w:r>") for each in content)),
        odt("".join(f"<text:p>{xml(' '.join(each))}</text:p>" for each in content)),
        f"<FictionBook><body><section>{html}</section></body></FictionBook>".encode(),
    ]  # fmt: skip
    for raw in files:
        assert read(raw).text.split() == expected
