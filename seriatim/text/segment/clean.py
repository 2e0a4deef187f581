"""Clean a text: remove characters without sound, normalize white space.

Out go controls (NUL among them), directional marks, byte order marks, soft hyphens, zero-width spaces, tags, lone
surrogates and noncharacters. The two joiners stay: Persian, Indic scripts and emoji are spelled with them.
"""

import re

_NEWLINE = re.compile(r"[\v\f\r\x85\u2028]")
_SPACES = re.compile(r"[^\S\n ]+")  # behind _NEWLINE, so tabs, no-break spaces, ideographic spaces and the like
_SOUNDLESS = re.compile(
    "["
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls; \x1c to \x1f are white space to Python
    r"\xad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width space, word joiner, invisible operators, BOM
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # directional marks, embeddings, overrides and isolates
    r"\u3164\uffa0"  # Hangul fillers, letters to Unicode and blanks to everybody else
    r"\ufff9-\ufffc\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # annotation, object, musical format, tags
    r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # lone surrogates cannot be sent, noncharacters are no text
    "]+"
)


class TextCleaner:
    """Cleans a text that comes in parts; the parts' cleaned forms together are the text's cleaned form."""

    def __init__(self) -> None:
        self._after_return = False  # did the last part end with "\r", which may be half of "\r\n"?

    def feed(self, text: str) -> str:
        """The cleaned form of the next part of the text."""
        if not text:
            return ""
        after_return, self._after_return = self._after_return, text.endswith("\r")
        if after_return:
            text = text.removeprefix("\n")
        if text.isascii() and text.isprintable():
            return text
        text = text.replace("\r\n", "\n").replace("\u2029", "\n\n")
        return _SOUNDLESS.sub("", _SPACES.sub(" ", _NEWLINE.sub("\n", text)))
