# ruff: noqa: E501  # a text with markup is a line
"""Markup: what is said of Markdown, HTML and SSML, and that plain text stays as it is."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from seriatim.text.markup import Markup
from seriatim.text.segment import IncrementalSegmenter, Segment, SegmentOptions, segment
from tests.support.processor_time import processor_limit
from tests.support.thorough_cases import mostly_thorough
from tests.unit.text.segmentation_texts import letters, words


def pieces(text: str, markup: str = "auto", **options: Any) -> list[Segment]:
    """The pieces of a text, which are the same if it comes letter by letter."""
    cut = SegmentOptions("en", 1000, markup=Markup(markup), **options)
    whole, incremental = list(segment(text, cut)), IncrementalSegmenter(cut)
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == whole
    return whole


def texts_of(text: str, markup: str = "auto") -> list[str]:
    return [piece.text for piece in pieces(text, markup)]


CASES = [
    ("You **really** should *not* do _that_, ~~or~~ __this__, ***ever***.", "You really should not do that, or this, ever."),
    ("**Bold** is *“quoted”*, **(bracketed)** and un**believ**able.", "Bold is “quoted”, (bracketed) and unbelievable."),
    ("*A whole sentence.* | **Another one!** | _And._", "A whole sentence. | Another one! | And."),
    ("Read [our *new* guide](https://docs.example.org/start?x=1 \"Title\") and [that][ref].", "Read our new guide and that."),
    ("An image ![of a cat](cat.png) and [![badge](b.svg)](https://x.org) here.", "An image of a cat and badge here."),
    ("Call `print(x)` or ``a ` b`` now.", "Call print(x) or a ` b now."),
    ("Go to https://www.example.org/help?a=1#b, or (http://a.b.org/c_d).", "Go to example.org, or (a.b.org)."),
    ("Write <me@example.org> or see <https://example.org/x>.", "Write me@example.org or see example.org."),
    ("A claim[^1] is made.[12][13] | Then.¹² | So.", "A claim is made. | Then. | So."),
    ("Tom &amp; Jerry&#39;s &lt;b&gt; &eacute;t&eacute;.", "Tom & Jerry's <b> été."),
    ("A <b>bold</b>, <EM class=\"x\">strong</EM> <a href='y?a=1&b=2'>link</a><!-- not this --> here.", "A bold, strong link here."),
    ("Great! 🎉 | Let's go 👩‍👩‍👧 home 👍🏽.", "Great! | Let's go home."),
    ("So $x^2 + y^2 = z^2$ and \\(\\frac{a}{b} \\times 2\\), or $$E = mc^2$$.", "So x² + y² = z² and a/b × 2, or E = mc²."),
    ("It costs \\*much\\* and \\_more\\_.", "It costs *much* and _more_."),
    ("All ==marked==, ++new++ and ^^high^^ words :tada: are said :+1:, at 10:30:45.", "All marked, new and high words are said , at 10:30:45."),
    ("I ❤️ it ✨ &#x1F600; and ★★☆ too.", "I it and too."),
    ("Use \\emph{this} and \\textbf{that}\\cite[p. 2]{key}.", "Use this and that."),
    ("<think>Shall I?</think>Hello.<|im_end|>", "Hello."),
    ("Say <think>all</think> of it.", "Say all of it."),
    ("H~2~O, x^2^, the 1^st^, a^b and ~3 words[1,2] fell.[1, 2–4] | So.", "H2O, x^2, the 1st, a^b and ~3 words[1,2] fell. | So."),
    ("Use the <rt> tag here. | Then more.", "Use the <rt> tag here. | Then more."),
    ("a^2+b^2=c^2, 10^3-10^6, 2^3^4, 5~10~20, e^x-e^y", "a^2+b^2=c^2, 10^3-10^6, 2^3^4, 5~10~20, e^x-e^y"),
    ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> and <ruby>字<rt>ji</ruby>.", "漢 and 字."),
    ("10<sup>6</sup> and x<sup>2</sup>, the 1<sup>st</sup>, fell.<sup>12</sup>", "10⁶ and x², the 1st, fell."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_marks_are_silent_and_words_are_said(text, expected):
    assert texts_of(text.replace(" | ", " ")) == expected.split(" | ")


PLAIN = [
    "2 * 3 * 4 is 24, 2*3*4 too, and 2**3 is 8.",
    "Use snake_case_name, __dunder, a_b_c and file_name.txt in it.",
    "If a < b and b > c, then a<b and c>d, x <y and 5<6, or <3 and <- and <=.",
    "See C:\\dir, C:\\_x\\*.txt, \\\\server\\share and \\d+ there.",
    "It is in [1], a[1], array[0][1], [sic] and f[x](y) or [see this](which is long).",
    "AT&T, R&D, a && b, &c; and &nosuch; are these.",
    "It costs $5 and $10, $49.95 or 5$, and $HOME is set.",
    "Five stars: ***** and a price* with 5* hotels, or * alone.",
    "Name: ____ and ____. Tilde ~5 and ~ alone, a | b and p(A|B).",
    "An `unclosed mark, it's ``half quoted by TeX, and #hashtag and # alone.",
    'Generic List<String> and vector<int> and <unknown tag="x"> stay!',
    "Wow! Yes! http is a word, www too, and hhh.",
    "m² and CO₂ and x³ + y³ are so.",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_stays_as_it_is(text):
    assert " ".join(texts_of(text)) == text


@pytest.mark.parametrize("markup", [each for each in Markup if each not in (Markup.NONE, Markup.PLAIN)])
def test_a_pause_is_made_where_the_text_asks_for_it(markup):
    found = pieces('Wait. [pause:1.5s] Go <break time="500ms"/> on [pause:250ms], now.', markup)
    assert [(piece.text, piece.pause_ms) for piece in found[:2]] == [("Wait.", 1500), ("Go", 500)]
    assert found[2].pause_ms == 250


def test_in_plain_text_nothing_but_addresses_emoji_and_pauses_is_markup():
    text = "# 1 *a* <b>c</b> &amp; [x](y) [1] 😀see https://www.example.org/a?b. [pause:1s] On  \n  and on"
    found = pieces(text, Markup.PLAIN)
    assert [(piece.text, piece.pause_ms) for piece in found] == [
        ("1 *a* <b>c</b> &amp; [x](y) [1] see example.org.", 1000), ("On", 200), ("and on", 200),
    ]  # fmt: skip


def test_a_pause_is_not_lost_among_short_sentences():
    assert [p.pause_ms for p in pieces("One. [pause:2s] Two. Three.", merge_chars=15)] == [2000, 200]


def test_a_block_of_markdown_is_said_by_itself():
    text = (
        "# A title #\n\nSome text\n- [x] done\n- [ ] *open*\n+ plus\n\n> quoted\n> text\n\n1. one\n2. two\n\n"
        "[ref]: https://example.org\n[^1]: A note.\n\n***\n\nThe end."
    )
    assert texts_of(text) == [
        *("A title", "Some text", "done", "open", "plus", "quoted text", "1. one", "2. two", "A note.", "The end.")
    ]


def test_dialects_of_markdown_lose_their_marks():
    text = "[TOC]\n\n> [!NOTE]\n> Be quick.\n\n::: tip\nBe careful.\n:::\n\nTerm\n: Its meaning.\n\n##Heading\nWords."
    sentences = [piece.text for piece in pieces(text, markup=Markup.AUTO)]
    assert sentences == ["Note", "Be quick.", "tip", "Be careful.", "Term", "Its meaning.", "Heading", "Words."]


def test_emoji_before_lines_are_their_bullets():
    text = "✅ Fast delivery of every single package in town\n🚀 Free returns within thirty days of purchase"
    sentences = [piece.text for piece in pieces(text, markup=Markup.AUTO)]
    assert sentences == ["Fast delivery of every single package in town", "Free returns within thirty days of purchase"]


def test_a_formula_ends_with_its_paragraph():
    """However the text comes: what closes it behind an empty line is no part of it."""
    cut, text = SegmentOptions("en", 1000, markup=Markup.AUTO), "Take \\(x and\n\nmore\\) of it."
    incremental = IncrementalSegmenter(cut)
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == list(
        segment(text, cut)
    )


def test_code_is_said_line_by_line_without_its_fence_and_language():
    text = "Run this:\n```bash\nls -la *.txt\n}\ncd **x**\n```\nThat is *all*.\n~~~\n```\nx\n~~~"
    assert texts_of(text) == ["Run this:", "ls -la *.txt", "cd **x**", "That is all.", "x"]


def test_the_cells_of_a_table_have_a_pause_between_them():
    rows = ["Day, Hours", "Monday, nine *to* five".replace("*", ""), "Sunday?", "End."]
    assert texts_of("| Day | Hours |\n|:--|--:|\n| Monday | nine *to* five |\n| Sunday? | |\n\nEnd.") == rows
    assert texts_of("Day | Hours\n--- | ---\nMonday | nine *to* five\nSunday? |\n\nEnd.") == rows
    html = "<table><tr><th>Day<th>Hours</tr>\n<tr><td>Monday</td> <td>nine to five</td></tr>\n<tr><td>Sunday?</td></tr></table>End."
    assert texts_of(html) == rows


def test_the_facts_at_the_start_of_a_file_are_not_said():
    assert texts_of("---\ntitle: Notes\nauthor: me\n---\nText here.") == ["Text here."]
    assert texts_of("---\nText here: not a fact\n\nMore.") == ["Text here: not a fact", "More."]


HTML = """<!DOCTYPE html>
<html><head><title>T</title><style>p {color: red}</style></head>
<body><h1>A head</h1><p>Some
wrapped *text*.</p><script>if (a < b) { x("</p>") }</script>
<ul><li>one</li><li>two</li></ul><pre>a
b</pre>Rest<br>here.</body></html>"""


@pytest.mark.parametrize("markup", ["auto", "html"])
def test_a_document_of_html_is_said_by_its_paragraphs(markup):
    assert texts_of(HTML, markup) == ["A head", "Some wrapped *text*.", "one", "two", "a", "b", "Rest", "here."]


@pytest.mark.parametrize("markup", ["auto", "ssml"])
def test_ssml_is_said_as_far_as_it_can_be(markup):
    text = (
        '<?xml version="1.0"?><speak version="1.1"><p><s>Hello there</s><s>The <sub alias="World Wide Web">WWW</sub></s></p>'
        '<say-as interpret-as="characters">ABC</say-as> <say-as interpret-as="date">2020-01-02</say-as>'
        '<break time="1s"/><voice name="x"><prosody rate="slow">slowly</prosody></voice> <phoneme ph="x">tomato</phoneme></speak>'
    )
    found = [(piece.text, piece.pause_ms) for piece in pieces(text, markup)]
    assert found == [
        *(("Hello there", 200), ("The World Wide Web", 600), ("A B C 2020-01-02", 1000), ("slowly", 0), ("tomato", 600))
    ]


def test_nothing_is_markup_where_the_caller_says_so():
    text = "You **really** <b>should</b> [pause:1s] 👍 go."
    assert texts_of(text, "none") == [text]


MARKS = [
    *("*", "**", "_", "__", "***", "`", "``", "```", "~~", "[", "]", "](", ")", "(", "![", "<", ">", "</", "<b>", "</b>", "&"),
    *("&amp;", "&#39;", "<br/>", "<p>", "<!--", "-->", "$", "$$", "\\", "\\(", "\\)", "|", " | ", "|---|", "---", "# ", "> "),
    *("- ", "* ", "[ ] ", "[^1]", "[^1]: ", "[a]: ", "http", "https://", "www.", "www.a.org/", "🎉", "\u200d", "¹", "<sup>", "</sup>"),
    *(":", ":smile:", "==", "++", "^^", "✅ ", "★", "\\emph{", "}", "{", "<think>", "</think>", "<|", "|>", "::: ", "[!NOTE]", "[TOC]"),
    *(": x", "##A", "&#x1F600;", "\\n", "\\\"", "\\.", "\\\n", "  \n", "||", "†", "mailto:", "ftp://", "<:ab:12345>", "<@12345>"),
    *("''", "'' ", "^[", "[b]", "[/b]", "[*]", "[url=a]", "[quote]", "[/quote]", "== A", " ==", "[[", "]]", "]]("),
    *(".. note:: ", ".. _a:", "\n  :alt: ", ":ref:`", "`_", "]_", "<ref>", "</ref>", "{#a}", "{code}", "{:", "【", "】"),
    *("\ue200", "\ue201", "\\begin{align}", "\\end{align}", "\n** A", "\x1b[3", "\x1b]0", "m", "\nT ", "he ", "|https://a]"),
    *("1️⃣ ", "🔟", "1. [ ] ", "&amp;quot;", "+++\n", "走", "> ```\n", "> > "),
    *("<script>", "</script>", "<td>", "[pause:1s]", "~~~\n", "```py\n", "\n", "\n\n", " ", " ", "word", "Two.", "a", "5", "é", "。", "."),
]  # fmt: skip
marked = st.lists(st.one_of(st.sampled_from(MARKS), st.text(max_size=3)), max_size=40).map("".join)
formats = st.sampled_from(list(Markup))


@given(marked, formats, st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_a_text_with_markup_gives_the_same_pieces_however_it_comes(text, markup, sizes):
    cut = SegmentOptions("en", 1000, markup=markup)
    incremental, found, start = IncrementalSegmenter(cut), list[Segment](), 0
    while start < len(text):
        for size in sizes:
            found += incremental.feed(text[start : start + size])
            start += size
    assert found + incremental.flush() == list(segment(text, cut))


plain_words = st.sampled_from(
    [
        "The",
        "one",
        "Two.",
        "who,",
        "word-like",
        "it's",
        "5",
        "3.14",
        "(so)",
        "“Hi.”",
        "é",
        "été",
        "naïve",
        "A.B.",
        "end!",
        "x2",
        "50%",
        "a/b",
        "10:30",
        "t.co",
    ]
)


@given(st.lists(plain_words, max_size=40), st.data())
def test_every_word_of_a_text_is_said_whatever_marks_stand_around_it(plain, data):
    around = st.sampled_from(
        [
            "{}",
            "{}",
            "**{}**",
            "*{}*",
            "_{}_",
            "~~{}~~",
            "<b>{}</b>",
            "[{}](http://x.org/a_b)",
            "<i>{}</i>",
            "__{}__",
            "[b]{}[/b]",
            "[url=http://x.org/a]{}[/url]",
            "''{}''",
            "[[a b|{}]]",
            "[{}|http://x.org/a]",
            "{}<ref>a b</ref>",
        ]
    )
    text = " ".join(data.draw(around).format(word) for word in plain)
    assert [w for p in spoken_once(text) for w in words(p)] == plain


def spoken_once(text: str) -> list[str]:
    return [piece.text for piece in segment(text, SegmentOptions("en", 100_000, markup=Markup.AUTO))]


def markdown_it_words(text: str) -> list[str]:
    """The words that markdown-it-py finds in a text."""

    def of(tokens: list[Token]) -> str:
        parts = []
        for token in tokens:
            if token.children:
                parts.append(of(token.children))
            elif token.type in ("text", "code_inline", "code_block", "fence"):
                parts.append(token.content)
            parts.append(" " if token.block or token.type in ("softbreak", "hardbreak") else "")
        return "".join(parts)

    return words(of(MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text)))


blocks = st.sampled_from(
    ["# {}\n\n", "{}\n\n", "- {}\n- {}\n\n", "* {}\n\n", "> {}\n\n", "| {} | {} |\n|---|---|\n| {} | {} |\n\n", "```py\n{}\n```\n\n", "**{}** {}\n{}\n\n",
     "{} [{}](https://example.org/x \"t\") {}\n\n", "*{}* `{}` __{}__\n\n", "![{}](a.png) {}\n\n", "***\n\n", "### {} ###\n\n", "{} ~~{}~~\n\n"]
)  # fmt: skip


@given(st.lists(blocks, max_size=8), st.data())
def test_well_formed_markdown_has_the_words_that_markdown_it_finds(shapes, data):
    word = st.sampled_from(["one", "two words", "three of them", "so.", "And then.", "e.g.", "été", "40 men", "x"])
    text = "".join(shape.format(*(data.draw(word) for _ in range(shape.count("{}")))) for shape in shapes)
    for markup in (Markup.AUTO, Markup.MARKDOWN):
        found = [
            w.strip(",") for p in segment(text, SegmentOptions("en", 100_000, markup=markup)) for w in words(p.text)
        ]
        assert found == [w.strip(",") for w in markdown_it_words(text)]


HOSTILE_MARKUP = {
    **{repr(mark): mark * (10_000 // len(mark)) for mark in MARKS if mark.strip()},
    "nested links": "[a](" * 3_000, "open labels": "[a " * 4_000, "open tags": "<a b='" * 5_000, "open code": "`a " * 4_000,
    "emphasis": "*a " * 4_000, "attributes": "<a " + "b=1 " * 3_000, "entities": "&a" * 6_000, "bars": "a | b " * 5_000,
    "rows": "| a " * 3_000, "prices": "$5 a " * 6_000, "formulas": "\\(a " * 6_000, "parentheses": "[a](" + "(" * 10_000,
}  # fmt: skip


@pytest.mark.parametrize("text", mostly_thorough(HOSTILE_MARKUP.values(), 5), ids=HOSTILE_MARKUP)
def test_hostile_markup_takes_no_longer_than_other_text(text):
    for markup in (Markup.AUTO, Markup.HTML):
        with processor_limit(0.7):  # 30,000 characters
            list(segment(text, SegmentOptions(markup=markup)))


BOOK = (
    "## A chapter about *something*\n\nIt was a **bright** cold day in April, and the clocks were striking thirteen. Mr. Smith, his\n"
    "chin nuzzled into his breast, slipped [quickly](https://example.org/a?b=c) through the doors[^1] of `Victory`\nMansions.\n\n"
    "- one item &amp; more\n- another <b>item</b>\n\n| a | b |\n|---|---|\n| c | d |\n\n"
)


@pytest.mark.thorough
def test_a_book_of_a_megabyte_of_markdown_is_read_in_less_than_four_seconds():
    book = (BOOK * 3000)[:1_000_000]
    with processor_limit(4):
        n_pieces = sum(1 for _ in segment(book, SegmentOptions(markup=Markup.AUTO)))
    assert n_pieces > 10_000


def test_a_token_of_a_stream_takes_less_than_a_millisecond():
    text = BOOK * 100
    tokens = re.findall(r"\s*\S{1,6}", text)
    incremental = IncrementalSegmenter(SegmentOptions(markup=Markup.AUTO))
    with processor_limit(0.001 * len(tokens)):
        found = [piece for token in tokens for piece in incremental.feed(token)]
    assert letters("".join(p.text for p in found))
