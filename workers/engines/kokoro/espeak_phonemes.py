"""Phonemes of other languages than English in Kokoro's alphabet, by espeak-ng, as Kokoro was trained on them.

espeak-ng runs in a process of its own (workers/engines/piper/phoneme_child.py), because it is GPL-3.0-or-later. Kokoro
has letters of its own for phonemes of two letters; which ones is written in misaki, the front-end of its authors.
"""

import re

from workers.engines.piper.phonemes import PhonemeReader

VOICES = {"es": "es", "fr": "fr", "hi": "hi", "it": "it", "pt": "pt-br"}  #: espeak's, by the language
TIE = "^"
BETWEEN = re.compile(r"[\^-]|\.(?=\w)")
LETTERS = {
    "a^ɪ": "I", "a^ʊ": "W", "d^z": "ʣ", "d^ʒ": "ʤ", "e^ɪ": "A", "o^ʊ": "O", "ə^ʊ": "Q", "s^s": "S", "t^s": "ʦ",
    "t^ʃ": "ʧ", "ɔ^ɪ": "Y",
}  # fmt: skip


class EspeakPhonemes:
    """The front-end for one language; thread-safe."""

    def __init__(self, reader: PhonemeReader, language: str) -> None:
        self._reader, self._voice = reader, VOICES[language]

    def __call__(self, text: str) -> str:
        """The phonemes of a sentence.

        Raises:
            EngineFailed: espeak cannot read it, or its process has died.
        """
        return kokoro_letters(self._reader.read_text(text, self._voice, TIE))


def kokoro_letters(phonemes: str) -> str:
    """Phonemes of espeak, tied, in Kokoro's alphabet, without the hyphens and dots that espeak puts between some."""
    for tied, letter in LETTERS.items():
        phonemes = phonemes.replace(tied, letter)
    return BETWEEN.sub("", phonemes)
