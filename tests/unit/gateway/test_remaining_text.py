"""The rest of long texts: read in batches by turns, behind encoders whose listeners wait."""

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import cast

from gateway.http.encoding.deadline_slots import encoder_slots
from gateway.http.streaming.remaining_text import BATCH_SENTENCES, send_remaining_text
from seriatim.client.partial_submission import PartialSubmission, TextBatch

PATIENCE_S = 60.0


@dataclass
class Text:
    """A text that notes when its batches are read, and sends them nowhere."""

    name: str
    left: int  #: sentences
    steps: list[str] = field(default_factory=list)
    sent: int = 0
    whole: bool = False

    def read_batch(self, n: int) -> TextBatch:
        self.steps.append(self.name)
        rows = ["sentence"] * min(n, self.left)
        self.left -= len(rows)
        return TextBatch(rows, last=len(rows) < n)

    def send_batch(self, batch: TextBatch) -> None:
        self.sent += len(batch.rows)
        self.whole = batch.last


async def send(*texts: Text) -> None:
    """Send some texts at once."""
    await asyncio.gather(*(send_remaining_text(cast("PartialSubmission", text)) for text in texts))


def test_a_short_text_goes_on_while_a_long_one_is_sent() -> None:
    done = threading.Event()

    class Long(Text):
        def send_batch(self, batch: TextBatch) -> None:
            assert done.wait(PATIENCE_S), "the short text is not sent meanwhile"
            super().send_batch(batch)

    class Short(Text):
        def send_batch(self, batch: TextBatch) -> None:
            super().send_batch(batch)
            if self.whole:
                done.set()

    long, short = Long("long", 9 * BATCH_SENTENCES), Short("short", 2 * BATCH_SENTENCES + 1)
    asyncio.run(send(long, short))
    assert (long.sent, short.sent) == (9 * BATCH_SENTENCES, 2 * BATCH_SENTENCES + 1)
    assert len(short.steps) == 3, "in batches"


def test_a_listener_who_runs_dry_soon_goes_first() -> None:
    async def run() -> list[str]:
        steps: list[str] = []
        text, free = Text("text", 1, steps), asyncio.Event()

        async def encode(due_s: float) -> None:
            async with encoder_slots.hold_slot(due_s):
                steps.append("encode")

        async def hold() -> None:
            async with encoder_slots.hold_slot(0):
                await free.wait()

        holders = [asyncio.create_task(hold()) for _ in range(encoder_slots.free)]
        await asyncio.sleep(0)
        sending = asyncio.create_task(send(text))
        while not encoder_slots.waiting:
            await asyncio.sleep(0)
        encoding = asyncio.create_task(encode(time.monotonic() + 1))
        await asyncio.sleep(0)
        assert not steps, "all slots are held"
        free.set()
        await asyncio.gather(*holders, sending, encoding)
        return steps

    assert asyncio.run(run()) == ["encode", "text"]
