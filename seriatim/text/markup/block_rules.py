"""Block rules: what the start of a line of Markdown means, and lines that are read as a whole: code and tables."""

import re

from seriatim.text.control_characters import HARD_LINE
from seriatim.text.markup.emoji import EMOJI
from seriatim.text.markup.inline_rules import pair_rule
from seriatim.text.markup.markup_format import CodeMode
from seriatim.text.markup.restructured import explicit_rule, is_undecided
from seriatim.text.markup.scan_state import ScanState, Step

#: a line longer than this is no row of a table and no fence
LINE_CHARS = 2000
_MATTER_CHARS = 4000

_BLANK = re.compile(r"[ \t]*\n")
_QUOTE = re.compile(r"[ \t]{0,3}>(?!=)[ \t]?")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[^`\n]*\n")
_UNDERLINE = re.compile(r"~{4,}")  #: of a title in reStructuredText; three of them are Markdown's
_FENCE_IN_CODE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[\w+-]*[ \t]*")
_HEADING = re.compile(r"[ \t]{0,3}(?:#{1,6}[ \t]+(?=\S)|#{2,6}(?=[^\W\d_])|(?:={2,6}|\*{2,6})[ \t]+(?=[^\W\d_]))")
_EMOJI_ITEM = re.compile(rf"[ \t]*[{EMOJI}][{EMOJI}\ufe0f\u200d\u20e3]*[ \t]+(?=[^\s{EMOJI}])")
#: lines and line starts of Markdown's dialects that say nothing: `[TOC]`, `[!NOTE]`'s brackets, `:::`, `: definition`
_CONTENTS = re.compile(r"[ \t]*(?:\[\[_?TOC_?\]\]|\[TOC\]|\{:?toc\})[ \t]*\n", re.IGNORECASE)
_CALLOUT = re.compile(r"[ \t]*\[!([A-Za-z]{3,12})\][+-]?[ \t]*")
_CONTAINER = re.compile(r"[ \t]{0,3}:{3,}[ \t]*")
_DEFINED = re.compile(r"[ \t]{0,3}:[ \t]+(?=\S)")
_ITEM = re.compile(r"([ \t]*)(?:[-*]|\+(?=[ \t]+[^\W\d_]))[ \t]+(\[[ xX]\][ \t]+)?(?=\S)")
_NUMBERED_TASK = re.compile(r"([ \t]*\d{1,3}[.)][ \t]+)\[[ xX]\][ \t]+(?=\S)")
_KEYCAP_ITEM = re.compile(r"[ \t]*(?:(\d)\ufe0f?\u20e3|\U0001f51f)[ \t]+(?=\S)")
_NOTE = re.compile(r"[ \t]*\[\^[^\]\s]{1,60}\]:[ \t]*")
_DEFINITION = re.compile(
    r"[ \t]{0,3}\[(?!(?i:voice|pause):)[^\[\]\n]{1,200}\]:[ \t]*"
    r"(?:<[^<>\n]*>|[^\s]*[/.#:][^\s]*)[ \t]*(?:[\"'(][^\n]*)?\n"
)
_ROW = re.compile(r"[ \t]*\|[^\n]*\|[ \t]*\n")
_DELIMITERS = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*\n")
_PERHAPS_DELIMITERS = re.compile(r"[ \t|:-]*\Z")
_CELL_END = re.compile(r"(?<!\\)\|")
_MATTER = re.compile(
    r"(?:---[ \t]*\n(?=[A-Za-z_][\w -]*:)(?:[^\n]*\n)*?(?:---|\.\.\.)"
    r"|\+\+\+[ \t]*\n(?=[A-Za-z_\[])(?:[^\n]*\n)*?\+\+\+)[ \t]*\n"
)
_MATTER_START = re.compile(r"---[ \t]*\n[A-Za-z_][\w -]*:|\+\+\+[ \t]*\n[A-Za-z_\[]")
_PERHAPS_MATTER = re.compile(r"(?:-{1,3}[ \t]*(?:\n[\w -]*)?|\+{1,3}[ \t]*\n?)\Z")
#: the start of a line of which more must be known
_UNDECIDED = re.compile(
    r"[ \t]*(?:[>#]{0,6}|\*{1,6}[ \t]*|[-*+](?:[ \t]+(?:\[(?:[ xX]?\]?[ \t]*)?)?)?"
    r"|`{1,2}|~{1,2}|`{3}[^\n]*|~{3}[^\n]*|\|[^\n]*"
    r"|\d{1,3}(?:\ufe0f?\u20e3?[ \t]*|[.)](?:[ \t]+(?:\[(?:[ xX]?\]?[ \t]*)?)?)?)"
    r"|#{1,6}[ \t]*|={1,6}[ \t]*|\[{1,2}[^\]\n]{0,200}(?:\]{1,2}[+-]?[ \t]*(?::[^\n]*)?)?"
    r"|\{:?[a-z]{0,3}\}?[ \t]*|:{1,9}[ \t]*"
    rf"|[{EMOJI}][{EMOJI}\ufe0f\u200d\u20e3]*[ \t]*)\Z"
)
_CLOSING_HASHES = re.compile(r"#+[ \t]*(?=\n)")
_PERHAPS_HASHES = re.compile(r"#+[ \t]*\Z")


def line_rule(text: str, at: int, state: ScanState) -> Step:
    """What the start of a line becomes; `state.line_start` is over where its words begin."""
    newline = text.find("\n", at)
    if (
        newline < 0
        and len(text) - at < LINE_CHARS
        and (state.table or _UNDECIDED.match(text, at) or is_undecided(text, at, state))
    ):
        return None
    state.heading = False
    if blank := _BLANK.match(text, at):
        state.opened.clear()
        state.table = state.directive = False
        state.quotes = state.line_quotes = 0
        return ("" if state.breaks else blank[0]), blank.end()
    if quote := _QUOTE.match(text, at):
        return _quoted(state), quote.end()
    if fence := _FENCE.match(text, at):
        if not _is_underline(fence, state):
            state.fence, state.fence_quotes = fence[1], state.line_quotes
        return "\n", fence.end()
    if state.table or _ROW.match(text, at):
        row = _row(text, at, newline, state)
        if row is not None:
            return row
    state.line_start = False
    explicit = explicit_rule(text, at, newline, state)
    return _start_of_words(text, at, state) if explicit == ("", at) and not state.line_start else explicit


def _is_underline(fence: re.Match[str], state: ScanState) -> bool:
    """Is a row of tildes the line below a title, which is no longer, and no fence?"""
    row = _UNDERLINE.fullmatch(fence[0].strip())
    return row is not None and 0 < state.columns_above <= len(row[0])


def _quoted(state: ScanState) -> str:
    """What a mark of quotation becomes: the start of a paragraph where the line above has fewer of them."""
    state.line_quotes += 1
    begins = state.line_quotes > state.quotes and not state.breaks
    state.quotes = max(state.quotes, state.line_quotes)
    return "\n" if begins else ""


def _start_of_words(text: str, at: int, state: ScanState) -> Step:
    if note := _NOTE.match(text, at):
        return "", note.end()
    if definition := _DEFINITION.match(text, at):
        state.line_start = True
        return "", definition.end()
    if heading := _HEADING.match(text, at):
        state.heading = True
        return "# ", heading.end()
    return _item(text, at) or _dialect(text, at, state)


def _item(text: str, at: int) -> Step:
    """The start of an item of a list, without its box; None: it is none."""
    if item := _ITEM.match(text, at):
        return f"{item[1]}- ", item.end()
    if task := _NUMBERED_TASK.match(text, at):
        return task[1], task.end()
    keycap = _KEYCAP_ITEM.match(text, at)
    return (f"{keycap[1] or 10}. ", keycap.end()) if keycap else None


def _dialect(text: str, at: int, state: ScanState) -> Step:
    """Starts of lines in the dialects of Markdown, and an emoji in the place of a bullet."""
    if contents := _CONTENTS.match(text, at):
        state.line_start = True
        return "", contents.end()
    if callout := _CALLOUT.match(text, at):
        return callout[1].capitalize(), callout.end()
    if mark := _CONTAINER.match(text, at) or (_DEFINED.match(text, at) if not state.breaks else None):
        return "", mark.end()
    if emoji := _EMOJI_ITEM.match(text, at):
        return "- ", emoji.end()
    return "", at


def front_matter_rule(text: str, at: int) -> Step:
    """Leave out what stands between two lines of dashes at the start of a file, and names its title and the like."""
    if matter := _MATTER.match(text, at, at + _MATTER_CHARS):
        return "", matter.end()
    if _PERHAPS_MATTER.match(text, at):
        return None
    return None if _MATTER_START.match(text, at) and len(text) - at < _MATTER_CHARS else ("", at)


def fence_rule(text: str, at: int, state: ScanState) -> Step:
    """One line of code, up to the line that ends it."""
    newline = text.find("\n", at)
    is_silent = state.choices.code is CodeMode.SKIP
    if newline < 0:
        if len(text) - at < LINE_CHARS:
            return None
        return ("" if is_silent else text[at:]), len(text)
    inner = _quoted_code(text, at, state)
    if inner is None:
        state.fence, state.line_start = "", True
        return "\n", at
    line = text[inner:newline]
    mark = line.strip()
    if len(mark) >= len(state.fence) and set(mark) == {state.fence[0]}:
        state.fence = ""
        return "\n", newline + 1
    is_spoken = not is_silent and re.search(r"\w", line) and not _FENCE_IN_CODE.fullmatch(line)
    return (f"{line}{HARD_LINE}\n" if is_spoken else ""), newline + 1


def _quoted_code(text: str, at: int, state: ScanState) -> int | None:
    """Where a line of code begins, behind its marks of quotation; None: the quotation that holds the code is over."""
    for _ in range(state.fence_quotes):
        quote = _QUOTE.match(text, at)
        if quote is None:
            return None
        at = quote.end()
    return at


def hash_rule(text: str, at: int, state: ScanState) -> Step:
    """What `#` within a line becomes: nothing at the end of a heading."""
    if state.heading and state.before in " \t":
        if _PERHAPS_HASHES.match(text, at):
            return None
        if closing := _CLOSING_HASHES.match(text, at):
            return "", closing.end()
    return "#", at + 1


def bar_rule(text: str, at: int, state: ScanState) -> Step:
    """What ` | ` becomes: the row is a table's heading if the line below says so."""
    bar = text.find("|", at)
    if bar < 0:
        return None if text[at:].isspace() and len(text) - at < LINE_CHARS else (text[at:], len(text))
    if len(text) == bar + 1:
        return None
    if text[bar + 1] == "|":
        return pair_rule(text, at, state) if bar == at else (text[at:bar], bar)
    newline = text.find("\n", bar)
    if newline < 0:
        return None if len(text) - bar < LINE_CHARS else (text[at : bar + 1], bar + 1)
    below = _DELIMITERS.match(text, newline + 1)
    if not below:
        perhaps = _PERHAPS_DELIMITERS.match(text, newline + 1) and len(text) - newline < LINE_CHARS
        return None if perhaps else (text[at : bar + 1], bar + 1)
    state.table = state.line_start = True
    lead = f"{state.separator().rstrip()} " if state.before != "\n" else ""
    return f"{lead}{_joined(_cells(text[bar + 1 : newline], state))}{HARD_LINE}\n", below.end()


def _row(text: str, at: int, newline: int, state: ScanState) -> Step:
    """A row of a table; None: the line is none, and the table is over."""
    line = text[at : newline if newline >= 0 else len(text)]
    first, state.table = not state.table, "|" in line
    if not state.table or newline < 0:
        return None
    if _DELIMITERS.fullmatch(f"{line}\n") or not line.strip("|:- \t"):
        return "", newline + 1
    words = _joined(_cells(line, state))
    lead = "\n" if first and not state.breaks else ""
    return (f"{lead}{words}{HARD_LINE}\n" if words else ""), newline + 1


def _cells(line: str, state: ScanState) -> list[str]:
    cells = [state.inner(cell.replace("\\|", "|").strip()) for cell in _CELL_END.split(line.strip().strip("|"))]
    return [cell for cell in cells if cell.strip("-–—.…·")]


def _joined(cells: list[str]) -> str:
    """Cells of a row with a pause between two."""
    row = ""
    for cell in cells:
        row += ("" if not row else ", " if row[-1].isalnum() or row[-1] in ")]”’\"'%" else " ") + cell
    return row


def hard_line_rule(text: str, at: int) -> Step:
    """What spaces before a line end become in plain text: two or more end the line, however long it is."""
    rest = text[at : at + LINE_CHARS]
    n_spaces = len(rest) - len(rest.lstrip(" "))
    if at + n_spaces == len(text):
        return None if n_spaces < LINE_CHARS else (text[at:], len(text))
    end = at + n_spaces
    is_break = n_spaces > 1 and text[end] == "\n"
    return (f"{HARD_LINE}\n", end + 1) if is_break else (text[at:end], end)
