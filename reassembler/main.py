"""`seriatim reassemble`: one reassembler process. It holds no state: after a kill at any line another one continues."""

import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from redis import Redis

from reassembler import emit_loop
from reassembler.emit_loop import CursorNotification
from reassembler.recorder import Recorder
from reassembler.retention import RecordingRetention
from reassembler.shard_readers import ShardReaders
from reassembler.storage_thread import StorageThread
from reassembler.webhooks.webhook_sender import WebhookRules, WebhookSender
from seriatim import log as logs
from seriatim import reassembler_heartbeats
from seriatim.errors import SeriatimError, StoreUnavailable, Unavailable
from seriatim.exit_codes import ExitCode
from seriatim.process import watched_tasks
from seriatim.process.sighup_as_sigterm import handle_sighup_as_sigterm
from seriatim.recording_store import store_at
from seriatim.recordings.bucket_store import BucketStore
from seriatim.recordings.store_place import StorePlace, place_name, store_place
from seriatim.servers.cluster_client import ClusterClient
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import blocking_client, check_reachable, command_client
from seriatim.settings import Settings

log = logging.getLogger(__name__)

GB = 1_000_000_000
BLOCK_MS = 200  #: longest wait for a notification, and so the interval of the periodic work
SWEEP_S = 0.5
ABANDONED_S = 2.0
OUTAGE_S = 1.0  #: short, so that the process stops promptly during an outage; the loop retries after it


@dataclass(slots=True)
class Reassembler:
    """One reassembler: its connections, and the monotonic times of its last periodic steps."""

    name: str
    redis: "Redis"
    wait_for_notifications: Callable[[int], list[CursorNotification]]  #: for so many ms at most
    storage: StorageThread
    store: str  #: of recordings: a folder or the URL of a bucket
    memory_share: float  #: of Redis' maxmemory that new jobs may fill
    stopping: threading.Event
    swept_s: float = 0.0
    reclaimed_s: float = 0.0
    reported_s: float = 0.0

    def report_heartbeat(self) -> None:
        """Say that this reassembler runs, for those who look whether any does."""
        self.reported_s = time.monotonic()
        reassembler_heartbeats.report_heartbeat(self.redis, self.name, self.store)

    def step(self) -> None:
        """Wait for notifications for BLOCK_MS at most, emit, and run the periodic steps that are due."""
        emit_loop.emit_notified(self.redis, self.wait_for_notifications(BLOCK_MS), self.storage.emit_notified)
        now_s = time.monotonic()
        if now_s - self.swept_s >= SWEEP_S:
            self.swept_s = now_s
            emit_loop.emit_sweep(self.redis, self.storage.emit_swept, self.memory_share)
        if now_s - self.reclaimed_s >= ABANDONED_S:
            self.reclaimed_s = now_s
            emit_loop.emit_notified(
                self.redis, emit_loop.abandoned_notifications(self.redis, self.name), self.storage.emit_notified
            )
        if now_s - self.reported_s >= reassembler_heartbeats.HEARTBEAT_S:
            self.report_heartbeat()


def main(argv: Sequence[str] = ()) -> int:
    """Run one reassembler until SIGTERM or SIGINT; returns its exit status."""
    del argv  # it has no options: everything is in the settings
    try:
        settings = Settings.from_env(os.environ)
        logs.configure(settings.log_level, "reassembler", settings.log_format)
        return _run_reassembler(settings)
    except SeriatimError as error:
        logs.announce("seriatim reassemble", str(error))
        return ExitCode.UNAVAILABLE if isinstance(error, Unavailable) else ExitCode.CANNOT_START


def _run_reassembler(settings: Settings) -> int:
    rules = WebhookRules.of(settings)
    redis, reader = (
        command_client(settings.redis_url, outage_s=OUTAGE_S),
        blocking_client(settings.redis_url, outage_s=OUTAGE_S),
    )
    check_reachable(redis, settings.redis_url)
    for warning in check_redis(redis).warnings:
        log.warning(warning)
    emit_loop.create_consumer_groups(redis)
    name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(2)}"
    storage_redis = command_client(settings.redis_url, outage_s=OUTAGE_S)
    place = store_place(settings.store_dir)
    _check_store(place)
    storage = StorageThread(storage_redis, Recorder(storage_redis, place), settings.reader_grace_s * 1000)
    stopping = threading.Event()
    wait = _waiting_for_notifications(reader, name, stopping)
    reassembler = Reassembler(name, redis, wait, storage, place_name(place), settings.memory_share, stopping)
    retention_redis = command_client(settings.redis_url, outage_s=OUTAGE_S)
    limit_bytes = round(settings.recording_limit_gb * GB)
    retention = RecordingRetention(retention_redis, place, settings.recording_retention_days, limit_bytes)
    webhooks = WebhookSender(command_client(settings.redis_url, outage_s=OUTAGE_S), rules)
    for work, thread in ((storage.run, "storage"), (retention.run, "retention"), (webhooks.run, "webhooks")):
        watched_tasks.start(thread, partial(work, stopping))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    handle_sighup_as_sigterm()
    reassembler.report_heartbeat()
    log.info("ready", extra={"reassembler": name})
    while not stopping.is_set():
        try:
            reassembler.step()
        except SeriatimError as error:  # an outage: nothing is lost, the sweep emits what was missed
            log.warning("waiting for Redis", extra={"error": str(error)})
            stopping.wait(0.2)
    return 0


def _check_store(place: StorePlace) -> None:
    """Check that a bucket can be used; one whose server does not answer is waited for by the recorder.

    Raises:
        Misconfigured: bucket, keys, rights, region or clock.
    """
    store = store_at(place)
    try:
        if isinstance(store, BucketStore):
            store.check()
    except StoreUnavailable as error:  # live jobs need no store
        log.warning("store unavailable; recordings wait", extra={"error": str(error)})


def _waiting_for_notifications(
    reader: "Redis", name: str, stopping: threading.Event
) -> Callable[[int], list[CursorNotification]]:
    """How this reassembler waits for notifications, until `stopping` is set."""
    if not isinstance(reader, ClusterClient):
        return partial(emit_loop.wait_for_notifications, reader, name)
    readers = ShardReaders(reader, name)
    readers.start(stopping)
    return readers.wait


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
