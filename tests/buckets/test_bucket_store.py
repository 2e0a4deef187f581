"""The bucket store: what recorders write, in whatever parts, reads back as from a folder, byte for byte."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seriatim import recording_store
from seriatim.errors import PositionLost, StoreUnavailable
from seriatim.keys import StreamPosition
from seriatim.recordings import bucket_store, part_merging
from seriatim.recordings.bucket_audio import BucketAudio
from seriatim.recordings.bucket_store import BucketStore
from seriatim.recordings.recording_parts import RecordingPart
from seriatim.recordings.store_place import Bucket
from seriatim.stream_entries import Audio, Entry, ReaderCursor
from tests.buckets.s3_server import PREFIX, S3Server
from tests.unit.client.test_cursor import entries_of, lengths

MERGE_BYTES = 32  #: instead of some MB, so that short recordings are merged, too
FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
numbers = itertools.count(1)


@pytest.fixture
def small_merges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_merging, "MERGE_BYTES", MERGE_BYTES)
    monkeypatch.setattr(bucket_store, "MERGE_BYTES", MERGE_BYTES)


@pytest.fixture(scope="module", params=["conditions", "refuses", "ignores"])
def any_bucket(request: pytest.FixtureRequest, s3: S3Server) -> Bucket:
    """Buckets of servers with conditional writes, and without."""
    return s3.make_bucket(f"server-{request.param}")


def new_job() -> str:
    return f"{next(numbers):032x}"


def cursor_behind(entries: list[Entry], n: int) -> ReaderCursor:
    """The cursor of a recorder that has stored the first `n` entries, as Redis notes it."""
    cursor = ReaderCursor()
    for entry in entries[:n]:
        cursor.feed(entry)
    return cursor


def sound(entries: Iterator[Entry]) -> bytes:
    return b"".join(entry.pcm for entry in entries if isinstance(entry, Audio))


def write_parts(place: Any, job: str, entries: list[Entry], parts: list[tuple[int, int]]) -> None:
    for begin, end in parts:
        recording_store.write(place, job, cursor_behind(entries, begin), entries[begin:end])


def draw_parts(data: st.DataObject, n: int) -> list[tuple[int, int]]:
    """The writes of several recorders: each begins where one before has come to, or earlier, until all is stored."""
    parts: list[tuple[int, int]] = []
    stored = 0
    while stored < n:
        begin = data.draw(st.integers(0, stored))
        end = data.draw(st.integers(begin, n)) if len(parts) < 6 else n
        parts.append((begin, end))
        stored = max(stored, end)
    return parts


@pytest.mark.usefixtures("small_merges")
@FEW
@given(lengths=lengths, cuts=st.integers(1, 30), data=st.data())
def test_recorders_in_turn_leave_the_bytes_of_the_folder_store(
    s3: S3Server, tmp_path_factory: pytest.TempPathFactory, lengths: list[int], cuts: int, data: st.DataObject
) -> None:
    entries, job, folder = entries_of(lengths, cuts), new_job(), tmp_path_factory.mktemp("store")
    recording_store.write(folder, job, ReaderCursor(), entries)
    write_parts(s3.bucket, job, entries, draw_parts(data, len(entries)))
    assert recording_store.events(s3.bucket, job) == recording_store.events(folder, job)
    whole = sound(recording_store.read(folder, job, ReaderCursor()))
    assert sound(recording_store.read(s3.bucket, job, ReaderCursor())) == whole
    cursor = cursor_behind(entries, data.draw(st.integers(0, len(entries))))
    assert sound(recording_store.read(s3.bucket, job, cursor)) == whole[cursor.n_bytes :]
    assert BucketAudio(BucketStore(s3.bucket), job).stored_bytes() == len(whole)


@pytest.mark.thorough
@pytest.mark.usefixtures("small_merges")
@FEW
@given(lengths=lengths, cuts=st.integers(1, 30), data=st.data())
def test_a_recording_that_grows_reads_as_far_as_it_goes(
    s3: S3Server, tmp_path_factory: pytest.TempPathFactory, lengths: list[int], cuts: int, data: st.DataObject
) -> None:
    entries, job, folder = entries_of(lengths, cuts), new_job(), tmp_path_factory.mktemp("store")
    n = data.draw(st.integers(0, len(entries) - 1))
    recording_store.write(folder, job, ReaderCursor(), entries[:n])
    write_parts(s3.bucket, job, entries, draw_parts(data, n))
    stored = [list(recording_store.read(place, job, ReaderCursor())) for place in (folder, s3.bucket)]
    assert sound(iter(stored[1])) == sound(iter(stored[0]))
    assert [entry for entry in stored[1] if not isinstance(entry, Audio)] == recording_store.events(folder, job)
    assert recording_store.first(s3.bucket, job) == (entries[0] if n else None)


def test_every_kind_of_server_keeps_what_two_recorders_write(any_bucket: Bucket) -> None:
    entries, job = entries_of([8, 8, 8], 1), new_job()
    late = cursor_behind(entries, 2)
    write_parts(any_bucket, job, entries, [(0, 5), (0, 9), (5, 9), (9, len(entries))])
    assert not recording_store.write(any_bucket, job, late, entries[2:4]), "of a recorder that was stopped"
    assert sound(recording_store.read(any_bucket, job, ReaderCursor())) == sound(iter(entries))
    assert recording_store.events(any_bucket, job) == [e for e in entries if not isinstance(e, Audio)]


def test_the_first_writer_of_an_object_wins_where_the_server_can_tell(any_bucket: Bucket) -> None:
    store = BucketStore(any_bucket)
    assert store.client.put("first", b"one", only_new=True)
    refused = not store.client.put("first", b"two", only_new=True)
    assert refused == (not any_bucket.name.endswith("-ignores"))
    assert store.client.get("first") == (b"one" if refused else b"two")


@pytest.mark.usefixtures("small_merges")
def test_a_reader_goes_on_when_its_parts_are_merged(s3: S3Server) -> None:
    entries, job = entries_of([20, 20, 20, 20], 1), new_job()
    for begin in range(0, 30, 3):
        recording_store.write(s3.bucket, job, cursor_behind(entries, begin), entries[begin : begin + 3])
    reading = recording_store.read(s3.bucket, job, ReaderCursor())
    first_two = [next(reading) for _ in range(2)]
    before = set(s3.object_keys(f"{job}/parts/"))
    recording_store.write(s3.bucket, job, cursor_behind(entries, 30), entries[30:])
    assert before - set(s3.object_keys(f"{job}/parts/")), "some of them are gone"
    assert sound(iter([*first_two, *reading])) == sound(iter(entries[:30]))


@pytest.mark.usefixtures("small_merges")
def test_many_writes_leave_few_objects(s3: S3Server) -> None:
    entries, job = entries_of([40] * 4, 1), new_job()
    for begin in range(0, len(entries), 2):
        recording_store.write(s3.bucket, job, cursor_behind(entries, begin), entries[begin : begin + 2])
    assert len(s3.object_keys(f"{job}/parts/")) <= 1 + 160 // (MERGE_BYTES // 2)
    assert sound(recording_store.read(s3.bucket, job, ReaderCursor())) == sound(iter(entries))


@pytest.mark.usefixtures("small_merges")
def test_what_a_killed_recorder_left_is_removed_by_the_next(s3: S3Server) -> None:
    """It was killed behind the merge, before anything was reported: the same part is written again."""
    entries, job = entries_of([40, 40], 1), new_job()
    for _ in range(2):
        for begin in range(0, len(entries), 4):
            recording_store.write(s3.bucket, job, cursor_behind(entries, begin), entries[begin : begin + 4])
    parts = [RecordingPart.parse(key.rpartition("/")[2]) for key in s3.object_keys(f"{job}/parts/")]
    assert sum(part.n_bytes for part in parts if part) == 80, "no byte is there twice"


def test_parts_that_overlap_are_merged_without_a_byte_twice(s3: S3Server) -> None:
    entries, job = entries_of([8, 8, 8], 1), new_job()
    write_parts(s3.bucket, job, entries, [(0, 5), (3, 9), (7, len(entries))])
    assert len(s3.object_keys(f"{job}/parts/")) == 1
    assert sound(recording_store.read(s3.bucket, job, ReaderCursor())) == sound(iter(entries))
    assert recording_store.events(s3.bucket, job) == [e for e in entries if not isinstance(e, Audio)]


def test_an_end_without_its_beginning_is_refused(s3: S3Server) -> None:
    entries, job = entries_of([8, 8], 1), new_job()
    recording_store.write(s3.bucket, job, cursor_behind(entries, 3), entries[3:6])
    assert recording_store.events(s3.bucket, job) == []
    with pytest.raises(PositionLost, match="does not hold all of job"):
        recording_store.write(s3.bucket, job, cursor_behind(entries, 6), entries[6:])


def test_what_was_never_recorded_reads_as_nothing(s3: S3Server) -> None:
    job = new_job()
    assert list(recording_store.read(s3.bucket, job, ReaderCursor())) == []
    assert recording_store.events(s3.bucket, job) == []
    assert not recording_store.write(s3.bucket, job, ReaderCursor(), [])
    assert not recording_store.remove(s3.bucket, job)


def test_a_folders_recording_that_was_copied_reads_as_before(s3: S3Server, tmp_path: Path) -> None:
    entries, job = entries_of([8, 8, 6], 1), new_job()
    recording_store.write(tmp_path, job, ReaderCursor(), entries)
    for path in recording_store.folder(tmp_path, job).iterdir():
        key = f"{PREFIX}/{path.relative_to(tmp_path)}"
        s3.client.put_object(Bucket=s3.bucket.name, Key=key, Body=path.read_bytes())
    assert list(recording_store.read(s3.bucket, job, ReaderCursor())) == list(
        recording_store.read(tmp_path, job, ReaderCursor())
    )
    assert BucketAudio(BucketStore(s3.bucket), job).stored_bytes() == 22


def test_a_removed_recording_is_gone_with_its_side_files_and_its_neighbour_stays(s3: S3Server) -> None:
    entries, store = entries_of([8], 1), BucketStore(s3.bucket)
    job = new_job()
    neighbour = next(other for n in itertools.count() if store.key(other := f"{job}{n}").startswith(store.key(job)))
    for each in (job, neighbour):
        store.write(each, ReaderCursor(), entries)
        store.write_file(each, "title", b"A title", only_new=True)
    assert recording_store.remove(s3.bucket, job)
    assert s3.object_keys(f"/{job}/") == []
    assert sound(recording_store.read(s3.bucket, neighbour, ReaderCursor())) == sound(iter(entries))


def test_a_file_that_is_replaced_while_it_is_read_is_not_mixed_with_the_new_one(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seriatim.recordings.bucket_files.READ_BYTES", 4)
    store, job = BucketStore(s3.bucket), new_job()
    store.write_file(job, "text", b"abcdefgh", only_new=True)
    store.write_file(job, "text", b"ignored", only_new=True)
    found = store.find_file(job, "text")
    assert found is not None
    pieces = found.pieces(2, 8)
    assert next(pieces) == b"cdef"
    store.write_file(job, "text", b"ABCDEFGH", only_new=False)
    with pytest.raises(StoreUnavailable, match="was replaced or removed"):
        next(pieces)


def test_a_position_in_a_parts_name_is_that_of_the_stream(s3: S3Server) -> None:
    entries, job = entries_of([8, 8], 1), new_job()
    recording_store.write(s3.bucket, job, ReaderCursor(), entries[:3])
    (key,) = s3.object_keys(f"{job}/parts/")
    part = RecordingPart.parse(key.rpartition("/")[2])
    assert part is not None
    assert (part.start, part.end, part.at, part.stop) == (StreamPosition(), StreamPosition(1, 4), 0, 4)
