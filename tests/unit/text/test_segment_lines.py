"""Line ends in segmentation: wrapped lines, hyphens, headings, paragraphs of one line."""

import textwrap

import pytest

from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment
from tests.unit.text.test_segment import pauses, sentences

PROSE = (
    "We had walked all day from the village of Ashby to the river, where we were met by a man of the Royal Engineers "
    "who had come up by train with twelve guides and two Irish setters, and who knew nothing of London or of Mrs. Hale"
)


@pytest.mark.parametrize("width", [36, 42, 50, 60, 72, 100])
def test_a_paragraph_is_one_sentence_however_wide_it_was_wrapped(width):
    assert sentences("\n".join(textwrap.wrap(PROSE, width))) == [PROSE]


def test_a_short_line_in_the_midst_of_wrapped_prose_goes_on():
    text = (
        "We had walked all day from the village of\nAshby to the river, where we were met by\nMr. Brown, with\n12 men."
    )
    assert sentences(text) == [text.replace("\n", " ")]


def test_a_heading_without_a_stop_is_said_by_itself():
    heading = "How the committee came to its decision on the old school"
    line = "The committee met on Tuesday and talked for three hours about"
    assert sentences(f"{heading}\n{line}\nthe matter.") == [heading, f"{line} the matter."]


def test_a_word_that_was_parted_at_a_line_end_is_whole():
    text = (
        "Nobody knew what had happened in the great hall of the muse-\n"
        "um that evening, nor in the Anglo-\n"
        "Saxon room of it."
    )
    whole = text.replace("muse-\n", "muse").replace("Anglo-\n", "Anglo-")
    assert sentences(text) == [whole]
    assert sentences("He said no-\n\nThen he left.") == ["He said no-", "Then he left."]
    assert sentences("He said no-") == ["He said no-"]


def test_a_hyphen_that_the_words_have_stays_at_a_line_end():
    text = (
        "Nobody knew what had happened in the great hall, which is one of the self-\n"
        "contained houses of two-\n"
        "and three-storey flats that the re-\n"
        "port of my mother-in-\n"
        "law names."
    )
    whole = text.replace("self-\n", "self-").replace("two-\n", "two- ").replace("re-\n", "re").replace("in-\n", "in-")
    whole = whole.replace("\n", " ")
    assert sentences(text) == [whole]
    options = SegmentOptions()
    steps = IncrementalSegmenter(options)
    pieces = [piece for char in text for piece in steps.feed(char)]
    assert [piece.text for piece in [*pieces, *steps.flush()]] == [whole]


def test_dashes_behind_bullets_are_bullets():
    assert sentences("• one\n– five\n— six") == ["one", "five", "six"]


def test_a_line_that_no_machine_wraps_is_a_paragraph():
    line = f"{PROSE}. Yes."
    assert pauses(f"{line}\n{line}") == [(line[:-5], 200), ("Yes.", 600), (line[:-5], 200), ("Yes.", 200)]


HALF = "and then the whole company went down to the old"


@pytest.mark.parametrize("number", ["12", "- 12 -", "[Page 12]", "12 AT SEA", "AT SEA | 12"])
def test_a_page_number_between_two_halves_of_a_sentence_is_silent(number):
    for before, behind in (("\n\n", "\n\n"), ("\n", "\n\n"), ("\n\n\n", "\n")):
        text = f"{HALF}{before}{number}{behind}harbour, where the boats lay."
        assert sentences(text) == [f"{HALF} harbour, where the boats lay."]
    assert sentences(f"{HALF} har-\n\n{number}\n\nbour.") == [f"{HALF} harbour."]


def test_a_number_that_may_be_more_than_a_page_is_spoken():
    assert sentences(f"{HALF}\n12\nharbours.") == [f"{HALF} 12 harbours."]
    assert sentences(f"{HALF}\n\n12\n\nThe harbour.") == [HALF, "12", "The harbour."]
    assert sentences(f"{HALF}.\n\n12\n\nharbours.") == [f"{HALF}.", "12", "harbours."]
    assert sentences(f"{HALF}\n\nAT SEA\n\nharbours.") == [HALF, "AT SEA", "harbours."]
    assert sentences("Contents\n\n12\n\nharbours.") == ["Contents", "12", "harbours."]
    assert sentences(f"{HALF}\n\n12") == [HALF, "12"]


ABOVE = (
    "The old man looked at the sea and thought of all the ships that he\n"
    "had known, and of the men in them, and he was silent"
)
BELOW = "for a long time before he spoke again to the boy beside him there."


@pytest.mark.parametrize(
    "between",
    ["12", "xii", "— 12 —", "Page 12 of 300", "THE OLD MAN AND THE SEA", "The Old Man and the Sea",
     "42\nThe Old Man and the Sea", "12 | Chapter Three", "Chapter Three 12\n\n13", "Seite 12"],
)  # fmt: skip
def test_what_stands_on_every_page_is_silent_within_a_sentence(between):
    """Numbers and running heads, between two halves of a sentence."""
    whole = f"{ABOVE} {BELOW}".replace("\n", " ")
    text = f"{ABOVE}\n\n{between}\n\n{BELOW}"
    assert [piece.text for piece in segment(text, SegmentOptions("en"))] == [whole]
    segmenter = IncrementalSegmenter(SegmentOptions("en"))
    assert [piece.text for char in text for piece in segmenter.feed(char)] + [
        piece.text for piece in segmenter.flush()
    ] == [whole]


def test_a_footnote_within_a_sentence_is_spoken_behind_its_paragraph():
    text = f"{ABOVE}\n\n12 Some of them were drowned,\nothers were not.\n\n13\n\n{BELOW}\n\nHe slept."
    assert [piece.text for piece in segment(text, SegmentOptions("en"))] == [
        f"{ABOVE} {BELOW}".replace("\n", " "), "Some of them were drowned, others were not.", "He slept.",
    ]  # fmt: skip


@pytest.mark.parametrize("between", ["Best regards", "London Bridge\nand more", "He said so.", "The Title:"])
def test_other_lines_are_spoken_where_they_stand(between):
    text = f"{ABOVE}\n\n{between}\n\n{BELOW}"
    words = " ".join(piece.text for piece in segment(text, SegmentOptions("en")))
    assert words == text.replace("\n\n", " ").replace("\n", " ")


@pytest.mark.parametrize(
    ("language", "parted", "whole"),
    [
        ("en", "want-\ned", "wanted"), ("en", "in-\nto", "into"), ("en", "mark-\net", "market"),
        ("en", "brok-\nen", "broken"), ("es", "habí-\na", "había"), ("pl", "wod-\na", "woda"),
        ("en", "two-\nand", "two- and"), ("de", "Haus-\nund", "Haus- und"), ("nl", "voor-\nen", "voor- en"),
    ],
)  # fmt: skip
def test_only_words_that_join_halves_in_the_language_keep_the_hyphen_before_them(language, parted, whole):
    line = "and so it went on and on for a long while in the great old hall of the house, where "
    assert sentences(f"{line}{parted} was what they knew of it.", language) == [
        f"{line}{whole} was what they knew of it."
    ]


ALONE = [
    ("Contents\n1 The Beginning . . . . . . 3\n2 The End.................45\nIndex......xii\nNotes",
     "Contents|1 The Beginning . . . . . . 3|2 The End.................45|Index......xii|Notes"),
    ("Shopping:\nmilk\neggs and ham\nbread\n\nThen go.", "Shopping:|milk|eggs and ham|bread|Then go."),
    ("He sat.\n\n- 45 -\n\nHe slept.\n— 46 —\nHe rose.\n\nPage 12 of 300\n\nSo it was.",
     "He sat.|He slept.|He rose.|So it was."),
    ("- 45 - or so\n\nPage 12 of it is here.\n\nPage 12\n\n-5-", "45 - or so|Page 12 of it is here.|Page 12"),
    ("It was there that we heard him:\nthat he would go on with the rest of them.",
     "It was there that we heard him: that he would go on with the rest of them."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ALONE)
def test_lines_of_contents_items_below_a_colon_and_page_numbers_stand_alone(text: str, expected: str) -> None:
    assert sentences(text) == expected.split("|")
    steps = IncrementalSegmenter(SegmentOptions())
    pieces = [piece for char in text for piece in steps.feed(char)] + steps.flush()
    assert [piece.text for piece in pieces] == expected.split("|")


@pytest.mark.parametrize("head", ["The Sea 12", "THE SEA 12", "12 | The Sea", "Sea6"])
def test_a_running_head_is_judged_alike_however_the_text_comes(head: str) -> None:
    text = f"The men had walked all the day from the old\n\n12\n{head}\n12\nhouse to the sea."
    steps = IncrementalSegmenter(SegmentOptions())
    assert [piece for char in text for piece in steps.feed(char)] + steps.flush() == list(
        segment(text, SegmentOptions())
    )
