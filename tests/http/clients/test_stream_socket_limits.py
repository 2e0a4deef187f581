"""Limits of the WebSocket /v1/stream: clients that are many, silent, rude, or late."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection, connect

from tests.http.clients.test_stream_socket import shorten_grace
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

LONG = " ".join(clear(200, "Rude"))
MANY = 50


@contextmanager
def calling(gateway: Gateway, **more: Any) -> Iterator[ClientConnection]:
    url = f"ws://127.0.0.1:{gateway.port}/v1/stream"
    with connect(url, proxy=None, close_timeout=0.2, compression=None, **more) as socket:
        yield socket


def say(socket: ClientConnection, kind: str, **more: object) -> None:
    socket.send(json.dumps({"type": kind, **more}))


def until(socket: ClientConnection, kind: str) -> tuple[dict[str, Any], bytes]:
    """The next message of a kind, and the sound up to there."""
    sound = b""
    while True:
        came = socket.recv(PATIENCE_S)
        if isinstance(came, bytes):
            sound += came
            continue
        message: dict[str, Any] = json.loads(came)
        if message["type"] == kind:
            return message, sound


def streams(gateway: Gateway) -> float:
    """How many streams the gateway says it has."""
    with gateway.client() as client:
        found = re.search(r"^seriatim_http_streams (\S+)$", client.get("/metrics").text, re.MULTILINE)
    assert found
    return float(found.group(1))


def threads(gateway: Gateway) -> int:
    pid = gateway.system.children[gateway.name].pid
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@pytest.fixture(scope="module")
def impatient(system: RealSystem) -> Gateway:
    """A gateway with short timeouts and small limits."""
    return start(system, "impatient", http_write_timeout_s=1, max_text_bytes=2_000)


def test_an_open_job_holds_no_thread(system: RealSystem) -> None:
    gateway = start(system, "threads")
    with ExitStack() as stack:
        first = stack.enter_context(calling(gateway))
        say(first, "start")
        until(first, "started")
        before = threads(gateway)
        for _ in range(MANY):
            socket = stack.enter_context(calling(gateway))
            say(socket, "start", reader_grace_s=1)
            until(socket, "started")
        assert threads(gateway) - before < MANY / 2, "short calls have some"
    system.end("threads")


def test_a_client_that_takes_nothing_is_cut_off_and_its_job_ends(impatient: Gateway) -> None:
    """It is there, its connection is up, its buffers are full: nothing of it may stay for ever."""
    with calling(impatient, max_queue=1) as socket, impatient.client() as client:
        say(socket, "start", window_ms=600_000, reader_grace_s=600)
        job = until(socket, "started")[0]["job"]
        for _ in range(6):
            say(socket, "text", text=LONG[:1900] + " ")  # some minutes: more than all buffers hold
        wait_until(lambda: streams(impatient) == 0, "its connection is gone")
        assert client.get(f"/v1/jobs/{job}").json()["state"] == "running", "it may come back"
        shorten_grace(impatient, job, 1)
        wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled", "its grace is over")


def test_text_that_was_overtaken_by_the_end_is_no_error(gateway: Gateway) -> None:
    with calling(gateway) as socket, gateway.client() as client:
        say(socket, "start")
        job = until(socket, "started")[0]["job"]
        say(socket, "text", text=LONG)
        until(socket, "audio")
        client.delete(f"/v1/jobs/{job}")
        assert until(socket, "end")[0]["state"] == "cancelled"
        say(socket, "text", text="The model has not heard of it yet. ")
        say(socket, "close")
        say(socket, "start")
        until(socket, "started")
        say(socket, "text", text="Good morning.")
        say(socket, "close")
        assert until(socket, "end")[1] == stream_of(["Good morning."])


def test_a_job_that_another_client_ends_is_over_for_its_writer(gateway: Gateway) -> None:
    """He is in the middle of his text, and hears of it as of any end."""
    with calling(gateway) as socket, gateway.client() as client:
        say(socket, "start")
        job = until(socket, "started")[0]["job"]
        client.delete(f"/v1/jobs/{job}")
        with suppress(ConnectionClosed):
            for _ in range(5):
                say(socket, "text", text="Good morning. ")
        assert until(socket, "end")[0]["state"] == "cancelled"


def test_text_that_cannot_be_taken_ends_the_connection(impatient: Gateway) -> None:
    """Or else what follows would be said without it."""
    with calling(impatient) as socket:
        say(socket, "start", reader_grace_s=6)
        until(socket, "started")
        say(socket, "text", text="x" * 3_000)
        assert until(socket, "error")[0]["error"]["code"] == "text_too_large"
        with pytest.raises(ConnectionClosed):
            until(socket, "end")


def test_going_on_needs_no_model(system: RealSystem) -> None:
    """The job knows its pool; here it is not the one that is meant where none is named."""
    gateway = start(system, "elsewhere", http_pool="nowhere")
    with calling(gateway) as socket:
        say(socket, "start", model="tone")
        token = until(socket, "started")[0]["resume"]
        say(socket, "text", text="Good")
        socket.socket.shutdown(SHUT_RDWR)
    with calling(gateway) as socket:
        say(socket, "start", resume=token)
        assert until(socket, "started")[0]["resume"] == token
        say(socket, "text", text="Good morning.")
        say(socket, "close")
        assert until(socket, "end")[1] == stream_of(["Good morning."])
    system.end("elsewhere")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("x" * 3_000_000, CloseCode.MESSAGE_TOO_BIG),
        (b"x" * 3_000_000, CloseCode.MESSAGE_TOO_BIG),
        (json.dumps({"type": "start", "input": "é" * 200_000}), None),
        (json.dumps({"type": "text", "text": "é" * 200_000}), CloseCode.POLICY_VIOLATION),
        ("[" * 100_000, CloseCode.POLICY_VIOLATION),
        ('{"type": "heard", "ms": 1e999}', CloseCode.POLICY_VIOLATION),
    ],
)
def test_messages_that_cannot_be_used_end_their_connection_alone(
    gateway: Gateway, sent: str | bytes, code: CloseCode | None
) -> None:
    with calling(gateway) as healthy, calling(gateway) as socket:
        say(healthy, "start")
        with suppress(ConnectionClosed):
            socket.send(sent)
        if code is not None:
            with pytest.raises(ConnectionClosed) as closed:
                until(socket, "end")
            found = closed.value.rcvd
            assert found.code == code if found else len(sent) > 2_000_000, "who is still sending may not read why"
        else:
            until(socket, "started")
            say(socket, "cancel")
        say(healthy, "text", text="Good morning.")
        say(healthy, "close")
        assert until(healthy, "end")[1] == stream_of(["Good morning."])
    wait_until(lambda: streams(gateway) == 0, "none of them is left")


def test_bytes_that_are_no_text_end_the_connection(gateway: Gateway, system: RealSystem) -> None:
    with calling(gateway) as socket:
        socket.send(b"\xff\xfe", text=True)
        with pytest.raises(ConnectionClosed) as closed:
            until(socket, "end")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == CloseCode.INVALID_DATA
    assert "Traceback" not in system.log("gateway")


def test_a_flood_of_messages_harms_no_other_client(gateway: Gateway) -> None:
    """Two thousand reports of what was heard, as fast as they can be sent."""
    with calling(gateway) as socket, gateway.client() as client:
        say(socket, "start")
        until(socket, "started")
        for ms in range(2_000):
            say(socket, "heard", ms=ms)
        assert client.get("/v1/models").status_code == 200
        say(socket, "text", text="Good morning.")
        say(socket, "close")
        assert until(socket, "end")[1] == stream_of(["Good morning."])
