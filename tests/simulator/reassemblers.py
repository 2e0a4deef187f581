"""Reassemblers: they wake on notifications, take over from dead ones, look at what was not looked at, and emit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from redis.exceptions import ResponseError

from seriatim.keys import GROUP, SHARDS, shard_of, shard_prefix
from seriatim.lua import job_scripts as slot
from seriatim.records import DrainMode
from tests.simulator.listeners import SimulatedRecorder
from tests.simulator.scheduler import Process, Steps

if TYPE_CHECKING:
    from tests.simulator.run import Run


def notifications(shard: int) -> str:
    """The notification stream of a shard."""
    return f"{shard_prefix(shard)}:ntf"


class SimulatedReassembler(SimulatedRecorder):
    """One reassembler, of any number. It records, too."""

    def __init__(self, run: "Run") -> None:
        super().__init__(run, run.world.name("reassembler"))
        self.shards: list[int] = []
        self.looked = -1  #: what the world had notified when there was nothing to read

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "emit", self._work()
        yield "record", self.record()

    def died(self) -> Process | None:
        return SimulatedReassembler(self.run)

    def _work(self) -> Steps[None]:
        rng = self.world.rng
        while True:
            self.shards = sorted({shard_of(job) for job in [self.world.plan.jobs[0].job, *self.world.plans]})
            for shard, message, job in (yield from self._read()):
                yield from self._emit(job, notifications(shard), message)
            if rng.random() < 0.2:
                yield from self._claim(rng.choice(self.shards))
            if rng.random() < 0.1:
                yield from self._due(rng.choice(self.shards))
            yield rng.randint(0, 150)

    def _read(self) -> Steps[list[tuple[int, str, str]]]:
        streams: dict[Any, Any] = {notifications(shard): ">" for shard in self.shards}
        yield 0
        if self.looked == self.world.notified:
            return []
        now = self.world.notified
        try:
            reply = self.world.redis.xreadgroup(GROUP, self.name, streams, count=self.world.rng.randint(1, 3))
        except ResponseError as error:  # no group yet, or the server lost it
            if not str(error).startswith("NOGROUP"):
                raise
            yield from self._make_groups()
            return []
        self.looked = self.looked if reply else now
        found = []
        for stream, entries in cast("list[Any]", reply):
            shard = next(s for s in range(SHARDS) if notifications(s) == stream.decode())
            found += [(shard, message.decode(), fields[b"j"].decode()) for message, fields in entries]
        return found

    def _make_groups(self) -> Steps[None]:
        for shard in self.shards:
            yield from self.world.ask(self.name, slot.join, shard)

    def _claim(self, shard: int) -> Steps[None]:
        yield 0
        try:
            _, entries, *_ = self.world.redis.xautoclaim(notifications(shard), GROUP, self.name, min_idle_time=0)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            return
        for message, fields in entries:
            yield from self._emit(fields[b"j"].decode(), notifications(shard), message.decode())

    def _due(self, shard: int) -> Steps[None]:
        for job in (yield from self.world.ask(self.name, slot.due, shard, 8)):
            yield from self._emit(job, "", "")

    def _emit(self, job: str, stream: str, message: str) -> Steps[None]:
        emitted = yield from self.world.ask(self.name, slot.emit, job, self.world.rng.randint(1, 8), message)
        self.world.tally["moved"] += emitted.moved
        self.world.tally["moved by a second look"] += 0 if message else emitted.moved
        if emitted.drain == DrainMode.STORE:
            self.tell(job)
