"""Source text made regular: line ends of every kind become newlines; control characters of ours and of terminals go."""

import re

from seriatim.text.control_characters import CONTROLS

#: marks of Windows' encoding that were read as controls of Latin-1, such as its dashes and quotes: It\x92s
_MARKS = bytes([0x80, 0x82, 0x84, 0x86, 0x87, 0x89, 0x8B, *range(0x91, 0x98), 0x99, 0x9B])
_WINDOWS = dict(zip(_MARKS, _MARKS.decode("cp1252"), strict=True))
_MISREAD = re.compile(f"[{_MARKS.decode('latin-1')}]")
_NEWLINE = re.compile(r"[\v\f\r\x85\u2028]")
#: of a terminal: colours and places of the cursor, titles of windows, addresses of links
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)|[()][0-9A-B])")
_PERHAPS_ESCAPE = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}|\][^\x07\x1b\n]{0,500}\x1b?|[()])?\Z")


class SourceReader:
    """Reads a text that comes in parts; the parts' regular forms together are the text's."""

    def __init__(self) -> None:
        self._after_return = False  # did the last part end with "\r", which may be half of "\r\n"?
        self._escape = ""  # the beginning of a terminal's control sequence

    def feed(self, text: str) -> str:
        """The regular form of the next part of the text."""
        if not text:
            return ""
        text = self._escape + text
        self._escape = ""
        after_return, self._after_return = self._after_return, text.endswith("\r")
        if after_return:
            text = text.removeprefix("\n")
        if text.isascii() and text.isprintable():
            return text
        if _MISREAD.search(text):
            text = text.translate(_WINDOWS)
        if "\x1b" in text:
            text = self._without_escapes(text)
        text = text.replace("\r\n", "\n").replace("\u2029", "\n\n")
        return CONTROLS.sub("", _NEWLINE.sub("\n", text))

    def flush(self) -> str:
        """The rest of a text that has ended."""
        rest, self._escape = self._escape, ""
        return CONTROLS.sub("", _NEWLINE.sub("\n", rest))

    def _without_escapes(self, text: str) -> str:
        known = max((escape.end() for escape in _ESCAPE.finditer(text)), default=0)
        partial = _PERHAPS_ESCAPE.search(text, known)
        end = partial.start() if partial else len(text)
        self._escape = text[end:]
        return _ESCAPE.sub("", text[:end])
