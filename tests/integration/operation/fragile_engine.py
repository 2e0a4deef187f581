"""An engine for tests: a tone engine that cannot be loaded while the file of its option `broken` exists."""

from collections.abc import Mapping
from pathlib import Path

from seriatim.engine import Engine
from seriatim.errors import EngineUnavailable
from workers.engines.tone import engine as tone


def load(options: Mapping[str, str]) -> Engine:
    """Load the tone engine, unless the file exists."""
    others = dict(options)
    if Path(others.pop("broken")).exists():
        raise EngineUnavailable("no memory on this GPU")
    return tone.load(others)
