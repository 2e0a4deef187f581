"""Engine names: whether a name that no worker has served yet is a misspelt one.

Any name may be that of a pool, and a batch job waits until a worker serves its pool. So an unknown name is refused only
if it is nearly that of an engine or a pool; a name with an addition, such as `xtts-german`, is one of its own.
"""

import difflib
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path

GROUP = "seriatim.engines"  #: entry points of engines in other distributions
OWN_ENGINES = Path(__file__).parents[1] / "workers" / "engines"  #: each package in it is an engine
SIMILAR = 0.75  #: 0..1, from which two names are near: two swapped letters of eight, one of four
NEAREST = 3


def known_engines() -> frozenset[str]:
    """The engines of this distribution and of the others that are installed here; none is imported."""
    own = {package.parent.name for package in OWN_ENGINES.glob("*/__init__.py")}
    return frozenset(own | {point.name for point in entry_points(group=GROUP)})


def nearly(name: str, known: Iterable[str]) -> list[str]:
    """The known names of which `name` is probably a misspelling, nearest first; not those that it contains."""
    plain = name.lower()
    return [
        each for each in difflib.get_close_matches(plain, sorted(known), NEAREST, SIMILAR)
        if each.lower() not in plain and plain not in each.lower()
    ]  # fmt: skip
