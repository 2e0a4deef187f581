"""Scripts of text: the words that an engine for the Latin script cannot read."""

import pytest

from seriatim.text.scripts import words_in_other_scripts


@pytest.mark.parametrize(
    "text",
    [
        "The harbour wakes before the town does.",
        "Motörhead, naïve café, Łódź, Dvořák, Nguyễn, cafe\u0301, ﬁne, İstanbul, ʻokina",
        "x², 10⁶, H₂O, ½, №5, Ⅳ, ℃, µm, 3 €, 👍, ٣, ①",
        "an α-particle, π, Δ, ∞ → ∑",
        "",
    ],
)
def test_it_reads_these(text: str) -> None:
    assert words_in_other_scripts(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("She said 今天 and left.", ["今天"]),
        ("Привет, мир and hello", ["Привет,", "мир"]),
        ("हिन्दी शब्द", ["हिन्दी", "शब्द"]),
        ("the word λόγος is Greek", ["λόγος"]),
        ("ab今c", ["ab今c"]),
        ("안녕 مرحبا שלום ไทย ｶﾅ", ["안녕", "مرحبا", "שלום", "ไทย", "ｶﾅ"]),
    ],
)
def test_it_names_these(text: str, words: list[str]) -> None:
    assert words_in_other_scripts(text) == words
