"""Phonemes of other languages than English in Kokoro's alphabet, by espeak-ng, as Kokoro was trained on them.

espeak-ng runs in a process of its own (workers/engines/piper/phoneme_child.py), because it is GPL-3.0-or-later. Kokoro
has letters of its own for phonemes of two letters; which ones is written in misaki, the front-end of its authors.
"""

import re
import unicodedata
from collections.abc import Sequence

from seriatim.text.pronunciation import Pronunciation
from workers.engines.espeak.pronounced_text import respell
from workers.engines.hibari.pinned_model import vocabulary
from workers.engines.missing_phonemes import MissingPhonemes
from workers.engines.piper.phonemes import PhonemeReader

VOICES = {"es": "es", "fr": "fr", "hi": "hi", "it": "it", "pt": "pt-br"}  #: espeak's, by the language
TIE = "^"
BETWEEN = re.compile(r"[\^-]|\.(?=\w)")
LETTERS = {
    "a^ɪ": "I", "a^ʊ": "W", "d^z": "ʣ", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "s^s": "S", "t^s": "ʦ",
    "t^ʃ": "ʧ", "ɔ^ɪ": "Y",
}  # fmt: skip
#: those that are one sound without a tie, too, as lexicons write them
AFFRICATES = ("d^z", "d^ʒ", "t^s", "t^ʃ")
TIED = str.maketrans({"g": "ɡ", "'": "ˈ", "\u0361": TIE, "\u035c": TIE} | dict.fromkeys(".|‖‿\u032f", ""))


class EspeakPhonemes:
    """The front-end for one language; thread-safe."""

    def __init__(self, reader: PhonemeReader, language: str) -> None:
        self._reader, self._voice = reader, VOICES[language]
        self._alphabet = frozenset(vocabulary())
        self._missing = MissingPhonemes("kokoro")

    def __call__(self, text: str, found: Sequence[Pronunciation] = ()) -> str:
        """The phonemes of a sentence, with the pronunciations of its words that a lexicon has.

        Raises:
            EngineFailed: espeak cannot read it, or its process has died.
        """
        written, phonemic = respell(text, found, self._known, english=False)
        return kokoro_letters(self._reader.read_text(written, self._voice, TIE, phonemic))

    def _known(self, ipa: str) -> str:
        """Phonemes in Kokoro's alphabet; "" if it lacks one of them."""
        written = unicodedata.normalize("NFC", ipa).translate(TIED)
        for tied, letter in LETTERS.items():
            written = written.replace(tied, letter)
        for tied in AFFRICATES:
            written = written.replace(tied.replace(TIE, ""), LETTERS[tied])
        written = written.replace(TIE, "")
        missing = set(written) - self._alphabet
        self._missing.report(missing, self._voice)
        return "" if missing else written


def kokoro_letters(phonemes: str) -> str:
    """Phonemes of espeak, tied, in Kokoro's alphabet, without the hyphens and dots that espeak puts between some."""
    for tied, letter in LETTERS.items():
        phonemes = phonemes.replace(tied, letter)
    return BETWEEN.sub("", phonemes)
