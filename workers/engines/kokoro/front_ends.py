"""The front-ends of Kokoro: the languages that can be read here, each loaded when a sentence needs it."""

import importlib.util
import threading
from typing import TYPE_CHECKING

from seriatim.text.languages import base_language
from workers.engines.hibari.english_phonemes import EnglishPhonemes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seriatim.text.pronunciation import Pronunciation
    from workers.engines.kokoro.foreign_words import FrontEnd
    from workers.engines.piper.phonemes import PhonemeReader

#: languages by the first letter of a voice's name, as its authors name them
LANGUAGES = {
    "a": "en-US", "b": "en-GB", "e": "es", "f": "fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-BR", "z": "zh",
}  # fmt: skip
ESPEAK_LANGUAGES = ("es", "fr", "hi", "it", "pt")  #: whose phonemes espeak-ng finds
#: packages that a language needs beside those of the extra `kokoro`, and the extra that has them
NEEDED = dict.fromkeys(ESPEAK_LANGUAGES, (("espeakng_loader",), "espeak")) | {
    "ja": (("fugashi", "unidic_lite", "misaki"), "kokoro-ja"),
    "zh": (("pypinyin", "rjieba"), "kokoro-zh"),
}


class FrontEnds:
    """The front-ends that are installed; thread-safe."""

    def __init__(self) -> None:
        self.languages = ("en", *sorted(language for language in NEEDED if not _missing(language)))
        self._reader = _phoneme_reader() if "es" in self.languages else None
        self._loaded: dict[str, FrontEnd] = {}
        self._lock = threading.Lock()

    def get(self, language: str, voice: str) -> "FrontEnd":
        """The front-end for one of `languages`; loaded once for each, and for each accent of English.

        `language`: a BCP 47 tag. `voice` decides the accent of English where the tag has no region.
        """
        tag = language.lower().replace("_", "-")
        family = base_language(tag)
        british = tag == "en-gb" or (tag == "en" and LANGUAGES.get(voice[0]) == "en-GB")
        key = family if family != "en" else "en-gb" if british else "en-us"
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._load(key)
            return self._loaded[key]

    def close(self) -> None:
        """End espeak's process."""
        if self._reader:
            self._reader.close()

    def _load(self, key: str) -> "FrontEnd":
        """Import a front-end; each needs packages of its own."""
        if key == "ja":
            from workers.engines.kokoro.japanese_phonemes import JapanesePhonemes

            return JapanesePhonemes(self._english_words)
        if key == "zh":
            from workers.engines.kokoro.chinese_phonemes import ChinesePhonemes

            return ChinesePhonemes(self._english_words)
        if key.startswith("en-") or self._reader is None:
            return EnglishPhonemes("kokoro", british=key == "en-gb")
        from workers.engines.kokoro.espeak_phonemes import EspeakPhonemes

        return EspeakPhonemes(self._reader, key)

    def _english_words(self, text: str, found: "Sequence[Pronunciation]" = ()) -> str:
        """The phonemes of English words in a sentence of another language."""
        return self.get("en-US", "a")(text, found)


def missing_packages(language: str) -> str:
    """Why a language cannot be read here, and the command that changes it."""
    if language not in NEEDED:
        return "its phonemes are not available"
    extra = NEEDED[language][1]
    return f"{', '.join(_missing(language))} not installed: pip install -c constraints.txt -e '.[kokoro,{extra}]'"


def _missing(language: str) -> list[str]:
    return [module for module in NEEDED[language][0] if importlib.util.find_spec(module) is None]


def _phoneme_reader() -> "PhonemeReader":
    """espeak-ng's process for other languages."""
    from workers.engines.piper.phonemes import PhonemeReader

    return PhonemeReader()
