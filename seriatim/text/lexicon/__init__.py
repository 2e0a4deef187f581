"""Lexicons: how words are pronounced, from a user's dictionary.

A lexicon is made of entries (`lexicon_entry`), from a mapping or a file (`lexicon_file`, `pls_file`). `Lexicon.find`
finds the words of a sentence that have an entry. The sentence keeps its text; its `Pronunciation`s travel beside it to
the worker, which hands them to the engine, as phonemes where it takes those, else as another spelling.
"""

from seriatim.text.lexicon.lexicon import Lexicon
from seriatim.text.lexicon.lexicon_entry import LexiconEntry
from seriatim.text.lexicon.lexicon_file import read_lexicon_file
from seriatim.text.pronunciation import Pronunciation, decode_pronunciations, encode_pronunciations, respelled

__all__ = [
    "Lexicon",
    "LexiconEntry",
    "Pronunciation",
    "decode_pronunciations",
    "encode_pronunciations",
    "read_lexicon_file",
    "respelled",
]
