"""Note marks in brackets, such as `fell.[15]` and `grew[15]`, which are not read."""

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
#: [1]_, [#]_ and [Cit2002]_ of reStructuredText
_REFERENCE = re.compile(r"[#*][\w-]{0,60}|[\w-]{0,40}\d[\w-]{0,40}")


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


def reference_end(label: str, text: str, end: int) -> int | None:
    """The index behind the line that makes a label a reference; `end` if it is none; None: it is not known yet."""
    if not text.startswith("_", end) or not _REFERENCE.fullmatch(label):
        return end
    if end + 1 == len(text):
        return None
    return end if text[end + 1].isalnum() or text[end + 1] == "_" else end + 1
