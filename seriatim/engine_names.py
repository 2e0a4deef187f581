"""Engine names: whether a name that no worker has served yet is a misspelt one.

Any name may be that of a pool, and a batch job waits until a worker serves its pool. So an unknown name is refused only
if it is nearly that of an engine or a pool; a name with an addition, such as `xtts-german`, is one of its own.
"""

import difflib
from collections.abc import Iterable
from importlib.metadata import entry_points

GROUP = "seriatim.engines"  #: entry points of engines in other distributions
#: the engines of this distribution (workers/engines)
ENGINES = ("elevenlabs", "espeak", "hibari", "http", "kokoro", "openai", "piper", "route", "tone", "xtts")
SIMILAR = 0.75  #: 0..1, from which two names are near: two swapped letters of eight, one of four
NEAREST = 3


def known_engines() -> frozenset[str]:
    """The engines of this distribution and of the others that are installed here."""
    return frozenset(ENGINES) | {point.name for point in entry_points(group=GROUP)}


def nearly(name: str, known: Iterable[str]) -> list[str]:
    """The known names of which `name` is probably a misspelling, nearest first; not those that it contains."""
    plain = name.lower()
    return [
        each for each in difflib.get_close_matches(plain, sorted(known), NEAREST, SIMILAR)
        if each.lower() not in plain and plain not in each.lower()
    ]  # fmt: skip
