r"""Lexicon files: lines `WORD = SPOKEN`, JSON, or W3C's Pronunciation Lexicon Specification (PLS).

    # a comment
    GIF = jif
    Nguyen = win /wɪn/
    /v([0-9]+)/ = version \\1
    [de]
    Team = Tiem

A language in brackets is that of the entries behind it; `[*]` ends it.
"""

import json
import re
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from seriatim.errors import BadInput
from seriatim.text.lexicon.lexicon_entry import LexiconEntry
from seriatim.text.lexicon.pls_file import read_pls
from seriatim.text.small_text_file import read_small_file

MOST_BYTES = 4_000_000
_LANGUAGE = re.compile(r"\[\s*([\w *-]+?)\s*\]")
_SEPARATOR = re.compile(r"\s+=\s+|\t+")


def read_lexicon_file(path: PathLike[str] | str) -> list[LexiconEntry]:
    """The entries of a file, whose format is recognized by its content.

    Raises:
        BadInput: it cannot be read, is too large, or has an entry that is wrong; the message has the line.
    """
    name = Path(path).name
    raw, text = read_small_file(path, "lexicon", MOST_BYTES)
    start = text.lstrip()[:1]
    if start == "<":
        return read_pls(raw, name)
    return list(_json_entries(text, name) if start == "{" else _line_entries(text, name))


def _line_entries(text: str, name: str) -> Iterator[LexiconEntry]:
    language = ""
    for number, line in enumerate(text.splitlines(), 1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        if section := _LANGUAGE.fullmatch(written):
            language = "" if section[1] == "*" else section[1]
            continue
        word, *speech = _SEPARATOR.split(written, maxsplit=1)
        if not speech:
            raise BadInput(f"lexicon {name}, line {number}: {written[:60]!r}; expected WORD = SPOKEN")
        try:
            yield LexiconEntry.parse(word, speech[0], language)
        except BadInput as error:
            raise BadInput(f"lexicon {name}, line {number}: {error}") from None


def _json_entries(text: str, name: str) -> Iterator[LexiconEntry]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise BadInput(f"lexicon {name} is no JSON: {error}") from None
    for word, speech in values.items():
        if not isinstance(speech, str):
            raise BadInput(f"lexicon {name}: {word[:60]!r} is {speech!r:.80}; expected text")
        yield LexiconEntry.parse(word, speech)
