"""A plain Redis client reads the ordered stream with nothing of ours, and the window follows it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from reassembler.plain_reader_progress import follow_plain_readers
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.keys import ordered_stream, pool_prefix
from tests.integration.jobs.plain_reader import have
from tests.support.expected_audio import sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from tests.support.thorough_cases import mostly_thorough

READER = Path(__file__).with_name("plain_reader.py")
WINDOW_MS = 8_000


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000)  # its workers are there, however busy the machine is
    system.reassembler()
    system.workers(2)
    return system


def read_plainly(system: RealSystem, job: Job, how: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-I", str(READER), str(system.server.socket), ordered_stream(job.id), how]
    return subprocess.run(command, cwd="/", capture_output=True, check=False, timeout=PATIENCE_S)


def dispatched_ms(system: RealSystem, job: Job) -> float:
    with system.redis as client:
        return float(client.hget(f"{pool_prefix('tone')}:j:{job.id}", "dispatched") or 0)


@pytest.mark.parametrize("how", mostly_thorough(["xreadgroup", "setid", "trim"], 3))
def test_the_window_follows_a_plain_reader_to_the_end_of_a_long_job(system: RealSystem, how: str) -> None:
    text = sentences(12, f"plainly {how}")
    expected = stream_of(text)
    job = system.enqueue(text, window_ms=WINDOW_MS)
    wait_until(lambda: job.status().in_flight == 0 and dispatched_ms(system, job) >= WINDOW_MS, "it waits for a reader")
    assert dispatched_ms(system, job) < WINDOW_MS + 4_000 < len(expected) / 16, "an unread job stops at its window"

    read = read_plainly(system, job, how)

    assert read.stderr == b""
    assert read.returncode == 0
    assert read.stdout == expected


def test_a_job_that_fits_into_its_window_needs_no_more_than_xread(system: RealSystem) -> None:
    text = sentences(3, "xread alone")
    read = read_plainly(system, system.enqueue(text), "xread")
    assert (read.returncode, read.stdout) == (0, stream_of(text))


def test_a_plain_reader_learns_that_the_job_is_cancelled(system: RealSystem) -> None:
    job = system.enqueue(sentences(12, "cancelled plainly"), window_ms=WINDOW_MS)
    wait_until(lambda: job.status().emitted > 0)
    job.cancel()
    assert read_plainly(system, job, "xreadgroup").returncode == 1


def test_a_plain_reader_of_a_dialogue_gets_captions_from_the_markers(system: RealSystem) -> None:
    """Each sentence begins with a marker: its text, and the byte of the job at which it begins."""
    text = sentences(3, "captions")
    job = system.enqueue(text)
    wait_until(lambda: job.status().ended)
    with system.redis as client:
        entries = client.xrange(ordered_stream(job.id))
    markers = [fields for _, fields in entries if fields.get(b"t") == b"sentence"]
    assert [marker[b"text"].decode() for marker in markers] == text
    assert [int(marker[b"at"]) for marker in markers] == [len(stream_of(text[:n])) for n in range(3)]
    assert {marker[b"rate"] for marker in markers} == {b"8000"}
    end_id, end = entries[-1]
    assert (end[b"state"], int(end[b"at"]), int(end[b"n"])) == (b"done", len(stream_of(text)), 3)
    assert end_id.startswith(b"4-")


def shows_life(system: RealSystem, job: Job) -> bool:
    """Does a look at what its plain readers did count as a sign of their life?

    The last sign is moved back by a millisecond, no more: a sweep ends the job of a reader that is gone for long.
    """
    with system.redis as client:
        key = f"{pool_prefix(job.pool)}:j:{job.id}"
        before = client.hincrby(key, "seen", -1)
        follow_plain_readers(client, job.id, alive_within_ms=60_000)
        return int(cast("bytes", client.hget(key, "seen"))) > cast("int", before)


@pytest.mark.parametrize("how", ["setid", "trim"])
def test_a_plain_reader_that_has_everything_and_waits_is_not_taken_for_gone(system: RealSystem, how: str) -> None:
    """It can show nothing while there is nothing to take: here its writer pauses; a worker may be late as well."""
    writer = system.producer().open(JobRequest(engine="tone"))
    writer.say("This is heard. This, too.")
    writer.flush()
    job = writer.job
    wait_until(lambda: job.status().emitted == 2, "all is there that was said")
    with system.redis as client:
        (last, _), *_, (first, _) = cast("list[Any]", client.xrevrange(job.stream))
        for position, lives in ((first, False), (last, True)):
            have(client, job.stream, how, position)
            follow_plain_readers(client, job.id, alive_within_ms=60_000)  # it has moved
            # the reassembler looks, too, and may write down what it saw a moment ago
            wait_until(lambda: shows_life(system, job) == lives)  # noqa: B023  # called at once
    writer.close()


def test_a_plain_reader_that_waits_for_the_first_sound_is_not_taken_for_gone(system: RealSystem) -> None:
    job = system.enqueue(["No worker speaks this."], pool="empty", kind="batch", drain="window")
    assert not shows_life(system, job)
    with system.redis as client:
        client.xreadgroup("reader", "me", {job.stream: ">"}, block=20)
    assert shows_life(system, job)


def test_a_plain_reader_that_is_gone_ends_its_job(system: RealSystem) -> None:
    job = system.enqueue(sentences(12, "gone"), window_ms=WINDOW_MS, reader_grace_s=1)
    wait_until(lambda: job.status().emitted > 0 or job.status().ended, "it waits for a reader, or has waited enough")
    with system.redis as client:
        client.xgroup_setid(job.stream, "reader", "2-0")
    wait_until(lambda: job.status().ended)
    assert (job.status().state, job.status().reason) == ("cancelled", "no reader for 1 s")
