"""Inline lists: items that stand one behind the other in a line, such as `1) Tea 2) Milk` and `Tea • Milk`.

In: what Lines writes. Out: the same, with LINE_BREAK before an item, so that a pause is heard,
and without the bullet. An item counts only behind the one before it in the same form: `2)` behind `1)`, `b.` behind
`a.`, `(iii)` behind `(ii)`. So `in 1990 (2) he` and `Part 2. The end` stay as they are.
"""

import re
from dataclasses import dataclass

from seriatim.text.chess_moves import MOVE, PART_OF_MOVE
from seriatim.text.segment.character_classes import LINE_BREAK, PARAGRAPH_BREAK
from seriatim.text.segment.sentence_boundary import ORDINAL_LANGUAGES, ends_sentence

_BREAKS = f"{LINE_BREAK}{PARAGRAPH_BREAK}"
_BULLET = "[•⁃‣▪●◦]"
_MARKER = re.compile(
    rf"(?P<edge>[ {_BREAKS}])(?P<bullet>{_BULLET} ?)?"
    r"(?P<open>\(?)(?P<value>\d{1,3}|[ivx]{1,5}|[a-z])(?P<close>\.\)|[.)]) (?=(?P<next>\S))"
    rf"(?!{PART_OF_MOVE}\Z|{MOVE}(?![\w-]))"
    rf"| (?P<sole>{_BULLET} ?)(?=\w)"
)
_PERHAPS_MARKER = re.compile(
    rf"(?P<edge>[ {_BREAKS}])(?P<bullet>{_BULLET} ?)?(?:\(?(?:\d{{0,3}}|[ivx]{{1,5}}|[a-z])(?:\.\)?|\))?"
    rf"(?: {PART_OF_MOVE})?)?\Z"
)
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv")
#: behind these a list may begin in the middle of a line
_INTRODUCTION = ".:;!?…"
#: how much before an item says whether a list may begin there: an abbreviation or none
BEFORE_CHARS = 24
#: of the languages that write 3rd as "3.", those that write months with a capital: `1. Mai bis 2. Juni`
_CAPITAL_MONTHS = frozenset(["de", "lb"])


#: another mark than a full stop, or a word that is too long
_NO_ABBREVIATION = re.compile(r"(?:[^.]|[^\W\d_]{5}\.)$")


@dataclass(frozen=True, slots=True)
class _Item:
    """The number or letter of an item, and what stands around it."""

    form: str
    value: str

    def follows(self, before: "_Item | None") -> bool:
        """Is this the item behind that one?"""
        if before is None or before.form != self.form:
            return False
        if self.value.isdigit():
            return before.value.isdigit() and int(self.value) == int(before.value) + 1
        if f"{before.value} {self.value}" in " ".join(_ROMAN):
            return True
        return len(self.value) == len(before.value) == 1 and ord(self.value) == ord(before.value) + 1

    def is_first(self) -> bool:
        """May a list begin with this item?"""
        return self.value in ("1", "a", "i")


class InlineListSplitter:
    """Reads lines that come in parts; what it writes does not depend on how they were parted."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._begin()

    def _begin(self) -> None:
        self._tail = LINE_BREAK  # from a space or a break on that may be followed by an item
        self._n_written = 1  # characters of it that are written
        self._before = ""  # the end of what stands before it, without spaces at its end
        self._item: _Item | None = None  # the last item of the line

    def feed(self, text: str) -> str:
        """What can be written now that `text` follows; what may be the next item of a list is held."""
        tail = self._tail + text
        written, at, done = list[str](), 0, self._n_written
        for found in _MARKER.finditer(tail):
            self._pass(tail[at : found.start()])
            edge = found.start() + 1
            if self._begins_item(found):
                written += [tail[done:edge], LINE_BREAK]
                done = edge + len(found["bullet"] or found["sole"] or "")
            at = found.end()
            self._note(tail[edge:at])
        partial = _PERHAPS_MARKER.search(tail, at)
        start = partial.start() if partial else len(tail)
        self._pass(tail[at:start])
        end = start + 1 if partial and self._may_follow(partial) else len(tail)
        written.append(tail[done:end])
        self._tail, self._n_written = tail[start:], max(done, end) - start
        return "".join(written)

    def flush(self) -> str:
        """The rest of a text that has ended; what follows begins a new line."""
        rest = self._tail[self._n_written :]
        self._begin()
        return rest

    def _pass(self, text: str) -> None:
        """Note what stands between markers."""
        if LINE_BREAK in text or PARAGRAPH_BREAK in text:
            self._item = None
        self._note(text)

    def _note(self, text: str) -> None:
        self._before = f"{self._before}{text}"[-BEFORE_CHARS:].rstrip(" ")

    def _begins_item(self, found: re.Match[str]) -> bool:
        """Does a marker in the middle of a line begin an item?"""
        if found["sole"]:
            return True
        at_start = found["edge"] in _BREAKS
        item = _Item(f"{found['open']}{found['close']}", found["value"])
        if at_start:
            self._item = None
        if not self._may_be_item(found):
            return False
        follows = item.follows(self._item)
        if follows or at_start or (item.is_first() and self._introduces()):
            self._item = item
        return not at_start and (follows or bool(found["bullet"]))

    def _introduces(self) -> bool:
        """May a list begin behind what stands before: the end of a sentence, and no abbreviation (Fig. 1. A tree)?"""
        if not self._before or self._before[-1] not in _INTRODUCTION:
            return False
        return bool(_NO_ABBREVIATION.search(self._before)) or ends_sentence(self._language, self._before, " ", "1")

    def _may_be_item(self, found: re.Match[str]) -> bool:
        """Is a number with a stop no ordinal number, as far as the language and the next letter tell?"""
        if found["close"] != "." or not found["value"].isdigit() or self._language not in ORDINAL_LANGUAGES:
            return True
        return self._language not in _CAPITAL_MONTHS and found["next"].isupper()

    def _may_follow(self, partial: re.Match[str]) -> bool:
        """May what is known of a marker become an item behind another one, or behind a bullet?"""
        if partial["edge"] in _BREAKS or partial.end() == partial.end("edge"):
            return False
        return bool(partial["bullet"]) or self._item is not None
