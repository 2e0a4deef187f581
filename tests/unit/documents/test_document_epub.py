"""EPUB books of both versions: chapters in reading order, notes apart, and what protects or damages a book."""

import pytest

from seriatim.errors import BadInput
from seriatim.text.documents import Document, DocumentFormat, DocumentLimits, read_document
from seriatim.text.documents.document import Matter
from seriatim.text.markup import CodeMode
from seriatim.text.segment import SegmentOptions, segment
from tests.support.document_files import COVER, archive, epub, epub_members
from tests.support.documents_extra import require_documents_extra

require_documents_extra()

PAGES = {
    "z.xhtml": "<h1>One</h1><p>The  first\npage&nbsp;of &lt;div&gt; and <i>two</i>words.</p>",
    "a%20b.xhtml": '<p>Before.</p><h2 id="two">Two</h2><p>The second<br/>page.</p><p id="end">Its end.</p>',
}
CONTENTS = [("z.xhtml", "I. One"), ("a%20b.xhtml#two", "II. Two")]


def read(raw: bytes) -> Document:
    return read_document(raw, "book.bin", DocumentLimits())


def texts_of(document: Document) -> list[str]:
    return [piece.text for piece in segment(document.text, SegmentOptions(markup=document.markup))]


def unquoted(pages: dict[str, str]) -> bytes:
    """The book whose files have the names that the addresses in it stand for."""
    members = epub_members(pages, CONTENTS)
    return archive({name.replace("%20", " "): content for name, content in members.items()})


def test_the_chapters_of_a_book_are_read_in_order() -> None:
    book = read(unquoted(PAGES))
    assert book.format is DocumentFormat.EPUB
    assert (book.title, book.authors, book.language) == ("The Harbour & the Sea", ("Anna Berg", "Ben Cole"), "en-GB")
    assert book.cover == COVER
    assert [chapter.title for chapter in book.chapters] == ["I. One", "II. Two"]
    assert book.chapters[0].text == "One\n\nThe first page of <div> and twowords.\n\nBefore.\n\n"
    assert book.chapters[1].text == "Two\n\nThe second  \npage.\n\nIts end.\n\n"
    assert texts_of(book) == [
        *("One", "The first page of <div> and twowords.", "Before.", "Two", "The second", "page.", "Its end.")
    ]


def test_a_book_of_version_2_has_its_titles_and_cover_too() -> None:
    book = read(epub({"one.html": PAGES["z.xhtml"], "two.html": "<p>More.</p>"}, [("one.html", "One")], version=2))
    assert [(chapter.title, chapter.text.split("\n")[0]) for chapter in book.chapters] == [("One", "One")]
    assert book.text.endswith("More.\n\n"), "a page that the contents do not name belongs to the chapter before"
    assert book.cover == COVER


def with_guide(members: dict[str, str | bytes], guide: str) -> dict[str, str | bytes]:
    package = str(members["OEBPS/content.opf"])
    return members | {"OEBPS/content.opf": package.replace("</package>", f"<guide>{guide}</guide></package>")}


def test_front_and_back_matter_are_what_the_book_says() -> None:
    pages = {
        "t.xhtml": "<section epub:type='titlepage'><p>The title.</p></section>",
        "c.xhtml": "<div role='doc-dedication'><p>For Ben.</p></div>",
        "one.xhtml": "<section epub:type='bodymatter chapter'><h1>One</h1><p>Text.</p></section>",
        "more.xhtml": "<p>More text.</p>",
        "x.xhtml": "<p>By whom.</p>",
        "y.xhtml": "<p>Set in type.</p>",
    }
    members = with_guide(epub_members(pages, [("one.xhtml", "One")]), '<reference type="Colophon" href="y.xhtml#a"/>')
    landmarks = '<nav epub:type="landmarks"><a epub:type="acknowledgments" href="x.xhtml">Thanks</a></nav></body>'
    members["OEBPS/nav.xhtml"] = str(members["OEBPS/nav.xhtml"]).replace("</body>", landmarks)
    book = read(archive(members))
    assert [(chapter.title, chapter.text, chapter.matter) for chapter in book.chapters] == [
        ("", "The title.\n\nFor Ben.\n\n", Matter.FRONT), ("One", "One\n\nText.\n\nMore text.\n\n", Matter.BODY),
        ("", "By whom.\n\nSet in type.\n\n", Matter.BACK),
    ]  # fmt: skip


def test_without_contents_a_page_with_a_heading_is_a_chapter() -> None:
    book = read(epub({"a.xhtml": "<p>Front.</p>", "b.xhtml": "<h2>One</h2><p>Text.</p>", "c.xhtml": "<p>More.</p>"}))
    assert [(chapter.title, chapter.text) for chapter in book.chapters] == [
        ("", "Front.\n\n"), ("One", "One\n\nText.\n\nMore.\n\n"),
    ]  # fmt: skip


def test_blocks_of_code_are_left_out_on_request() -> None:
    raw = epub({"a.xhtml": "<p>Run it:</p><pre><code>x = 1</code></pre><p>Done <code>y</code>.</p>"})
    assert read(raw).text == "Run it:\n\nx = 1\n\nDone y.\n\n"
    skipped = read_document(raw, "book.bin", DocumentLimits(), code=CodeMode.SKIP)
    assert skipped.text == "Run it:\n\nDone y.\n\n"


@pytest.mark.parametrize(("body", "expected"), [
    ('<p>It <span class="pagenum">[12]</span>was <span class="pageno">xiv</span>late.</p>', "It was late."),
    ('<p class="page-number">All of page 5 is here.</p>', "All of page 5 is here."),
    ('<p><img src="t.png" alt="T"/>he gate <img src="a.png" alt="A cat"/>is open.</p>', "The gate A cat is open."),
    ('<p>10<sup>-3</sup> m, m<sup>2</sup>, x<sup>n</sup>, word<sup>3</sup>, 1<sup>st</sup>.</p>',
     "10⁻³ m, m², x^n, word, 1st."),
    ("<p>Look.</p><video><p>No video here.</p></video><audio>None.</audio><canvas>None.</canvas>", "Look."),
    ("<p>See <a href='#n'>[1]</a> and <a href='#n'>[here]</a>.</p>", "See and [here]."),
])  # fmt: skip
def test_odd_forms_of_books_are_read_as_they_are_meant(body: str, expected: str) -> None:
    assert read(epub({"a.xhtml": body})).text.strip() == expected


@pytest.mark.parametrize(("formula", "expected"), [
    ("<msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><mn>1</mn>", "x² + 1"),
    ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>", "(a + b)/c"),
    ("<msqrt><msub><mi>x</mi><mn>1</mn></msub></msqrt><mo>=</mo><mroot><mi>y</mi><mn>3</mn></mroot>", "√x₁ = ³√y"),
    ("<msubsup><mi>x</mi><mi>i</mi><mi>k</mi></msubsup><msup><mi>e</mi><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></msup>",
     "x i^ke^(a + b)"),
    ('<semantics><mi>x</mi><annotation encoding="application/x-tex">\\frac{a}{b}</annotation></semantics>', "a/b"),
])  # fmt: skip
def test_formulas_are_read_as_they_would_be_written_in_a_line(formula: str, expected: str) -> None:
    assert read(epub({"a.xhtml": f"<p>So <math><mrow>{formula}</mrow></math>.</p>"})).text == f"So {expected}.\n\n"


def test_a_page_of_links_is_a_table_of_contents_and_not_read() -> None:
    links = "".join(f'<p><a href="{name}.xhtml">Chapter {name}</a></p>' for name in "abc")
    pages = {f"{name}.xhtml": f"<h2>Chapter<br/>{name}</h2><p>Text.</p>" for name in "abc"}
    book = read(epub({"toc.xhtml": f"<h1>Contents</h1>{links}", **pages}, version=2))
    assert [chapter.title for chapter in book.chapters] == ["Chapter a", "Chapter b", "Chapter c"]
    assert "Contents" not in book.text
    assert read(epub({"only.xhtml": links})).text.startswith("Chapter a")


NOTES_3 = {
    "a.xhtml": '<p>It fell.<a epub:type="noteref" href="#n1">1</a> '
    'Then it rose<a role="doc-noteref" href="n.xhtml#n2">*</a>.</p>'
    '<aside epub:type="footnote" id="n1"><p>1 A note.</p><p>Its second paragraph.</p></aside><p>On.</p>',
    "n.xhtml": '<section epub:type="endnotes"><h2>Notes</h2><ol><li id="n2"><p>Another note.</p></li></ol></section>',
}
NOTES_2 = {
    "a.xhtml": '<p>It fell.<sup><a id="r1" href="n.xhtml#n1">1</a></sup> '
    'Then <a id="r2" href="n.xhtml#n2"><sup>[2]</sup></a>it rose.</p>'
    '<p><a href="n.xhtml#n1">The notes</a> are at the end.</p>',
    "n.xhtml": '<p><a id="n1" href="a.xhtml#r1"><sup>1</sup></a> A note.</p>'
    '<p id="n2"><sup><a href="a.xhtml#r2">[2]</a></sup> Another.</p><p>No note.</p>',
}


def test_notes_stand_beside_the_text() -> None:
    three, two = read(epub(NOTES_3)), read(epub(NOTES_2, version=2))
    assert three.text == "It fell. Then it rose.\n\nOn.\n\n"
    assert "\n\n".join(chapter.notes for chapter in three.chapters) == (
        "1 A note.\n\nIts second paragraph.\n\nNotes\n\nAnother note."
    )
    assert two.text == "It fell. Then it rose.\n\nThe notes are at the end.\n\nNo note.\n\n"
    assert "\n\n".join(chapter.notes for chapter in two.chapters) == "A note.\n\nAnother."


def test_notes_that_refer_to_each_other_are_read_once() -> None:
    pages = {
        "a.xhtml": '<p>It fell.<a epub:type="noteref" href="n.xhtml#n1">1</a></p>',
        "n.xhtml": '<aside epub:type="footnote" id="n1"><p>'
        'See <a epub:type="noteref" href="n.xhtml#n2">2</a>.</p></aside>'
        '<aside epub:type="footnote" id="n2"><p>Seen by <a epub:type="noteref" href="n.xhtml#n1">1</a>.</p></aside>',
    }
    document = read(epub(pages))
    notes = " ".join(chapter.notes for chapter in document.chapters)
    assert document.text.split() == ["It", "fell."]
    assert (notes.count("See "), notes.count("Seen by")) == (1, 1)


def test_what_is_not_for_readers_is_left_out() -> None:
    body = (
        '<p>Page <span epub:type="pagebreak" id="p12">12</span>turned.</p><script>x()</script><p hidden="hidden">no</p>'
        "<p>10<sup>2</sup> m<sup>2</sup>, done.<sup>3</sup> 1<sup>st</sup> M<sup>e</sup></p>"
        "<p><ruby>漢<rt>かん</rt></ruby></p><p><img src='a.jpg' alt='A boat.'/><img src='b.jpg' alt='b.jpg'/></p>"
        "<table><tr><td>Day</td><td><p>Hours</p></td></tr><tr><td>Monday</td><td>nine</td></tr></table>"
        "<ul><li>one</li><li>two<ul><li>three</li></ul></li></ul><pre>a\n  b</pre>"
    )
    assert read(epub({"a.xhtml": body})).text == (
        "Page turned.\n\n10² m², done. 1st Me\n\n漢\n\nA boat.\n\nDay, Hours  \nMonday, nine\n\n"
        "one  \ntwo\n\nthree\n\na  \nb\n\n"
    )


def test_entities_and_broken_pages_are_read() -> None:
    assert read(epub({"a.xhtml": "<p>a&eacute;b&hellip; <b>c<i>d</b> e</p>"})).text == "aéb… cd e\n\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"META-INF/rights.xml": "<r/>"}, "protected against copying"),
        (
            {"META-INF/encryption.xml": '<encryption><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></encryption>'},
            "protected against copying",
        ),
        ({"META-INF/container.xml": None, "OEBPS/content.opf": None, "mimetype": "application/epub+zip "}, "container"),
        ({"OEBPS/one.xhtml": None}, r"names 'OEBPS/one\.xhtml', which it does not contain; is the download complete\?"),
        ({"META-INF/container.xml": "<container/>"}, "names no package"),
        ({"META-INF/container.xml": "<container"}, "no well-formed XML"),
        ({"OEBPS/one.xhtml": "<!DOCTYPE html [<!ENTITY a 'b'>]><html><body>&a;</body></html>"}, "entities of its own"),
        ({"OEBPS/one.xhtml": f"<html><body>{'<b>' * 999}x{'</b>' * 999}</body></html>"}, "Excessive depth"),
        ({"OEBPS/one.xhtml": "<html><body/></html>"}, "has no text"),
    ],
)  # fmt: skip
def test_a_book_that_cannot_be_read_is_refused_with_a_line(changes: dict[str, str | None], message: str) -> None:
    members = epub_members({"one.xhtml": "<p>Hello.</p>"}) | changes
    with pytest.raises(BadInput, match=message) as error:
        read(archive({name: content for name, content in members.items() if content is not None}))
    assert "\n" not in str(error.value)


def test_a_book_that_lacks_pages_gives_the_others_with_a_line() -> None:
    members = epub_members({name: f"<p>{name}</p>" for name in ("one.xhtml", "dos\u00e9.xhtml", "three.xhtml")})
    del members["OEBPS/dos\u00e9.xhtml"]
    book = read(archive(members))
    assert (book.text.split(), book.warning.isascii()) == (["one.xhtml", "three.xhtml"], True)
    assert r"lacks its page 'OEBPS/dos\xe9.xhtml'; the rest is read" in book.warning
    del members["OEBPS/one.xhtml"]
    assert "lacks its page 'OEBPS/one.xhtml' and 1 more pages; the rest" in read(archive(members)).warning


@pytest.mark.parametrize("mimetype", [True, False])
def test_a_book_without_a_container_is_read_from_its_package(mimetype: bool) -> None:
    members = epub_members({"one.xhtml": "<p>Hello.</p>"})
    del members["META-INF/container.xml"]
    members["OEBPS/deeper/other.opf"] = "<package/>"
    if not mimetype:
        del members["mimetype"]
    book = read(archive(members))
    assert (book.text, book.title) == ("Hello.\n\n", "The Harbour & the Sea")
    assert "lacks META-INF/container.xml; its package 'OEBPS/content.opf' is read" in book.warning


def test_obfuscated_fonts_are_no_protection() -> None:
    fonts = '<encryption><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding"/></encryption>'
    assert read(archive(epub_members({"one.xhtml": "<p>Hello.</p>"}) | {"META-INF/encryption.xml": fonts})).text


def test_a_page_is_found_under_a_name_with_other_capitals_or_slashes() -> None:
    members = epub_members({"Text/one.xhtml": "<p>Hello.</p>", "Two.xhtml": "<p>Bye.</p>"})
    members["OEBPS\\text\\One.XHTML"] = members.pop("OEBPS/Text/one.xhtml")
    members["OEBPS/two.xhtml"] = members.pop("OEBPS/Two.xhtml")
    assert read(archive(members)).text.split() == ["Hello.", "Bye."]
