"""Incremental segmentation: when sentences go out, while their text is still being written."""

from typing import Any

import pytest

from seriatim.text.segment import IncrementalSegmenter, Segment, SegmentOptions, segment


def first_out(text: str, **options: Any) -> tuple[str, str]:
    """What has been written when the first piece goes out, and the piece."""
    incremental = IncrementalSegmenter(SegmentOptions(**options))
    for n, char in enumerate(text, 1):
        if pieces := incremental.feed(char):
            return text[:n], pieces[0].text
    return "", ""


@pytest.mark.parametrize(
    ("written", "piece"),
    [
        ("Hello there. H", "Hello there."),  # the next one has begun
        ("Hello! H", "Hello!"),
        ("Really?! I", "Really?!"),
        ("He said “Hello there.” T", "He said “Hello there.”"),
        ("Hello there.\n\n", "Hello there."),  # its paragraph has ended
        ("A Heading\n\n", "A Heading"),
        ("Hello there.\nAn", "Hello there."),
        ("It is so. The n", "It is so."),  # a short word might be an abbreviation: the next one says it is not
        ("I live in the U.S. How a", "I live in the U.S."),
        ("Pi is 3.14. It i", "Pi is 3.14."),
        ("你好。我", "你好。"),
    ],
)
def test_a_sentence_goes_out_as_soon_as_it_is_known_to_have_ended(written, piece):
    assert first_out(written + "nd so on, with no end in sight") == (written, piece)


@pytest.mark.parametrize(
    "text",
    [
        "Hello there",
        "Hello there.",  # an ellipsis, a closing quote, or a letter may follow
        "Hello there. ",
        "I saw Dr. Smith and Mr. Jones in the U.S. Army, e.g. in Jan. 5 times",
        "Pi is 3.",
        "Pi is 3.1",
        "“Hello there.” he said",
        "“Hello there. How are you",  # the quotation is still open
        "It is 5 o'clock.\n",
    ],
)
def test_a_sentence_that_may_still_go_on_is_held(text):
    incremental = IncrementalSegmenter(SegmentOptions())
    assert [incremental.feed(char) for char in text] == [[]] * len(text)
    assert [piece.text for piece in incremental.flush()] == [text.strip()]


def test_the_first_clause_of_a_long_first_sentence_goes_out_before_the_sentence_ends():
    text = "Well, what I wanted to tell you, and it is important, is that speech should start early"
    written, piece = first_out(text, first_chars=40)
    assert (len(written), piece) == (52, "Well, what I wanted to tell you,")


def test_a_sentence_waits_for_a_short_one_behind_it_no_longer_than_that_takes_to_see():
    written, piece = first_out("That is what it is. Well, it is not", merge_chars=10)
    assert (written, piece) == ("That is what it is. Well, it i", "That is what it is.")


def test_a_flush_says_everything_and_what_follows_is_a_new_paragraph():
    incremental = IncrementalSegmenter(SegmentOptions())
    assert incremental.feed("Let me see") == []
    assert [piece.text for piece in incremental.flush()] == ["Let me see"]
    assert incremental.flush() == []
    assert incremental.feed(" and. Yes") == []
    assert [piece.text for piece in incremental.flush()] == ["and.", "Yes"]


def test_the_silence_after_a_sentence_is_known_when_it_goes_out():
    incremental = IncrementalSegmenter(SegmentOptions(pause_ms=200, paragraph_ms=600))
    pieces = incremental.feed("One here. Two here.\n\nThree here.\nFour") + incremental.flush()
    assert [piece.pause_ms for piece in pieces] == [200, 600, 200, 200]


def test_a_text_without_an_end_does_not_stay_silent():
    incremental = IncrementalSegmenter(SegmentOptions(limit_chars=100))
    out = [piece for _ in range(100) for piece in incremental.feed("and so on ")]
    assert sum(len(piece.text) + 1 for piece in out) >= 1000 - 120


def test_nothing_fed_changes_nothing():
    incremental = IncrementalSegmenter(SegmentOptions())
    pieces = incremental.feed("One here.\r") + incremental.feed("") + incremental.feed("\nTwo here")
    assert [(p.text, p.pause_ms) for p in pieces + incremental.flush()] == [("One here.", 200), ("Two here", 200)]


class CountedSegmenter(IncrementalSegmenter):
    """Counts the characters that it is given."""

    fed_chars = 0

    def feed(self, text: str) -> list[Segment]:
        self.fed_chars += len(text)
        return super().feed(text)


def test_the_first_sentence_of_a_long_text_takes_little_of_it():
    """A book asks each chapter whether it has anything to speak; a listener waits for the first sentence."""
    cut = SegmentOptions()
    steps = CountedSegmenter(cut)
    text = "It is so. " * 10_000
    assert next(segment(text, cut, steps)).text == "It is so."
    assert steps.fed_chars < 1_000
