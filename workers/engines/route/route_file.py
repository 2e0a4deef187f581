"""The route file: the engines of a route in their order, with their options and voices. TOML, read once at start.

    [[engine]]
    engine = "elevenlabs"
    options = {key_file = "elevenlabs.key", first_byte_s = 3}
    voices = {anna = "JBFqnCBsd6RMkjVDRZzb"}

    [[engine]]
    engine = "hibari"
    voices = {anna = "hibari"}

A voice of the route has a name in each engine; where an engine has none for it, its default voice speaks.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seriatim.errors import Misconfigured, UnknownOption
from workers.engines.engine_registry import check_name

FIELDS = {"engine", "name", "options", "voices"}
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")  #: it is part of a mark, and so of a metric's label


@dataclass(frozen=True, slots=True)
class StepOptions:
    """One engine of a route, as the file has it."""

    engine: str
    name: str  #: in logs, marks and metrics; the engine's, unless it has one of its own
    options: Mapping[str, str]  #: as --engine-option
    voices: Mapping[str, str]  #: by the route's names


def read_route(path: Path) -> tuple[StepOptions, ...]:
    """The engines of a route, first choice first.

    Raises:
        Misconfigured: the file cannot be read, or is not a route.
        UnknownOption: it names an engine that does not exist.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"cannot read the route {str(path)!r}: {error}") from None
    rows = content.get("engine")
    if content.keys() != {"engine"} or not isinstance(rows, list) or not rows:
        raise Misconfigured(f"{path}: found {', '.join(content) or 'nothing'}; expected tables [[engine]] alone")
    steps = tuple(_step_of(row, f"{path}, engine {n}") for n, row in enumerate(rows, 1))
    twice = [name for name, n in Counter(step.name for step in steps).items() if n > 1]
    if twice:
        raise Misconfigured(f"{path}: {twice[0]!r} comes twice; give each of them a `name` of its own")
    return steps


def _step_of(row: Mapping[str, Any], where: str) -> StepOptions:
    if unknown := row.keys() - FIELDS:
        raise Misconfigured(f"{where}: unknown field {min(unknown)!r}; expected {', '.join(sorted(FIELDS))}")
    engine, name = row.get("engine"), row.get("name", row.get("engine"))
    if not isinstance(engine, str):
        raise Misconfigured(f"{where}: engine={engine!r}; expected the name of an engine")
    check_name(engine)
    if engine == "route":
        raise UnknownOption(f"{where}: a route cannot be an engine of a route")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Misconfigured(f"{where}: name={name!r}; expected a name such as 'berlin-2'")
    options, voices = row.get("options", {}), row.get("voices", {})
    if not isinstance(options, dict) or not isinstance(voices, dict):
        raise Misconfigured(f"{where}: expected tables as `options` and `voices`")
    return StepOptions(engine, name, {key: _text_of(value) for key, value in options.items()}, dict(voices))


def _text_of(value: object) -> str:
    """A value of TOML as --engine-option has it."""
    return str(int(value)) if isinstance(value, bool) else str(value)
