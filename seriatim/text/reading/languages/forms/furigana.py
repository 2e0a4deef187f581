"""Furigana: readings of Japanese words, `憂鬱（ゆううつ）` or `漢字《かんじ》`, which are not said a second time."""

import re

from seriatim.text.reading.reading_rule import ReadingRule

_KANJI = "\u3400-\u4dbf\u4e00-\u9fff々"
MOST_KANA = 5  #: that one kanji is read with
MOST_KANA_EACH = 3  #: of several kanji
_SMALL_KANA = re.compile("[ゃゅょ]")
#: in brackets, and no reading
_ASIDES = frozenset((
    "わらい", "ため", "など", "もちろん", "とか", "たぶん", "つまり", "ただし", "または", "あるいは", "すなわち",
    "いわゆる", "なし", "あり", "うそ", "まで", "から", "のみ", "ほか", "ちなみに", "えっ", "おい", "はい",
    "いいえ", "ない", "ある", "です", "ます", "でも", "だが", "しかし", "という", "ような", "ください", "いや",
    "うん", "えー", "ああ",
))  # fmt: skip
#: how such an aside begins and ends
_ASIDE = re.compile(
    r"とても|すごく|ちょっと|やっぱり|きっと|ほんと|.*(?:です|ます|でした|ました|かった|だった|らしい|だよ|だね|よね|いい)$"
)
_READING = re.compile(
    rf"(?P<kanji>[{_KANJI}]{{1,8}})(?P<kana>[\u3041-\u3096]{{0,3}})(?P<open>[（(])\s?(?P<reading>[\u3041-\u3096ー]{{1,20}})\s?[）)]"
)
#: Aozora Bunko writes a bar where the word begins
_BAR = re.compile(r"[｜|](?=[^｜|《\s]{1,12}《)")
_ANGLES = re.compile(rf"(?<=[{_KANJI}A-Za-zＡ-Ｚ])《[\u3041-\u30ff]{{1,20}}》")


def _once(found: re.Match[str]) -> str | None:
    """The word without its reading; None where what is in brackets is perhaps none."""
    kanji, kana, reading = found["kanji"], found["kana"], found["reading"]
    of_kanji = reading.removesuffix(kana)
    n_kana, most = len(_SMALL_KANA.sub("", of_kanji)), max(MOST_KANA, MOST_KANA_EACH * len(kanji))
    fits = 1 <= n_kana <= most and len(reading) + 1 >= len(kanji)
    if reading in _ASIDES or _ASIDE.match(reading) or not fits or not reading.endswith(kana):
        return None
    return kanji + kana


FURIGANA = (
    ReadingRule(_BAR, lambda _found: ""),
    ReadingRule(_ANGLES, lambda _found: ""),
    ReadingRule(_READING, _once),
)
