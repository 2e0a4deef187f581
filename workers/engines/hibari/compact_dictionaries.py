"""Compact dictionaries: those of hibari's front-end, looked up in the text of their files instead of parsed at once.

hibari-tts parses a lexicon of 180,000 words and the weights of 80,000 features into objects: 0.2 s of a start, and
100 MB of each process. A book looks up some thousands of them. So a lexicon stays the text of its file, whose words are
in order, and weights are parsed when they are looked up first. The release is pinned (`pinned_model`), and with it the
form of these files: JSON without spaces, in UTF-8.
"""

import gzip
import json
import re
from bisect import bisect_right
from pathlib import Path
from typing import Any

from hibari.voices import ASSETS

BLOCK_BYTES = 512  #: of a lexicon's text, which is searched for a word: some 18 entries
LONGEST_ENTRY = 512  #: bytes; none is longer than 250
_ENTRY = re.compile(rb'["}],("([^"]*)":)')
_WEIGHTS, _NAME_END, _MEMBER_END = b',"weights":{', b'":{', b'},"'
Phonemes = str | dict[str, str | None]  #: of a word, or those that it has as different parts of speech


class SortedLexicon:
    """The phonemes of words; thread-safe. Its words are in the order of their bytes, and have no quotes."""

    def __init__(self, text: bytes) -> None:
        """`text`: the lexicon as JSON, an object with a member for each word."""
        self._text = text
        self._starts = [1]  #: of the first entry of each block
        self._words = [text[2 : text.index(b'"', 2)]]  #: of these entries
        for at in range(BLOCK_BYTES, len(text), BLOCK_BYTES):
            if (entry := self._next_entry(max(at, self._starts[-1] + 1))) is not None:
                self._starts.append(entry.start(1))
                self._words.append(entry[2])
        self._starts.append(len(text))

    def get(self, word: str) -> Phonemes | None:
        """The phonemes of a word; None if it is not in the lexicon."""
        key = word.encode(errors="surrogatepass")
        block = bisect_right(self._words, key) - 1
        if block < 0 or b'"' in key:
            return None
        member, start, end = b'"%b":' % key, self._starts[block], self._starts[block + 1]
        at = self._text.find(member, start, end)
        while at >= 0 and self._is_inner(at):  # a part of speech is no word
            at = self._text.find(member, at + 1, end)
        return None if at < 0 else self._value(at + len(member))

    def _next_entry(self, at: int) -> "re.Match[bytes] | None":
        """The first entry that begins at a byte or behind it."""
        entry = _ENTRY.search(self._text, at - 2)
        while entry and self._is_inner(entry.start(1)):
            entry = _ENTRY.search(self._text, self._text.index(b"}", entry.end()))
        return entry

    def _is_inner(self, at: int) -> bool:
        """Whether a byte is inside the value of an entry."""
        start = max(1, at - LONGEST_ENTRY)
        return self._text.rfind(b"{", start, at) > self._text.rfind(b"}", start, at)

    def _value(self, at: int) -> Phonemes:
        if self._text[at : at + 1] == b'"':
            return self._text[at + 1 : self._text.index(b'"', at + 1)].decode()
        phonemes: Phonemes = json.loads(self._text[at : self._text.index(b"}", at) + 1])
        return phonemes


class FeatureWeights(dict[str, Any]):
    """The weights of each feature of a word by the parts of speech; as JSON until they are looked up."""

    def get(self, feature: str, default: Any = None) -> Any:
        """The weights of a feature. Thread-safe: those who parse the same text find the same."""
        found = super().get(feature, default)
        if type(found) is bytes:
            found = self[feature] = json.loads(b"{%b}" % found)
        return found


def load_dictionary(name: str) -> Any:
    """A file of hibari's front-end, as its own loader names it."""
    path = Path(ASSETS, name)
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if name.startswith("lexicon_"):
        return SortedLexicon(text)
    head, _, weights = text.partition(_WEIGHTS)
    if not weights:
        return json.loads(text)
    return json.loads(head + b"}") | {"weights": _feature_weights(weights.removesuffix(b"}}}"))}


def _feature_weights(text: bytes) -> FeatureWeights:
    """The weights in the members of an object, each of which is an object itself; of the last one without its end."""
    found, at = FeatureWeights(), 1
    while at < len(text):
        name_end = text.index(_NAME_END, at)
        end = text.find(_MEMBER_END, name_end)
        end = len(text) if end < 0 else end
        name = text[at:name_end]
        found[json.loads(b'"%b"' % name) if b"\\" in name else name.decode()] = text[name_end + len(_NAME_END) : end]
        at = end + len(_MEMBER_END)
    return found
