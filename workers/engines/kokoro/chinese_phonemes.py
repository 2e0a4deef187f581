"""Mandarin phonemes in Kokoro's alphabet: words by rjieba, their pinyin by pypinyin, its sounds by a table.

As in the front-end that Kokoro v1.0 was trained with (misaki): words are parted by spaces, the tone stands behind the
vowel as an arrow, and tones are those of the dictionary, without sandhi. Traditional characters are read, too.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import rjieba
from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_finals, to_initials, to_normal

from seriatim.errors import BadInput
from seriatim.text.pronunciation import Pronunciation
from workers.engines.kokoro.foreign_words import FrontEnd, digits_in_words, in_runs, refuse_unreadable
from workers.engines.missing_phonemes import without_phonemes

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
TONE = "0"  #: its place in a sound
TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
_WIDE = {ord("０") + n: ord("0") + n for n in range(ord("z") - ord("0") + 1) if chr(ord("0") + n).isalnum()}
#: punctuation as it is written to Kokoro; the zero of numbers as a character that has a pinyin
_MARKS = str.maketrans(
    {
        "、": ", ", "，": ", ", "。": ". ", "．": ". ", "！": "! ", "：": ": ", "；": "; ", "？": "? ", "«": " “",
        "»": "” ", "《": " “", "》": "” ", "「": " “", "」": "” ", "【": " “", "】": "” ", "（": " (", "）": ") ",
        "〇": "零",
    }
)  # fmt: skip
INITIALS = {
    "": "", "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ",
    "h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s",
}  # fmt: skip
FINALS = {
    "a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0", "en": "ə0n", "eng": "ə0ŋ",
    "i": "i0", "ia": "ja0", "ian": "jɛ0n", "iang": "ja0ŋ", "iao": "jau0", "ie": "je0", "in": "i0n", "iou": "jou0",
    "ing": "i0ŋ", "iong": "jʊ0ŋ", "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "uei": "wei0", "ua": "wa0", "uai": "wai0",
    "uan": "wa0n", "uen": "wə0n", "uang": "wa0ŋ", "ueng": "wə0ŋ", "uo": "wo0", "o": "wo0", "ü": "y0", "üe": "ɥe0",
    "üan": "ɥɛ0n", "ün": "y0n",
}  # fmt: skip
#: syllables without the structure of the others
SYLLABLES = {
    "hm": "hm0", "hng": "hŋ0", "m": "m0", "n": "n0", "ng": "ŋ0", "io": "jɔ0", "ê": "ɛ0", "er": "ɚ0", "o": "ɔ0",
}  # fmt: skip
BUZZED = frozenset({"zh", "ch", "sh", "r", "z", "c", "s"})  #: their `i` is a vowel of its own


class ChinesePhonemes:
    """The front-end for Mandarin; thread-safe. `english` reads Latin words in a Chinese sentence."""

    def __init__(self, english: FrontEnd) -> None:
        self._english = english
        rjieba.cut("你好")  # loads its dictionary

    def __call__(self, text: str, found: Sequence[Pronunciation] = ()) -> str:
        """The phonemes of a sentence; words of a lexicon are respelled, since phonemes are not read.

        Raises:
            BadInput: there are words in it that are neither Chinese nor Latin, or characters without pinyin.
        """
        plain = digits_in_words(without_phonemes("kokoro", "zh", text, found).translate(_WIDE), "zh").translate(_MARKS)
        refuse_unreadable(HAN.sub("", plain), "Chinese")
        return in_runs(plain, lambda run: HAN.sub(lambda found: _word_phonemes(found[0]), run), self._english)


def _word_phonemes(characters: str) -> str:
    return " ".join("".join(map(_syllable, _pinyin(word))) for word in rjieba.cut(characters))


def _pinyin(word: str) -> list[str]:
    """The syllables of a word with their tones, such as `ni3`."""
    syllables: list[str] = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)
    if unread := "".join(syllable.rstrip("5") for syllable in syllables if HAN.match(syllable)):
        raise BadInput(
            f"no pinyin is known for {unread!r}: give a reading by a lexicon, speak it with another engine, or skip it "
            "with gap=skip"
        )
    return syllables


@lru_cache(2048)
def _syllable(pinyin: str) -> str:
    """A syllable's phonemes: `ni↓` of `ni3`."""
    plain, tone = to_normal(pinyin[:-1]), TONES[pinyin[-1]]
    sounds = SYLLABLES.get(plain)
    if sounds is None:
        initial, final = to_initials(plain, strict=True), to_finals(plain, strict=True, v_to_u=True)
        sounds = INITIALS[initial] + ("ɨ0" if final == "i" and initial in BUZZED else FINALS[final])
    return sounds.replace(TONE, tone)
