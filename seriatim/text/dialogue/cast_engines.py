"""Cast engines: what speaks in a pool of its own for speakers of a cast: an engine, a provider or a route. Pure.

engines:
cloud: {engine: openai, options: {base_url: "https://example.org/v1", key_file: key}}
low: {engine: route, options: {file: route.toml}}
"""

from collections.abc import Mapping
from dataclasses import dataclass

from seriatim.errors import UnknownOption
from seriatim.text.dialogue.cast_fields import refuse_unknown

_FIELDS = ("engine", "options")


@dataclass(frozen=True, slots=True)
class CastEngine:
    """An engine with its options, for a private system; in a running one, the pool has workers already."""

    engine: str
    options: tuple[str, ...] = ()  #: KEY=VALUE


def cast_engines(written: object) -> dict[str, CastEngine]:
    """Read the engines of a cast, by the names of their pools.

    Raises:
        UnknownOption: they are none; the message names what is wrong.
    """
    if not isinstance(written, Mapping):
        raise UnknownOption(f"cast: engines={written!r:.80}; expected names and their engines")
    return {str(name).lower(): _cast_engine(str(name), each) for name, each in written.items()}


def _cast_engine(name: str, written: object) -> CastEngine:
    values = {"engine": written} if isinstance(written, str) else written
    if not isinstance(values, Mapping):
        raise UnknownOption(f"cast: engines: {name}: {written!r:.80}; expected an engine, or {', '.join(_FIELDS)}")
    refuse_unknown(values, _FIELDS, f"cast: engines: {name}")
    engine, options = values.get("engine", name), values.get("options") or {}
    if not isinstance(engine, str) or not isinstance(options, Mapping):
        raise UnknownOption(f"cast: engines: {name}: expected the name of an engine, and options with their values")
    return CastEngine(engine, tuple(f"{key}={value}" for key, value in sorted(options.items())))
