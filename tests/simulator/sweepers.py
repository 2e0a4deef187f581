"""Sweepers, which carry on what others left: the pool's sweep, the outbox, the to-dos, dispatch after a wake-up."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from seriatim.audio.pcm import bytes_of_ms, ms_of_bytes
from seriatim.errors import MemoryFull
from seriatim.keys import pool_prefix
from seriatim.lua import job_scripts as slot
from seriatim.lua import pool_scripts
from tests.simulator.dispatch import dispatch, publish
from tests.simulator.plan import ENDED_LIFE_MS, RATE_HZ
from tests.simulator.scheduler import POOL, Process, Steps, Violation
from tests.simulator.workers import RETRY

if TYPE_CHECKING:
    from tests.simulator.run import Run

INTERVAL_MS = 300
PATIENCE_MS = 1_200  #: a step that is younger is left to the process that began it


class Sweeper(Process):
    """One process's sweep of the pool."""

    def __init__(self, run: "Run") -> None:
        super().__init__(run.world, run.world.name("sweeper"))
        self.run = run

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "", self._work()
        yield "wake", self._wake()

    def died(self) -> Process | None:
        return Sweeper(self.run)

    def _work(self) -> Steps[None]:
        while True:
            with suppress(MemoryFull):
                yield from self._sweep()
            yield self.world.rng.randint(250, 600)

    def _sweep(self) -> Steps[None]:
        yield from self.world.ask(self.name, pool_scripts.rebase, POOL)
        swept = yield from self.world.ask(self.name, pool_scripts.sweep, POOL, INTERVAL_MS, PATIENCE_MS, RETRY)
        if not swept.ran:
            return
        for message in swept.outbox:
            yield 0
            publish(self.run, message)
            yield from self.world.plain(
                self.name, "ZREM", f"{pool_prefix(POOL)}:outbox", pool_scripts.outbox_entry(message)
            )
        for entry in swept.todo:
            yield from self._carry_out(entry)
        yield from dispatch(self.run, self.name)

    def _wake(self) -> Steps[None]:
        while True:
            if (yield from self.world.plain(self.name, "LPOP", f"{pool_prefix(POOL)}:wake")):
                yield from dispatch(self.run, self.name)
            yield self.world.rng.randint(200, 800)

    def _carry_out(self, entry: str) -> Steps[None]:
        verb, job, *rest = entry.split("|", 3)
        self.world.tally["to-dos"] += 1
        if verb == "life":
            yield from self.world.settle(self.name, entry, slot.life, job, accepted=True)
        elif verb == "close":
            yield from self.world.settle(self.name, entry, slot.close, job, int(rest[0]), rest[1])
        elif verb == "end":
            yield from self.world.settle(self.name, entry, slot.end, job, rest[0], rest[1])
        elif verb == "fill":
            yield from self._fill(entry, job, int(rest[0]), *rest[1].split("|", 1))
        else:
            raise Violation(f"an unknown to-do: {entry}")

    def _fill(self, entry: str, job: str, seq: int, ms: str, reason: str) -> Steps[None]:
        n_bytes = bytes_of_ms(float(ms), RATE_HZ)
        (_, length), epoch = yield from self.world.in_epoch(
            self.name, slot.fill, job, seq, n_bytes, reason, f"{seq}", RATE_HZ
        )
        heard_ms = ms_of_bytes(length, RATE_HZ)
        yield from self.world.ask(
            self.name, pool_scripts.fill_done, POOL, job, seq, entry, heard_ms, ENDED_LIFE_MS, epoch
        )
