"""Caption lines: text broken into lines of a given width, in any script. Pure.

Lines break at spaces. In Chinese, Japanese and Thai, which have none, they break behind phrases, but before no closing
mark. A phrase that is too long breaks between characters, in Lao before a vowel that starts a syllable. Grapheme
clusters stay whole. East Asian characters take two columns (Unicode Standard Annex 11).
"""

import unicodedata
from collections.abc import Iterator

from seriatim.text.segment.graphemes import are_joined, is_regional
from seriatim.text.segment.phrase_breaks import has_phrases, phrase_ends
from seriatim.text.segment.split_long import NEVER_FIRST

_NEVER_FIRST = NEVER_FIRST | frozenset("々〉〕％")
_NEVER_LAST = frozenset("«“‘([{「『【《（〈〔")
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")  # of Thai and Lao: written before the consonant, so a syllable begins there
_NO_COLUMN = frozenset({"Mn", "Me", "Cf"})


def column_count(text: str) -> int:
    """The width of a text in columns."""
    return sum(map(_cluster_width, _grapheme_clusters(text)))


def wrap_text(text: str, width: int) -> list[str]:
    """Break text into the fewest lines of at most `width` columns (2 or more); white space becomes one space."""
    lines, line, used_columns = [], "", 0
    for part, n, after_space in _unbreakable_parts(text, width):
        end_column = used_columns + n + (after_space and bool(line))
        if line and end_column > width:
            lines.append(line)
            line, used_columns = part, n
        else:
            line, used_columns = f"{line} {part}" if after_space and line else line + part, end_column
    return [*lines, line] if line else lines


def _unbreakable_parts(text: str, width: int) -> Iterator[tuple[str, int, bool]]:
    """Parts that no line break may split: the text, its columns, and whether a space precedes it."""
    for word in text.split():
        after_space = True
        for part in _split_word(word):
            for fitting_part in _split_to_fit(part, width):
                yield fitting_part, column_count(fitting_part), after_space
                after_space = False


def _split_word(word: str) -> Iterator[str]:
    """Split a word at each possible break of a script without spaces."""
    start = 0
    for at in phrase_ends(word)[:-1] if has_phrases(word) else ():
        before, after = word[at - 1], word[at]
        if before not in _NEVER_LAST and after not in _NEVER_FIRST and not are_joined(before, after):
            yield word[start:at]
            start = at
    yield word[start:]


def _split_to_fit(part: str, width: int) -> Iterator[str]:
    """Split a part to fit into a line; Thai and Lao at syllables if possible."""
    if column_count(part) <= width:
        yield part
        return
    line, used_columns, syllable = "", 0, 0
    for cluster in _grapheme_clusters(part):
        n = _cluster_width(cluster)
        if used_columns + n > width:
            cut = syllable if syllable > len(line) // 2 else len(line)
            yield line[:cut]
            line, syllable = line[cut:], 0
            used_columns = column_count(line)
        if line and cluster[0] in _LEADING_VOWELS:
            syllable = len(line)
        line, used_columns = line + cluster, used_columns + n
    yield line


def _grapheme_clusters(text: str) -> Iterator[str]:
    """Split text into grapheme clusters. A flag is two letters, even in a row of flags."""
    start = 0
    for at in range(1, len(text)):
        flag = is_regional(text[at - 1]) and is_regional(text[at])
        if not are_joined(text[at - 1], text[at]) or (flag and (at - start) % 2 == 0):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def _cluster_width(cluster: str) -> int:
    return max(0 if unicodedata.category(c) in _NO_COLUMN else _char_width(c) for c in cluster)


def _char_width(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
