"""Estimates of a text's duration, before it is spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.errors import UnknownOption
from seriatim.text.duration_estimate import LEAST_MS, estimate_ms

#: language, sentence, and how many ms espeak-ng 1.52 spoke it
MEASURED = [
    (
        "en",
        "The quick brown fox jumps over the lazy dog, and nobody in the village was "
        "surprised to see it again on Sunday morning.",
        6430,
    ),
    (
        "de",
        "Der schnelle braune Fuchs springt über den faulen Hund, und niemand im Dorf war "
        "überrascht, ihn am Sonntagmorgen wiederzusehen.",
        6392,
    ),
    (
        "es",
        "El rápido zorro marrón salta sobre el perro perezoso, y nadie en el pueblo se "
        "sorprendió de verlo otra vez el domingo.",
        6364,
    ),
    (
        "ru",
        "Быстрая коричневая лиса прыгает через ленивую собаку, и никто в деревне не удивился, увидев её снова утром.",
        5733,
    ),
    (
        "tr",
        "Hızlı kahverengi tilki tembel köpeğin üzerinden atlar ve köyde kimse onu pazar "
        "sabahı tekrar görünce şaşırmadı.",
        7286,
    ),
    ("zh", "敏捷的棕色狐狸跳过了那只懒狗，星期天早上村里的人再次看到它时都没有感到惊讶。", 8955),
    ("ja", "すばやいきつねはなまけもののいぬをとびこえて、むらのひとはだれもおどろきませんでした。", 5001),
    (
        "ko",
        "빠른 갈색 여우가 게으른 개를 뛰어넘었고 일요일 아침에 다시 보았을 때 마을 사람들은 아무도 놀라지 않았습니다.",
        7597,
    ),
    (
        "hi",
        "तेज़ भूरी लोमड़ी आलसी कुत्ते के ऊपर कूद गई और रविवार की सुबह उसे फिर देखकर गाँव में किसी को आश्चर्य नहीं हुआ।",
        6923,
    ),
    (
        "ar",
        "قفز الثعلب البني السريع فوق الكلب الكسول ولم يتفاجأ أحد في القرية برؤيته مرة أخرى صباح يوم الأحد",
        8711,
    ),
    ("th", "สุนัขจิ้งจอกสีน้ำตาลกระโดดข้ามสุนัขขี้เกียจ", 4716),
]


@pytest.mark.parametrize(("language", "text", "spoken_ms"), MEASURED, ids=[language for language, _, _ in MEASURED])
def test_an_estimate_is_within_a_tenth_of_what_espeak_speaks(language, text, spoken_ms):
    assert estimate_ms(text, language) == pytest.approx(spoken_ms, rel=0.1)


def test_digits_symbols_and_dense_scripts_last_longer_than_letters():
    assert estimate_ms("in 1984") > estimate_ms("in abcd")
    assert estimate_ms("a % of b") > estimate_ms("a c of b")
    assert estimate_ms("日本語日本語") > 3 * estimate_ms("abcdef")
    assert estimate_ms("I love 🎉🎉") > estimate_ms("I love ab")


def test_no_utterance_is_estimated_below_the_shortest_that_was_measured():
    assert estimate_ms("") == estimate_ms("a") == LEAST_MS


def test_a_region_does_not_matter():
    assert estimate_ms("Straße und Haus, hier", "de-AT") == estimate_ms("Straße und Haus, hier", "de")


texts = st.text(max_size=80)
speeds = st.floats(0.25, 4)
languages = st.sampled_from(["en", "de", "tr", "zh-Hant", "", "tlh"])


@given(texts, texts, texts, languages, speeds)
def test_more_text_never_lasts_shorter(before, text, after, language, speed):
    assert 1 <= estimate_ms(text, language, speed) <= estimate_ms(before + text + after, language, speed)


@given(texts, speeds, speeds)
def test_faster_speech_never_lasts_longer(text, one, other):
    slow, fast = sorted((one, other))
    assert estimate_ms(text, speed=fast) <= estimate_ms(text, speed=slow)


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_that_is_not_above_zero_is_refused(speed):
    with pytest.raises(UnknownOption, match=f"^speed {speed}; expected a number above 0$"):
        estimate_ms("Hello", speed=speed)
