"""The webhook sender's rounds: look-ups that hang keep nothing else waiting; the log is not filled."""

import asyncio
import logging
import threading

import pytest
from redis import Redis

from reassembler.webhooks.webhook_sender import LOOKUPS, WebhookRules, WebhookSender, run_round
from seriatim.webhooks.webhook_target import HostPatterns


def test_a_round_does_not_wait_for_a_look_up_that_hangs() -> None:
    released, over = threading.Event(), threading.Event()

    def look_up() -> None:
        released.wait(30)
        over.set()

    async def posts() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.get_running_loop().run_in_executor(None, look_up)

    run_round(posts())
    assert not over.is_set()
    released.set()
    assert over.wait(30)


def test_all_messages_of_a_round_are_looked_up_at_once() -> None:
    together = threading.Barrier(LOOKUPS)

    async def posts() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(None, together.wait, 30) for _ in range(LOOKUPS)))

    run_round(posts())
    assert not together.broken


def test_a_reason_to_wait_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    sender = WebhookSender(Redis(), WebhookRules("", HostPatterns(), (), 1.0))
    with caplog.at_level(logging.WARNING):
        for error in ("no file", "no file", "no secret", "no secret", "no file"):
            sender.warn_waiting(error)
    assert [record.__dict__["error"] for record in caplog.records] == ["no file", "no secret", "no file"]
