"""Unicode forms: other shapes of the same letters, digits and signs become those that engines know.

Folded are full-width and half-width forms, mathematical alphabets, circled letters, ligatures, Roman numerals of one
character, Arabic letters by their place in a word, and units in one square. Not folded is what means something else
or is punctuation of its script: raised and lowered digits (`10²`), fractions, circled digits, `…`, `№`,
`。！？，：；（）`.
"""

import re
import sys
import unicodedata
from functools import cache

from seriatim.process.single_flight import single_flight

_FOLDED_TAGS = frozenset({"<font>", "<wide>", "<narrow>", "<initial>", "<medial>", "<final>", "<isolated>", "<square>"})
#: ligatures and digraphs of Latin and Armenian, Roman numerals: `<compat>` to Unicode, as much else is
_COMPATIBLE = ((0x132, 0x133), (0x1C4, 0x1CC), (0x1F1, 0x1F3), (0x2160, 0x217F), (0xFB00, 0xFB17))
_CIRCLED_LETTERS = range(0x24B6, 0x24EA)  #: by which people decorate words; circled digits are steps and notes
#: punctuation of Chinese and Japanese, by which their sentences are cut
_KEPT = frozenset("！＂＇（），．：；？［］｛｝｟｠｡｢｣､　")
_MOST_CHARS = 8  #: a ligature of a whole phrase is no letter
#: a wide comma parts numbers more often than groups of digits: it groups where all groups have three digits
_BETWEEN_DIGITS = re.compile(
    r"(?<=\d)[．：](?=\d)|(?<![\d，])(?!(?<=[$¥￥€£])\d{1,3}，\d{3}(?:美?元|円))\d{1,3}(?:，\d{3})+(?![\d，])"
)
_PLAIN = str.maketrans("．，：", ".,:")


@single_flight
@cache  # takes 80 ms, and many processes meet no text, or plain text only
def _folded() -> dict[str, str]:
    """The plain form of each character that has one; no plain form has such a character itself."""
    table = {}
    for code in range(0xA0, min(sys.maxunicode, 0x20000)):
        tag, _, _ = unicodedata.decomposition(chr(code)).partition(" ")
        listed = tag == "<compat>" and any(low <= code <= high for low, high in _COMPATIBLE)
        if (tag in _FOLDED_TAGS or listed or code in _CIRCLED_LETTERS) and chr(code) not in _KEPT:
            plain = unicodedata.normalize("NFKC", chr(code))
            if 0 < len(plain) <= _MOST_CHARS and not plain.isspace():
                table[chr(code)] = plain
    return table


def fold(text: str) -> str:
    """The text with other forms of letters, digits and signs folded, character by character."""
    if text.isascii():
        return text
    plain_forms = _folded()
    for form in plain_forms.keys() & set(text):  # few kinds of them are in any text
        text = text.replace(form, plain_forms[form])
    return text


def compose(sentence: str) -> str:
    """A whole sentence with its accents composed (NFC), and plain points and commas within its numbers."""
    if sentence.isascii():
        return sentence
    return unicodedata.normalize("NFC", _BETWEEN_DIGITS.sub(lambda mark: mark[0].translate(_PLAIN), sentence))
