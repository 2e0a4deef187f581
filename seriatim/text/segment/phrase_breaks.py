"""Phrase breaks: where words and short phrases end in scripts without spaces, by BudouX' small models. Pure.

BudouX (Apache-2.0, by Google) has models for Thai, Japanese and Chinese, which look at three characters before a place
and three behind it. So a place is judged alike in a text and in a part of it, three characters from its edges.
"""

import re
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from seriatim.process.single_flight import single_flight
from seriatim.text.segment.character_classes import CJK

if TYPE_CHECKING:
    from budoux import Parser

EDGE = 3  #: characters before a place and behind it by which it is judged
_THAI = re.compile(r"[\u0e01-\u0e5b]")
_KANA = re.compile(r"[\u3041-\u30ff]")


def has_phrases(text: str) -> bool:
    """Whether there are characters of a script whose phrases can be found."""
    return bool(CJK.search(text) or _THAI.search(text))


@lru_cache(maxsize=64)
def phrase_ends(text: str) -> tuple[int, ...]:
    """Indexes where phrases end, ascending, the end of the text last; () for an empty text."""
    parser = _parser("thai" if _THAI.search(text) else "japanese" if _KANA.search(text) else "simplified_chinese")
    return tuple(accumulate(map(len, parser.parse(text))))


@single_flight
@lru_cache
def _parser(model: str) -> "Parser":
    import budoux  # its import takes some 20 ms, and few texts need it

    parser: Parser = getattr(budoux, f"load_default_{model}_parser")()
    return parser
