"""The nearest names to a word that is not known, as every refusal offers them. Pure."""

import difflib
from collections.abc import Iterable

NEAREST = 3  #: names that a refusal offers: enough for a slip of the finger, few enough for one line
SHOWN = 12  #: names that it lists where none is near
QUOTED_CHARS = 60  #: how much of what the user wrote a message repeats: it may be a whole text by mistake


def unknown_word(what: str, word: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """One line about a `word` that is not among the `known` ones: those of at least `cutoff`, 0..1, nearness."""
    names = list(known)
    near = difflib.get_close_matches(word.lower(), names, NEAREST, cutoff)
    offer = (
        f"nearest: {', '.join(near)}" if near else f"known: {', '.join(names[:SHOWN])}{' ...' * (len(names) > SHOWN)}"
    )
    return f"unknown {what} {word[:QUOTED_CHARS]!r}; {offer}"
