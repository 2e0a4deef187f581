"""Written dates: SSML's `<say-as interpret-as="date">` in the orders of its formats."""

import pytest

from seriatim.text.markup import Markup
from seriatim.text.reading import ReadingMode, written_date
from seriatim.text.segment import SegmentOptions, segment


@pytest.mark.parametrize(
    ("content", "order", "language", "written"),
    [
        ("3/4/05", "mdy", "en", "2005-03-04"),
        ("3.4.2005", "dmy", "de", "2005-04-03"),
        ("20050403", "yyyymmdd", "en", "2005-04-03"),
        ("3/4", "md", "en", "March 4"),
        ("3/4", "dm", "en", "April 3"),
        ("3/4", "dm", "en-GB", "3 April"),
        ("3.4.", "dm", "de", "3. April"),
        ("3/4", "dm", "es", "3 de abril"),
        ("4/05", "my", "fr", "avril 2005"),
        ("2005-05", "ym", "ru", "май 2005 года"),
        ("3/99", "my", "ru", "март 1999 года"),
        ("8/2005", "my", "pl", "sierpień 2005 roku"),
        ("4/2005", "my", "ja", "2005年4月"),
        ("3", "m", "ko", "3월"),
        ("3", "d", "en", "third"),
    ],
)
def test_a_date_is_written_as_its_language_writes_it(content: str, order: str, language: str, written: str) -> None:
    assert written_date(content, order, language) == written


@pytest.mark.parametrize(
    ("content", "order"), [("40/13", "dm"), ("1999", "y"), ("3/4", "dmy"), ("soon", "dmy"), ("3/4", "xy"), ("3/4", "")]
)
def test_what_is_no_date_of_that_order_is_read_as_it_stands(content: str, order: str) -> None:
    assert written_date(content, order, "en") == ""


def test_ssml_says_which_part_of_a_date_is_which() -> None:
    ssml = (
        '<speak>On <say-as interpret-as="date" format="dm">3/4</say-as> in <say-as interpret-as="date" format="my">'
        '5/1999</say-as>.</speak>'
    )  # fmt: skip
    cut = SegmentOptions("en", markup=Markup.SSML, reading=ReadingMode.AUTO)
    assert [piece.text for piece in segment(ssml, cut)] == ["On April third in May nineteen ninety-nine."]


def test_a_factorial_ends_no_sentence() -> None:
    cut = SegmentOptions("en", reading=ReadingMode.AUTO)
    expected = ["We know that five factorial equals one hundred twenty.", "I have five!", "And more."]
    assert [piece.text for piece in segment("We know that 5! = 120. I have 5! And more.", cut)] == expected
