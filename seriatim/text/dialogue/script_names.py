"""Names in a script: those before lines such as `ANNA: Hello`, in the order in which they first occur. Pure.

Only names in capitals count, so that `Note: ...` and `He said: ...` remain text.
"""

import re

MOST_NAMES = 64
MOST_CHARS = 40
_LABEL = re.compile(
    rf"^[ \t]{{0,6}}(?:\*\*|__)?(?P<name>[^\W_][^:：\n*_]{{0,{MOST_CHARS - 1}}}?)(?:\*\*|__)?[ \t]?[:：]", re.MULTILINE
)


def script_names(text: str) -> list[str]:
    """The names of speakers in a text, each once, at most MOST_NAMES of them."""
    found = (match["name"].strip() for match in _LABEL.finditer(text))
    return list(dict.fromkeys(name for name in found if name.isupper()))[:MOST_NAMES]


def count_lines(text: str, names: list[str]) -> dict[str, int]:
    """The number of lines that begin with each name."""
    counts = dict.fromkeys(names, 0)
    for match in _LABEL.finditer(text):
        if (name := match["name"].strip()) in counts:
            counts[name] += 1
    return counts
