"""The log of a system that speaks: a line where a sentence ends, one where a job ends, one with what is in force."""

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from websockets.sync.client import connect

from seriatim.celery_app import make_app
from seriatim.client.job_options import JobRequest
from tests.http.gateways import start
from tests.support.expected_audio import Listener
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

TEXT = ["One is spoken.", "Two trips here.", "Three is spoken."]
TIMES = {"waited_ms", "ahead_ms", "first_ms", "elapsed_ms"}


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    made = new_system(log_format="json", lease_ms=60_000, message_timeout_ms=60_000)  # no attempt but those that fail
    made.reassembler()
    made.workers(1, slots=2, options={"fail_on": "trips"})
    return made


def lines(system: RealSystem, child: str, message: str) -> list[dict[str, Any]]:
    """What a process wrote with this text."""
    lines = [json.loads(line) for line in system.log(child).splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == message]


def test_each_attempt_has_a_line_with_its_times(system: RealSystem) -> None:
    job = system.producer().enqueue(TEXT, JobRequest.of({"engine": "tone", "gap": "skip"}))
    Listener(job).all()
    failures = system.settings.max_failures

    def of_job(message: str) -> list[dict[str, Any]]:
        return [line for line in lines(system, "workers", message) if line["job"] == job.id]

    def all_ended() -> list[dict[str, Any]] | None:
        ended = of_job("attempt ended")
        return ended if of_job("gap in a job") and len(ended) == 2 + len(of_job("attempt failed")) else None

    ended = wait_until(all_ended, "every attempt has its line")
    results = sorted((line["seq"], line["result"]) for line in ended)
    n_failed = len(ended) - 2  # where sentences of other jobs failed lately, some failures are not counted
    assert n_failed >= failures
    assert results == [(0, "spoken"), *[(1, "failed")] * n_failed, (2, "spoken")]
    for line in ended:
        assert (line["level"], line["slot"] in (0, 1), line["attempt"] > 0) == ("INFO", True, True)
        assert line["waited_ms"] >= 0
        assert line["elapsed_ms"] > 0
        if line["result"] == "spoken":
            assert 0 < line["first_ms"] <= line["elapsed_ms"]
            assert line["audio_ms"] > 0
        else:
            assert "configured failure" in line["why"]
    assert not any(text in system.log("workers") for text in TEXT), "no listener's text"


def test_a_job_has_one_line_where_it_ends(system: RealSystem) -> None:
    done = system.producer().enqueue(["All of it."], JobRequest.of({"engine": "tone"}))
    Listener(done).all()
    (line,) = wait_until(lambda: [of for of in lines(system, "reassembler", "job ended") if of["job"] == done.id])
    assert (line["state"], line["sentences"], line["audio_ms"] > 0) == ("done", 1, True)
    failed = system.producer().enqueue(["This trips."], JobRequest.of({"engine": "tone", "gap": "fail"}))
    (line,) = wait_until(lambda: [of for of in lines(system, "workers", "job ended") if of["job"] == failed.id])
    assert (line["state"], "configured failure" in line["why"]) == ("failed", True)


def test_a_gateway_says_what_is_in_force_and_whose_job_a_request_belongs_to(system: RealSystem) -> None:
    gateway = start(system, http_models="tts-9=tone")
    (line,) = lines(system, "gateway", "the gateway starts")
    assert (line["at"], line["root"], line["keys"]) == (gateway.url, "/", 0)
    assert (line["pool"], line["engine"], line["slots"], line["rate_hz"]) == ("tone", "tone", 2, 8000)
    assert (line["models"], line["live_window_ms"]) == ({"tts-9": "tone"}, system.settings.live_window_ms)
    assert (line["store"], line["clients"]) == (system.settings.store_dir, system.settings.http_max_concurrency)
    with gateway.client() as client:
        speech = client.post("/v1/audio/speech", json={"input": "All of it."}).headers["seriatim-job"]
        job = client.post("/v1/jobs", json={"input": "Some of it."}).json()["id"]
        client.get(f"/v1/jobs/{job}/events")
        client.get("/v1/jobs/whose-is-it")
        with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None, open_timeout=PATIENCE_S) as socket:
            socket.send(json.dumps({"type": "start"}))
            session = json.loads(socket.recv(PATIENCE_S))["job"]
            socket.send(json.dumps({"type": "cancel"}))

    def jobs_by_route() -> dict[str, str]:
        return {line["route"]: line.get("job", "") for line in lines(system, "gateway", "answered")}

    wait_until(lambda: len(jobs_by_route()) >= 5, "the WebSocket is over")
    assert jobs_by_route() == {
        "/v1/audio/speech": speech, "/v1/jobs": job, "/v1/jobs/{job_id}/events": job, "/v1/jobs/{job_id}": "",
        "/v1/stream": session,
    }  # fmt: skip


def test_the_start_says_what_is_in_force(system: RealSystem) -> None:
    (start,) = lines(system, "workers", "workers start")
    assert (start["pool"], start["processes"], start["most_processes"]) == ("tone", 1, 1)
    (ready,) = wait_until(lambda: lines(system, "workers", "ready"), "it says so, a moment after it is registered")
    assert (ready["pool"], ready["engine"], ready["slots"]) == ("tone", "tone", 2)
    assert ready["live_window_ms"] == system.settings.live_window_ms


@pytest.mark.thorough
def test_the_line_of_a_sentence_can_be_turned_off(new_system: Callable[..., RealSystem]) -> None:
    with new_system(log_sentences=0, lease_ms=60_000) as system:
        system.reassembler()
        system.workers(1)
        Listener(system.producer().enqueue(["Quietly."], JobRequest.of({"engine": "tone"}))).all()
        wait_until(lambda: "job ended job=" in system.log("reassembler"), "the text form has facts too")
        assert system.end("workers") == 0, "what it has to say it has said"
        assert "attempt ended" not in system.log("workers")


def test_every_line_is_json(system: RealSystem) -> None:
    """Warnings of libraries, too. Celery's to a worker that runs as root is one line of ours."""
    Listener(system.producer().enqueue(TEXT, JobRequest.of({"engine": "tone", "gap": "skip"}))).all()
    for child in ("workers", "reassembler"):
        assert [line for line in system.log(child).splitlines() if not line.startswith("{")] == []
    assert bool(lines(system, "workers", "runs as root; start it as a user of its own")) == (os.geteuid() == 0)
    assert "--uid" not in system.log("workers")


def test_a_process_that_ends_or_cannot_start_says_so_in_json_too(new_system: Callable[..., RealSystem]) -> None:
    """Also what Celery writes after a signal, past every logger, and where a gateway serves."""
    with new_system(log_format="json", lease_ms=60_000) as system:
        system.workers(1)
        start(system)
        with make_app(system.settings.broker) as app:  # a signal before Celery has its handlers would end it
            wait_until(lambda: app.control.broadcast("ping", reply=True, limit=1, timeout=1), "its worker answers")
        os.kill(next(iter(system.worker_pids().values())), signal.SIGUSR1)
        wait_until(lambda: "thread" in system.log("workers").lower(), "the stacks of all threads are logged")
        assert system.end("workers") == 0
        wait_until(lambda: lines(system, "workers", "Warm shutdown (MainProcess)"))
        system.start("broken", "-m", "workers", "--engine", "tone", "--engine-option", "none=1").wait(PATIENCE_S)
        assert lines(system, "gateway", f"serving at {lines(system, 'gateway', 'the gateway starts')[0]['at']}")
        for child in ("workers", "gateway", "broken"):
            written = system.log(child).splitlines()
            assert [line for line in written if not line.startswith("{")] == [], child
        (last,) = [line for line in map(json.loads, system.log("broken").splitlines()) if line["level"] == "ERROR"]
        assert "none" in last["message"]
