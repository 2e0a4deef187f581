"""Text for XTTS: languages by their tags, and numbers in words where the library has none. Needs no torch."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.errors import BadInput
from seriatim.text.dialects import xtts_text
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import SegmentOptions, segment
from workers.engines.xtts import text_tokens
from workers.engines.xtts.number_words import spelled


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("", "en"), ("en", "en"), ("en-GB", "en"), ("EN_us", "en"), ("de-CH-1996", "de"), ("pt-BR", "pt"),
        ("zh", "zh-cn"), ("zh-CN", "zh-cn"), ("zh-Hant-TW", "zh-cn"), ("cmn", "zh-cn"), ("ja", "ja"), ("hi-IN", "hi"),
    ],
)  # fmt: skip
def test_a_tag_names_one_of_the_seventeen(tag: str, language: str) -> None:
    assert text_tokens.language_of(tag) == language


@pytest.mark.parametrize("tag", ["sv", "yue", "english", "-", "xx" * 40])
def test_what_it_does_not_speak_is_refused_with_what_it_does(tag: str) -> None:
    with pytest.raises(BadInput) as found:
        text_tokens.language_of(tag)
    assert str(found.value) == (
        f"XTTS-v2 does not speak {tag[:40]!r}; it speaks: "
        "en, es, fr, de, it, pt, pl, tr, ru, nl, cs, ar, zh-cn, hu, ko, ja, hi"
    )


def test_nothing_heavy_is_imported_for_it() -> None:
    assert "torch" not in vars(text_tokens)
    assert text_tokens.__name__ in sys.modules


class TestHindi:
    """The library's front-end has no Hindi."""

    def test_the_numbers_to_a_hundred_are_all_different(self) -> None:
        assert len({spelled(str(number), "hi") for number in range(100)}) == 100

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            ("0", "शून्य"),
            ("100", "एक सौ"),
            ("2026", "दो हज़ार छब्बीस"),
            ("1234567", "बारह लाख चौंतीस हज़ार पाँच सौ सड़सठ"),
            ("12,34,567", "बारह लाख चौंतीस हज़ार पाँच सौ सड़सठ"),
            ("20000000", "दो करोड़"),
            ("3.14", "तीन दशमलव एक चार"),
            ("007", "सात"),
            ("1234567890123", "एक दो तीन चार पाँच छह सात आठ नौ शून्य एक दो तीन"),
        ],
    )
    def test_they_are_said_with_lakhs_and_crores(self, number: str, words: str) -> None:
        assert " ".join(spelled(number, "hi").split()) == words

    @given(st.text(max_size=40))
    def test_no_digit_is_left(self, written: str) -> None:
        assert not any(letter.isdecimal() for letter in spelled(written, "hi"))


@pytest.mark.parametrize(("language", "written", "read_as"), [
    ("es", "Hola, amigo.", "Hola, amigo ."), ("it", "«È vero.»", "«È vero .»"), ("pt", "São 3.5 km.", "São 3.5 km ."),
    ("es", "¿Vienes?", "¿Vienes?"), ("es", "Espera...", "Espera..."), ("en", "It is.", "It is."), ("de", "So.", "So."),
])  # fmt: skip
def test_a_last_stop_that_the_model_reads_aloud_gets_a_space(language: str, written: str, read_as: str) -> None:
    """The advice of XTTS' authors; without weights, what the model says of it is not measured here."""
    assert xtts_text(written, language) == read_as


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "It costs forty-nine dollars ninety-five."),
        ("es", "It costs cuarenta y nueve dólares con noventa y cinco ."),
    ],
)
def test_money_comes_to_the_model_in_words(language: str, words: str) -> None:
    (piece,) = segment("It costs $49.95.", SegmentOptions(language, reading=ReadingMode.AUTO))
    assert xtts_text(piece.text, language) == words
