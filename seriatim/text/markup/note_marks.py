"""Note marks in brackets, `fell.[15]` and `grew[15]`, which are not read, and links of wikis, `[[page|words]]`."""

import re

from seriatim.text.markup.scan_state import ScanState

#: behind these a number in brackets, or a raised one, is a note's
BEFORE_NOTE = ".!?…,;:”’»\"')"
_NOTE = re.compile(
    r"\^[^\]\s]{1,60}|\*{1,3}|[†‡]|"
    r"(?:note|nb|n) \d{1,3}|(?:citation|clarification|better source) needed|(?:who|when|where)\?",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\d{1,3}(?: ?[,–-] ?\d{1,3}){0,9}")
_BEHIND = re.compile(r"[\s\[.,;:!?)\]”’\"'—–-]")
#: words of programs that have a number in brackets behind them: list[1]
_INDEXED = frozenset(
    ["arr", "array", "list", "data", "items", "args", "argv", "rows", "cols", "keys", "idx", "index", "matrix", "vec",
     "vector", "dict", "tuple", "params", "buf", "buffer", "tmp", "foo", "bar", "self"]
)  # fmt: skip
_WIKI_LINK = re.compile(r"\[\[(?=\S)([^\[\]|\n]{1,100})(?:\|([^\[\]|\n]{1,100}))?\]\]")
_PERHAPS_WIKI_LINK = re.compile(r"\[\[[^\[\]\n]{0,202}\]?\Z")


def is_note(label: str, text: str, end: int, state: ScanState) -> bool:
    """Is a label in brackets the mark of a note? `text[end]` stands behind its bracket."""
    if _NOTE.fullmatch(label):
        return True
    if not _NUMBERS.fullmatch(label) or not _BEHIND.match(text, end):
        return False
    is_word = (
        label.isdecimal()
        and len(state.word) > 2 - (text[end] == "[")
        and (state.word.isalpha() or state.word.isdecimal())  # `grew[15]`, `1990[3]`; not `row2[3]`
        and state.word.lower() not in _INDEXED
        and label[0] != "0"
    )
    return state.noted or state.before in BEFORE_NOTE or is_word


def wiki_link(text: str, at: int) -> tuple[str, int] | None:
    """The words of a wiki's link and its end; the end is `at` if there is none, and None: more must be known."""
    if link := _WIKI_LINK.match(text, at):
        return link[2] or link[1], link.end()
    return None if _PERHAPS_WIKI_LINK.match(text, at) else ("", at)
