"""Reading: numbers, prices, dates, units and signs in the words that a person would say."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.text.language_guess import FREQUENT
from seriatim.text.reading import LANGUAGES, ReadingMode, read_sentence
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment
from tests.support.processor_time import slowness

DATA = Path(__file__).parent / "data" / "reading"
#: written forms, all of which some language has
FORMS = [
    "$49.95", "€5", "5 €", "£1.5bn", "1,234", "1.234,50", "3.14", "3,14", "15:30", "3:30 pm", "8:00", "2024-01-05",
    "1/5/2024", "5.1.2024", "½", "3/4", "1990–1995", "5-7", "20 °C", "60 km/h", "16GB", "5 km", "10 × 10", "100%",
    "+1 555 123 4567", "XIV", "1984", "v2.1.3", "C++", "#5", "§ 3", "±2", "→", "&", "007", "12345678901234567890",
    "1st", "3.", "2º", "1er", "A12", "21", "2,5 km", "1", "-3", "(4)", "¥500", "5 руб.", "3万", "1'000",
    "10k", "2,5k", "12M", "1e6", "1.5e-3", "3.5x", "3,5x", "10⁶", "10⁻⁶", "<5", ">= 3", ".5", "(11) 91234-5678",
    "91 123 45 67", "'90", "90.", "٣٫٥",
]  # fmt: skip
LONG_WORDS = st.sampled_from(["harbour", "window", "lantern", "Müller", "Straße", "вечером", "pirouette", "東京"])


def cases(language: str) -> list[tuple[str, str]]:
    """Pairs of a written and a spoken form, a line each, parted by `=>`."""
    lines = (DATA / f"{language}.txt").read_text("utf-8").splitlines()
    pairs = [line.partition("=>") for line in lines]
    return [(written.strip(), in_words.strip()) for written, _, in_words in pairs if in_words]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_language_reads_what_its_people_write(language: str) -> None:
    read = {written: read_sentence(written, language) for written, _ in cases(language)}
    assert read == dict(cases(language))
    assert len(read) >= 9


@given(st.lists(st.one_of(LONG_WORDS, st.sampled_from(FORMS)), max_size=12), st.sampled_from(sorted(LANGUAGES)))
def test_no_word_is_lost_and_reading_twice_is_reading_once(parts: list[str], language: str) -> None:
    text = " ".join(parts)
    read = read_sentence(text, language)
    rest = read.casefold()  # in scripts without spaces a number may stand beside a word, so no words are compared
    for word in (word.casefold() for word in parts if word not in FORMS):
        assert word in rest, read
        rest = rest.partition(word)[2]
    assert read_sentence(read, language) == read


@given(st.text(st.sampled_from("0123456789.,:/-–$€%°IVX aA'’№#&@"), max_size=24), st.sampled_from(sorted(LANGUAGES)))
def test_digits_are_spoken_or_stay_and_reading_twice_changes_nothing(text: str, language: str) -> None:
    read = read_sentence(text, language)
    written = re.findall(r"\d+", text)
    assert all(digits in written for digits in re.findall(r"\d+", read)), read
    assert read_sentence(read, language) == read


@given(st.text(max_size=60), st.sampled_from(sorted(LANGUAGES)))
def test_any_text_can_be_read(text: str, language: str) -> None:
    assert isinstance(read_sentence(text, language), str)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_words_are_no_numerals(language: str) -> None:
    """Le, Ver, Vie: letters of Roman numerals at the start of a word, in any language."""
    words = {word for frequent in FREQUENT.values() for word in frequent.split()} | {"le", "ver", "vie", "ces", "mix"}
    texts = [f"{word.capitalize()} {word}, Anna {word.capitalize()}." for word in sorted(words)]
    assert [read_sentence(text, language) for text in texts] == texts


def test_a_language_without_rules_leaves_numbers_to_the_engine() -> None:
    assert read_sentence("Hún er 5 ára, $5.", "is") == "Hún er 5 ára, $5."
    assert read_sentence("It is 5.", "") == "It is five."


def test_the_step_may_be_switched_off() -> None:
    off = SegmentOptions("en", reading=ReadingMode.OFF)
    auto = SegmentOptions("en", reading=ReadingMode.AUTO)
    text = "It costs $5. See p. 3."
    assert [piece.text for piece in segment(text, off)] == ["It costs $5.", "See p. 3."]
    assert [piece.text for piece in segment(text, auto)] == ["It costs five dollars.", "See page three."]


def test_what_becomes_too_long_is_split_between_words() -> None:
    text = "Add 1,234,567 and 7,654,321 and 9,999,999 now."
    pieces = [piece.text for piece in segment(text, SegmentOptions("en", limit_chars=60, reading=ReadingMode.AUTO))]
    assert all(len(piece) <= 60 for piece in pieces)
    assert " ".join(pieces) == read_sentence(text, "en")


def test_a_text_that_comes_letter_by_letter_is_read_alike() -> None:
    text = "Jan. 5, 2024 was cold: -5 °C. It cost $49.95! He was No. 3 of 12."
    cut = SegmentOptions("en", reading=ReadingMode.AUTO)
    steps = IncrementalSegmenter(cut)
    assert [piece for letter in text for piece in steps.feed(letter)] + steps.flush() == list(segment(text, cut))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_sentence_is_read_within_a_millisecond(language: str) -> None:
    sentences = [written for written, _ in cases(language)] + ["And this one has no number in it at all."]
    for sentence in sentences:
        read_sentence(sentence, language)  # loads the language's rules
    best_s = []
    for _ in range(5):
        start_s = time.process_time()
        for sentence in sentences:
            read_sentence(sentence, language)
        best_s.append((time.process_time() - start_s) / len(sentences))
    assert min(best_s) < 0.001 * slowness()
