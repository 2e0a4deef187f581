"""Ending tasks for certain."""

import asyncio
from collections.abc import Coroutine
from typing import Any

AGAIN_S = 0.05


async def stop(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks, and wait until they have ended; whatever they raise is theirs.

    Once is not enough: redis-py 8.1 loses a cancellation that reaches it at certain moments of a command (3 of 50 when
    it was tried), and then waits on for the command's answer.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # or the loop would complain that nobody looked


_kept: set["asyncio.Task[Any]"] = set()


def keep(work: Coroutine[Any, Any, None]) -> None:
    """Let something go on that nobody waits for; the loop alone would hold it too weakly."""
    task = asyncio.create_task(work)
    _kept.add(task)
    task.add_done_callback(_kept.discard)
