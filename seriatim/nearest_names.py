"""The nearest names to an unknown word, for error messages. Pure."""

import difflib
from collections.abc import Iterable

NEAREST = 3  #: names that a message suggests: enough for a typo, few enough for one line
SHOWN = 12  #: names that it lists if none is near
TYPO = 0.6  #: least similarity, 0..1, of a name that is suggested for a typo, and for no other word
QUOTED_CHARS = 60  #: most characters of the user's input that a message repeats: it may be a whole text by mistake


def unknown_word(what: str, word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """The message for a `word` that is not in `known`: the names of at least `cutoff` similarity, 0..1, or a list."""
    names = list(known)
    near = difflib.get_close_matches(word.lower(), names, NEAREST, cutoff)
    offer = (
        f"nearest: {', '.join(near)}" if near else f"known: {', '.join(names[:SHOWN])}{' ...' * (len(names) > SHOWN)}"
    )
    return f"unknown {what} {word[:QUOTED_CHARS]!r}; {offer}"
