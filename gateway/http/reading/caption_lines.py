"""Text in lines of so many columns, for captions in any script. Pure.

Lines break at spaces, and between the characters of scripts that have none: Chinese and Japanese anywhere but before
closing marks, Thai and Lao, whose words only a dictionary could tell apart, before a vowel that begins a syllable. What
is seen as one character stays whole. East Asian characters take two columns (Unicode Standard Annex 11).
"""

import unicodedata
from collections.abc import Iterator

from seriatim.text.segment.character_classes import CJK
from seriatim.text.segment.graphemes import are_joined, is_regional
from seriatim.text.segment.split_long import NEVER_FIRST

_NEVER_FIRST = NEVER_FIRST | frozenset("々〉〕％")
_NEVER_LAST = frozenset("«“‘([{「『【《（〈〔")
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")  # Thai's and Lao's, written before their consonant: a syllable begins there
_NO_COLUMN = frozenset({"Mn", "Me", "Cf"})


def columns(text: str) -> int:
    """How wide a text is."""
    return sum(map(_width, _clusters(text)))


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns (2 or more), as few as possible; white space becomes one space."""
    lines, line, used = [], "", 0
    for piece, n, spaced in _pieces(text, width):
        room = used + n + (spaced and bool(line))
        if line and room > width:
            lines.append(line)
            line, used = piece, n
        else:
            line, used = f"{line} {piece}" if spaced and line else line + piece, room
    return [*lines, line] if line else lines


def _pieces(text: str, width: int) -> Iterator[tuple[str, int, bool]]:
    """What no line may part: the piece, its columns, and whether a space goes before it."""
    for word in text.split():
        spaced = True
        for piece in _parts(word):
            for fitting in _fitting(piece, width):
                yield fitting, columns(fitting), spaced
                spaced = False


def _parts(word: str) -> Iterator[str]:
    """A word, parted where a script without spaces may break."""
    begin = 0
    for at in range(1, len(word)):
        before, after = word[at - 1], word[at]
        loose = CJK.match(before) or CJK.match(after)
        if loose and before not in _NEVER_LAST and after not in _NEVER_FIRST and not are_joined(before, after):
            yield word[begin:at]
            begin = at
    yield word[begin:]


def _fitting(piece: str, width: int) -> Iterator[str]:
    """A piece in parts that fit into a line; of Thai and Lao, whole syllables if they fit."""
    if columns(piece) <= width:
        yield piece
        return
    line, used, syllable = "", 0, 0
    for cluster in _clusters(piece):
        n = _width(cluster)
        if used + n > width:
            cut = syllable if syllable > len(line) // 2 else len(line)
            yield line[:cut]
            line, syllable = line[cut:], 0
            used = columns(line)
        if line and cluster[0] in _LEADING_VOWELS:
            syllable = len(line)
        line, used = line + cluster, used + n
    yield line


def _clusters(text: str) -> Iterator[str]:
    """What is seen as one character each. Flags are two letters, however many follow each other."""
    begin = 0
    for at in range(1, len(text)):
        flag = is_regional(text[at - 1]) and is_regional(text[at])
        if not are_joined(text[at - 1], text[at]) or (flag and (at - begin) % 2 == 0):
            yield text[begin:at]
            begin = at
    if text:
        yield text[begin:]


def _width(cluster: str) -> int:
    return max(0 if unicodedata.category(c) in _NO_COLUMN else _wide(c) for c in cluster)


def _wide(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
