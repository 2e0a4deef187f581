"""Drop caps: first letters that e-books and PDFs part from their words, `T he gate` and `T HE GATE`, joined again.

Only words with which sentences begin are joined, and only where the letter is no word by itself; so `T cells` and `A
man` stay. In: clean text. Out: the same, without such spaces.
"""

import re

from seriatim.text.segment.abbreviation_shapes import has_vowel
from seriatim.text.segment.common_words import STARTERS

_WORD_CHARS = 12
_QUOTE = '["“„‘«¿¡]?'
_PARTED = re.compile(rf"(?P<before>\n{_QUOTE})(?P<letter>[^\W\d_])[ \n](?P<rest>[^\W\d_]{{1,{_WORD_CHARS}}})(?![^\W_])")
_PERHAPS_PARTED = re.compile(rf"(?<=\n){_QUOTE}(?:[^\W\d_](?:[ \n](?:[^\W\d_]{{1,{_WORD_CHARS}}})?)?)?\Z")
#: letters that are words in languages whose starters have their rests as words of their own: `Y a`, `A près`
_ONE_LETTER_WORDS = {
    "bg": "АВИСО", "bs": "AIOSU", "ca": "AIO", "cs": "AIKOSUVZ", "da": "IÅ", "el": "ΟΗ", "es": "AEOUY", "fr": "AÀYÔ",
    "hr": "AIOSU", "hu": "AŐS", "it": "AEIOÈ", "nb": "IÅ", "nl": "U", "no": "IÅ", "pl": "AIOUWZ", "pt": "AEOÉÀ",
    "ro": "AO", "ru": "АВИКОСУЯ", "sk": "AIKOSUVZ", "sl": "AIKOSVZ", "sr": "AIOSUАИОСУ", "sv": "IÅÖ", "tr": "O",
    "uk": "АВІЙОУЯ",
}  # fmt: skip
#: with which stories begin
_STORY_STARTERS = {"en": frozenset(["Once", "Upon", "One", "Two", "By", "Of", "Out", "Long", "Far", "Mr", "Mrs"])}


class DropCapJoiner:
    """Reads clean text that comes in parts; what it writes does not depend on how the text was parted."""

    def __init__(self, language: str) -> None:
        self._starters = STARTERS.get(language, frozenset()) | _STORY_STARTERS.get(language, frozenset())
        self._own_words = frozenset(_ONE_LETTER_WORDS.get(language, ""))
        self._before = "\n"  # the last character written
        self._held = ""  # the start of a line, which may be a letter and its word

    def feed(self, text: str) -> str:
        """What can be written now that `text` follows."""
        if not self._starters or not text:
            return text
        whole = self._before + self._held + text
        if "\n" not in whole:
            self._before = text[-1]
            return text
        ends = (parted.end() for parted in _PARTED.finditer(whole))
        known = max((end for end in ends if end < len(whole)), default=1)
        partial = _PERHAPS_PARTED.search(whole, max(known, len(whole) - _WORD_CHARS - 4))
        end = partial.start() if partial else len(whole)
        self._before, self._held = whole[end - 1], whole[end:]
        return _PARTED.sub(self._joined, whole[:end])[1:]

    def flush(self) -> str:
        """The rest of a text that has ended; what follows begins a new line."""
        rest = _PARTED.sub(self._joined, f"\n{self._held}")[1:]
        self._before, self._held = "\n", ""
        return rest

    def _joined(self, parted: re.Match[str]) -> str:
        letter, rest = parted["letter"], parted["rest"]
        is_word = letter in self._own_words and has_vowel(rest.lower())
        is_parted = letter.isupper() and (rest.islower() or rest.isupper()) and not is_word
        whole = is_parted and letter + rest.lower() in self._starters
        return f"{parted['before']}{letter}{rest}" if whole else parted[0]
