"""Text units: the parts of a file that are texts of their own."""

import re
from enum import StrEnum


class TextUnit(StrEnum):
    """Parts of a file."""

    LINE = "line"
    PARAGRAPH = "paragraph"
    FILE = "file"


def texts_of(text: str, unit: TextUnit) -> list[str]:
    """The texts of a file, each once, in their order; parts of white space alone are left out."""
    if unit is TextUnit.FILE:
        parts = [text]
    else:
        parts = text.splitlines() if unit is TextUnit.LINE else re.split(r"\n[^\S\n]*\n", text)
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))
