"""Chess moves: the number before a move has no stop, `1. e4 e5`, and `Qxd5+` says check."""

import re

from seriatim.text.chess_moves import MOVE
from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

_NUMBER = re.compile(rf"(?<![\w.,])(?P<n>\d{{1,3}})\.{{1,3}}\s?(?={MOVE}(?![\w-]))")
#: of a piece, or one that takes: e4+ is perhaps a note, Nf3+ and exd6+ are moves
_CHECK = re.compile(
    r"(?<![\w-])(?P<move>[KQRBNSTLDAC][a-h]?[1-8]?x?[a-h][1-8]|[a-h]x[a-h][1-8](?:=[QRBN])?|O-O(?:-O)?)(?P<sign>[+#])(?!\w)"
)
#: check and checkmate
_WORDS = {
    "de": ("Schach", "Schachmatt"), "en": ("check", "checkmate"), "es": ("jaque", "jaque mate"),
    "fr": ("échec", "échec et mat"), "it": ("scacco", "scacco matto"), "nl": ("schaak", "schaakmat"),
    "pl": ("szach", "szach mat"), "pt": ("xeque", "xeque-mate"), "ru": ("шах", "шах и мат"),
}  # fmt: skip


def chess_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of moves in one language."""
    rules = [ReadingRule(_NUMBER, lambda found: f"{found['n']} ")]
    if words := _WORDS.get(grammar.rules.tag):
        rules.append(ReadingRule(_CHECK, lambda found: f"{found['move']} {words[found['sign'] == '#']}"))
    return rules
