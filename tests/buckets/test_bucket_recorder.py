"""Recording into a bucket: reassemblers are killed in every part of a write, and the server goes and comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.exit_codes import ExitCode
from seriatim.keys import END
from seriatim.records import DrainMode, JobKind
from seriatim.state.stream_record import read_stream_record
from seriatim.stream_entries import Audio, ReaderCursor
from tests.buckets.s3_server import BUCKET, S3Server
from tests.support.expected_audio import sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

#: places of a write in which its reassembler is killed: half of it is sent; it is sent; it is made, and not answered
PLACES = ("reading", *(pytest.param(place, marks=pytest.mark.thorough) for place in ("before", "after")))
#: no process that gets no turn for some seconds is taken for dead: tests hold sentences
CALM = {"lease_ms": 60_000, "message_timeout_ms": 20_000, "stall_timeout_ms": 600_000, "handover_ms": 0}


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem], s3: S3Server) -> RealSystem:
    system = new_system(store_dir=s3.url, **CALM)
    system.workers(2)
    return system


@pytest.fixture
def reassembler(system: RealSystem) -> Iterator[None]:
    system.reassembler()
    yield
    system.end("reassembler")


def enqueue(system: RealSystem, text: list[str]) -> Job:
    return system.producer().enqueue(text, JobRequest(engine="tone", kind=JobKind.BATCH, drain=DrainMode.STORE))


def await_recorded(system: RealSystem, job: Job) -> None:
    """Wait until Redis knows that all of the job is stored."""

    def is_stored() -> bool:
        with system.redis as client:
            record = read_stream_record(client, job.id)
        return record is not None and record.stored is not None and record.stored.offset == END

    wait_until(is_stored, "its end is recorded")


def recorded_sound(s3: S3Server, job: Job) -> bytes:
    entries = recording_store.read(s3.bucket, job.id, ReaderCursor())
    return b"".join(entry.pcm for entry in entries if isinstance(entry, Audio))


def kill_reassembler(system: RealSystem) -> None:
    child = system.children.pop("reassembler")
    child.kill()
    child.wait()


@pytest.mark.usefixtures("reassembler")
def test_a_bucket_has_the_bytes_that_a_folder_has(
    system: RealSystem, s3: S3Server, new_system: Callable[..., RealSystem]
) -> None:
    text = sentences(12, "both")
    other = new_system()
    other.reassembler()
    other.workers(1)
    job, same = enqueue(system, text), enqueue(other, text)
    await_recorded(system, job)
    await_recorded(other, same)
    folder = recording_store.folder(Path(other.settings.store_dir), same.id)
    assert recorded_sound(s3, job) == (folder / "audio.s16").read_bytes() == stream_of(text)
    assert recording_store.events(s3.bucket, job.id) == recording_store.events(folder.parents[1], same.id)
    assert b"".join(job.pcm()) == stream_of(text), "a late reader"
    assert [key for key in s3.object_keys(job.id) if key.endswith("/events.jsonl")]


@pytest.mark.parametrize("place", PLACES)
def test_a_reassembler_that_is_killed_in_a_write_loses_and_doubles_nothing(
    system: RealSystem, s3: S3Server, place: str
) -> None:
    """It is killed in the first write and in the last: the next one goes on, while the held change is still made."""
    text = system.held(sentences(8, f"killed {place}"))
    system.reassembler()
    s3.hold(place, "/parts/")
    job = enqueue(system, text)
    s3.await_held()
    kill_reassembler(system)
    s3.release()
    system.reassembler()
    wait_until(lambda: s3.object_keys(f"{job.id}/parts/"), "something is recorded")
    s3.hold(place, f"/{job.id}/parts/")
    system.gate.touch()
    s3.await_held()
    kill_reassembler(system)
    s3.release()
    system.reassembler()
    await_recorded(system, job)
    assert recorded_sound(s3, job) == stream_of(text)
    assert job.status().state == "done"
    system.end("reassembler")


@pytest.mark.parametrize("place", ["after", pytest.param("before", marks=pytest.mark.thorough)])
def test_a_reassembler_that_is_killed_while_it_finishes_a_job_leaves_it_to_the_next(
    system: RealSystem, s3: S3Server, place: str
) -> None:
    text = sentences(6, f"finished {place}")
    system.reassembler()
    s3.hold(place, "/events.jsonl")
    job = enqueue(system, text)
    s3.await_held()
    kill_reassembler(system)
    s3.release()
    system.reassembler()
    await_recorded(system, job)
    assert recorded_sound(s3, job) == stream_of(text)
    system.end("reassembler")


def test_a_server_that_is_killed_and_comes_back_has_all_of_the_job(system: RealSystem, s3: S3Server) -> None:
    text = system.held(sentences(8, "outage"))
    system.reassembler("patient")
    job = enqueue(system, text)
    wait_until(lambda: s3.object_keys(f"{job.id}/parts/"), "something is recorded")
    s3.kill()
    system.gate.touch()
    job.wait(PATIENCE_S)
    wait_until(lambda: "recording not stored; retrying" in system.log("patient"), "the outage is in the log")
    s3.start()
    await_recorded(system, job)
    assert recorded_sound(s3, job) == stream_of(text)
    system.end("patient")


def test_a_reassembler_ends_while_the_server_does_not_answer(system: RealSystem, s3: S3Server) -> None:
    """It does not wait for the write, which the next one makes again."""
    system.reassembler("leaving")
    s3.hold("before", "/parts/")
    job = enqueue(system, sentences(3, "unanswered"))
    s3.await_held()
    assert system.end("leaving") == ExitCode.OK
    s3.release()
    system.reassembler("next")
    await_recorded(system, job)
    system.end("next")


def test_two_reassemblers_share_a_bucket(system: RealSystem, s3: S3Server) -> None:
    texts = [sentences(5, f"shared {n}") for n in range(6)]
    for name in ("one", "two"):
        system.reassembler(name)
    jobs = [enqueue(system, text) for text in texts]
    for job, text in zip(jobs, texts, strict=True):
        await_recorded(system, job)
        assert recorded_sound(s3, job) == stream_of(text)
    for name in ("one", "two"):
        system.end(name)


def test_a_late_reader_hears_from_the_bucket_what_left_redis(
    system: RealSystem, s3: S3Server, reassembler: None
) -> None:
    text = system.held(sentences(8, "late"))
    job = enqueue(system, text)
    whole = stream_of(text)
    n_bytes = len(stream_of(text[:4]))

    def is_recorded() -> bool:
        with system.redis as client:
            record = read_stream_record(client, job.id)
        return record is not None and record.stored_bytes >= n_bytes

    wait_until(is_recorded, "half of it is recorded")
    assert recorded_sound(s3, job)[:n_bytes] == whole[:n_bytes]
    pieces = job.pcm()
    half = bytearray()
    while len(half) < n_bytes:
        half += next(pieces)
    system.gate.touch()
    assert bytes(half) + b"".join(pieces) == whole


def test_a_reassembler_does_not_start_with_a_bucket_that_is_not_there(system: RealSystem, s3: S3Server) -> None:
    child = system.reassembler("astray", store_dir=s3.url.replace(f"//{BUCKET}/", "//nowhere/"))
    assert child.wait(PATIENCE_S) == ExitCode.CANNOT_START
    del system.children["astray"]
    assert "there is no such bucket; create it, or fix SERIATIM_STORE_DIR" in system.log("astray")
