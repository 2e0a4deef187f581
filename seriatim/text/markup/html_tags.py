"""HTML tags and SSML tags: which there are, how they are written, and what each means to a reader."""

import re
from html import unescape
from html.entities import html5

from seriatim.text.control_characters import CONTROLS, pause_character


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


PARAGRAPHS = _names(
    "p div h1 h2 h3 h4 h5 h6 blockquote section article header footer main nav aside ul ol dl table figure pre address "
    "form fieldset hr details body html speak"
)
LINES = _names("br li tr dt dd caption option title legend figcaption summary button")
CELLS = _names("td th")
#: what stands between their tags is not for readers
#: what a language model thinks before it answers; elsewhere such a tag is silent, and its words are spoken
THOUGHTS = _names("think thinking thought reasoning")
#: likewise in SSML and HTML alone; elsewhere such a word in angle brackets is a word
HIDDEN_IN_DOCUMENTS = _names("metadata desc")
HIDDEN = THOUGHTS | _names("script style template svg noscript iframe object head")
_SILENT = _names(
    "a abbr acronym b bdi bdo big center cite code data del dfn em font i ins kbd label link mark meta q rp rt ruby s "
    "samp small span strike strong sub sup tbody tfoot thead time tt u var wbr img input col colgroup audio "
    "video source picture map area voice lang prosody emphasis phoneme say-as spell break w token ref"
)
KNOWN = PARAGRAPHS | LINES | CELLS | HIDDEN | _SILENT
_FLAGS = r"(?:disabled|checked|hidden|open|controls|selected|required|async|defer|reversed|autoplay|loop|muted)"
_VALUE = r"""\s*=\s*(?:"[^"]{0,2000}"|'[^']{0,2000}'|[^\s"'=<>`]+)"""
TAG = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:\s+(?:{_FLAGS}(?=[\s/>])|[A-Za-z_:@][\w:.@-]*{_VALUE}))*)\s*(/?)>")
#: a tag as HTML's own readers take it
LOOSE_TAG = re.compile(
    rf"""<(/?)([A-Za-z][A-Za-z0-9:-]*)((?:[\s/]+[^\s"'<>/=]+(?:{_VALUE})?)*)\s*(/?)>"""
)  # fmt: skip
PERHAPS_TAG = re.compile(r"<(?:[/!?]?|/?[A-Za-z][^<>]{0,2000}|[!?][A-Za-z\[][^<>]{0,500}|!--?)\Z")
NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)(?=[\s/>])")
DECLARATION = re.compile(r"<[!?][A-Za-z][^<>]*>|<!\[CDATA\[|\]\]>")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|([A-Za-z][A-Za-z0-9]{1,31}));")
PERHAPS_ENTITY = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{0,7}|[A-Za-z][A-Za-z0-9]{0,31})?\Z")
#: the rest of an entity whose ampersand is an entity itself: &amp;quot;
TWICE = re.compile(r"(?:#(?:39|34|38|160|x27|8\d{3})|amp|nbsp|quot|apos|lt|gt|[mn]dash|hellip|[lr][sd]quo);")
PERHAPS_TWICE = re.compile(r"(?:#x?\d{0,4}|[a-z]{0,6})\Z")
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
_TIME = re.compile(r"\s*\+?(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s)\s*", re.IGNORECASE)
#: pauses of SSML's `strength`; the standard leaves their length to the engine
_STRENGTHS = {"none": 0, "x-weak": 100, "weak": 200, "medium": 400, "strong": 700, "x-strong": 1200}


def attributes(text: str) -> dict[str, str]:
    """The attributes of a tag, names in small letters, with entities read."""
    return {m[1].lower(): unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(text)}


def entity_text(match: re.Match[str]) -> str | None:
    """The character that an entity stands for; None if it is none that is known."""
    if match[1] and f"{match[1]};" not in html5:
        return None
    char = unescape(match[0])
    return " " if CONTROLS.search(char) or char in "\r\n" else char


def time_ms(text: str) -> float | None:
    """A length of time as SSML writes it, such as `500ms` or `1.5s`; None if it is none."""
    match = _TIME.fullmatch(text)
    return None if match is None else float(match[1]) * (1000 if match[2] in "sS" else 1)


def break_pause(values: dict[str, str]) -> str:
    """The pause of SSML's `<break>`, by its time or its strength."""
    ms = time_ms(values.get("time", ""))
    if ms is None:
        ms = _STRENGTHS.get(values.get("strength", "medium"), _STRENGTHS["medium"])
    return pause_character(ms) if ms else ""
