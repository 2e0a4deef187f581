"""A guess at a text's language, from which the default engine follows."""

import pytest

from seriatim.text.language_guess import guess_language
from tests.support.process_system import ROOT

TEXTS = {
    "en": "The harbour wakes before the town does. Ships have sailed from here for four hundred years.",
    "de": "Der Hafen erwacht vor der Stadt. Die Schiffe sind von hier seit vierhundert Jahren nicht mehr gesegelt.",
    "fr": "Le port se réveille avant la ville. Les navires partent d'ici depuis cent ans, et pas un ne reste.",
    "es": "El puerto despierta antes que la ciudad. Los barcos salen de aquí desde hace cuatrocientos años.",
    "it": "Il porto si sveglia prima della città. Le navi partono da qui, e non tornano che di notte.",
    "pt": "O porto acorda antes da cidade. Os navios partem daqui, e não voltam mais.",
    "nl": "De haven ontwaakt voor de stad. Het schip is niet van hier, maar het vaart met de wind.",
    "pl": "Port budzi się przed miastem. Statki nie wracają do portu na noc, jak to było za dawnych lat.",
    "ru": "Порт просыпается раньше города.",
    "el": "Το λιμάνι ξυπνά πριν από την πόλη.",
    "zh": "港口比城市醒得早。",
    "ja": "港は町より早く目を覚ます。",
    "ko": "항구는 도시보다 먼저 깨어난다.",
    "ar": "يستيقظ الميناء قبل المدينة.",
    "hi": "बंदरगाह शहर से पहले जागता है।",
}


@pytest.mark.parametrize(("language", "text"), TEXTS.items())
def test_a_clear_text_has_its_language(language: str, text: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "...", "Hello.", "Yes, 12 of 14!", "Berlin", "C'est la vie, he said and left the house."]
)
def test_an_unclear_one_has_none_that_is_foreign(text: str) -> None:
    assert guess_language(text) in ("", "en")


@pytest.mark.parametrize("text", ["She said 今天 and left.", TEXTS["en"] * 200 + " Привет, мир.", "the word λόγος is"])
def test_words_of_another_script_in_it_make_several_languages(text: str) -> None:
    assert guess_language(text) == "mul"


def test_the_example_is_english() -> None:
    assert guess_language((ROOT / "examples" / "harbour.txt").read_text("utf-8")) == "en"
