"""System checks: the broker, workers, reassemblers, sentences that were given up, and where recordings go."""

import os
import shutil
import socket
from pathlib import Path

from redis import Redis

from gateway.cli.checks.check_result import CheckResult, fail, from_message, ok, warn
from seriatim.celery_app import make_app, reach_broker
from seriatim.errors import SeriatimError
from seriatim.reassembler_heartbeats import ReassemblerHeartbeat, running_reassemblers, store_of_system
from seriatim.recording_store import store_at
from seriatim.recordings.bucket_store import BucketStore
from seriatim.recordings.store_place import StorePlace, place_name
from seriatim.servers.server_urls import redacted_url
from seriatim.settings import Settings
from seriatim.state.pool_state import PoolState, pool_states

GB = 1_000_000_000
LOW_BYTES = 2 * GB  #: some ten hours of recordings
FULL_BYTES = GB // 10
OPERATOR = "ask as the user seriatim-operator of deploy/redis"


def check_broker(settings: Settings) -> CheckResult:
    """A result about Celery's broker."""
    if settings.broker == settings.redis_url:
        return ok("broker", "the same server as Redis")
    try:
        with make_app(settings.broker) as app:
            reach_broker(app, settings.broker)
    except SeriatimError as error:
        return from_message("broker", error)
    return ok("broker", f"{redacted_url(settings.broker)} answers")


def check_system(redis: "Redis", settings: Settings) -> list[CheckResult]:
    """Results about what runs on a server that answers; it may be on other machines."""
    try:
        return [*_pools(pool_states(redis)), *_reassemblers(redis, settings)]
    except SeriatimError as error:
        result = from_message("workers", error)
        return [warn("workers", f"could not be looked at: {result.found}", OPERATOR)]


def _pools(pools: list[PoolState]) -> list[CheckResult]:
    """One result for each pool, and one for each that has given sentences up."""
    results = [_workers(pool) for pool in pools]
    lost = [
        warn(f"pool {pool.pool}", f"{pool.dead} sentences were given up", f"seriatim dead-letters --pool {pool.pool}")
        for pool in pools
        if pool.dead
    ]
    none = fail("workers", "no worker process is there", "start some: seriatim worker --engine espeak")
    return [*(results or [none]), *lost]


def _workers(pool: PoolState) -> CheckResult:
    name, n = f"pool {pool.pool}", len(pool.workers)
    workers = f"{n} worker process{'es' * (n != 1)}, {pool.slots} slot{'s' * (pool.slots != 1)}"
    found = f"{workers}, {pool.in_flight} sentence{'s' * (pool.in_flight != 1)} in flight, {pool.waiting} waiting"
    if not pool.slots:
        advice = f"start workers: seriatim worker --engine {pool.pool}"
        return fail(name, f"no worker process is alive; {pool.waiting} sentences wait", advice)
    if pool.degraded:
        return warn(name, f"{found}; degraded: {', '.join(pool.degraded)}", "see docs/reference/metrics.md")
    return ok(name, found)


def _reassemblers(redis: "Redis", settings: Settings) -> list[CheckResult]:
    running = running_reassemblers(redis)
    place = store_of_system(redis, settings.store_dir)
    if not running:
        none = fail("reassemblers", "none has shown life within 5 s", "start one: seriatim reassemble")
        return [none, check_store(place)]
    there = ok("reassemblers", f"{len(running)} alive")
    return [there, _same_store(running, place) or check_store(place)]


def _same_store(running: list[ReassemblerHeartbeat], place: StorePlace) -> CheckResult | None:
    """A failure if this machine's reassemblers record into another store than the one looked into from here."""
    here = [found.store for found in running if found.name.startswith(f"{socket.gethostname()}.")]
    ours = place_name(place)
    if not here or ours in here:
        return None
    advice = f"set SERIATIM_STORE_DIR={here[0]} for both"
    return fail("store", f"reassemblers of this machine record into {here[0]}, and {ours} is looked into", advice)


def check_store(place: StorePlace) -> CheckResult:
    """A result about the store of recordings: a folder, or a bucket."""
    store = store_at(place)
    if not isinstance(store, BucketStore):
        return check_folder("store", store.folder, "SERIATIM_STORE_DIR")
    try:
        store.check()
    except SeriatimError as error:
        return from_message("store", error)
    return ok("store", f"{place} can be listed")


def check_folder(check: str, folder: Path, variable: str) -> CheckResult:
    """A result about a folder that may not be there yet: may this user write it, and is there room?"""
    existing = next(place for place in (folder.resolve(), *folder.resolve().parents) if place.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return fail(check, f"this user may not write {existing}", f"change its owner, or set {variable}")
    free = shutil.disk_usage(existing).free
    found = f"{folder.resolve()}, {free / GB:.1f} GB free"
    if free < FULL_BYTES:
        return fail(check, found, f"make room, or set {variable}")
    if free < LOW_BYTES:
        return warn(check, found, "make room, or set SERIATIM_RECORDING_RETENTION_DAYS")
    return ok(check, found)
