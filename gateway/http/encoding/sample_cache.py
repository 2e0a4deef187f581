"""The sample cache: one short recording of each voice, spoken when it is first requested and kept in this process."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

MOST_SAMPLES = 200  #: some 40 kB each

SampleKey = tuple[str, str]  #: pool and voice


@dataclass(slots=True)
class SampleCache:
    """The samples that were requested last. Requests of one voice at the same time wait for one recording."""

    tasks: "OrderedDict[SampleKey, asyncio.Task[bytes]]" = field(default_factory=OrderedDict)

    async def get(self, key: SampleKey, record: Callable[[], Awaitable[bytes]]) -> bytes:
        """The sample of a voice; `record` makes it if it is not there. What fails is not kept.

        A client that disconnects does not end the recording, for which others may wait.
        """
        task = self.tasks.get(key)
        if task is None:
            task = self.tasks[key] = asyncio.ensure_future(_run(record))
            task.add_done_callback(lambda ended: self._forget_failed(key, ended))
        self.tasks.move_to_end(key)
        while len(self.tasks) > MOST_SAMPLES:
            self.tasks.popitem(last=False)
        return await asyncio.shield(task)

    def _forget_failed(self, key: SampleKey, ended: "asyncio.Task[bytes]") -> None:
        if ended.cancelled() or ended.exception() is not None:
            self.tasks.pop(key, None)


async def _run(record: Callable[[], Awaitable[bytes]]) -> bytes:
    return await record()
