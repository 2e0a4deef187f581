"""Who leaves leaves nothing behind; and who watches, or ends a gateway, does not wait for Redis."""

import json
import re
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx2
from websockets.sync.client import connect

from tests.http.gateways import Gateway, clear, start
from tests.http.wires import post
from tests.systems import PATIENCE_S, RealSystem, wait_until

LONG = " ".join(clear(300, "Gone"))
EACH = 8  #: of each kind of client


def test_nothing_of_those_who_leave_is_left(system: RealSystem) -> None:
    """Neither descriptors nor threads nor connections to Redis grow, whatever clients do."""
    gateway = start(system, "leaky")
    _visit(gateway)
    before = _held(gateway)
    for _ in range(2):
        _visit(gateway)
    after = wait_until(lambda: h if (h := _held(gateway)) <= (before[0] + 8, before[1] + 8) else None, f"as {before}")
    assert after[0] <= before[0] + 8
    system.end("leaky")


def test_a_client_who_leaves_before_the_first_sound_stops_the_speaking_soon(
    new_system: Callable[..., RealSystem],
) -> None:
    system = new_system()
    system.reassembler()
    system.workers(1, options={"start_ms": 4_000})
    gateway = start(system)
    with gateway.client() as client:
        with gateway.connect() as connection:
            connection.sendall(post("/v1/audio/speech", json.dumps({"input": LONG}).encode()))
            job = wait_until(lambda: client.get("/v1/jobs").json()["data"])[0]["id"]
        wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled")
        assert client.get(f"/v1/jobs/{job}").json()["audio_s"] == 0, "he is not waited for until the sound comes"


def test_watchers_are_answered_soon_while_redis_hangs(new_system: Callable[..., RealSystem]) -> None:
    """It takes connections and says nothing, the worst way to be away; and a hundred clients wait for it.

    A gateway that is told to end then does so.
    """
    system = new_system()
    system.reassembler()
    system.workers(1)
    gateway, doomed = start(system), start(system, "doomed")
    server = system.server._process
    assert server is not None
    with ThreadPoolExecutor(100) as threads, gateway.client() as client:
        assert client.get("/readyz").status_code == 200
        server.send_signal(signal.SIGSTOP)
        try:
            waiting = [threads.submit(_tries, gateway) for _ in range(96)]
            assert _tries(doomed, "/healthz") == 200
            child = system.children["doomed"]
            child.send_signal(signal.SIGTERM)
            watching = {path: threads.submit(_tries, gateway, path) for path in ("/healthz", "/metrics", "/readyz")}
            found = {path: done.result() for path, done in watching.items()}
            assert found == {"/healthz": 200, "/metrics": 503, "/readyz": 503}
            assert child.wait(PATIENCE_S) == 0, "whoever ends a process does not wait for Redis"
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
        socket.send(json.dumps({"type": "start", "reader_grace_s": 0.5}))
        socket.send(json.dumps({"type": "text", "text": "Good morning. And"}))
        socket.recv(5)


def _watches(gateway: Gateway) -> None:
    with gateway.client() as client, suppress(httpx2.HTTPError):
        job = client.post("/v1/jobs", json={"input": "Good morning."}).json()["id"]
        with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
            next(stream.iter_raw())


def _held(gateway: Gateway) -> tuple[int, int]:
    """Descriptors, and threads beyond those that make short calls, once nobody is connected."""
    with gateway.client() as client:
        wait_until(lambda: re.search(r"^seriatim_http_streams 0\.0$", client.get("/metrics").text, re.MULTILINE))
    process = Path(f"/proc/{gateway.system.children[gateway.name].pid}")
    return len(list((process / "fd").iterdir())), max(0, len(list((process / "task").iterdir())) - 64)
