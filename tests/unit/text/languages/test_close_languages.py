"""Languages that are close to one another: whole paragraphs are rarely taken for the wrong one."""

from pathlib import Path

import pytest

from seriatim.text.close_languages import closest_language, family_of
from seriatim.text.language_guess import guess_language, guess_paragraph
from seriatim.text.languages import same_language

#: lines of a tag and a paragraph of some 60 characters or more, in pairs of languages that share their words
LINES = (Path(__file__).parents[1] / "data/close_languages.txt").read_text("utf-8").splitlines()
#: without the detector, for it alone knows languages such as Galician
NEEDS_DETECTOR = "the extra `language`"


@pytest.mark.parametrize("language", sorted({line.split(" ", 1)[0] for line in LINES}))
def test_a_paragraph_is_not_taken_for_a_close_language(language: str) -> None:
    pytest.importorskip("py3langid", reason=NEEDS_DETECTOR)
    for text in (line.split(" ", 1)[1] for line in LINES if line.startswith(f"{language} ")):
        found = guess_language(text), guess_paragraph(text, "en")
        assert all(same_language(tag, language) for tag in found), (found, text)


@pytest.mark.parametrize(("text", "guess", "closest"), [
    ("Anjing itu berlari di jalan sementara anak-anak bermain.", "ms", "id"),
    ("Saya rasa semuanya akan baik sahaja.", "id", "ms"),
    ("Ne znam što da ti kažem.", "sr", "hr"),
    ("Ne znam šta da ti kažem.", "hr", "sr"),
    ("Ne znam.", "bs", "bs"),
    ("Das ist so.", "de", "de"),
])  # fmt: skip
def test_words_that_only_one_language_has_decide_within_a_family(text: str, guess: str, closest: str) -> None:
    assert closest_language(text, guess) == closest


def test_a_language_without_close_ones_is_a_family_of_its_own() -> None:
    assert family_of("de") == {"de"}
    assert family_of("sr") == {"bs", "hr", "sr"}


@pytest.mark.parametrize(("text", "language"), [
    ("東京大学工学部電気工学科卒業、株式会社日本電気入社。", "ja"),
    ("我最喜欢吃の冰淇淋店在学校旁边，每个周末我们都去那里买冰淇淋。", "zh"),
    ("明天我們要去看望我的奶奶。", "zh"),
    ("今日は雨。", "ja"),
])  # fmt: skip
def test_forms_of_characters_tell_japanese_from_chinese(text: str, language: str) -> None:
    assert guess_language(text) == language
