"""Emoji between two sentences that have no stop: a face ends the first one, a heart within one does not."""

import pytest

from seriatim.text.markup import Markup
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment


@pytest.mark.parametrize(("text", "sentences"), [
    ("Good morning 🙂 How are you? 🎉 Fine 👍", ["Good morning", "How are you?", "Fine"]),
    ("It is big 😂😂 She laughed.", ["It is big", "She laughed."]),
    ("Danke 🙏🏽 Bis morgen 👋", ["Danke", "Bis morgen"]),
    ("Great! 😊 Let me see.", ["Great!", "Let me see."]),
    ("I ❤️ New York.", ["I New York."]),
    ("Party 🎉 time", ["Party time"]),
    ("See you 😊", ["See you"]),
])  # fmt: skip
def test_a_face_before_a_capital_ends_a_sentence(text: str, sentences: list[str]) -> None:
    cut = SegmentOptions(markup=Markup.AUTO)
    assert [piece.text for piece in segment(text, cut)] == sentences
    incremental = IncrementalSegmenter(cut)
    pieces = [piece for char in text for piece in incremental.feed(char)] + incremental.flush()
    assert [piece.text for piece in pieces] == sentences
