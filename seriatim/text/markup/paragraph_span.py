"""A span within a paragraph: how far the end of emphasis, code or a quotation is looked for."""

import re

SPAN_CHARS = 600
BLANK_LINE = re.compile(r"\n[ \t]*\n")
_PERHAPS_BLANK = re.compile(r"\n[ \t]*\Z")


def span_end(text: str, start: int, most_chars: int) -> int | None:
    """Where a span from `start` on ends at the latest: at a blank line or after so many characters; None: not known."""
    blank = BLANK_LINE.search(text, start, start + most_chars)
    if blank:
        return blank.start() + 1
    if len(text) - start < most_chars or _PERHAPS_BLANK.search(text, start, start + most_chars):
        return None if len(text) - start < most_chars + 1 else start + most_chars
    return start + most_chars
