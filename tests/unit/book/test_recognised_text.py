"""The recognised text of a sentence, compared with the text that was to be spoken."""

import sys

import pytest

from gateway.book.book_plan import plan_book
from gateway.book.recognised_text import SpeechRecogniser, text_doubts, unchecked_words
from gateway.cli.commands.book_fix import book_language
from seriatim.errors import Misconfigured
from seriatim.text.documents import Chapter, Document, DocumentFormat

TEXT = "The farmer sold twelve wooden chairs near the harbor."


@pytest.mark.parametrize(
    ("recognised", "doubt"),
    [
        (TEXT, ""),
        ("the farmer sold 12 wooden chairs, near the harbour", ""),
        ("The former sold twelve wooden chairs near the harbor.", ""),
        ("The farmer sold twelve wooden chairs.", "words are missing"),
        ("Twelve wooden chairs near the harbor.", "words are missing"),
        ("", "words are missing"),
        (f"{TEXT} Near the harbor, near the harbor.", "words are there that the text does not have"),
        ("She put eleven copper pots on the old stove at home.", "other words"),
    ],
)
def test_a_sentence_is_doubtful_if_words_are_missing_or_surplus(recognised: str, doubt: str) -> None:
    assert text_doubts(TEXT, recognised, "en") == ((f"{doubt}; heard: {recognised!r}",) if doubt else ())


def test_a_heading_may_be_misheard_but_not_be_silent_or_lost_in_other_words() -> None:
    assert text_doubts("Harbour", "Hi, Bray.", "en") == ()
    assert text_doubts("The harbour", "", "en") == ("words are missing; heard: ''",)
    assert len(text_doubts("Harbour", "Harbour, harbour, harbour.", "en")) == 1


@pytest.mark.parametrize(
    ("recognised", "probability", "doubt"),
    [
        ("The farmer twelve wooden chairs near the harbor.", 0.001, "a word is missing"),
        ("The farmer sold twelve red wooden chairs near the harbor.", 0.001, "a word is there that the text does not"),
        ("The farmer twelve wooden chairs near the harbor.", 0.1, ""),
        ("The farmer sold 12 wooden chairs near the harbour.", 0.001, ""),
    ],
)
def test_a_short_word_counts_if_the_text_is_improbable_there(recognised: str, probability: float, doubt: str) -> None:
    """A recogniser that leaves a word out though it would also hear it is not sure of either."""
    found = text_doubts(TEXT, recognised, "en", lambda: probability)
    assert [one.startswith(doubt) for one in found] == ([True] if doubt else [])


@pytest.mark.parametrize(
    ("language", "named", "text", "found"),
    [
        ("en-GB", "", "x", ""),
        ("", "", "The fog has gone, and the boats came home.", ""),
        ("de-AT", "", "x", "in de-AT --verify finds 8 letters in a row"),
        ("en", "de", "x", "in de --verify"),
        ("", "auto", "Der Nebel ist weg, und die Boote kamen heim.", "in de --verify"),
        ("", "", "Hm.", "in an unknown language"),
    ],
)
def test_a_book_in_another_language_has_a_line_about_short_words(
    language: str, named: str, text: str, found: str
) -> None:
    plan = plan_book(Document(DocumentFormat.EPUB, (Chapter("", text),), language=language), "in", {})
    line = unchecked_words(book_language(plan, named))
    assert found in line
    assert ("are checked in English only" in line) == bool(found)


def test_the_recogniser_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)  # as where it is not installed
    with pytest.raises(Misconfigured, match="--verify needs faster-whisper; install it: pip install faster-whisper"):
        SpeechRecogniser("small", "en")
