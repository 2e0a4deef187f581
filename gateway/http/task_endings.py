"""Task endings: cancel tasks reliably, restart failed ones, and keep background tasks alive."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from seriatim.process.watched_tasks import RESTART_S

log = logging.getLogger(__name__)

CANCEL_AGAIN_S = 0.05


async def cancel_and_wait(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks and wait until they have ended; their exceptions are ignored.

    Cancelling once is not enough: redis-py 8.1 loses a cancellation at certain moments of a command (3 of 50 in a
    trial), and goes on waiting for the reply.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # marks the exception as retrieved


async def run_forever(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Run a background task until it is cancelled; after an exception, log it and start the task again.

    A task that ended unnoticed would stop the whole system: without delivery reports each stream stops once its window
    is full.
    """
    while True:
        try:
            await work()
        except Exception:  # the task's outermost call
            log.exception("background task failed; restarting", extra={"task": name})
        await asyncio.sleep(RESTART_S)


_kept: set["asyncio.Task[Any]"] = set()


def keep_running(work: Coroutine[Any, Any, None]) -> None:
    """Run a task that is not awaited; the event loop alone holds only a weak reference."""
    task = asyncio.create_task(work)
    _kept.add(task)
    task.add_done_callback(_kept.discard)


async def finish_kept(timeout_s: float) -> None:
    """Wait for the tasks of `keep_running` before the process ends, for `timeout_s` at most."""
    if _kept:
        await asyncio.wait(set(_kept), timeout=timeout_s)
