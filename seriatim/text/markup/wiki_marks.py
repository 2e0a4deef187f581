"""Wiki marks: links, `[[page|words]]` and `[https://example.org words]`, and quotes in a row, `''word''`, of MediaWiki.

LaTeX writes quotes in pairs, too, of which the first is of backquotes: ``word''.
"""

import re

from seriatim.text.markup.paragraph_span import SPAN_CHARS, span_end
from seriatim.text.markup.scan_state import ScanState, Step

_MOST_QUOTES = 5  #: bold and in italics
_QUOTES = re.compile("'+")
_CLOSER = re.compile(r"(?<=[^\s'])''+")
#: before other backquotes, which would make it code
_LATEX_CLOSER = re.compile(r"[^`]*?[^\s'`]''(?=[\s.,;:!?)\]—–-])")
_LATEX = "``"
#: a picture has more parts than two, of which the last is its caption
_WIKI_LINK = re.compile(r"\[\[(?=\S)([^\[\]|\n]{1,100})(?:\|[^\[\]|\n]{0,100}){0,6}?(?:\|([^\[\]|\n]{1,200}))?\]\]")
_PERHAPS_WIKI_LINK = re.compile(r"\[\[[^\[\]\n]{0,1000}\]?\Z")
#: [https://example.org words] of MediaWiki, [words|https://example.org] of Jira, and [[https://example.org][words]]
_OUTER_LINK = re.compile(
    r"\[(?:https?|ftps?)://[^\s\[\]]{1,380} ([^\[\]\n]{1,200})\](?!\()"
    r"|\[([^\[\]|\n]{1,200})\|(?:https?|ftps?|mailto):[^\s\[\]|]{1,380}\]"
    r"|\[\[[^\[\]\n]{1,900}\]\[([^\[\]\n]{1,200})\]\]"
)
_PERHAPS_ORG_LINK = re.compile(r"\[\[[^\[\]\n]{1,900}\](?:\[(?:[^\[\]\n]{1,200}\]?)?)?\Z")
#: [[2]](https://example.org), the number of a source
_SOURCE = re.compile(r"\[\[\d{1,3}\]\]\([^()\s]{1,2000}\)")
_PERHAPS_SOURCE = re.compile(r"\[\[\d{1,3}\]\](?:\([^()\s]{0,2000})?\Z")


def wiki_link(text: str, at: int) -> tuple[str, int] | None:
    """The words of a wiki's link and its end; the end is `at` if there is none, and None: more must be known."""
    if source := _SOURCE.match(text, at):
        return "", source.end()
    if _PERHAPS_SOURCE.match(text, at) or _PERHAPS_ORG_LINK.match(text, at):
        return None
    if link := _WIKI_LINK.match(text, at):
        return link[2] or link[1], link.end()
    if link := _OUTER_LINK.match(text, at):
        return None if link.end() == len(text) else (link[1] or link[2] or link[3], link.end())
    return None if _PERHAPS_WIKI_LINK.match(text, at) else ("", at)


def quotes_rule(text: str, at: int, state: ScanState) -> Step:
    """What a run of single quotes becomes: nothing around words that stand out, and a quote where LaTeX means one."""
    run = _QUOTES.match(text, at)
    end = run.end() if run else at + 1
    if end == len(text):
        return None
    n, before, after = end - at, state.before, text[end]
    if not 1 < n <= _MOST_QUOTES:
        return text[at:end], end
    if n == 2 and state.opened.get(_LATEX) and not (before.isspace() or after.isalnum()):
        state.opened[_LATEX] -= 1
        return "”", end
    if state.opened.get("'") and not before.isspace():
        state.opened["'"] -= 1
        return "", end
    is_elided = n == 3 and before.isalpha()  # l'''amour''
    if after.isspace() or (before.isalnum() and not is_elided):
        return text[at:end], end
    return _opened(text, at, end, "'" if is_elided else "", state)


def latex_quotes(text: str, at: int, state: ScanState) -> Step:
    """What two backquotes become: a quote, where two single ones close it; the end is `at` if none do."""
    end = at + len(_LATEX)
    stop = span_end(text, end, SPAN_CHARS)
    if _LATEX_CLOSER.match(text, end, min(len(text), end + SPAN_CHARS) if stop is None else stop):
        state.opened[_LATEX] = state.opened.get(_LATEX, 0) + 1
        return "“", end
    return None if stop is None and "`" not in text[end:] else ("", at)


def _opened(text: str, at: int, end: int, kept: str, state: ScanState) -> Step:
    stop = span_end(text, end, SPAN_CHARS)
    if _CLOSER.search(text, end, min(len(text), end + SPAN_CHARS) if stop is None else stop):
        state.opened["'"] = state.opened.get("'", 0) + 1
        return kept, end
    return None if stop is None else (text[at:end], end)
