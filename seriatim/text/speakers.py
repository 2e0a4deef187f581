"""Speakers: `NAME: text` at the start of a line is spoken in the voice given for that name, without the name.

Only names that are given count, in that spelling: no name is guessed. A speaker's voice lasts until the next name or an
empty line. Names may be bold, as language models write them: `**ANNA:** Hello`.
"""

import re
from collections.abc import Mapping

from seriatim.text.control_characters import HARD_LINE
from seriatim.text.speech_style import SpeakerStyle, SpeechStyle, StyleTable

_BOLD = r"(?:\*\*|__)?"
_OPENING = " \t*_"
_MOST_OPENING = 8  #: characters of it before a name


class SpeakerReader:
    """Reads a text that comes in parts; what it writes does not depend on how the text was parted."""

    def __init__(self, speakers: Mapping[str, SpeechStyle], styles: StyleTable) -> None:
        self._speakers, self._styles = speakers, styles
        names = "|".join(re.escape(name) for name in sorted(speakers, key=len, reverse=True))
        self._label = re.compile(rf"[ \t]{{0,6}}{_BOLD}(?P<name>{names}){_BOLD}[ \t]?[:：]{_BOLD}[ \t]*")
        self._held = ""  # from a line's start on, as long as it may begin with a name, and the newline before it
        self._at_start = True  # does `_held` begin a line?
        self._speaking = False  # does a speaker's voice last?

    def feed(self, text: str) -> str:
        """What is known of the text now that `text` follows."""
        return self._read(text, final=False) if self._speakers else text

    def flush(self) -> str:
        """The rest of a text that has ended; what follows begins a new line."""
        rest = self._read("", final=True) if self._speakers else ""
        self._held, self._at_start = "", True
        return rest

    def _read(self, text: str, *, final: bool) -> str:
        self._held += text
        written = []
        while self._held:
            part = self._start(final=final) if self._at_start else self._inner(final=final)
            if part is None:
                break
            written.append(part)
        return "".join(written)

    def _inner(self, *, final: bool) -> str | None:
        """The rest of a line, without the newline that ends it: the next line decides about that."""
        line, newline, _ = self._held.partition("\n")
        self._held = self._held[len(line) :]
        self._at_start = bool(newline)
        return line if line or final else None if not newline else ""

    def _start(self, *, final: bool) -> str | None:
        """The start of a line, with the newline before it; None: more must be known."""
        newline = "\n" if self._held.startswith("\n") else ""
        line = self._held[len(newline) :]
        label = self._label.match(line)
        if label and (final or line[label.end() :] not in ("", "*", "_")):
            return self._begin(newline, label)
        if not final and self._may_be_label(line, label):
            return None
        if line.lstrip(" \t").startswith("\n") and self._speaking:
            self._speaking = False
            newline += self._styles.character(SpeakerStyle())
        self._held, self._at_start = line, line.startswith("\n")
        if self._at_start or not line:
            return newline
        return newline + (self._inner(final=final) or "")

    def _begin(self, newline: str, label: re.Match[str]) -> str:
        self._held, self._at_start, self._speaking = label.string[label.end() :], False, True
        if self._held.startswith("\n"):
            self._at_start = True
        style = self._styles.character(SpeakerStyle(self._speakers[label["name"]]))
        return (f"{HARD_LINE}\n" if newline else "") + style

    def _may_be_label(self, line: str, label: re.Match[str] | None) -> bool:
        """May what is known of a line become a name with its colon, or an empty line?"""
        if label:
            return True
        if "\n" in line:
            return False
        words = line.lstrip(_OPENING)
        if not words:
            return len(line) <= _MOST_OPENING
        return any(
            name.startswith(words) or re.fullmatch(rf"{re.escape(name)}[*_]{{0,2}}[ \t]?", words)
            for name in self._speakers
        )
