"""Outline: a Markdown outline as the script of two hosts, who take turns through its headings and points. Pure.

    # Harbour news                ANNA: Harbour news
    Good evening.                 ANNA: Good evening.
    - Three ships came in.        BEN: Three ships came in.
      - All were late.            ANNA: All were late.

Each heading and each point is a turn of the host who has not spoken; text between them stays with its host. Inline
markup is left to the reader of Markdown.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?P<text>.*)$")
_POINT = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(?P<text>.*)$")
_UNDERLINED = re.compile(r"^ {0,3}(?P<text>[^\s#>*+-].*)\n {0,3}(?:=+|-+)[ \t]*$", re.MULTILINE)
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})$")


@dataclass(slots=True)
class _Turn:
    """What one host says."""

    heading: bool
    lines: list[str] = field(default_factory=list)


def outline_script(outline: str, hosts: Sequence[str]) -> str:
    """The script of an outline: a line for each turn, an empty line before each heading; `hosts`: names of speakers."""
    written: list[str] = []
    for number, turn in enumerate(_turns(outline)):
        empty = "\n" if turn.heading and written else ""
        written.append(f"{empty}{hosts[number % len(hosts)]}: {' '.join(turn.lines)}\n")
    return "".join(written)


def _turns(outline: str) -> Iterator[_Turn]:
    turn = _Turn(heading=True)
    for line in _UNDERLINED.sub(r"# \g<text>", outline).splitlines():
        if _RULE.match(line):
            continue
        heading, point = _HEADING.match(line), _POINT.match(line)
        if heading or point:
            if any(turn.lines):
                yield turn
            turn = _Turn(heading=heading is not None)
        text = heading["text"].rstrip().rstrip("#") if heading else point["text"] if point else line
        if text.strip():
            turn.lines.append(_ended(text.strip()) if heading else text.strip())
    if turn.lines:
        yield turn


def _ended(heading: str) -> str:
    """A heading as a sentence of its own: text of the same turn may follow it."""
    return heading if heading[-1] in ".!?…:;" else f"{heading}."
