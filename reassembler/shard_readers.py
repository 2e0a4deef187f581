"""Shard readers: threads that wait for notifications in a cluster, one for each shard's stream.

One XREADGROUP waits for several streams only where all are in one slot. Each thread has a connection of its own, and
hands over what it reads to the emitting thread; what that does not reach any more, another reassembler takes over. A
shard that cannot be read stops its own thread alone.
"""

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, Full, Queue

from redis import Redis

from reassembler.emit_loop import CursorNotification, read_shards
from seriatim.errors import SeriatimError
from seriatim.keys import SHARDS
from seriatim.process import watched_tasks

log = logging.getLogger(__name__)

READ_MS = 1_000  #: longest wait of one read; also how long a thread takes to notice that it shall end
HELD_READS = 16  #: reads that wait for the emitting thread; while it is so far behind, nothing more is read
RETRY_S = 0.2  #: between two tries of a thread whose shard cannot be read


@dataclass(slots=True)
class ShardReaders:
    """The threads, and what they have read."""

    reader: "Redis"
    name: str  #: of the reassembler
    reads: "Queue[list[CursorNotification]]" = field(default_factory=lambda: Queue(HELD_READS))

    def start(self, stopping: threading.Event) -> None:
        """Start the threads, which end once `stopping` is set."""
        for shard in range(SHARDS):
            watched_tasks.start(f"notifications-{shard}", partial(self._run, shard, stopping))

    def wait(self, block_ms: int) -> list[CursorNotification]:
        """New notifications of any shard, waiting for the first up to `block_ms`."""
        try:
            return self.reads.get(timeout=block_ms / 1000)
        except Empty:
            return []

    def _run(self, shard: int, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                found = read_shards(self.reader, self.name, READ_MS, (shard,))
            except SeriatimError as error:  # an outage: nothing is lost, the sweep emits what was missed
                log.warning("waiting for Redis", extra={"error": str(error)})
                stopping.wait(RETRY_S)
            else:
                self._hand_over(found, stopping)

    def _hand_over(self, found: list[CursorNotification], stopping: threading.Event) -> None:
        while found and not stopping.is_set():
            with suppress(Full):
                self.reads.put(found, timeout=READ_MS / 1000)
                return
