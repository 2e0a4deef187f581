"""Forum tags, BBCode: `[b]bold[/b]`, `[url=https://example.org]words[/url]`, `[quote=Bob]`, `[*]` before an item.

An opening tag counts if its end follows soon, or if it has a value; so `items[i]` and `[i]` stay as they are.
"""

import re

from seriatim.text.markup.scan_state import ScanState, Step

#: how far the end of a tag is looked for
_TAG_CHARS = 600
_PARAGRAPHS = frozenset(
    ["quote", "code", "list", "center", "left", "right", "justify", "spoiler", "table", "indent", "h1", "h2", "h3",
     "h4"]
)  # fmt: skip
_LINES = frozenset(["li", "tr", "td", "th"])
#: what stands between their tags is an address or a number, and no words
_HIDDEN = frozenset(["img", "video", "youtube", "media", "attach", "attachment"])
_INLINE = frozenset(
    ["b", "i", "u", "s", "strike", "sub", "sup", "url", "email", "color", "colour", "size", "font", "style",
     "highlight", "ul", "ol"]
)  # fmt: skip
_NAMES = _PARAGRAPHS | _LINES | _HIDDEN | _INLINE
_TAG = re.compile(r"\[(?P<end>/?)(?P<name>[A-Za-z]{1,10}\d?)(?P<value>=[^\[\]\n]{0,200})?\]")
_ITEM = "[*]"
_ITEM_BEHIND = re.compile(r"[^\s.,;:!?)\]]")


def forum_tag(text: str, at: int, state: ScanState) -> Step:
    """What a tag at an index becomes: nothing, or the end of a line or paragraph; its end is `at` if there is none."""
    if text.startswith(_ITEM, at) and state.before in "\n]" + state.before * state.before.isalnum():
        return _item(text, at, state)
    tag = _TAG.match(text, at)
    name = tag["name"].lower() if tag else ""
    if tag is None or name not in _NAMES:
        return "", at
    if tag["end"] or (tag["value"] and name not in _HIDDEN):
        return _break(name, state), tag.end()
    return _opening(text, tag, name, state)


def _item(text: str, at: int, state: ScanState) -> Step:
    """`[*]` at the start of a line or behind a tag begins an item, and so does one between two words."""
    end = at + len(_ITEM)
    if end == len(text) and not state.final:
        return None
    is_item = not state.before.isalnum() or _ITEM_BEHIND.match(text, end)
    return (state.line(), end) if is_item else ("", at)


def _opening(text: str, tag: re.Match[str], name: str, state: ScanState) -> Step:
    """A tag without a value, which counts if its end follows."""
    if state.before.isalnum():  # items[i], for which no stream waits
        return "", tag.start()
    start = tag.end()
    closer = re.compile(rf"\[/{name}\]", re.IGNORECASE).search(text, start, start + _TAG_CHARS)
    if closer is None:
        return None if len(text) - start < _TAG_CHARS and not state.final else ("", tag.start())
    return _break(name, state), closer.end() if name in _HIDDEN else start


def _break(name: str, state: ScanState) -> str:
    return state.paragraph() if name in _PARAGRAPHS else state.line() if name in _LINES else ""
