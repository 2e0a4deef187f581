"""Marks of notes, links of wikis and spelt words: marks of public bug reports that are not read."""

import pytest

from seriatim.text.markup import Markup
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

CASES = [
    ("It grew[15] fast and so[1][2] on, in Paris,[4] yes.", "It grew fast and so on, in Paris, yes."),
    (
        "Since 1990[3] about 500[12][13] people left; row2[3] is code.",
        "Since 1990 about 500 people left; row2[3] is code.",
    ),
    ("Take list[1], x[2], data[0] and words[1,2] now.", "Take list[1], x[2], data[0] and words[1,2] now."),
    ("A fact [citation needed] and this[note 3] too.", "A fact and this too."),
    ("A text<sup>(23)</sup> and<sup>*23</sup> more<sup>[*4]</sup>, x<sup>2</sup>.", "A text and more, x²."),
    ("See [[page]] and [[page|the words]] and [[ -f x ]].", "See page and the words and [[ -f x ]]."),
    ("Say <spell>3029</spell> and <spell>AB</spell>.", "Say 3 0 2 9 and A B."),
    ("[voice:x]:Two.", "Two."),
    ("Let $x_i$ and $n^2$ be.", "Let x i and n² be."),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_is_no_word_is_not_read(text: str, expected: str) -> None:
    cut = SegmentOptions("en", 1000, markup=Markup.AUTO)
    whole, incremental = list(segment(text, cut)), IncrementalSegmenter(cut)
    assert [piece.text.removeprefix(":") for piece in whole] == [expected]
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == whole
