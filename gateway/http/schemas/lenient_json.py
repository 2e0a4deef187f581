"""Lenient JSON: what clients really send as a body or a message, read alike by every route.

A byte order mark comes from PowerShell and from editors. Half a surrogate pair comes from JavaScript that cuts a text
in the middle of an emoji, as streams of tokens are cut: it is no character, and is left out.
"""

import json
from typing import Any

BYTE_ORDER_MARK = "\ufeff"


def parse_json(raw: bytes | str) -> Any:
    """Parse JSON in UTF-8, UTF-16 or UTF-32, or a text.

    Raises:
        ValueError: it is none; `json.JSONDecodeError` says where.
    """
    try:
        return whole_characters(json.loads(raw.removeprefix(BYTE_ORDER_MARK) if isinstance(raw, str) else raw))
    except RecursionError:
        raise ValueError("too many levels of brackets") from None


def whole_characters(value: Any) -> Any:
    """A value of JSON whose strings have whole characters only; the same object if they had."""
    if isinstance(value, str):
        return _whole_text(value)
    if isinstance(value, list):
        return [whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {_whole_text(name): whole_characters(item) for name, item in value.items()}
    return value


def _whole_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(character for character in text if not "\ud800" <= character <= "\udfff")
    return text
