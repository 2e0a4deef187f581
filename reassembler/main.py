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

from reassembler import emit_loop
from reassembler.recorder import Recorder
from reassembler.retention import RecordingRetention
from reassembler.storage_thread import StorageThread
from seriatim import log as logs
from seriatim import reassembler_heartbeats
from seriatim.errors import SeriatimError, Unavailable
from seriatim.exit_codes import ExitCode
from seriatim.process import watched_tasks
from seriatim.process.sighup import handle_sighup_as_sigterm
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import blocking_client, check_reachable, command_client
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
    keeper: StorageThread
    store: str  #: folder of recordings
    memory_share: float  #: of Redis' maxmemory that new jobs may fill
    stopping: threading.Event = field(default_factory=threading.Event)
    swept_s: float = 0.0
    claimed_s: float = 0.0
    shown_s: float = 0.0

    def step(self) -> None:
        """Wait for notifications a moment, emit, and do what is due."""
        emit_loop.emit_notified(
            self.redis, emit_loop.wait_for_notifications(self.reader, self.name, BLOCK_MS), self.keeper.rung
        )
        now_s = time.monotonic()
        if now_s - self.swept_s >= SWEEP_S:
            self.swept_s = now_s
            emit_loop.emit_sweep(self.redis, self.keeper.swept, self.memory_share)
        if now_s - self.claimed_s >= ABANDONED_S:
            self.claimed_s = now_s
            emit_loop.emit_notified(
                self.redis, emit_loop.abandoned_notifications(self.redis, self.name), self.keeper.rung
            )
        if now_s - self.shown_s >= reassembler_heartbeats.SHOW_S:
            self.shown_s = now_s
            reassembler_heartbeats.report_heartbeat(self.redis, self.name, self.store)


def main(argv: Sequence[str] = ()) -> int:
    """Run one reassembler until it is told to stop; returns its exit status."""
    del argv  # it has no options of its own: settings say everything
    try:
        settings = Settings.from_env(os.environ)
        logs.configure(settings.log_level, "reassembler", settings.log_format)
        return _run(settings)
    except SeriatimError as error:
        sys.stderr.write(f"seriatim reassemble: {error}\n")
        return ExitCode.UNAVAILABLE if isinstance(error, Unavailable) else ExitCode.CANNOT_START


def _run(settings: Settings) -> int:
    redis, reader = (
        command_client(settings.redis_url, outage_s=OUTAGE_S),
        blocking_client(settings.redis_url, outage_s=OUTAGE_S),
    )
    check_reachable(redis, settings.redis_url)
    for warning in check_redis(redis).warnings:
        log.warning(warning)
    emit_loop.create_consumer_groups(redis)
    name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(2)}"
    keeping = command_client(settings.redis_url, outage_s=OUTAGE_S)
    keeper = StorageThread(keeping, Recorder(keeping, Path(settings.store_dir)), settings.reader_grace_s * 1000)
    folder = str(Path(settings.store_dir).resolve())
    reassembler = Reassembler(name, redis, reader, keeper, folder, settings.memory_share)
    removing = command_client(settings.redis_url, outage_s=OUTAGE_S)
    retention = RecordingRetention(removing, Path(settings.store_dir), settings.recording_retention_days)
    for work, thread in ((keeper.run, "keeper"), (retention.run, "retention")):
        watched_tasks.start(thread, partial(work, reassembler.stopping))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: reassembler.stopping.set())
    handle_sighup_as_sigterm()
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
