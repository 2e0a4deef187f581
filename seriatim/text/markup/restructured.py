"""Marks of reStructuredText: `.. note::` and other directives with their options, roles, and links with a line below.

.. image:: cat.png        nothing, and its `:alt:` as words
.. note:: Mind the gap.   Note: Mind the gap.
:ref:`the guide <guide>`  the guide
`words <example.org>`_    words
.. _target:               nothing
"""

import re

from seriatim.text.markup.scan_state import ScanState, Step

_MOST_CHARS = 300  #: of a line that says what it is
_ADMONITIONS = frozenset(
    ["note", "warning", "tip", "important", "caution", "danger", "hint", "attention", "error", "todo"]
)
_DIRECTIVE = re.compile(
    r"[ \t]*\.\.[ \t]+(?:\|[^|\n]{1,60}\|[ \t]+)?(?P<name>[A-Za-z][\w:+.-]{0,40})::"
    r"(?:[ \t]+(?P<argument>[^\n]*)|[ \t]*)\n"
)
_TARGET = re.compile(r"[ \t]*\.\.[ \t]+_[^\n]{1,200}:[^\n]*\n|[ \t]*__[ \t]+https?:[^\n]*\n")
_NOTE = re.compile(r"[ \t]*\.\.[ \t]+\[[#*\w-]{1,60}\][ \t]+")
_PERHAPS_EXPLICIT = re.compile(r"[ \t]*(?:\.{1,2}(?:[ \t].*)?|_{1,2}(?:[ \t].*)?)")
_OPTION = re.compile(r"[ \t]+:(?P<name>[\w-]{1,30}):(?:[ \t]+(?P<value>[^\n]*)|[ \t]*)\n")
_PERHAPS_OPTION = re.compile(r"[ \t]*(?::.*)?")
_SPOKEN_OPTIONS = frozenset(["alt", "caption"])
_ROLE = re.compile(r":(?:[A-Za-z][\w+.-]{0,30}:){1,3}(?=`[^`])")
_PERHAPS_ROLE = re.compile(r":(?:[A-Za-z][\w+.-]{0,30}:){0,3}(?:[A-Za-z][\w+.-]{0,30})?`?\Z")
_NAMED_TARGET = re.compile(r"(.*\S)\s*<[^<>]+>", re.DOTALL)
_LINK_MARK = re.compile(r"__?(?!\w)")


def is_undecided(text: str, at: int, state: ScanState) -> bool:
    """May the line at an index, of which no end is known, be one of reStructuredText?"""
    line = text[at : at + _MOST_CHARS + 1]
    if len(line) > _MOST_CHARS:
        return False
    return bool(_PERHAPS_EXPLICIT.fullmatch(line) or (state.directive and _PERHAPS_OPTION.fullmatch(line)))


def explicit_rule(text: str, at: int, newline: int, state: ScanState) -> Step:
    """What a line becomes that begins with two dots, or is an option; its end is `at` if it is neither.

    `newline`: where the line ends; -1: that is not known, and it is too long.
    """
    was_directive, state.directive = state.directive, False
    if not at <= newline <= at + _MOST_CHARS:
        return "", at
    if was_directive and (option := _OPTION.match(text, at)):
        return _option(option, state)
    if target := _TARGET.match(text, at):
        state.line_start = True
        return "", target.end()
    if note := _NOTE.match(text, at):
        return "", note.end()
    directive = _DIRECTIVE.match(text, at)
    return _directive(directive, state) if directive else ("", at)


def _directive(found: re.Match[str], state: ScanState) -> Step:
    """A directive: its argument where it has several words, and is no path or option; the name of an admonition."""
    name, argument = found["name"].lower(), (found["argument"] or "").strip()
    state.directive = True
    if name in _ADMONITIONS:
        return (f"{name.capitalize()}: ", found.start("argument")) if argument else (name.capitalize(), found.end() - 1)
    if " " in argument:
        return "", found.start("argument")
    state.line_start = True
    return "", found.end()


def _option(found: re.Match[str], state: ScanState) -> Step:
    """An option below a directive, which is silent but for descriptions."""
    state.directive = True
    if found["name"] in _SPOKEN_OPTIONS and found["value"]:
        return "", found.start("value")
    state.line_start = True
    return "", found.end()


def role_end(text: str, at: int) -> int | None:
    """The index behind a role at an index, where the words of it begin; `at` if there is none; None: not known yet."""
    if role := _ROLE.match(text, at):
        return role.end()
    return None if _PERHAPS_ROLE.match(text, at) else at


def reference_words(words: str, text: str, end: int, state: ScanState) -> Step:
    """The words between backquotes that end at `end`, without the target of a role or a link, and the end behind it."""
    if text[end:] in ("_", "__"):
        return None
    mark = _LINK_MARK.match(text, end)
    is_role = state.before == ":" != state.solid
    if not (mark or is_role):
        return words, end
    named = _NAMED_TARGET.fullmatch(words)
    shown = named[1] if named else words.rpartition(".")[2] if words.startswith("~") else words
    return shown, mark.end() if mark else end
