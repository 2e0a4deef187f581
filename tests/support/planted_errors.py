"""Planted errors: a process with an unexpected fault in it.

`python -m tests.support.planted_errors PLACE N TIMES MODULE [ARGUMENT...]`: MODULE's `main` runs as it would by
itself, but that the function at PLACE (`module:name` or `module:class.name`; several, parted by commas) raises
`Planted` at its Nth call and the TIMES - 1 after that.
"""

import importlib
import inspect
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any


class Planted(Exception):
    """None of our tree."""


def plant(place: str, first: int, times: int) -> None:
    """Put the fault where it belongs."""
    module, _, path = place.partition(":")
    holder: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        holder = getattr(holder, part)
    real: Callable[..., Any] = getattr(holder, name)
    lock, count = threading.Lock(), 0

    def due() -> bool:
        nonlocal count
        with lock:
            count += 1
            return first <= count < first + times

    def raising(*args: Any, **kwargs: Any) -> Any:
        if due():
            raise Planted(f"at {place}")
        return real(*args, **kwargs)

    async def raising_later(*args: Any, **kwargs: Any) -> Any:
        if due():
            raise Planted(f"at {place}")
        return await real(*args, **kwargs)

    setattr(holder, name, raising_later if inspect.iscoroutinefunction(real) else raising)


def main(argv: Sequence[str]) -> int:
    """Run a module's `main` with a fault in it."""
    places, first, times, module, *arguments = argv
    entry = importlib.import_module(module)
    for place in places.split(","):
        plant(place, int(first), int(times))
    sys.argv = [module, *arguments]
    return int(entry.main(arguments) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
