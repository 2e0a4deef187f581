"""Paragraph languages: each sentence has the language of its paragraph, and its numbers are read in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.text.language_guess import guess_paragraph
from seriatim.text.markup import Markup
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

ENGLISH = "She paid 5 euros for the ticket and went home with her friends."
GERMAN = "Sie hat 5 Euro für die Karte bezahlt und ist nicht nach Hause gegangen."
FRENCH = "Elle a payé 5 euros pour le billet et elle est rentrée avec ses amis."
TEXT = f"Kapitel 1\n\n{GERMAN}\n\n{ENGLISH} Yes.\n\n{FRENCH} Oui. {FRENCH}\n\nFin."


def options(hold_chars: int = 400, language: str = "en") -> SegmentOptions:
    return SegmentOptions(
        language, reading=ReadingMode.AUTO, markup=Markup.PLAIN, hold_chars=hold_chars,
        paragraph_language=lambda text: guess_paragraph(text, language),
    )  # fmt: skip


def test_each_paragraph_is_read_in_its_language() -> None:
    pieces = [(piece.language, piece.text) for piece in segment(f"{ENGLISH}\n\n{GERMAN}\n\n{FRENCH}", options())]
    assert [language for language, _ in pieces] == ["", "de", "fr"]
    assert "five euros" in pieces[0][1]
    assert "fünf Euro" in pieces[1][1]
    assert "cinq euros" in pieces[2][1]


def test_an_unclear_line_has_the_language_of_the_next_clear_one_and_the_last_that_of_the_one_before() -> None:
    assert [piece.language for piece in segment(TEXT, options())] == ["de", "de", "", "", "fr", "fr", "fr", "fr"]


def test_a_stream_holds_nothing() -> None:
    stream = IncrementalSegmenter(options(hold_chars=0))
    assert [piece.text for piece in stream.feed(f"Ja. {GERMAN} ")] == ["Ja."]
    assert [piece.language for piece in stream.feed(f"{GERMAN}\n\n{ENGLISH} ") + stream.flush()] == ["de", "de", ""]


def test_without_it_no_piece_has_a_language() -> None:
    assert {piece.language for piece in segment(TEXT, SegmentOptions("en", reading=ReadingMode.AUTO))} == {""}


@given(st.lists(st.sampled_from([ENGLISH, GERMAN, FRENCH, "Ja.", "Yes.", " ", "\n\n", "\n"]), max_size=12), st.data())
@pytest.mark.thorough
def test_how_a_text_is_parted_changes_nothing(parts: list[str], data: st.DataObject) -> None:
    text = " ".join(parts)
    for hold_chars in (0, 400):
        stream, pieces, at = IncrementalSegmenter(options(hold_chars)), [], 0
        while at < len(text):
            end = data.draw(st.integers(at + 1, len(text)))
            pieces += stream.feed(text[at:end])
            at = end
        assert pieces + stream.flush() == list(segment(text, options(hold_chars)))


def test_stops_are_judged_by_the_language_of_their_paragraph() -> None:
    german = "Wir sind am 3. Mai mit den Kindern nach Hause gegangen, und es war nicht so kalt."
    texts = [piece.text for piece in segment(f"{ENGLISH}\n\n{german}\n\n{ENGLISH}", options())]
    assert len(texts) == 3
    assert "dritten Mai" in texts[1]
    greek = "Πού είναι το σπίτι σου; Δεν το ξέρω και δεν θέλω να το μάθω ποτέ από εσένα."
    pieces = segment(f"{ENGLISH}\n\n{greek}", options())
    assert [piece.text for piece in pieces][1:] == ["Πού είναι το σπίτι σου;", greek.partition("; ")[2]]
