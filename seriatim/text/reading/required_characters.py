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

DIGIT = "\\d"  #: in a set of characters: any digit; before a character: it stands close behind a digit
_A_DIGIT = re.compile(r"\d")
#: the two characters behind a digit
_BEHIND_DIGIT = re.compile(r"(?s)(?<=\d)(\D)(.?)")
_MOST_BETWEEN = 1  #: characters between a digit and one that must follow it
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
    """The characters of a text, with DIGIT if there is a digit among them, and what follows one, behind DIGIT."""
    found = set(text)
    if _A_DIGIT.search(text):
        found.add(DIGIT)
        for pair in _BEHIND_DIGIT.findall(text):
            found.update(DIGIT + char for char in pair)
    return found


@cache
def required_characters(pattern: re.Pattern[str]) -> tuple[frozenset[str], ...]:
    """Sets of characters, of each of which at least one is in any text that the pattern matches."""
    parsed = parser.parse(pattern.pattern, pattern.flags)
    found, _ = _of_sequence(parsed, None, ignores_case=bool(pattern.flags & re.IGNORECASE))
    rare = sorted((chars for chars in set(found) if _frequency(chars) < _COMMON), key=_order)
    return tuple(rare[:_MOST_SETS])


def _frequency(chars: frozenset[str]) -> int:
    return sum(_FREQUENCIES.get(char, _SMALL_LETTER if char.islower() and len(char) == 1 else _OTHER) for char in chars)


def _order(chars: frozenset[str]) -> tuple[int, list[str]]:
    return _frequency(chars), sorted(chars)


def _of_sequence(
    items: Iterable[tuple[Any, Any]], behind: int | None, *, ignores_case: bool
) -> tuple[list[frozenset[str]], int | None]:
    """What a sequence requires, and how many characters at most are between its end and a digit; None: unknown.

    `behind`: the same for its beginning.
    """
    found: list[frozenset[str]] = []
    for code, operand in items:
        sets, behind = _of_code(code, operand, behind, ignores_case=ignores_case)
        found += sets
    return found, behind


def _of_code(
    code: Any, operand: Any, behind: int | None, *, ignores_case: bool
) -> tuple[list[frozenset[str]], int | None]:
    """The same for one item of a parsed pattern; nothing if it is of another kind than these."""
    if code in (codes.LITERAL, codes.IN):
        chars = [chr(operand)] if code is codes.LITERAL else _of_class(operand)
        return _of_chars(chars, behind, ignores_case=ignores_case)
    if code is codes.BRANCH:
        each = [_of_sequence(branch, behind, ignores_case=ignores_case) for branch in operand[1]]
        return _of_branches([sets for sets, _ in each]), _farthest(ends for _, ends in each)
    if code is codes.SUBPATTERN:
        added, removed, inner = operand[1:]
        ignored = (ignores_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
        return _of_sequence(inner, behind, ignores_case=ignored)
    if code is codes.ASSERT:
        start = behind if operand[0] > 0 else None  # only a look ahead begins here
        return _of_sequence(operand[1], start, ignores_case=ignores_case)[0], behind
    if code in _REPEATS:
        return _of_repeat(operand, behind, ignores_case=ignores_case)
    return [], behind if code in (codes.AT, codes.ASSERT_NOT) else None


def _of_chars(chars: list[str], behind: int | None, *, ignores_case: bool) -> tuple[list[frozenset[str]], int | None]:
    """One of these characters; close behind a digit, the pair is required, too."""
    digits = [char == DIGIT or char.isdecimal() for char in chars]
    found = _known(chars, ignores_case=ignores_case)
    if behind is not None and not any(digits):
        found += [frozenset(DIGIT + char for char in known) for known in found]
    return found, 0 if digits and all(digits) else None


def _of_repeat(operand: Any, behind: int | None, *, ignores_case: bool) -> tuple[list[frozenset[str]], int | None]:
    """A repeated item; one that may be missing requires nothing."""
    least, most, inner = operand
    sets, ends = _of_sequence(inner, behind, ignores_case=ignores_case)
    if least > 0:
        return sets, ends
    is_char = most == 1 and len(inner) == 1 and inner[0][0] in (codes.LITERAL, codes.IN)
    if is_char and ends is None and behind is not None:
        return [], behind + 1 if behind < _MOST_BETWEEN else None
    return [], _farthest([behind, ends])


def _farthest(distances: Iterable[int | None]) -> int | None:
    """The greatest of the distances to a digit; None if one is unknown."""
    known = list(distances)
    return None if None in known else max(each for each in known if each is not None)


def _of_branches(branches: list[list[frozenset[str]]]) -> list[frozenset[str]]:
    """One character of the rarest set of each branch; a digit is there as well where something behind a digit is."""
    if not all(branches):
        return []
    one = frozenset[str]().union(*(min(sets, key=_order) for sets in branches))
    behind_digits = frozenset(char for char in one if char.startswith(DIGIT) and char != DIGIT)
    return [one - behind_digits if DIGIT in one else one]


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
