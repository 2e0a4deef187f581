"""Inner stops: the full stops inside a piece that end no sentence, such as those of abbreviations and initials.

An engine that judges stops by itself pauses behind many of them. Its adapter asks here instead, where the rules are
those by which the text was cut, and writes the piece so that the engine does not pause. Pure.
"""

import re

from seriatim.text.languages import base_language
from seriatim.text.segment.character_classes import LINE_BREAK
from seriatim.text.segment.quotes import OpenQuotes
from seriatim.text.segment.sentence_boundary import is_item_number, mark_pattern
from seriatim.text.segment.sentence_marks import MarkVerdict, judge_mark


def inner_stops(piece: str, language: str) -> list[int]:
    """The indices of the full stops before a space that end no sentence of `piece`, ascending.

    `language`: BCP 47. The number of a list item ("1. Open it") keeps its stop, since a pause belongs there.
    """
    if ". " not in piece:
        return []
    base = base_language(language)
    marks = re.compile(mark_pattern(base))
    text, quote = piece + LINE_BREAK, OpenQuotes()
    found: list[int] = []
    start, settled = 0, 0  # of the current sentence in the piece; of what is read in that sentence
    while mark := marks.search(text, settled):
        verdict, settled = judge_mark(text, mark, base, quote)
        if verdict is MarkVerdict.GO_ON and _is_inner(text, mark):
            found.append(start + mark.start(1))
        if verdict is MarkVerdict.END:
            start, text, settled = start + settled, text[settled:], 0
            quote = OpenQuotes()
        if verdict is MarkVerdict.WAIT:
            break
    return found


def _is_inner(text: str, mark: re.Match[str]) -> bool:
    """Is this one full stop with more of its sentence behind a space, and not the number of a list item?"""
    at = mark.start(1)
    return mark[1] == "." and text[at + 1 : at + 2] == " " and not is_item_number(text[: at + 1], text[at + 1 : at + 4])
