"""Full stops inside a piece: which of them end no sentence, by the rules that cut the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.text.segment import SegmentOptions, segment
from seriatim.text.segment.inner_stops import inner_stops


def marked(text: str, language: str = "en") -> str:
    """The text with `|` behind each inner stop."""
    for at in reversed(inner_stops(text, language)):
        text = f"{text[: at + 1]}|{text[at + 1 :]}"
    return text


@pytest.mark.parametrize(("language", "text"), [
    ("en", "We met Mr.| Lee at No.| 5 in the U.S.| Army."),
    ("en", "He stayed at home. Then Dr.| Lee came."),
    ("en", "“Stop, Dr.| Lee!” he said."),
    ("en", "1. Open the door of Dr.| Lee."),
    ("en", "A.| Lincoln came at 3.14 p.m.| to example.org."),
    ("en", "I have two. 5 of them are red."),
    ("de", "Das ist z.| B.| am 3.| Januar so."),
    ("de", "1. Einleitung"),
    ("fr-CH", "M.| Dupont est là."),
    ("ru", "Это А.| С.| Пушкин на ул.| Ленина."),
    ("hi", "यह श्री.| वर्मा है।"),
])  # fmt: skip
def test_stops_of_abbreviations_and_initials_are_inner(language: str, text: str) -> None:
    assert marked(text.replace("|", ""), language) == text


@given(st.text(alphabet="aAB.5 !?“”Mr", max_size=60), st.sampled_from(["en", "de", "hi"]))
def test_every_inner_stop_is_one_before_a_space(text: str, language: str) -> None:
    found = inner_stops(text, language)
    assert found == sorted(set(found))
    assert all(text[at : at + 2] == ". " for at in found)


@given(st.lists(st.sampled_from(["Mr. Lee came", "It rained", "No. 5 won", "He left."]), min_size=1, max_size=5))
def test_no_sentence_that_was_cut_out_of_a_text_has_its_end_among_them(sentences: list[str]) -> None:
    for piece in segment(" ".join(sentences), SegmentOptions()):
        assert len(piece.text) - 1 not in inner_stops(piece.text, "en")
