"""Background threads and tasks are watched: an unexpected error restarts them, or ends their process.

Each test starts a real process with such an error planted (tests/support/planted_errors.py), sees it in its log, and
then has a text spoken as if nothing had been.
"""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # its wheel ships no types
import pytest

from seriatim.client.async_client import AsyncClient
from seriatim.client.job_options import JobRequest
from seriatim.client.open_job_leases import OpenJobLeases
from seriatim.client.stream_reader import StreamReader
from seriatim.stream_entries import Audio
from tests.support.command_line import TONE
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.planted_errors import Planted, plant
from tests.support.process_system import HOLD, PATIENCE_S, RealSystem, descendants, wait_until
from tests.support.thorough_cases import mostly_thorough

AGAIN = "background task failed; restarting"
WORKER = ("workers.worker_process", "--engine", "tone", "--slots", "2", "--engine-option", "rate_hz=8000")
TEXT = sentences(4, "watched")  #: longer than the window below


@pytest.fixture(scope="module")
def shared(new_system: Callable[..., RealSystem]) -> RealSystem:
    """A system for all tests but those that plant errors in what it shares: the reassembler, the pool `tone`.

    A sentence fails as often as errors are planted, and not once more because a process got no turn.
    """
    system = new_system(lease_ms=10_000)
    system.reassembler()
    system.workers()
    return system


@pytest.fixture
def system(new_system: Callable[..., RealSystem]) -> Iterator[RealSystem]:
    with new_system() as made:
        yield made


def planted(
    system: RealSystem, place: str, *command: str, first: int = 1, **settings: object
) -> "subprocess.Popen[bytes]":
    """A process in which a function raises at its call number `first` and the next: that one shows that it goes on."""
    return system.start("planted", "-m", "tests.support.planted_errors", place, str(first), "2", *command, **settings)


def raised(system: RealSystem, times: int = 2) -> None:
    wait_until(lambda: system.log("planted").count("Planted") >= times, "it was raised")


def speaks(system: RealSystem, pool: str = "tone") -> None:
    """A text is spoken to its end."""
    job = system.producer().enqueue(TEXT, JobRequest.of({"engine": "tone", "pool": pool, "window_ms": 3_000}))
    assert Listener(job).pcm() == stream_of(TEXT)


@pytest.mark.thorough
def test_a_worker_restarts_each_of_its_threads(shared: RealSystem) -> None:
    """All of them fail twice in one process; each goes on behind that."""
    places = [
        "workers.result_reporter:run_many",
        "workers.result_reporter:_waiting_entries",
        "workers.heartbeat:send_heartbeat",
        "workers.heartbeat:_exit_if_stuck",
        "workers.heartbeat:sweep",
        "workers.heartbeat:dispatch",
        "workers.worker_gauges:own_gpu",
    ]
    child = planted(shared, ",".join(places), *WORKER, "--pool", "threads", hot_slots="off")
    wait_until(lambda: shared.worker_pids("threads"), "it offers its slots")
    speaks(shared, "threads")
    for place in places:
        wait_until(lambda at=f"at {place}": shared.log("planted").count(at) >= 2, place)  # type: ignore[misc]  # a default binds the loop's value
    speaks(shared, "threads")
    assert shared.log("planted").count(AGAIN) >= len(places)
    assert child.poll() is None
    shared.end("planted")


@pytest.mark.parametrize(
    ("place", "line"),
    mostly_thorough(
        [
            ("workers.attempt:_claim_sentence", "Planted"),
            ("workers.attempt:_speak_claimed", "engine raised an exception"),
            ("workers.message_filter:parse_message", "unreadable broker message; reconnecting"),
        ],
        3,
    ),
)
def test_a_worker_goes_on(shared: RealSystem, place: str, line: str) -> None:
    pool = place.rpartition(":")[2].strip("_")
    child = shared.start(pool, "-m", "tests.support.planted_errors", place, "1", "2", *WORKER, "--pool", pool)
    wait_until(lambda: shared.worker_pids(pool), "it offers its slots")
    speaks(shared, pool)
    wait_until(lambda: shared.log(pool).count("Planted") >= 2, "it was raised")
    speaks(shared, pool)
    assert line in shared.log(pool)
    assert child.poll() is None
    shared.end(pool)


def left_of(system: RealSystem) -> list[int]:
    """The processes on the system's server that the test did not start itself."""
    own, left = {child.pid for child in system.children.values()}, []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # it has ended, or is another user's
            if process.environ().get("SERIATIM_REDIS_URL") == system.server.url and process.pid not in own:
                left.append(process.pid)
    return left


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("place", "settings"),
    [
        ("workers.heartbeat:send_heartbeat", {"heartbeat_ms": 600_000, "lease_ms": 1_800_000, "worker_drain_s": 600}),
        ("workers.heartbeat:leave_pool", {"worker_drain_s": 0}),
    ],
)
def test_a_worker_that_ends_says_so_and_hands_back(shared: RealSystem, place: str, settings: dict[str, Any]) -> None:
    """By its last heartbeat, which offers no slot any more, and where sentences outlast its time."""
    pool = place.rpartition(":")[2].replace("_", "-")
    options = ("--engine-option", f"hold_on={HOLD}", "--engine-option", f"gate={shared.gate}")
    command = ("-m", "tests.support.planted_errors", place, "1", "2", *WORKER, *options, "--pool", pool)
    child = shared.start(pool, *command, hot_slots="off", **settings)
    wait_until(lambda: shared.slots(pool) == 2, "it offers its slots")
    text = shared.held([])
    listener = Listener(shared.producer().enqueue(text, JobRequest.of({"engine": "tone", "pool": pool})))
    wait_until(lambda: shared.speaking_pids(pool), "it speaks the sentence that does not end")
    child.send_signal(signal.SIGTERM)
    wait_until(lambda: shared.log(pool).count("Planted") >= 2, "it was raised")
    wait_until(lambda: shared.slots(pool) == 0, "nothing is given to it any more")
    if "leave" in place:
        assert child.wait(PATIENCE_S) == 0
        shared.workers(name=f"{pool}-other", pool=pool)
    shared.gate.touch()
    assert listener.pcm() == stream_of(text)
    assert child.wait(PATIENCE_S) == 0
    assert shared.log(pool).count(AGAIN) == 2
    del shared.children[pool]


@pytest.mark.thorough
def test_a_supervisor_ends_with_what_it_started(system: RealSystem) -> None:
    """Its service manager starts it again; the leases of its processes give their work to others."""
    system.reassembler()
    supervised = ("workers.__main__", *WORKER[1:3], *WORKER[5:], "--pool", "tone", "--processes", "1")
    child = planted(system, "workers.supervisor:Supervisor._poll_child", *supervised, first=100)
    assert child.wait(PATIENCE_S) == 1
    raised(system, 1)  # its first call has started a process
    wait_until(lambda: not left_of(system), "no process is left without a supervisor")
    system.workers()
    speaks(system)


@pytest.mark.parametrize(
    "place",
    [
        "reassembler.storage_thread:StorageThread._run_round",
        pytest.param("reassembler.retention:RecordingRetention.sweep", marks=pytest.mark.thorough),
    ],
)
def test_a_reassembler_goes_on(system: RealSystem, place: str) -> None:
    child = planted(system, place, "reassembler.main", recording_retention_days=1)
    system.workers()
    raised(system)
    job = system.producer().enqueue(TEXT, JobRequest.of({"engine": "tone", "kind": "batch", "window_ms": 3_000}))
    assert job.wait(PATIENCE_S).state == "done", "the keeper opens its window"
    assert system.log("planted").count(AGAIN) == 2
    assert child.poll() is None


def test_a_reassembler_that_cannot_emit_ends(system: RealSystem) -> None:
    child = planted(system, "reassembler.emit_loop:emit_sweep", "reassembler.main")
    assert child.wait(PATIENCE_S) == 1
    raised(system, 1)
    system.reassembler()
    system.workers()
    speaks(system)


def test_a_reading_thread_that_breaks_is_the_readers_error(shared: RealSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its coroutine would wait for ever for the next entry."""

    async def read() -> bytes:
        async with AsyncClient(settings=shared.settings) as client:
            job = await client.enqueue_job(TEXT, engine="tone", window_ms=3_000)
            for _ in range(2):
                with pytest.raises(Planted):
                    await anext(aiter(job.audio()))
            return b"".join([entry.pcm async for entry in job.audio() if isinstance(entry, Audio)])

    monkeypatch.setattr(StreamReader, "_source", StreamReader._source)  # so that it is put back
    plant("seriatim.client.stream_reader:StreamReader._source", 1, 2)
    assert asyncio.run(read()) == stream_of(TEXT)


def test_leases_are_renewed_on(
    shared: RealSystem, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenJobLeases, "_due_jobs", OpenJobLeases._due_jobs)  # so that it is put back
    plant("seriatim.client.open_job_leases:OpenJobLeases._due_jobs", 1, 2)
    producer = shared.producer()
    with producer.open(JobRequest.of({"engine": "tone", "kind": "batch"})) as job:
        wait_until(lambda: caplog.text.count(AGAIN) == 2)
        job.say(" ".join(TEXT))
        assert producer.leases.running
    assert job.job.wait(PATIENCE_S).state == "done"


@pytest.mark.thorough
def test_a_command_watches_its_system_on(system: RealSystem, tmp_path: Path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "speech.wav"
    text.write_text(" ".join(system.held(TEXT[:2])), "utf-8")
    options = (*TONE, "--engine-option", "hold_on=gatekeeper", "--engine-option", f"gate={system.gate}")
    command = planted(
        system,
        "gateway.output.speech_run:_watch_system",
        "gateway.cli.main",
        "speak",
        str(text),
        "-o",
        str(out),
        *options,
    )
    raised(system)
    worker = wait_until(lambda: [pid for pid in descendants(command.pid) if descendants(pid)])  # the supervisor
    subprocess.run(["kill", "-9", str(worker[0])], check=True)
    wait_until(lambda: "child process was killed; restarted" in system.log("planted"), "it noticed that, and mends it")
    system.gate.touch()
    assert command.wait(PATIENCE_S) == 0


@pytest.mark.thorough
def test_a_command_whose_text_cannot_be_sent_fails(system: RealSystem, tmp_path: Path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "speech.wav"
    text.write_text(" ".join(sentences(80, "the rest of it")), "utf-8")
    place = "seriatim.client.partial_submission:PartialSubmission._extend"
    command = planted(system, place, "gateway.cli.main", "speak", str(text), "-o", str(out), *TONE)
    assert command.wait(PATIENCE_S) == 1
    assert "the text could not be sent: Planted" in system.log("planted")
    assert not out.exists()
