r"""A lexicon entry: a word, or a regular expression, with the way it is spoken. Pure.

As people write it: `GIF = jif`, `Nguyen = win /wɪn/`, `Worcester = /ˈwʊstə/`, `/v([0-9]+)/ = version \\1`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seriatim.errors import BadInput
from seriatim.text.languages import base_language, language_tag
from seriatim.text.pronunciation import MOST_SPEECH_CHARS, is_ipa

MOST_WORD_CHARS = 200
_QUOTED_CHARS = 60  #: of an entry, in a message
_REGEX = re.compile(r"/(.+)/")
_SPEECH = re.compile(r"([^/\n]*?)\s*(?:/([^/\n]+)/)?")
_FIELDS = frozenset({"word", "regex", "say", "ipa", "language", "case"})


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """One entry.

    Raises:
        BadInput: neither word nor regular expression, or both; nothing to say; a value that is too long or no IPA.
    """

    word: str = ""  #: what is written, as whole words
    regex: str = ""  #: or a regular expression, in RE2's syntax
    say: str = ""  #: another spelling; with `regex`, \1 to \9 are its groups
    ipa: str = ""  #: phonemes in the IPA
    language: str = ""  #: BCP 47; "": of any language
    case: bool | None = None  #: are capitals and small letters different? None: if `word` has a capital

    def __post_init__(self) -> None:
        shown = (self.word or self.regex)[:_QUOTED_CHARS]
        if bool(self.word.strip()) == bool(self.regex):
            raise BadInput(f"lexicon entry {shown!r}: expected either a word or a regular expression")
        if not self.say and not self.ipa:
            raise BadInput(f"lexicon entry {shown!r}: expected a respelling, or phonemes as in /ˈwɜːd/")
        if max(len(self.word), len(self.regex)) > MOST_WORD_CHARS:
            raise BadInput(f"lexicon entry {shown!r}...: longer than {MOST_WORD_CHARS} characters")
        if max(len(self.say), len(self.ipa)) > MOST_SPEECH_CHARS:
            raise BadInput(f"lexicon entry {shown!r}: spoken text longer than {MOST_SPEECH_CHARS} characters")
        if not (self.say + self.word).isprintable() or "/" in self.say:
            raise BadInput(f"lexicon entry {shown!r}: control characters or a slash in it")
        if self.ipa and not is_ipa(self.ipa):
            wrong = next(char for char in self.ipa if not is_ipa(char))
            raise BadInput(f"lexicon entry {shown!r}: {wrong!r} in /{self.ipa[:_QUOTED_CHARS]}/ is not of the IPA")

    @property
    def matches_case(self) -> bool:
        """Whether capitals and small letters are different to it."""
        return self.case if self.case is not None else any(char.isupper() for char in self.word or "")

    def speaks(self, language: str) -> bool:
        """Whether it is for texts in `language`, a BCP 47 tag: `de` is for `de-AT`, too."""
        if not self.language:
            return True
        tag, own = language.lower().replace("_", "-"), self.language.lower()
        return tag == own or tag.startswith(f"{own}-") or base_language(tag) == own

    @classmethod
    def parse(cls, written: str, speech: str, language: str = "") -> Self:
        """Read an entry as people write it: `written = speech`.

        Raises:
            BadInput: as the class.
        """
        regex = _REGEX.fullmatch(written.strip())
        match = _SPEECH.fullmatch(speech.strip())
        if match is None:
            raise BadInput(f"lexicon entry {written[:_QUOTED_CHARS]!r}: expected a respelling, /phonemes/, or both")
        return cls(
            word="" if regex else " ".join(written.split()),
            regex=regex[1] if regex else "",
            say=match[1].strip(),
            ipa=(match[2] or "").strip(),
            language=language_tag(language),
        )

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read an entry from a mapping with the names of the fields above.

        Raises:
            BadInput: as the class; an unknown field, or a value of another type.
        """
        for name, value in fields.items():
            if name not in _FIELDS:
                raise BadInput(f"lexicon entry with an unknown field {name!r}; expected {', '.join(sorted(_FIELDS))}")
            if not isinstance(value, (bool if name == "case" else str)) and value is not None:
                raise BadInput(
                    f"lexicon entry: {name} is {value!r:.80}; expected {'true or false' if name == 'case' else 'text'}"
                )
        values = {name: value for name, value in fields.items() if value is not None}
        return cls(**values | {"language": language_tag(values.get("language", ""))})
