"""Markup of forums, wikis, reStructuredText, Pandoc and LaTeX in texts whose markup no caller names."""

import pytest

from seriatim.text.markup import Markup
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

LONG = "and so on " * 70

FORUMS = [
    ("This is [b]bold[/b] and [I]so[/I], [url=https://x.org/a]here[/url].", "This is bold and so, here."),
    ("See [url]https://x.org/a[/url] [img]http://x.org/a.png[/img] [size=12]big[/size].", "See x.org big."),
    ("[quote=Bob]He said it.[/quote] Yes, [color=red][u]he[/u][/color] did.", "He said it. | Yes, he did."),
    ("[quote]\nIs it?\n\nIt is.\n[/quote]\nYes.[spoiler]Him[/spoiler]", "Is it? | It is. | Yes. | Him"),
    ("[list]\n[*] one thing\n[*] two[/list][list][*]a b[*]c d[/list]", "one thing | two | a b | c d"),
    ("An array[b], [i]: he[*] said, [b](x.org).", "An array[b], [i]: he said, b."),
    (f"[b] {LONG}[/b]", f"[b] {LONG.strip()}"),
]
WIKIS = [
    ("'''Bold''' and ''so'', '''''both''''', l'''amour''.", "Bold and so, both, l'amour."),
    ("[[File:a.jpg|thumb|200px|A cat]], [[Page|words]] and [[Page]].", "A cat, words and Page."),
    ("[https://x.org/a The site] and https://x.org/b[its guide], [https://x.org].", "The site and its guide, [x.org]."),
    ("== Heading ==\nText of it.\n=== Sub heading ===\n* item", "Heading | Text of it. | Sub heading | item"),
    ("It fell.<ref>Smith 2001.</ref> It rose.<ref name=a /> On.", "It fell. | It rose. | On."),
    ("Show <ref> of rock 'n' roll, the dogs' x == y, == 5.", "Show <ref> of rock 'n' roll, the dogs' x == y, == 5."),
]
RESTRUCTURED = [
    ("See :ref:`the guide <guide>`, :py:class:`~a.b.Name`, :doc:`index`.", "See the guide, Name, index."),
    ("A `link <https://x.org/a>`_, `one`_ and `two <x.org>`__, key:`val`.", "A link, one and two, key:val."),
    ("Notes [1]_ and [#f]_ so [Cit2002]_ or _[aside]_.\n\n.. [1] The note.", "Notes and so or [aside]. | The note."),
    (".. image:: a.png\n   :alt: A cat\n   :width: 20px\n\nOn.", "A cat | On."),
    (".. code-block:: py\n   :linenos:\n\n   x of y\n\n.. _target:\n\nOn.", "x of y | On."),
    (
        ".. note:: Mind it.\n\n.. warning::\n   Hot.\n\n.. rubric:: More words",
        "Note: Mind it. | Warning | Hot. | More words",
    ),
    ("A title\n~~~~~~~\nText of *it*.\n\n~~~~\n*x*\n~~~~\nOn *it*.", "A title | Text of it. | *x* | On it."),
    ("He went\n\n.. and so on.\n\n... and more.", "He went | .. and so on. | ... and more."),
]
OTHERS = [
    ("It is 10<sup>-3</sup> m<sup>-2</sup>, not wide<sup>-1</sup>.", "It is 10⁻³ m⁻², not wide-1."),
    ("Text^[An *inline* note.] goes on, x^[2].", "Text (An inline note.) goes on, x^[2]."),
    ("It is so.^[A note.] New.", "It is so. | (A note.) | New."),
    ("He said ``go on'' and ``stop it,'' of ``x`` and ``y.", "He said “go on” and “stop it,” of x and ``y."),
]


@pytest.mark.parametrize(("text", "expected"), [*FORUMS, *WIKIS, *RESTRUCTURED, *OTHERS])
def test_marks_of_other_markups_are_not_read(text: str, expected: str) -> None:
    cut = SegmentOptions("en", 1000, markup=Markup.AUTO)
    whole, incremental = list(segment(text, cut)), IncrementalSegmenter(cut)
    assert [piece.text for piece in whole] == expected.split(" | ")
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == whole


TAGGED = [
    (Markup.SSML, "<speak><metadata>x</metadata><p>A <desc>no</desc>b.</p></speak>", "A b."),
    (Markup.HTML, "<p>A <textarea>b</textarea><button>Go</button> c</p>", "A b | Go | c"),
    (Markup.AUTO, "Use <desc> or <metadata> here.", "Use <desc> or <metadata> here."),
]


@pytest.mark.parametrize(("markup", "text", "expected"), TAGGED)
def test_elements_that_are_for_programs_are_silent_in_documents(markup: Markup, text: str, expected: str) -> None:
    assert [piece.text for piece in segment(text, SegmentOptions("en", 1000, markup=markup))] == expected.split(" | ")


@pytest.mark.parametrize("markup", [Markup.PLAIN, Markup.NONE])
def test_they_stay_where_a_text_has_no_markup(markup: Markup) -> None:
    text = "The tag [b]bold[/b] and ''so'' and `a <b>`_ and ^[this]."
    assert [piece.text for piece in segment(text, SegmentOptions("en", 1000, markup=markup))] == [text]


FORMULAS = [
    ("$x = \\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}$", "x = (-b ± √(b²-4ac))/2a"),
    ("\\(e^{i\\pi}\\) and $\\frac{\\frac{1}{2}}{x+1}$", "e^(iπ) and 1/2/(x+1)"),
    ("$\\sum_{i=1}^{n} i^2$ or $\\lim_{x \\to 0} \\sin x$", "∑ i=1–n i² or lim x → 0 sin x"),
    ("So\n\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}\nOn.", "So a = b, c = d | On."),
    ("$$\\text{if } x \\cap y$$", "if x ∩ y"),
]
PROGRAMS = [
    ("It is so【12†source】, 【3:1†a.pdf】 yes【注】.", "It is so, yes【注】."),
    ("It is \ue200cite\ue202turn0search3\ue201so[[2]](https://x.org).", "It is so."),
    ("\x1b[31mRed\x1b[0m \x1b]0;title\x07text.\x1b[1m", "Red text."),
    ("# Title {#sec .one}\n![A cat](a.png){width=50%}\n{: .note }\nOn {% raw %}it.", "Title | A cat | On it."),
    ('{"a": 1} and {b} {{c}} {code:py}x{code} {color:red}y{color}.', '{"a": 1} and {b} {{c}} x y.'),
    ("** TODO Sub\n[[https://x.org][Words]] and [more|https://x.org/a].", "TODO Sub | Words and more."),
    ("Hello\u200d\u200c world, می\u200cروم.", "Hello world, می\u200cروم."),
]


def test_a_stream_does_not_wait_for_the_end_of_an_index() -> None:
    steps = IncrementalSegmenter(SegmentOptions("en", 1000, markup=Markup.AUTO))
    assert [piece.text for piece in steps.feed("Take items[i] of them. Then go on. It was")] == [
        "Take items[i] of them.", "Then go on.",
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [*FORMULAS, *PROGRAMS])
def test_formulas_and_what_programs_leave_in_texts(text: str, expected: str) -> None:
    test_marks_of_other_markups_are_not_read(text, expected)
