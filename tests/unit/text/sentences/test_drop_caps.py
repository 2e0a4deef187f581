"""Drop caps: first letters that e-books part from their words are joined with them again, and other letters stay."""

import pytest

from seriatim.text.markup import Markup
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

JOINED = [
    ("en", "T he gate was open.\n\nW HEN he came.\n\nI\nt was late.\n\n“B ut no.", "The|WHEN|It|“But"),
    ("en", "O nce upon a time.\n\nM r. Low came.\n\nA fter that.", "Once|Mr.|After"),
    ("de", "D er Hafen.\n\nE s war spät.\n\nI ch ging.", "Der|Es|Ich"),
    ("fr", "L e port.\n\nI l était tard.\n\nQ uand elle vint.", "Le|Il|Quand"),
    ("es", "E l puerto.\n\nC uando vino.", "El|Cuando"),
    ("ru", "О н пришёл.\n\nЭ то он.", "Он|Это"),
]
LEFT = [
    ("en", "T cells are here.\n\nA man came.\n\nI am here.\n\nX rays.\n\nhe said: T he."),
    ("fr", "A près de la ville."),
    ("es", "Y a los tres días."),
    ("it", "E ra lui."),
    ("hu", "A te könyved."),
]


def texts(language: str, text: str) -> list[str]:
    """The texts of the pieces, which are the same if they come letter by letter."""
    cut = SegmentOptions(language, 1000, markup=Markup.PLAIN)
    whole, incremental = list(segment(text, cut)), IncrementalSegmenter(cut)
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == whole
    return [piece.text for piece in whole]


@pytest.mark.parametrize(("language", "text", "words"), JOINED)
def test_a_drop_cap_is_joined_with_its_word(language: str, text: str, words: str) -> None:
    assert [sentence.partition(" ")[0] for sentence in texts(language, text)] == words.split("|")


@pytest.mark.parametrize(("language", "text"), LEFT)
def test_a_letter_that_may_be_a_word_stays(language: str, text: str) -> None:
    assert texts(language, text) == text.split("\n\n")
