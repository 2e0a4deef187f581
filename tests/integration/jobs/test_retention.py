"""Retention of recordings, for as many days as the settings say."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reassembler.retention import DAY_S, RecordingRetention
from seriatim import recording_store
from seriatim.client.job_options import JobRequest
from seriatim.keys import SHARDS, StreamPosition, job_prefix, shard_of
from seriatim.stream_entries import Audio, End, Entry, ReaderCursor, SentenceStart
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

OLD, YOUNG, LIVING = "a" * 32, "b" * 32, "c" * 32


def record(place: Path, job: str, days_ago: float) -> Path:
    """A recording that was written last so long ago."""
    start = SentenceStart(StreamPosition(1, 0), 0, 0, 8000, "Said.")
    entries: list[Entry] = [start, Audio(StreamPosition(1, 4), b"abcd"), End(StreamPosition(2, 0), "done", "", 4, 1)]
    recording_store.write(place, job, ReaderCursor(), entries)
    events = recording_store.folder(place, job) / "events.jsonl"
    then_s = time.time() - days_ago * DAY_S
    os.utime(events, (then_s, then_s))
    return events.parent


@pytest.fixture
def system(tmp_path: Path) -> Iterator[RealSystem]:
    with RealSystem.on(tmp_path, lease_ms=60_000) as made:  # its worker is there, however busy the machine is
        yield made


def swept(system: RealSystem, place: Path, keep_days: float) -> int:
    with system.redis as client:
        retention = RecordingRetention(client, place, keep_days)
        return sum(retention.sweep(shard) for shard in range(SHARDS))


def test_what_is_too_old_goes_and_the_rest_stays(system: RealSystem, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    old, young = record(place, OLD, 8), record(place, YOUNG, 6)
    assert swept(system, place, 7) == 1
    assert (old.exists(), young.exists()) == (False, True)
    assert swept(system, place, 7) == 0


def test_a_full_store_loses_its_oldest_recordings_and_no_others(system: RealSystem, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    living, old, young = record(place, LIVING, 100), record(place, OLD, 8), record(place, YOUNG, 6)
    each = sum(path.stat().st_size for path in old.iterdir())
    with system.redis as client:
        client.hset(f"{job_prefix(LIVING)}:c:{LIVING}", "state", "run")
        retention = RecordingRetention(client, place, 0, limit_bytes=3 * each)
        assert sum(map(retention.limit_size, range(SHARDS))) == 0, "all of it fits"
        retention.limit_bytes -= 1
        assert sum(map(retention.limit_size, range(SHARDS))) == 1
        assert (living.exists(), old.exists(), young.exists()) == (True, False, True)
        assert sum(map(retention.limit_size, range(SHARDS))) == 0, "what is gone counts no more"
        client.delete(f"{job_prefix(LIVING)}:c:{LIVING}")


def test_a_job_that_redis_knows_keeps_its_recording(system: RealSystem, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    living = record(place, LIVING, 100)
    with system.redis as client:
        client.hset(f"{job_prefix(LIVING)}:c:{LIVING}", "state", "run")
        assert swept(system, place, 7) == 0
        assert living.exists()
        client.delete(f"{job_prefix(LIVING)}:c:{LIVING}")
    assert swept(system, place, 7) == 1


def test_a_removal_that_was_interrupted_is_finished(system: RealSystem, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    grave = record(place, OLD, 8).rename(place / f"{shard_of(OLD):02d}" / f".{OLD}.1234")
    swept(system, place, 7)
    assert not grave.exists()


def test_what_is_none_of_ours_is_left_alone(system: RealSystem, tmp_path: Path) -> None:
    place = tmp_path / "kept"
    stray = place / "00" / "lost+found"
    stray.mkdir(parents=True)
    os.utime(stray, (0, 0))
    assert swept(system, place, 7) == 0
    assert stray.exists()


def test_a_store_that_is_not_there_yet_is_no_trouble(system: RealSystem, tmp_path: Path) -> None:
    assert swept(system, tmp_path / "none", 7) == 0


def test_a_reassembler_removes_what_is_too_old(system: RealSystem) -> None:
    system.reassembler()
    system.workers()
    job = system.producer().enqueue("Said once.", JobRequest.of({"engine": "tone", "drain": "store"}))
    job.wait(PATIENCE_S)
    place = Path(system.settings.store_dir)
    wait_until(
        lambda: recording_store.events(place, job.id) and isinstance(recording_store.events(place, job.id)[-1], End)
    )
    old = record(place, OLD, 1)
    system.reassembler("keeps a second", recording_retention_days=1 / DAY_S)
    wait_until(lambda: not old.exists(), "it is removed")
    assert job.recorded(), "Redis still knows this one"
