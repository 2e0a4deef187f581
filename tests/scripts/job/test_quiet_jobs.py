"""Quiet jobs, to which nothing happens: a reassembler looks at them less and less, while a reader reports itself."""

import threading
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from reassembler.recorder import Recorder
from reassembler.storage_thread import StorageThread
from seriatim.keys import StreamPosition, job_prefix, shard_of
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import ChunkAppend
from seriatim.records import DrainMode
from tests.scripts.job.slot_driver import Slot, pcm
from tests.support.process_system import wait_until

AGAIN_MS = 1_000


def looks(slot: Slot, n: int) -> list[int]:
    """Look at a job `n` times, each time as soon as it is due; returns the ms until the next look, for each of them."""
    waits = []
    for _ in range(n):
        slot.do(job_scripts.emit(slot.name, again_ms=AGAIN_MS).at(slot.now))
        wait_ms = wait_of(slot)
        waits.append(wait_ms)
        slot.now += wait_ms
        report(slot)
    return waits


def wait_of(slot: Slot) -> int:
    return round(float(slot.redis.zscore(f"{slot.prefix}:live", slot.name) or 0)) - slot.now


def report(slot: Slot) -> None:
    slot.mark_heard("1-1000")


def spoken_job(redis: Redis, **options: Any) -> Slot:
    """An open text of which one sentence was spoken, and emitted."""
    slot = Slot(redis, -1, **options)
    slot.says(0, 1, pcm(0))
    slot.emit()
    return slot


def test_a_job_whose_reader_waits_is_looked_at_less_and_less(redis: Redis) -> None:
    slot = spoken_job(redis)
    report(slot)
    assert looks(slot, 6) == [2_000, 4_000, 8_000, 10_000, 10_000, 10_000]


@pytest.mark.parametrize("emits", [True, False], ids=["emitted at once", "left to a reassembler"])
def test_what_comes_to_a_quiet_job_makes_it_due_soon(redis: Redis, *, emits: bool) -> None:
    """Its notification may be lost with the process that read it."""
    slot = spoken_job(redis)
    report(slot)
    looks(slot, 5)
    slot.do(job_scripts.emit(slot.name, again_ms=AGAIN_MS).at(slot.now))
    slot.open(1, 1)
    chunk = ChunkAppend(0, pcm(1), final=True, checksum=0)
    slot.do(job_scripts.append(slot.name, 1, 1, chunk, emits=emits).at(slot.now))
    assert wait_of(slot) == AGAIN_MS
    slot.now += AGAIN_MS
    report(slot)
    assert looks(slot, 2) == ([2_000, 4_000] if emits else [1_000, 2_000])


def test_a_job_without_a_reader_that_reports_is_looked_at_as_often_as_ever(redis: Redis) -> None:
    """A plain reader leaves no other sign than its trace in the stream, and a window that opens late is heard."""
    slot = spoken_job(redis)
    for _ in range(5):
        emitted = slot.do(job_scripts.emit(slot.name, again_ms=AGAIN_MS).at(slot.now))
        assert (emitted.reported, wait_of(slot)) == (False, AGAIN_MS)
        slot.now += AGAIN_MS


def test_a_reader_that_reports_no_more_is_sought_in_the_stream(redis: Redis) -> None:
    slot = spoken_job(redis)
    report(slot)
    assert slot.emit().reported
    slot.now += 10_000
    assert not slot.emit().reported


def test_a_plain_reader_that_was_found_counts_from_then_on(redis: Redis) -> None:
    slot = spoken_job(redis)
    report(slot)
    slot.do(job_scripts.mark_heard(slot.name, StreamPosition(1, 1_000), itself=False).at(slot.now))
    assert not slot.emit().reported


def test_reports_of_a_job_that_is_over_leave_nothing(redis: Redis) -> None:
    slot = spoken_job(redis)
    slot.end()
    report(slot)
    slot.do(job_scripts.mark_heard("never", StreamPosition(1, 1_000)).at(slot.now))
    assert not redis.exists(f"{slot.prefix}:reports", f"{job_prefix('never')}:reports")


def test_a_report_is_forgotten_with_its_reader(redis: Redis) -> None:
    """A shard's list holds those of the last minute, and has a life."""
    slot = spoken_job(redis)
    report(slot)
    assert 0 < redis.pttl(f"{slot.prefix}:reports") <= 60_000
    slot.do(job_scripts.due(shard_of(slot.name)).at(slot.now + 60_000))
    assert redis.exists(f"{slot.prefix}:reports")
    slot.do(job_scripts.due(shard_of(slot.name)).at(slot.now + 60_001))
    assert not redis.exists(f"{slot.prefix}:reports")


def test_a_recorded_job_is_looked_at_less_and_less_once_all_of_it_is_stored(redis: Redis) -> None:
    slot = Slot(redis, -1, drain=DrainMode.STORE)
    slot.says(0, 1, pcm(0))
    slot.emit()
    slot.do(job_scripts.emit(slot.name, again_ms=AGAIN_MS).at(slot.now))
    assert wait_of(slot) == AGAIN_MS, "a recorder that died with the rest in hand is replaced within a second"
    slot.do(job_scripts.recorded(slot.name, "1-1000", 1_000, end=False))
    assert looks(slot, 3) == [2_000, 4_000, 8_000]


@pytest.mark.parametrize("reports", [True, False])
def test_only_a_reader_that_does_not_report_is_sought_in_the_stream(
    redis: Redis, tmp_path: Path, *, reports: bool
) -> None:
    """It takes three round trips a job and second to find one."""
    slot = spoken_job(redis)
    if reports:
        report(slot)
    storage, stopping = StorageThread(redis, Recorder(redis, tmp_path), 60_000), threading.Event()
    redis.config_resetstat()
    storage.emit_swept(slot.name, slot.emit())
    thread = threading.Thread(target=storage.run, args=(stopping,))
    thread.start()
    wait_until(storage.notes.empty)
    stopping.set()
    thread.join()
    assert ("cmdstat_xinfo|stream" in redis.info("commandstats")) is not reports
