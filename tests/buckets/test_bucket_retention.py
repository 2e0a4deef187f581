"""Retention in a bucket: by age and by size, and never what a running job needs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reassembler.retention import RecordingRetention
from seriatim import recording_store
from seriatim.keys import SHARDS, StreamPosition, job_prefix
from seriatim.recordings.bucket_store import BucketStore
from seriatim.recordings.store_place import Bucket
from seriatim.stream_entries import Audio, End, Entry, ReaderCursor, SentenceStart
from tests.buckets.s3_server import S3Server
from tests.support.process_system import RealSystem

FIRST, SECOND, LIVING = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture
def system(tmp_path: Path) -> Iterator[RealSystem]:
    with RealSystem.on(tmp_path) as made:
        yield made


def record(bucket: Bucket, job: str, n_bytes: int = 4) -> None:
    start = SentenceStart(StreamPosition(1, 0), 0, 0, 8000, "Said.")
    sound = Audio(StreamPosition(1, n_bytes), bytes(n_bytes))
    entries: list[Entry] = [start, sound, End(StreamPosition(2, 0), "done", "", n_bytes, 1)]
    recording_store.write(bucket, job, ReaderCursor(), entries)


def jobs_of(s3: S3Server) -> set[str]:
    return {key.split("/")[1] for key in s3.object_keys()}


def test_what_is_too_old_goes_and_what_redis_knows_stays(s3: S3Server, system: RealSystem) -> None:
    for job in (FIRST, LIVING):
        record(s3.bucket, job)
    BucketStore(s3.bucket).write_file(SECOND, "title", b"Never begun", only_new=True)
    with system.redis as client:
        client.hset(f"{job_prefix(LIVING)}:c:{LIVING}", "state", "run")
        young = RecordingRetention(client, s3.bucket, keep_days=1)
        assert sum(map(young.sweep, range(SHARDS))) == 0
        old = RecordingRetention(client, s3.bucket, keep_days=-1)  # everything was written before tomorrow
        assert sum(map(old.sweep, range(SHARDS))) == 2
        assert jobs_of(s3) == {LIVING}
        client.delete(f"{job_prefix(LIVING)}:c:{LIVING}")
        assert sum(map(old.sweep, range(SHARDS))) == 1
    assert s3.object_keys() == []


def test_a_full_bucket_loses_recordings_until_it_is_within_its_limit(s3: S3Server, system: RealSystem) -> None:
    store = BucketStore(s3.bucket)
    for job in (FIRST, SECOND):
        record(s3.bucket, job, 1000)
    sizes = {one.job: one.n_bytes for shard in range(SHARDS) for one in store.recordings(shard)}
    assert min(sizes.values()) > 1000
    with system.redis as client:
        retention = RecordingRetention(client, s3.bucket, 0, limit_bytes=sum(sizes.values()))
        assert sum(map(retention.limit_size, range(SHARDS))) == 0, "all of it fits"
        retention.limit_bytes -= 1
        assert sum(map(retention.limit_size, range(SHARDS))) == 1
    (kept,) = jobs_of(s3)
    recording_store.remove(s3.bucket, kept)
