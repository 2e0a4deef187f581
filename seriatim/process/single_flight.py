"""Single flight: what is costly to load is loaded once, while the other threads that need it wait.

`functools.cache` alone runs its function once for each thread that finds nothing yet. Then the first requests of a
server load a model side by side, each for itself: they take its memory many times, and all of them are late.
"""

import threading
from collections.abc import Hashable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper as CachedFunction  # noqa: N812  # its only name in typeshed

T = TypeVar("T")


def single_flight(cached: "CachedFunction[T]") -> "CachedFunction[T]":
    """Let one thread at a time into a function with `cache` or `lru_cache`, so that the next ones find its result."""
    lock = threading.RLock()
    loaded: set[Hashable] = (
        set()
    )  #: arguments of finished calls, for which no thread waits: a lock that all take is slow

    @wraps(cached)
    def wait_for_result(*args: Hashable, **kwargs: Hashable) -> T:
        key = (args, *kwargs.items())
        if key in loaded:
            return cached(*args, **kwargs)
        with lock:
            result = cached(*args, **kwargs)
        loaded.add(key)
        return result

    def cache_clear() -> None:
        loaded.clear()
        cached.cache_clear()

    vars(wait_for_result).update(cache_info=cached.cache_info, cache_clear=cache_clear)
    return cast("CachedFunction[T]", wait_for_result)
