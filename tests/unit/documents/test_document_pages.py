"""Pages of HTML, and texts in every encoding: the main content, chapters, and what is refused."""

import pytest

from seriatim.errors import BadInput, EmptyText
from seriatim.text.documents import Document, DocumentFormat, DocumentLimits, read_document
from seriatim.text.markup import CodeMode, Markup
from tests.support.documents_extra import require_documents_extra

require_documents_extra()

PAGE = """<!DOCTYPE html>
<html lang="de"><head><meta charset="utf-8"><title>Am Meer – Zeitung</title><meta name="author" content="Anna Berg">
<style>p {}</style></head><body>
<header><h1>Zeitung</h1><nav><a href="/">Start</a></nav></header>
<div class="page"><h1>Am Meer</h1><p>Der erste Absatz &ndash; er ist
lang.<p>Der zweite.<aside>Werbung</aside>
<blockquote><header>Ein Zitat</header>Ja.</blockquote><form>Suche <button>Los</button></form>
<div aria-hidden="true">x</div><div style="display: none">y</div></div>
<footer>Impressum</footer><script>z()</script></body></html>
"""


def read(raw: bytes, markup: Markup = Markup.AUTO) -> Document:
    return read_document(raw, "page.bin", DocumentLimits(), markup)


def test_the_main_content_of_a_page_is_read() -> None:
    page = read(PAGE.encode())
    assert (page.format, page.title, page.authors, page.language) == (
        DocumentFormat.HTML, "Am Meer – Zeitung", ("Anna Berg",), "de",
    )  # fmt: skip
    assert [chapter.title for chapter in page.chapters] == ["Am Meer"]
    assert page.text == "Am Meer\n\nDer erste Absatz – er ist lang.\n\nDer zweite.\n\nEin Zitat\n\nJa.\n\n"


CODE = b"<html><body><p>Run <code>x</code>:</p><pre>a = 1\nb = 2</pre><p>Done.</p></body></html>"


def test_blocks_of_code_are_left_out_on_request() -> None:
    mail = b"From: Bob <bob@example.org>\nSubject: It runs\nMIME-Version: 1.0\nContent-Type: text/html\n\n" + CODE
    for raw, head in ((CODE, ""), (mail, "It runs\n\n")):
        assert read(raw).text == f"{head}Run x:\n\na = 1  \nb = 2\n\nDone.\n\n"
        skipped = read_document(raw, "page.bin", DocumentLimits(), code=CodeMode.SKIP)
        assert skipped.text == f"{head}Run x:\n\nDone.\n\n"


def test_entities_that_were_escaped_twice_are_characters() -> None:
    page = b"<html><body><p>Tom &amp;amp; Jerry&amp;#39;s &amp;lt;b&amp;gt;, R&amp;D.</p><pre>a &amp;amp; b</pre>"
    assert read(page).text == "Tom & Jerry's <b>, R&D.\n\na &amp; b\n\n"


def test_a_page_that_names_its_main_content_is_believed() -> None:
    assert read(b"<html><body><p>Menu</p><main><p>Text.</p></main><p>More</p>").text == "Text.\n\n"
    assert read(b"<html><body><p>Menu</p><article><p>Text.</p></article>").text == "Text.\n\n"
    two = b"<html><body><article><p>One.</p></article><article><p>Two.</p></article>"
    assert read(two).text == "One.\n\nTwo.\n\n"
    assert read(b"<html><body><form><p>All is in a form.</p></form>").text == "All is in a form.\n\n"


def test_a_page_is_read_as_it_is_where_its_markup_is_named() -> None:
    page = read(PAGE.encode(), Markup.HTML)
    assert (page.format, page.markup, page.text) == (DocumentFormat.TEXT, Markup.HTML, PAGE)


def test_a_page_in_an_older_encoding_says_so() -> None:
    raw = b"<html><head><meta charset=koi8-r></head><body><p>" + "Привет".encode("koi8-r")
    assert read(raw).text == "Привет\n\n"


GERMAN = "Die Straße führt über die Brücke, und drüben liegt das Dörfchen, in dem ich geboren bin. " * 4
TEXTS = {
    "utf-8-sig": "Grüße, 海!", "utf-16": "Grüße, 海!", "utf-16-le": "Hello there, said Müller.",
    "utf-16-be": "Hello there, said Müller.", "utf-32": "Grüße, 海!",
    "cp1252": "“It’s a café,” said Müller — loudly.", "latin-1": GERMAN,
    "cp1251": "Привет, мир. Это письмо из Москвы о погоде и о том, что мы делали вчера вечером.",
    "koi8-r": "Привет, мир. Это письмо из Москвы о погоде и о том, что мы делали вчера вечером.",
    "shift_jis": "こんにちは、世界。今日はいい天気ですね。明日も晴れるといいのですが。",
    "gb18030": "你好，世界。今天天气很好，我们一起去公园散步吧。明天可能会下雨，请记得带伞。",
    "euc-kr": "안녕하세요, 세계. 오늘은 날씨가 좋습니다. 내일은 비가 올지도 모릅니다.",
    "cp1253": "Καλημέρα κόσμε. Σήμερα ο καιρός είναι πολύ καλός και θα πάμε στη θάλασσα.",
    "cp1255": "שלום עולם. היום מזג האוויר נאה מאוד ואנחנו הולכים לים עם כל המשפחה.",
    "cp1256": "مرحبا بالعالم. الطقس اليوم جميل جدا وسنذهب إلى البحر مع العائلة كلها.",
    "koi8-u": "Привіт. Сьогодні гарна погода, і ми йдемо гуляти в парк разом із друзями.",
    "euc-jp": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
    "iso2022_jp": "吾輩は猫である。名前はまだ無い。",
    "cp874": "วันนี้อากาศดีมาก เราไปเดินเล่นที่สวนสาธารณะกัน แล้วกลับบ้านด้วยกัน",
}  # fmt: skip


@pytest.mark.parametrize("encoding", list(TEXTS))
def test_a_text_is_read_in_any_encoding(encoding: str) -> None:
    assert read(TEXTS[encoding].encode(encoding)).text == TEXTS[encoding]


def test_a_short_russian_text_is_no_japanese() -> None:
    text = "Привет, как дела? Сегодня хорошая погода, и мы идём гулять в парк."
    assert read(text.encode("koi8-r")).text == text


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"Hello.\x00", "no text: it has a null byte"),
        ("Grüße, 海! ".encode() * 20 + b"\xff", "is no UTF-8 text: byte 280 is 0xff"),
        (b"\xff\xfe\x00", "is no UTF-8 text"),
        (b"\xed\xa0\x80 a surrogate", "is no UTF-8 text: byte 0 is 0xed"),
        (bytes(range(256)) * 4, "no UTF-8 text"),
        (b"\xff\xd8\xff\xe0JFIF", r"is an image; recognize its text first, for example with: tesseract"),
        (b"\x89PNG\r\n\x1a\n", "is an image"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio or video"),
        (b"\0\0\0 ftypM4A ", "audio or video"),
        (b"\0\0\0 ftypheic", "is an image"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Word or Office version; save it as DOCX"),
        (b"\x1f\x8b\x08\0", "compressed archive"),
        (b"\x7fELF\2", "is a program"),
        (b"x" * 60 + b"BOOKMOBI", "Kindle book; convert it to EPUB"),
    ],
)
def test_what_is_no_text_is_refused_with_advice(raw: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(raw)


def test_a_page_without_text_is_refused() -> None:
    with pytest.raises(EmptyText, match="has no text"):
        read(b"<html><body><img src=a.png></body></html>")


def test_a_nested_page_is_refused() -> None:
    with pytest.raises(BadInput, match="Excessive depth"):
        read(b"<html><body>" + b"<div>" * 100_000)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Bu akşam deniz kenarında bir kahve içelim.", "cp1254"), ("Merhaba, nasılsınız?", "cp1254"),
        ("Işık söndü.", "cp1254"),
        ("Güzel bir ağaç ve küçük bir kuş var.", "cp1254"), ("Sayın Ali Yıldız, ödeme için teşekkürler.", "cp1254"),
        ("Það er gott veður.", "cp1252"), ("Café à la crème, déjà vu", "cp1252"), ("Ég og þú vorum heima.", "cp1252"),
        ("Hann er með barnið.", "cp1252"),
    ],
)  # fmt: skip
def test_a_turkish_text_with_few_accents_is_not_read_as_western_european(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)).text == text


BOOK = (
    "The Project Gutenberg eBook of At Sea\r\n\r\nTitle: At Sea\r\n\r\nAuthor: Anna Berg\r\n\r\n"
    "CHAPTER I.\r\n\r\nI went down.\r\n\r\nPart of it was lost.\r\n\r\nChapter 2: The Harbour\r\n\r\nBook I read.\r\n"
    "\r\nKapitel 3\r\nText.\r\n\r\nCHAPTER THE LAST\r\n\r\nIt ends.\r\n"
)


def test_a_plain_text_is_divided_at_its_chapters() -> None:
    book = read(BOOK.encode())
    assert book.text == BOOK
    assert (book.format, book.title, book.authors, book.markup) == (
        DocumentFormat.TEXT, "At Sea", ("Anna Berg",), Markup.AUTO,
    )  # fmt: skip
    assert [chapter.title for chapter in book.chapters] == [
        "", "CHAPTER I.", "Chapter 2: The Harbour", "Kapitel 3", "CHAPTER THE LAST",
    ]  # fmt: skip


def test_markdown_is_divided_at_its_headings() -> None:
    text = "# Notes\n\nText.\n\n## One ##\nMore.\n\n### Not this\n\n#nor this\n"
    notes = read(text.encode())
    assert (notes.title, [chapter.title for chapter in notes.chapters]) == ("Notes", ["Notes", "One"])
    assert read(b"---\ntitle: 'My notes'\nauthor: me\n---\nText.\n").title == "My notes"
