"""Japanese phonemes in Kokoro's alphabet: readings by MeCab with UniDic, words as in misaki's list, sounds by a table.

As in the front-end that Kokoro was trained with (misaki): MeCab cuts a sentence into morphemes, of which those that
make a word of misaki's list are one word, and words are parted by spaces. misaki itself is not run: it drops characters
without a word, reads Latin letters as phonemes, and needs a package that has no wheels for newer versions of Python.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import fugashi
import unidic_lite

from seriatim.text.pronunciation import Pronunciation
from workers.engines.kokoro.foreign_words import FrontEnd, digits_in_words, in_runs, refuse_unreadable
from workers.engines.kokoro.kana_phonemes import KANA, hiragana, kana_phonemes
from workers.engines.missing_phonemes import without_phonemes

OPENING, CLOSING = "“", "”.,?!:"  #: with the space before them, or behind
_MARKS = str.maketrans("。、，「」『』«»；：？！〜～", ".,,“”“”“”;:?!——")
_SILENT = re.compile(r"[・()\[\]【】《》〈〉{}]")  #: brackets part words in Japanese, no more
_STRAY = re.compile("[\u3099\u309a]")  #: marks of voicing behind what cannot be voiced
_AROUND_STOP = re.compile(r'(?<![!",.:;?»—…”]) (?=ʔ)|(?<=ʔ) (?!["«“])')  #: a word is not parted at its stop
MOST_JOINED = 16  #: morphemes of one word; the longest word of the list has 24 characters
KANA_KIND = 6  #: of fugashi; other kinds are of characters that UniDic does not know


@dataclass(frozen=True, slots=True)
class Morpheme:
    """A morpheme, or the word that several make."""

    surface: str
    reading: str  #: in hiragana; of a mark the mark itself
    kind: int  #: of its characters


class JapanesePhonemes:
    """The front-end for Japanese; thread-safe. `english` reads Latin words in a Japanese sentence."""

    def __init__(self, english: FrontEnd) -> None:
        self._english = english
        # Not fugashi's own choice, which is another dictionary, with other readings, where one is installed.
        self._tagger = fugashi.Tagger(f'-r "{unidic_lite.DICDIR}/mecabrc" -d "{unidic_lite.DICDIR}"')
        self._lock = threading.Lock()  # a tagger keeps its last sentence
        self._words = frozenset((files("misaki.data") / "ja_words.txt").read_text("utf-8").split("\n"))

    def __call__(self, text: str, found: Sequence[Pronunciation] = ()) -> str:
        """The phonemes of a sentence; words of a lexicon are respelled, since phonemes are not read.

        Raises:
            BadInput: there are words in it that are neither Japanese nor Latin, or characters without reading.
        """
        composed = _STRAY.sub("", unicodedata.normalize("NFKC", without_phonemes("kokoro", "ja", text, found)))
        plain = digits_in_words(composed, "ja").replace("〇", "ゼロ")
        return _AROUND_STOP.sub("", in_runs(plain, self._kana_phonemes, self._english))

    def _kana_phonemes(self, text: str) -> str:
        """The phonemes of a text without Latin letters, with a space on either side."""
        written = " "
        for word in self._grouped(self._morphemes(text)):
            if word.reading[:1] in CLOSING:
                written = written.rstrip(" ")
            sound = kana_phonemes(word.reading) if KANA.match(word.reading) else word.reading
            written += sound + ("" if sound == OPENING else " ")
        return written

    def _morphemes(self, text: str) -> list[Morpheme]:
        with self._lock:
            found = [_morpheme(node) for node in self._tagger(text)]
        refuse_unreadable("".join(KANA.sub("", each.reading) for each in found), "Japanese")
        return found

    def _grouped(self, morphemes: list[Morpheme]) -> Iterator[Morpheme]:
        """Join the most morphemes of one kind that are a word together, from the left."""
        at = 0
        while at < len(morphemes):
            rest = morphemes[at : at + MOST_JOINED]
            same = next((n for n, each in enumerate(rest) if each.kind != rest[0].kind), len(rest))
            size = next((n for n in range(same, 1, -1) if _surface(rest[:n]) in self._words), 1)
            yield Morpheme(_surface(rest[:size]), "".join(each.reading for each in rest[:size]), rest[0].kind)
            at += size


def _morpheme(node: fugashi.UnidicNode) -> Morpheme:
    reading = hiragana(node.feature.pron or node.feature.kana or node.surface).translate(_MARKS)
    kind = node.char_type if node.is_unk and not KANA.match(node.surface) else KANA_KIND
    return Morpheme(node.surface, _SILENT.sub(" ", reading), kind)


def _surface(morphemes: list[Morpheme]) -> str:
    return "".join(each.surface for each in morphemes)
