"""Chess moves, `1. e4 e5 2. Nf3`: a number with a stop before a move ends no sentence and begins no item."""

import re

#: with the letters of the pieces in several languages
MOVE = r"(?:[KQRBNSTLDAC]?[a-h]?[1-8]?x?[a-h][1-8](?:=[QRBN])?|[O0]-[O0](?:-[O0])?)"
#: what of a move may be known so far
PART_OF_MOVE = r"(?:[KQRBNSTLDAC]?[a-h]?[1-8]?x?[a-h]?[1-8]?|[O0](?:-[O0]){0,2}-?)"
_NUMBER = re.compile(r"(?:^|[\s(])\d{1,3}\.+$")
_MOVE_WITH_MARKS = re.compile(rf"{MOVE}[+#!?.,;:)]*")


def is_move(head: str, after: str) -> bool:
    """Does a text end with the number of a move, and is the next word one?"""
    return bool(_NUMBER.search(head[-6:]) and _MOVE_WITH_MARKS.fullmatch(after))
