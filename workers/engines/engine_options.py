"""Engine options: `--engine-option KEY=VALUE` strings, read into a frozen record of the engine's own.

An engine declares its options as the fields of a frozen dataclass, each `name: Annotated[kind, Option(...)] = default`;
a kind is bool, int, float, str or a StrEnum. `read_options` turns what the user wrote into that record and refuses,
with the nearest names, what the engine does not know. Pure: no engine is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from seriatim.errors import UnknownOption
from seriatim.nearest_names import QUOTED_CHARS, unknown_word

Record = TypeVar("Record")

TRUTH = {"0": False, "1": True}


@dataclass(frozen=True, slots=True)
class OptionInfo:
    """What is said about one option beside its type and default."""

    meaning: str
    low: float = 0  #: the range of a number, both ends included
    high: float = 2**31


def read_options(record: type[Record], engine: str, given: Mapping[str, str]) -> Record:
    """The `record` of an engine's options with what was `given` in place of the defaults.

    Raises:
        UnknownOption: a key that the engine does not have, or a value outside its range.
    """
    known = declared_options(record)
    for name in given:
        if name not in known:
            raise UnknownOption(unknown_word(f"{engine} option", name, known))
    return record(
        **{name: _value(f"{name} of the {engine} engine", *known[name], text) for name, text in given.items()}
    )


def declared_options(record: type[Any]) -> dict[str, tuple[Any, OptionInfo]]:
    """The default of every option of a record, and what is said about it, by name and in its order."""
    hints = get_type_hints(record, include_extras=True)
    return {each.name: (each.default, hints[each.name].__metadata__[0]) for each in fields(record)}


def ranges(record: type[Any], *names: str) -> dict[str, tuple[float, float]]:
    """The ranges of those options of a record that a text may set."""
    known = {name: known for name, known in declared_options(record).items() if name in names}
    return {
        name: (0, 1) if isinstance(default, bool) else (option.low, option.high)
        for name, (default, option) in known.items()
    }


def in_range(name: str, value: float, option: OptionInfo) -> float:
    """`value`, if the option allows it.

    Raises:
        UnknownOption: it lies outside the option's range, as NaN always does.
    """
    if not option.low <= value <= option.high:
        raise UnknownOption(f"option {name} is {value:g}, expected {option.low:g} to {option.high:g}")
    return value


def _value(name: str, default: Any, option: OptionInfo, text: str) -> object:
    kind = type(default)
    try:
        value = TRUTH[text] if kind is bool else kind(text)
    except (ValueError, KeyError):
        raise UnknownOption(f"option {name} is {text[:QUOTED_CHARS]!r}, expected {_expected(kind, option)}") from None
    return in_range(name, value, option) if kind in (int, float) else value


def _expected(kind: type, option: OptionInfo) -> str:
    if issubclass(kind, StrEnum):
        return " or ".join(kind)
    return "0 or 1" if kind is bool else f"{kind.__name__} from {option.low:g} to {option.high:g}"
