"""A lexicon: entries, and the places in a sentence where they apply.

Regular expressions are RE2's, which read a text in time that grows with its length, whatever the expression: one from a
stranger cannot stop a gateway. Where entries overlap, the one that begins first applies, then the longer one, then the
earlier in the lexicon; words go before regular expressions.
"""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from os import PathLike
from typing import Any, Self

from seriatim.errors import BadInput, Misconfigured
from seriatim.text.lexicon.lexicon_entry import LexiconEntry
from seriatim.text.lexicon.word_index import WordIndex
from seriatim.text.pronunciation import Pronunciation

MOST_ENTRIES = 10_000
MOST_REGEXES = 100  #: each is looked for in every sentence
REGEX_BYTES = 1 << 20  #: memory of one compiled expression
_GROUP = re.compile(r"\\([0-9])")


class Lexicon:
    """Entries in order; matches do not change it, so threads may share it.

    Raises:
        BadInput: too many entries, or a regular expression that RE2 does not read.
        Misconfigured: a regular expression, and google-re2 is not installed.
    """

    def __init__(self, entries: Iterable[LexiconEntry] = ()) -> None:
        self.entries = tuple(entries)
        self.language = ""  #: of sentences whose language is not named
        if len(self.entries) > MOST_ENTRIES:
            raise BadInput(f"a lexicon of {len(self.entries)} entries; at most {MOST_ENTRIES}")
        regexes = [entry for entry in self.entries if entry.regex]
        if len(regexes) > MOST_REGEXES:
            raise BadInput(f"a lexicon with {len(regexes)} regular expressions; at most {MOST_REGEXES}")
        self._words = WordIndex([entry for entry in self.entries if entry.word])
        self._regexes = [(_compile_regex(entry), entry) for entry in regexes]

    def __bool__(self) -> bool:
        return bool(self.entries)

    def __add__(self, other: "Lexicon") -> "Lexicon":
        """Both, where the entries of the first go before those of the second."""
        return Lexicon((*self.entries, *other.entries)) if self and other else self or other

    def in_language(self, language: str) -> "Lexicon":
        """The same lexicon, for texts in `language` where a sentence names none."""
        same = copy(self)
        same.language = language
        return same

    @classmethod
    def of(cls, value: Any) -> Self:
        """Read a lexicon from a mapping of words to what is spoken, a list of entries as mappings, or a file's path.

        Raises:
            BadInput: it is none of these, or an entry is wrong; the message says which.
        """
        from seriatim.text.lexicon.lexicon_file import read_lexicon_file  # it makes lexicons of files

        if isinstance(value, cls):
            return value
        if isinstance(value, PathLike):
            return cls(read_lexicon_file(value))
        if isinstance(value, Mapping):
            return cls(LexiconEntry.parse(_text(key), _text(speech)) for key, speech in value.items())
        if isinstance(value, Iterable) and not isinstance(value, str | bytes):
            return cls(each if isinstance(each, LexiconEntry) else _entry(each) for each in value)
        raise BadInput(
            f"lexicon={value!r:.80}; expected a mapping such as {{'GIF': 'jif'}}, a list of entries, or a Path"
        )

    def find(self, text: str, language: str) -> tuple[Pronunciation, ...]:
        """The pronunciations of the words of a sentence, in order, none overlapping; `language`: BCP 47."""
        if not self.entries:
            return ()
        places = sorted(self._places(text, language or self.language), key=lambda place: (place[0], -place[1]))
        found: list[Pronunciation] = []
        for start, end, say, ipa in places:
            if not found or start >= found[-1].end:
                found.append(Pronunciation(start, end, say, ipa))
        return tuple(found)

    def places(self, text: str) -> list[tuple[int, int]]:
        """The places (start, end) of the words that `find` finds, in its own language."""
        return [(p.start, p.end) for p in self.find(text, "")]

    def _places(self, text: str, language: str) -> Iterator[tuple[int, int, str, str]]:
        for start, end, entry in self._words.find(text, language):
            yield start, end, entry.say, entry.ipa
        for regex, entry in self._regexes:
            if entry.speaks(language):
                for match in regex.finditer(text):
                    if match.end() > match.start():
                        yield match.start(), match.end(), _expand(entry.say, match), entry.ipa


def _entry(fields: object) -> LexiconEntry:
    if not isinstance(fields, Mapping):
        raise BadInput(f"lexicon entry {fields!r:.80}; expected a mapping, such as {{'word': 'GIF', 'say': 'jif'}}")
    return LexiconEntry.of_fields(fields)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadInput(f"lexicon entry {value!r:.80}; expected text")
    return value


def _compile_regex(entry: LexiconEntry) -> Any:
    try:
        re2 = importlib.import_module("re2")
    except ModuleNotFoundError:
        raise Misconfigured(
            "a lexicon with regular expressions needs google-re2: pip install -c constraints.txt -e '.[lexicon]'"
        ) from None
    options = re2.Options()
    options.max_mem, options.log_errors = REGEX_BYTES, False
    options.case_sensitive = entry.case is not False
    try:
        regex = re2.compile(entry.regex, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        message = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise BadInput(f"lexicon entry /{entry.regex}/: {message}") from None
    n_groups = max((int(group) for group in _GROUP.findall(entry.say)), default=0)
    if n_groups > regex.groups:
        raise BadInput(f"lexicon entry /{entry.regex}/: \\{n_groups} in its respelling, and {regex.groups} groups")
    return regex


def _expand(say: str, match: Any) -> str:
    """The respelling with the groups of a match; a slash of the text would be taken for phonemes."""
    return _GROUP.sub(lambda group: (match.group(int(group[1])) or "").replace("/", " "), say)
