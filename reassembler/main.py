"""`seriatim reassemble`: one reassembler process. It holds no state: killed at any line, the next one goes on."""

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from redis import Redis

from reassembler import emitting
from reassembler.keeping import Keeper
from reassembler.recorder import Recorder
from reassembler.retention import Retention
from seriatim import log as logs
from seriatim import presence, watched
from seriatim.connect import blocking, commands, reach
from seriatim.errors import SeriatimError, Unavailable
from seriatim.exits import Exit
from seriatim.hangup import hangup_ends
from seriatim.server import check
from seriatim.settings import Settings

log = logging.getLogger(__name__)

BLOCK_MS = 200  #: longest wait for a notification: the pace of everything else that this process does
SWEEP_S = 0.5
ABANDONED_S = 2.0
OUTAGE_S = 1.0  #: the loop waits out the rest: told to stop during an outage, the process shall not linger


@dataclass(slots=True)
class Reassembler:
    """One process: what it reads with, and when it did what last."""

    name: str
    redis: "Redis"
    reader: "Redis"
    keeper: Keeper
    store: str  #: folder of recordings
    memory_share: float  #: of Redis' maxmemory that new jobs may fill
    stopping: threading.Event = field(default_factory=threading.Event)
    swept_s: float = 0.0
    claimed_s: float = 0.0
    shown_s: float = 0.0

    def step(self) -> None:
        """Wait for notifications a moment, emit, and do what is due."""
        emitting.emit(self.redis, emitting.wait_for_notifications(self.reader, self.name, BLOCK_MS), self.keeper.rung)
        now_s = time.monotonic()
        if now_s - self.swept_s >= SWEEP_S:
            self.swept_s = now_s
            emitting.sweep(self.redis, self.keeper.swept, self.memory_share)
        if now_s - self.claimed_s >= ABANDONED_S:
            self.claimed_s = now_s
            emitting.emit(self.redis, emitting.abandoned(self.redis, self.name), self.keeper.rung)
        if now_s - self.shown_s >= presence.SHOW_S:
            self.shown_s = now_s
            presence.show(self.redis, self.name, self.store)


def main(argv: Sequence[str] = ()) -> int:
    """Run one reassembler until it is told to stop; returns its exit status."""
    del argv  # it has no options of its own: settings say everything
    try:
        settings = Settings.from_env(os.environ)
        logs.configure(settings.log_level, "reassembler", settings.log_format)
        return _run(settings)
    except SeriatimError as error:
        sys.stderr.write(f"seriatim reassemble: {error}\n")
        return Exit.UNAVAILABLE if isinstance(error, Unavailable) else Exit.CANNOT_START


def _run(settings: Settings) -> int:
    redis, reader = commands(settings.redis_url, outage_s=OUTAGE_S), blocking(settings.redis_url, outage_s=OUTAGE_S)
    reach(redis, settings.redis_url)
    for warning in check(redis).warnings:
        log.warning(warning)
    emitting.join(redis)
    name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(2)}"
    keeping = commands(settings.redis_url, outage_s=OUTAGE_S)
    keeper = Keeper(keeping, Recorder(keeping, Path(settings.store_dir)), settings.reader_grace_s * 1000)
    folder = str(Path(settings.store_dir).resolve())
    reassembler = Reassembler(name, redis, reader, keeper, folder, settings.memory_share)
    removing = commands(settings.redis_url, outage_s=OUTAGE_S)
    retention = Retention(removing, Path(settings.store_dir), settings.store_days)
    for work, thread in ((keeper.run, "keeper"), (retention.run, "retention")):
        watched.start(thread, partial(work, reassembler.stopping))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: reassembler.stopping.set())
    hangup_ends()
    log.info("ready", extra={"reassembler": name})
    while not reassembler.stopping.is_set():
        try:
            reassembler.step()
        except SeriatimError as error:  # an outage: nothing is lost, the sweep finds what was missed
            log.warning("waiting for Redis", extra={"error": str(error)})
            reassembler.stopping.wait(0.2)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
