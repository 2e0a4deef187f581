"""Source text made regular: line ends of every kind become newlines, and our control characters go."""

import re

from seriatim.text.control_characters import CONTROLS

_NEWLINE = re.compile(r"[\v\f\r\x85\u2028]")


class SourceReader:
    """Reads a text that comes in parts; the parts' regular forms together are the text's."""

    def __init__(self) -> None:
        self._after_return = False  # did the last part end with "\r", which may be half of "\r\n"?

    def feed(self, text: str) -> str:
        """The regular form of the next part of the text."""
        if not text:
            return ""
        after_return, self._after_return = self._after_return, text.endswith("\r")
        if after_return:
            text = text.removeprefix("\n")
        if text.isascii() and text.isprintable():
            return text
        text = text.replace("\r\n", "\n").replace("\u2029", "\n\n")
        return CONTROLS.sub("", _NEWLINE.sub("\n", text))
