"""Disconnects of clients, and the end of a gateway: nothing is left behind, and no probe or SIGTERM waits for Redis."""

import json
import os
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from seriatim.client.job_options import JobRequest
from tests.http.clients.raw_connections import post
from tests.http.conftest import CALM
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import Listener, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

LONG = " ".join(clear(300, "Gone"))
GRACE_S = 15.0  #: a sign of life comes after a third of it: two may be late by as much on a busy machine
SILENCE_S = 18  #: longer than that
ALIVE_S = 25.0  #: between two signs of life where the grace would not count; usually less than such a grace
EACH = 8  #: of each kind of client
VISITS = 4


@pytest.mark.thorough
def test_nothing_of_those_who_leave_is_left(system: RealSystem) -> None:
    """Neither descriptors nor threads nor connections to Redis grow, whatever clients do."""
    gateway = start(system, "leaky")
    for _ in range(2):
        _visit(gateway)
    before = _held(gateway)
    for _ in range(VISITS):
        _visit(gateway)
    # Pools keep the connections of the busiest moment, which is not the same in each run.
    most = EACH * VISITS // 2  #: more than before; a descriptor or thread a client of one kind would be twice that
    wait_until(lambda: all(now < then + most for now, then in zip(_held(gateway), before, strict=True)), "all is gone")
    system.end("leaky")


@pytest.mark.thorough
def test_a_client_who_leaves_before_the_first_sound_stops_the_speaking_soon(
    new_system: Callable[..., RealSystem],
) -> None:
    system = new_system(**CALM)
    system.reassembler()
    system.workers(1)
    gateway = start(system)
    (worker,) = system.worker_pids().values()
    with gateway.client() as client:
        os.kill(worker, signal.SIGSTOP)  # no sound can come
        try:
            with gateway.connect() as connection:
                connection.sendall(post("/v1/audio/speech", json.dumps({"input": LONG}).encode()))
                job = wait_until(lambda: client.get("/v1/jobs").json()["data"])[0]["id"]
            wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled")
            assert client.get(f"/v1/jobs/{job}").json()["audio_s"] == 0, "he is not waited for until the sound comes"
        finally:
            os.kill(worker, signal.SIGCONT)


@pytest.mark.thorough
def test_a_listener_who_waits_in_silence_is_not_taken_for_gone(
    new_system: Callable[..., RealSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its job's grace is shorter than the silence, and than the time between two signs of life without it."""
    monkeypatch.setattr("seriatim.reader_state.ALIVE_S", ALIVE_S)
    patch = f"from seriatim import reader_state; reader_state.ALIVE_S = {ALIVE_S}"
    system = new_system(**CALM)
    system.reassembler()
    system.workers(1, slots=2, options={"slow_on": "Wait", "slow_ms": 1_000 * SILENCE_S})
    gateway, text = start(system, patch=patch), clear(1, "Wait")
    listener = Listener(system.producer().enqueue(text, JobRequest.of({"engine": "tone", "reader_grace_s": GRACE_S})))
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
        started = {"type": "start", "reader_grace_s": GRACE_S}
        for message in (started, {"type": "text", "text": text[0]}, {"type": "close"}):
            socket.send(json.dumps(message))
        replies = (json.loads(m) for m in iter(lambda: socket.recv(PATIENCE_S), None) if isinstance(m, str))
        assert next(message for message in replies if message["type"] == "end")["state"] == "done"
    assert listener.pcm() == stream_of(text)


def test_a_gateway_that_ends_finishes_its_streams_and_takes_no_others(system: RealSystem) -> None:
    text = system.held(clear(3, "Drain"))
    gateway = start(system, "draining", http_drain_s=60)
    child = system.children["draining"]
    request = {"input": " ".join(text), "response_format": "pcm"}
    with (
        gateway.client() as client,
        gateway.client() as other,
        client.stream("POST", "/v1/audio/speech", json=request) as stream,
        connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as idle,
        connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as talking,
    ):
        talking.send(json.dumps({"type": "start"}))
        assert json.loads(talking.recv(PATIENCE_S))["type"] == "started"
        pieces = stream.iter_raw()
        first = next(pieces)
        wait_until(lambda: other.get("/readyz").status_code == 200, "a sentence was spoken in time")

        child.send_signal(signal.SIGTERM)
        wait_until(lambda: other.get("/readyz").json().get("error", {}).get("code") == "draining", "it says so")
        assert other.get("/healthz").status_code == 200
        refused = other.post("/v1/audio/speech", json=request)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
        assert refused.headers["retry-after"] == "1"
        with pytest.raises(ConnectionClosed) as gone:
            idle.recv(PATIENCE_S)
        assert gone.value.rcvd is not None
        assert gone.value.rcvd.code == 1012
        assert child.poll() is None, "it has not finished"

        system.gate.touch()
        assert first + b"".join(pieces) == stream_of(text)
        talking.send(json.dumps({"type": "text", "text": " ".join(clear(2, "Talk"))}))
        talking.send(json.dumps({"type": "close"}))
        while not (isinstance(last := talking.recv(PATIENCE_S), str) and '"type": "end"' in last):
            pass
        assert json.loads(last)["state"] == "done"
        with pytest.raises(ConnectionClosed):
            talking.recv(PATIENCE_S)
        assert child.wait(PATIENCE_S) == 0, "with its last answer, long before the time is over"


@pytest.mark.thorough
@pytest.mark.parametrize("signals", [1, 2])
def test_what_is_not_finished_in_time_or_at_a_second_signal_is_cut_off(system: RealSystem, signals: int) -> None:
    name = f"cut-off-{signals}"
    gateway = start(system, name, http_drain_s=0.2 if signals == 1 else 600)
    request = {"input": " ".join(system.held(clear(3, "Cut"))), "response_format": "pcm"}
    with gateway.client() as client, client.stream("POST", "/v1/audio/speech", json=request) as stream:
        pieces = stream.iter_raw()
        next(pieces)
        for _ in range(signals):
            system.children[name].send_signal(signal.SIGTERM)
            wait_until(lambda: _drains(gateway), "it has heard the signal")
        with pytest.raises(httpx2.RemoteProtocolError):
            b"".join(pieces)
        assert system.children[name].wait(PATIENCE_S) == 0
    system.gate.touch()


def _drains(gateway: Gateway) -> bool:
    """Does it turn others away, or listen no more?"""
    try:
        with gateway.client() as client:
            return client.get("/readyz").status_code == 503
    except httpx2.TransportError:
        return True


@pytest.mark.thorough
def test_watchers_are_answered_soon_while_redis_hangs(new_system: Callable[..., RealSystem]) -> None:
    """It takes connections and says nothing, the worst way to be away; and a hundred clients wait for it.

    A gateway that then gets SIGTERM ends.
    """
    system = new_system()
    system.reassembler()
    system.workers(1)
    gateway, doomed = start(system), start(system, "doomed")
    server = system.server._process
    assert server is not None
    with ThreadPoolExecutor(100) as threads, gateway.client() as client:
        wait_until(lambda: client.get("/readyz").status_code == 200, "a sentence was spoken in time")
        server.send_signal(signal.SIGSTOP)
        try:
            waiting = [threads.submit(_tries, gateway) for _ in range(96)]
            assert _tries(doomed, "/healthz") == 200
            child = system.children["doomed"]
            child.send_signal(signal.SIGTERM)
            watching = {path: threads.submit(_tries, gateway, path) for path in ("/healthz", "/metrics", "/readyz")}
            found = {path: done.result() for path, done in watching.items()}
            assert found == {"/healthz": 200, "/metrics": 503, "/readyz": 503}
            assert child.wait(PATIENCE_S) == 0, "the end of a process does not wait for Redis"
        finally:
            server.send_signal(signal.SIGCONT)
        assert {done.result() for done in waiting} <= {200, 503}
        wait_until(lambda: client.get("/v1/models").status_code == 200)


def _tries(gateway: Gateway, path: str = "/v1/jobs") -> int:
    with gateway.client() as client:
        return int(client.get(path).status_code)


def _visit(gateway: Gateway) -> None:
    """All kinds of clients, a few of each."""
    with ThreadPoolExecutor(4) as threads:
        for visit in (_listens, _leaves_early, _leaves_in_the_middle, _talks, _watches):
            list(threads.map(visit, [gateway] * EACH))


def _listens(gateway: Gateway) -> None:
    with gateway.client() as client:
        assert client.post("/v1/audio/speech", json={"input": "Good morning."}).status_code in (200, 503)


def _leaves_early(gateway: Gateway) -> None:
    with gateway.connect() as connection:
        connection.sendall(post("/v1/audio/speech", json.dumps({"input": LONG}).encode()))


def _leaves_in_the_middle(gateway: Gateway) -> None:
    with gateway.connect() as connection:
        connection.sendall(post("/v1/audio/speech", json.dumps({"input": LONG}).encode()))
        connection.recv(4096)


def _talks(gateway: Gateway) -> None:
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None, close_timeout=0.1) as socket:
        socket.send(json.dumps({"type": "start", "reader_grace_s": 3}))
        socket.send(json.dumps({"type": "text", "text": "Good morning. And"}))
        socket.recv(PATIENCE_S)


def _watches(gateway: Gateway) -> None:
    with gateway.client() as client, suppress(httpx2.HTTPError):
        job = client.post("/v1/jobs", json={"input": "Good morning."}).json()["id"]
        with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
            next(stream.iter_raw())


def _held(gateway: Gateway) -> tuple[int, int]:
    """Descriptors, and threads beyond those that make short calls, once no client is connected."""
    with gateway.client() as client:
        wait_until(lambda: re.search(r"^seriatim_http_streams 0\.0$", client.get("/metrics").text, re.MULTILINE))
    process = Path(f"/proc/{gateway.system.children[gateway.name].pid}")
    return len(list((process / "fd").iterdir())), max(0, len(list((process / "task").iterdir())) - 64)
