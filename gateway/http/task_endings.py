"""Ending tasks for certain, and keeping them from ending."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from seriatim.process.watched_tasks import RESTART_S

log = logging.getLogger(__name__)

AGAIN_S = 0.05


async def cancel_and_wait(*tasks: "asyncio.Task[Any]") -> None:
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


async def run_forever(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Run a background task until it is cancelled: whatever it raises, it begins again, and the log has why.

    A task that ends unseen takes with it all that relies on it: without reports of what listeners have, each stream
    stops once its window is full.
    """
    while True:
        try:
            await work()
        except Exception:  # the task's outermost call
            log.exception("a background task failed and begins again", extra={"task": name})
        await asyncio.sleep(RESTART_S)


_kept: set["asyncio.Task[Any]"] = set()


def keep_running(work: Coroutine[Any, Any, None]) -> None:
    """Let something go on that nobody waits for; the loop alone would hold it too weakly."""
    task = asyncio.create_task(work)
    _kept.add(task)
    task.add_done_callback(_kept.discard)
