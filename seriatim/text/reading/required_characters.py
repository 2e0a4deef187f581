"""Required characters: those without which a pattern matches nowhere, so that its rule need not be tried.

They are found in the pattern itself, as Python's own parser of regular expressions sees it: what is not sure to be
required is left out. Most sentences lack something that most rules require, such as a sign of money.
"""

import re
from collections.abc import Iterable, Set
from functools import cache
from importlib import import_module
from typing import Any

# The library has no public way to ask, and no types for this one; kinds of items that a later Python adds require
# nothing, so they do no harm.
codes, parser = import_module("re._constants"), import_module("re._parser")

DIGIT = "\\d"  #: in a set of characters: any digit
_MOST_CHARS = 200  #: a class with more characters requires little
_MOST_SETS = 3  #: for one pattern
#: how often a character stands in texts, roughly; a set that nearly every text has is none worth looking for
_FREQUENCIES = {" ": 1000, ".": 300, ",": 40, "-": 10, "'": 10, DIGIT: 30}
_SMALL_LETTER = 40
_OTHER = 2
_COMMON = 600
#: letters that have more than one other case
_ODD_LETTERS = frozenset("iksIKS")
_REPEATS = frozenset([codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT])


def characters(text: str) -> Set[str]:
    """The characters of a text, with DIGIT if there is a digit among them."""
    found = set(text)
    if any(char.isdecimal() for char in found):
        found.add(DIGIT)
    return found


@cache
def required_characters(pattern: re.Pattern[str]) -> tuple[frozenset[str], ...]:
    """Sets of characters, of each of which at least one is in any text that the pattern matches."""
    parsed = parser.parse(pattern.pattern, pattern.flags)
    found = _of_sequence(parsed, ignores_case=bool(pattern.flags & re.IGNORECASE))
    rare = sorted((chars for chars in set(found) if _frequency(chars) < _COMMON), key=_order)
    return tuple(rare[:_MOST_SETS])


def _frequency(chars: frozenset[str]) -> int:
    return sum(_FREQUENCIES.get(char, _SMALL_LETTER if char.islower() else _OTHER) for char in chars)


def _order(chars: frozenset[str]) -> tuple[int, list[str]]:
    return _frequency(chars), sorted(chars)


def _of_sequence(items: Iterable[tuple[Any, Any]], *, ignores_case: bool) -> list[frozenset[str]]:
    return [chars for code, operand in items for chars in _of_code(code, operand, ignores_case=ignores_case)]


def _of_code(code: Any, operand: Any, *, ignores_case: bool) -> list[frozenset[str]]:
    """What one item of a parsed pattern requires; nothing if it is of another kind than these."""
    if code in (codes.LITERAL, codes.IN):
        chars = [chr(operand)] if code is codes.LITERAL else _of_class(operand)
        return _known(chars, ignores_case=ignores_case)
    if code is codes.BRANCH:
        return _of_branches([_of_sequence(branch, ignores_case=ignores_case) for branch in operand[1]])
    if code is codes.SUBPATTERN:
        added, removed, inner = operand[1:]
        ignored = (ignores_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
        return _of_sequence(inner, ignores_case=ignored)
    inner = operand[2] if code in _REPEATS and operand[0] > 0 else operand[1] if code is codes.ASSERT else ()
    return _of_sequence(inner, ignores_case=ignores_case)


def _of_branches(branches: list[list[frozenset[str]]]) -> list[frozenset[str]]:
    """One character of the rarest set of each branch."""
    if not all(branches):
        return []
    return [frozenset().union(*(min(sets, key=_order) for sets in branches))]


def _of_class(members: Iterable[tuple[Any, Any]]) -> list[str]:
    """The characters of a class; none if it is too large, negated, or has a category other than digits."""
    found: list[str] = []
    for code, operand in members:
        if code is codes.LITERAL:
            found.append(chr(operand))
        elif code is codes.RANGE and operand[1] - operand[0] < _MOST_CHARS:
            found += map(chr, range(operand[0], operand[1] + 1))
        elif (code, operand) == (codes.CATEGORY, codes.CATEGORY_DIGIT):
            found.append(DIGIT)
        else:
            return []
    return found


def _known(chars: list[str], *, ignores_case: bool) -> list[frozenset[str]]:
    """The set of these characters, with their other cases where case is ignored; nothing if these are not sure."""
    if not chars or len(chars) > _MOST_CHARS:
        return []
    if not ignores_case:
        return [frozenset(chars)]
    letters = [char for char in chars if char.isalpha()]
    if any(char in _ODD_LETTERS or not char.isascii() for char in letters):
        return []
    return [frozenset([*chars, *(char.swapcase() for char in letters)])]
