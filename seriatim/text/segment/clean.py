"""Clean a text: remove characters without sound, normalize white space, fold other forms of letters.

Out go controls (NUL among them), directional marks, byte order marks, soft hyphens, zero-width spaces, tags, lone
surrogates and noncharacters; box drawings become spaces. The two joiners stay: Persian, Indic scripts and emoji are
spelled with them. So does the zero-width space where it parts words: in Thai, Lao, Burmese, Khmer and Tibetan. A soft
hyphen joins two lines.
"""

import re

from seriatim.text.unicode_forms import fold

_NEWLINE = re.compile(r"[\v\f\r\x85\u2028]")
_SPACES = re.compile(r"[^\S\n ]+")  # behind _NEWLINE, so tabs, no-break spaces, ideographic spaces and the like
_SOUNDLESS = re.compile(
    "["
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls; \x1c to \x1f are white space to Python
    r"\xad\u2060-\u2064\ufeff"  # soft hyphen, word joiner, invisible operators, BOM
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # directional marks, embeddings, overrides and isolates
    r"\u3164\uffa0"  # Hangul fillers, letters to Unicode, blanks in practice
    r"\ufff9-\ufffc\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # annotation, object, musical format, tags
    r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # lone surrogates cannot be sent, noncharacters are no text
    "]+"
)


_DRAWN = re.compile("[\u2500-\u259f]+")  #: lines and blocks of tables, trees and bars: they part words
_SOFT_LINE = re.compile("\xad+ *\n")
_SOFT_END = re.compile("\xad+ *\\Z")
#: of a script that puts zero-width spaces between its words
_UNSPACED = r"\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"
_IDLE_SPACE = re.compile(rf"(?<![{_UNSPACED}])\u200b")
#: behind these a joiner joins nothing: Latin letters, digits and marks
_IDLE_JOINER = re.compile("(?<=[\x00-\u024f])[\u200c\u200d]+")


class TextCleaner:
    """Cleans a text that comes in parts; the parts' cleaned forms together are the text's cleaned form."""

    def __init__(self) -> None:
        self._after_return = False  # did the last part end with "\r", which may be half of "\r\n"?
        self._soft = ""  # soft hyphens at the end of the last part, behind which a line may end
        self._last = ""  # the last character, behind which a joiner may stand

    def feed(self, text: str) -> str:
        """The cleaned form of the next part of the text."""
        if not text:
            return ""
        after_return, self._after_return = self._after_return, text.endswith("\r")
        if after_return:
            text = text.removeprefix("\n")
        if text.isascii() and text.isprintable() and not self._soft:
            self._last = text[-1]
            return text
        text = self._soft + text.replace("\r\n", "\n").replace("\u2029", "\n\n")
        text = _SOFT_LINE.sub("", _SPACES.sub(" ", _DRAWN.sub(" ", _NEWLINE.sub("\n", text))))
        soft = _SOFT_END.search(text)
        self._soft = soft[0] if soft else ""
        text = _SOUNDLESS.sub("", text.removesuffix(self._soft))
        return fold(self._without_idle_spaces(text))

    def _without_idle_spaces(self, text: str) -> str:
        """The text without zero-width spaces where they part no words, and joiners where they join nothing."""
        known = len(self._last)  # it was judged before

        def cut(idle: re.Match[str]) -> str:
            return idle[0] if idle.start() < known else ""

        whole = _IDLE_JOINER.sub(cut, _IDLE_SPACE.sub(cut, self._last + text))
        self._last = whole[-1:]
        return whole[known:]
