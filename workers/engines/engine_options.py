"""Engine options: `--engine-option KEY=VALUE` strings, read into a frozen record of the engine's own.

An engine declares its options as the fields of a frozen dataclass, each `name: Annotated[kind, Option(...)] = default`;
a kind is bool, int, float, str or a StrEnum. `read_options` turns the user's strings into that record and refuses
unknown options, with the nearest names. Pure: no engine is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from seriatim.errors import UnknownOption
from seriatim.nearest_names import QUOTED_CHARS, unknown_word

Record = TypeVar("Record")

BOOLEANS = {"0": False, "1": True}


@dataclass(frozen=True, slots=True)
class OptionInfo:
    """The documentation and range of one option, beside its type and default."""

    meaning: str
    low: float = 0  #: the range of a number, both ends included
    high: float = 2**31


def read_options(record: type[Record], engine: str, values: Mapping[str, str]) -> Record:
    """The `record` of an engine's options, with `values` in place of the defaults.

    Raises:
        UnknownOption: a key that the engine does not have, or a value outside its range.
    """
    declared = declared_options(record)
    for name in values:
        if name not in declared:
            raise UnknownOption(unknown_word(f"{engine} option", name, declared))
    return record(
        **{name: _parse_value(f"{name} of the {engine} engine", *declared[name], text) for name, text in values.items()}
    )


def declared_options(record: type[Any]) -> dict[str, tuple[Any, OptionInfo]]:
    """The default and the `OptionInfo` of every option of a record, by name and in its order."""
    hints = get_type_hints(record, include_extras=True)
    return {
        option_field.name: (option_field.default, hints[option_field.name].__metadata__[0])
        for option_field in fields(record)
    }


def option_ranges(record: type[Any], *names: str) -> dict[str, tuple[float, float]]:
    """The ranges of those options of a record that a text may set."""
    declared = {name: declared for name, declared in declared_options(record).items() if name in names}
    return {
        name: (0, 1) if isinstance(default, bool) else (option.low, option.high)
        for name, (default, option) in declared.items()
    }


def in_range(name: str, value: float, option: OptionInfo) -> float:
    """Return `value` if the option allows it.

    Raises:
        UnknownOption: it is outside the option's range, as NaN always is.
    """
    if not option.low <= value <= option.high:
        raise UnknownOption(f"option {name} is {value:g}, expected {option.low:g} to {option.high:g}")
    return value


def _parse_value(name: str, default: Any, option: OptionInfo, text: str) -> object:
    kind = type(default)
    try:
        value = BOOLEANS[text] if kind is bool else kind(text)
    except (ValueError, KeyError):
        raise UnknownOption(
            f"option {name} is {text[:QUOTED_CHARS]!r}, expected {_expected_text(kind, option)}"
        ) from None
    return in_range(name, value, option) if kind in (int, float) else value


def _expected_text(kind: type, option: OptionInfo) -> str:
    if issubclass(kind, StrEnum):
        return " or ".join(kind)
    return "0 or 1" if kind is bool else f"{kind.__name__} from {option.low:g} to {option.high:g}"
