"""Ignored fields: the warning that names the fields of a request that have no effect. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: fields of other servers that do not affect the audio
SILENT_FIELDS = frozenset({"metadata", "safety_identifier", "store", "user"})
HEADER_SAFE = re.compile(r"[\w.-]{1,64}", re.ASCII)  #: names that may be put into a header
MAX_NAMES = 20  #: in a warning


def ignored_names(extra: Mapping[str, Any] | None, prefix: str = "") -> list[str]:
    """The names of fields that were set, `prefix` before each."""
    return [prefix + name for name, value in (extra or {}).items() if value is not None and name not in SILENT_FIELDS]


def ignored_warning(found: Iterable[str]) -> str:
    """A warning with these names, as far as a header can have them; "" if there are none."""
    names = sorted(found)
    shown = [name for name in names if HEADER_SAFE.fullmatch(name)][:MAX_NAMES]
    shown += [f"{len(names) - len(shown)} more"] * (len(names) > len(shown))
    return f"unknown fields are ignored: {', '.join(shown)}" if shown else ""


def joined_warning(*warnings: str) -> str:
    """One line of several warnings, of which some may be empty."""
    return "; ".join(filter(None, warnings))
