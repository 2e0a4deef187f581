"""Out of memory: the one error that says that the device is full and nothing is lost."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from seriatim.errors import EngineFailed

HOST = "DefaultCPUAllocator"  #: torch raises a plain RuntimeError of this allocator where the host has no memory left


class OutOfMemory(EngineFailed):
    """The device had no memory left. The batch is as it was before the call; `Batch.shrink` makes room."""


@contextmanager
def translate_memory_errors(doing: str) -> Iterator[None]:
    """Turn torch's error into ours.

    Raises:
        OutOfMemory: whatever ran inside ran out of the device's memory.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(_message(doing, error)) from error
    except RuntimeError as error:
        if HOST not in str(error):
            raise
        raise OutOfMemory(_message(doing, error)) from error


def _message(doing: str, error: BaseException) -> str:
    found = str(error).strip().splitlines()[0].rstrip(".")
    return f"no memory left while {doing}: {found}; no row is lost, shrink the batch"
