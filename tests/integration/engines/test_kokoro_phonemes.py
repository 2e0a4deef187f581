"""Japanese and Mandarin in Kokoro's alphabet: as its authors' front-end writes them, and what that would drop."""

import importlib.util
import os
from collections.abc import Callable

import pytest

from seriatim.errors import BadInput
from seriatim.text.pronunciation import Pronunciation
from seriatim.text.sample_sentences import sample_sentence

if None in map(importlib.util.find_spec, ("hibari", "fugashi", "unidic_lite", "misaki", "pypinyin", "rjieba")):
    if os.environ.get("CI"):
        raise RuntimeError("packages are missing where CI is set: pip install -e '.[kokoro,kokoro-ja,kokoro-zh]'")
    pytest.skip("not installed (pip install -e '.[kokoro,kokoro-ja,kokoro-zh]')", allow_module_level=True)

from pypinyin import Style, lazy_pinyin
from pypinyin.pinyin_dict import pinyin_dict

from workers.engines import missing_phonemes
from workers.engines.hibari.english_phonemes import EnglishPhonemes
from workers.engines.hibari.pinned_model import vocabulary
from workers.engines.kokoro.chinese_phonemes import ChinesePhonemes
from workers.engines.kokoro.japanese_phonemes import JapanesePhonemes
from workers.engines.kokoro.kana_phonemes import SOUNDS, hiragana, kana_phonemes

#: by misaki 0.9.4 with unidic-lite 1.0.8: `JAG2P()(text)[0]`, the first one in its users' documentation, too
JAPANESE = {
    "こんにちは": "koɲɲiʨiβa",
    "東京へ行きました。": "toːkʲoː e ikʲi maɕita.",
    "三百六百八百三千八千": "sambʲakɯ ɾoʔpʲakɯ haʔpʲakɯ saɴʣeɴ haʔseɴ",
    "図書館で本を読んでいます。": "toɕokaɴ de hoɴ o jonde imasɨ.",
    "ちょっと待って！": "ʨoʔto maʔte!",
    "学校の先生は、毎朝七時に起きます。": "ɡaʔkoː no seɴseː βa, maiasa ɕiʨiʥi ɲi okʲimasɨ.",
    "「はい」と彼は言った。": "“hai” to kaɾe βa iʔta.",
    "コーヒーを二杯ください。": "koːçiː o ɲi bai kɯdasai.",
    "新聞を買って、電車に乗った。": "ɕimbɯɴ o kaʔte, deɴɕa ɲi noʔta.",
    "日本語のテキストを音声に変換します。": "ɲiʔpoŋɡo no tekʲisɨto o oɴseː ɲi heŋkaɴ ɕi masɨ.",
}
#: by misaki 0.9.4 with jieba 0.42.1 and pypinyin 0.55.0: `ZHG2P()(text)[0]`
CHINESE = {
    "你好，世界！": "ni↓xau↓, ʂɨ↘ʨje↘!",
    "今天天气很好。": "ʨi→ntʰjɛ→ntʰjɛ→nʨʰi↘ xə↓n xau↓.",
    "我们明天去北京。": "wo↓mən mi↗ŋtʰjɛ→n ʨʰy↘ pei↓ʨi→ŋ.",
    "他说：“没关系。”": "tʰa→ ʂwo→: “mei↗kwa→nɕi↘. ”",
    "二百五十人": "ɚ↘pai↓u↓ʂɨ↗ ɻə↗n",
    "重庆的银行很多，长江很长。": "ꭧʰʊ↗ŋʨʰi↘ŋ tɤ i↗nxa↗ŋ xə↓ntwo→, ꭧʰa↗ŋʨja→ŋ xə↓nꭧa↓ŋ.",
    "女儿绿色": "ny↓ɚ↗ ly↘sɤ↘",
    "这儿一点儿也不冷": "ꭧɤ↘ɚ↗ i↘tjɛ↓nɚ↗ je↓ pu↘ lə↓ŋ",
    "嗯，哦，呣": "n↗, ɔ↗, m↗",
}


@pytest.fixture(scope="module")
def english() -> EnglishPhonemes:
    return EnglishPhonemes("kokoro", british=False)


@pytest.fixture(scope="module")
def japanese(english: EnglishPhonemes) -> JapanesePhonemes:
    return JapanesePhonemes(english)


@pytest.fixture(scope="module")
def chinese(english: EnglishPhonemes) -> ChinesePhonemes:
    return ChinesePhonemes(english)


@pytest.mark.parametrize(("text", "phonemes"), JAPANESE.items())
def test_japanese_is_as_its_authors_front_end_writes_it(japanese: JapanesePhonemes, text: str, phonemes: str) -> None:
    assert japanese(text) == phonemes


@pytest.mark.parametrize(("text", "phonemes"), CHINESE.items())
def test_mandarin_is_as_its_authors_front_end_writes_it(chinese: ChinesePhonemes, text: str, phonemes: str) -> None:
    assert chinese(text) == phonemes


def test_every_syllable_is_in_kokoros_alphabet(chinese: ChinesePhonemes) -> None:
    """Whatever characters a text has, the model gets what it was trained with."""
    known = vocabulary().keys()
    of_syllables = {
        syllable: chr(code)
        for code in pinyin_dict
        for syllable in lazy_pinyin(chr(code), style=Style.TONE3, neutral_tone_with_five=True)
        if 0x4E00 <= code <= 0x9FFF
    }
    assert len(of_syllables) > 1300
    for character in of_syllables.values():
        phonemes = chinese(character)
        assert phonemes, character
        assert not set(phonemes) - known, character
    pairs = [first + second for first in SOUNDS for second in (*SOUNDS, "ー", "っ", "ん", "")]
    assert not [pair for pair in pairs if set(kana_phonemes(pair)) - known]
    assert kana_phonemes(hiragana("シェフ・チェック")) == "ɕeɸɯʨeʔkɯ"
    assert not set(chinese(sample_sentence("zh"))) - known


def test_latin_words_are_read_as_english(japanese: JapanesePhonemes, chinese: ChinesePhonemes) -> None:
    """Its authors' front-end takes their letters for phonemes."""
    assert japanese("ＡＩは便利です。") == "ˈAˌI βa benɾʲi desɨ."
    assert japanese("彼は「Python」を使う。") == "kaɾe βa “pˈIθˌɑn” o ʦɨkaɯ."
    assert chinese("AI很好，hello world！") == "ˈAˌI xə↓n xau↓, həlˈO wˈɜɹld!"


def test_kana_of_any_width_are_read(japanese: JapanesePhonemes) -> None:
    assert japanese("ｶﾞｯｺｳとき゚です") == japanese("ガッコウときです") != ""


def test_numbers_in_digits_are_read(japanese: JapanesePhonemes, chinese: ChinesePhonemes) -> None:
    """Where a user has turned the reading of numbers off."""
    assert japanese("2026年に3.14と05") == japanese("二千二十六年に三点一四とゼロ五")
    assert chinese("一共250元") == chinese("一共二百五十元")
    assert chinese("二〇二六年") == chinese("二零二六年")


@pytest.mark.parametrize("text", ["彼はПриветと言った。", "안녕", "鱻"])
def test_what_japanese_cannot_read_is_refused(japanese: JapanesePhonemes, text: str) -> None:
    with pytest.raises(BadInput, match=r"reads Japanese and Latin letters here, and this sentence has '\w+': give a"):
        japanese(text)


@pytest.mark.parametrize("text", ["他说Привет。", "今日は天気", "안녕"])
def test_what_mandarin_cannot_read_is_refused(chinese: ChinesePhonemes, text: str) -> None:
    with pytest.raises(BadInput, match="reads Chinese and Latin letters here, and this sentence has"):
        chinese(text)


@pytest.mark.parametrize("text", ["你好㐂。", "我在𨋢里。"])
def test_characters_without_pinyin_are_refused(chinese: ChinesePhonemes, text: str) -> None:
    with pytest.raises(BadInput, match="no pinyin is known for"):
        chinese(text)


@pytest.mark.parametrize("front_end", ["japanese", "chinese"])
@pytest.mark.parametrize("text", ["", "。", "……", "♪☆", "（）", "\u3000", "「」"])
def test_a_sentence_without_words_has_marks_at_most(front_end: str, text: str, request: pytest.FixtureRequest) -> None:
    read: Callable[[str], str] = request.getfixturevalue(front_end)
    assert not any(char.isalpha() for char in read(text))


@pytest.mark.parametrize(
    ("tag", "text", "word", "respelling"), [("ja", "朝です。", "朝", "あした"), ("zh", "我朝他。", "朝", "招")]
)
def test_a_language_without_phonemes_is_named_once(
    tag: str, text: str, word: str, respelling: str,
    japanese: JapanesePhonemes, chinese: ChinesePhonemes,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """A word with phonemes alone is read as it is written, and the log says so; with a respelling, that is read."""
    monkeypatch.setattr(missing_phonemes, "_SILENT_LANGUAGES", set())
    front_end: JapanesePhonemes | ChinesePhonemes = japanese if tag == "ja" else chinese
    start = text.index(word)
    with_both = Pronunciation(start, start + 1, respelling, "tʂau")
    assert front_end(text, [with_both]) == front_end(text.replace(word, respelling))
    assert not caplog.records
    with_phonemes = Pronunciation(start, start + 1, ipa="tʂau")
    assert [front_end(text, [with_phonemes]) for _ in range(2)] == [front_end(text)] * 2
    (record,) = [each for each in caplog.records if each.message == "phonemes not read in this language"]
    assert (record.__dict__["engine"], record.__dict__["language"]) == ("kokoro", tag)
