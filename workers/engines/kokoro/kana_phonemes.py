"""Kana into phonemes of Kokoro's alphabet, as in the front-end that Kokoro was trained with (misaki). Pure.

A syllable of two kana is composed: `きゃ` is the consonant of `き` with the vowel of `ゃ`; exceptions are in the table.
"""

import re

_TABLE = """
あ a い i う ɯ え e お o か ka き kʲi く kɯ け ke こ ko が ɡa ぎ ɡʲi ぐ ɡɯ げ ɡe ご ɡo さ sa し ɕi す sɨ せ se
そ so ざ ʣa じ ʥi ず zɨ ぜ ʣe ぞ ʣo た ta ち ʨi つ ʦɨ て te と to だ da ぢ ʥi づ zɨ で de ど do な na に ɲi
ぬ nɯ ね ne の no は ha ひ çi ふ ɸɯ へ he ほ ho ば ba び bʲi ぶ bɯ べ be ぼ bo ぱ pa ぴ pʲi ぷ pɯ ぺ pe ぽ po
ま ma み mʲi む mɯ め me も mo や ja ゆ jɯ よ jo ら ɾa り ɾʲi る ɾɯ れ ɾe ろ ɾo わ βa ゐ i ゑ e を o ゔ vɯ ゎ βa
ゕ ka ゖ ke ゃ ja ゅ jɯ ょ jo ぁ a ぃ i ぅ ɯ ぇ e ぉ o いぇ je うぃ βi うぇ βe うぉ βo くぁ kᵝa くぃ kᵝi
くぇ kᵝe くぉ kᵝo ぐぁ ɡᵝa ぐぃ ɡᵝi ぐぇ ɡᵝe ぐぉ ɡᵝo つぃ ʦʲi てぃ tʲi てゅ tʲɨ でぃ dʲi でゅ dʲɨ ふぃ ɸʲi
ふゅ ɸʲɨ ふょ ɸʲo ゔぃ vʲi ゔゅ bʲɨ ゔょ bʲo
"""
SOUNDS = dict(zip(_TABLE.split()[::2], _TABLE.split()[1::2], strict=True))
SMALL_VOWELS = frozenset("ぁぃぅぇぉゃゅょ")
GLIDES = {"ゃ": "a", "ゅ": "ɨ", "ょ": "o"}  #: behind a consonant of the column of i
LENGTH, STOP, NASAL = "ーっん"
#: the nasal before the sounds that begin with these; elsewhere it is uvular
NASALS = {"m": "mpb", "ŋ": "kɡ", "ɲ": "ɲʨʥ", "n": "ntdɾz"}
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
KANA = re.compile(r"[ぁ-ゖァ-ヶー]+")


def hiragana(kana: str) -> str:
    """Katakana as hiragana; everything else as it is."""
    return kana.translate(_TO_HIRAGANA)


def kana_phonemes(kana: str) -> str:
    """The phonemes of one word in hiragana; what is no kana has none."""
    sounds: list[str] = []
    for at, char in enumerate(kana):
        before, after = kana[at - 1 : at], kana[at + 1 : at + 2]
        if char in SMALL_VOWELS and before in SOUNDS:
            continue  # it is in the sound of the kana before it
        sounds.append(_sound(char, after))
    return "".join(sounds)


def _sound(char: str, after: str) -> str:
    if char == NASAL:
        return _nasal(SOUNDS.get(after, ""))
    if char == STOP:
        return "" if after in SMALL_VOWELS and after else "ʔ"
    if char == LENGTH:
        return "ː"
    sound = SOUNDS.get(char, "")
    return _joined(char, sound, after) if sound and after in SMALL_VOWELS and after else sound


def _joined(char: str, sound: str, small: str) -> str:
    """The sound of a kana with the small kana behind it."""
    if char + small in SOUNDS:
        return SOUNDS[char + small]
    consonant = sound[:-1]
    palatal = sound.endswith("i") and consonant
    return consonant + (GLIDES.get(small, SOUNDS[small]) if palatal else SOUNDS[small])


def _nasal(following: str) -> str:
    return next((nasal for nasal, starts in NASALS.items() if following and following[0] in starts), "ɴ")
