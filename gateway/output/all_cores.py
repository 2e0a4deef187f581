"""Calls run on all cores, such as encoders, which release Python's lock."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def run_on_all_cores(calls: Iterable[Callable[[], T]], name: str) -> list[T]:
    """The results of calls, which run in threads of this name; after an error no other one begins."""
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix=name) as executor:
        futures = [executor.submit(call) for call in calls]
        try:
            return [future.result() for future in futures]
        finally:
            executor.shutdown(cancel_futures=True)
