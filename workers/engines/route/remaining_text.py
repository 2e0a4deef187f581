"""The remaining text of a sentence of which a listener has heard a part: from the word at which the sound stopped.

Engines do not say where in their sound a word begins, so that the place is estimated: by the characters before it, and
by how long the engine's sentences are, compared with their estimates. The word that was being spoken is spoken again,
so that none is lost.
"""

import re

from seriatim.text.duration_estimate import estimate_ms

#: a word, or a character of a script that writes no spaces
_WORD = re.compile(r"[\u3041-\u30fa\u3400-\u4dbf\u4e00-\u9fff]|[^\s\u3041-\u30fa\u3400-\u4dbf\u4e00-\u9fff]+")


def heard_chars(text: str, heard_ms: float, language: str = "", speed: float = 1.0, pace: float = 1.0) -> int:
    """The characters before the word that is spoken at `heard_ms` of the sentence's sound.

    pace: length of the engine's sound divided by its estimate.
    """
    estimated_ms = heard_ms / pace
    starts = [word.start() for word in _WORD.finditer(text)]
    return max((at for at in starts if at and estimate_ms(text[:at], language, speed) <= estimated_ms), default=0)
