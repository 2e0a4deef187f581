"""Limits of a gateway: more clients, larger heads, stranger requests than a gateway is made for."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from json import loads

import httpx2
import openai
import psutil  # type: ignore[import-untyped]  # its wheel ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from gateway.http.concurrency_limit import MAX_RETRY_S, ConcurrencyLimit
from tests.http.clients.raw_connections import answer, ended, head, post
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import stream_of
from tests.support.process_system import RealSystem, wait_until
from tests.support.processor_time import slowness

PLACES = 3
TEXT = "Hello there."
LONG = " ".join(clear(300, "Limit"))
OFFER = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAoAAAAAIAAAAA")


@pytest.fixture(scope="module")
def small(system: RealSystem) -> Gateway:
    """A gateway with few places."""
    return start(system, "small-house", http_max_concurrency=PLACES, http_read_timeout_s=600)


def listening(stack: ExitStack, gateway: Gateway) -> httpx2.Response:
    """One who listens, slowly, until the stack is left; he comes again while those of another test are leaving."""
    request = {"input": LONG, "response_format": "pcm", "window_ms": 2_000}

    def inside() -> httpx2.Response | None:
        with ExitStack() as tried:
            client = tried.enter_context(gateway.client())
            found: httpx2.Response = tried.enter_context(client.stream("POST", "/v1/audio/speech", json=request))
            if found.status_code != 200:
                return None
            stack.push(tried.pop_all())
            return found

    return wait_until(inside, "there is a place")


def joined(stack: ExitStack, gateway: Gateway) -> bool:
    """Whether a WebSocket got a place, until the stack is left; those of another test may still be leaving."""
    try:
        stack.enter_context(connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None, close_timeout=0.2))
    except InvalidStatus:
        return False
    return True


def test_a_full_gateway_refuses_in_openais_shape_with_retry_after(small: Gateway) -> None:
    with ExitStack() as stack, small.client() as late, small.openai(max_retries=0) as ai:
        for _ in range(PLACES):
            assert listening(stack, small).status_code == 200
        refused = late.post("/v1/audio/speech", json={"input": TEXT})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "too_many_clients")
        exact_s = int(refused.headers["retry-after-ms"]) / 1000
        assert 0 < exact_s <= int(refused.headers["retry-after"]) <= MAX_RETRY_S
        with pytest.raises(openai.InternalServerError, match="already serves 3 clients"):
            ai.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
        with pytest.raises(InvalidStatus) as denied, connect(f"ws://127.0.0.1:{small.port}/v1/stream", proxy=None):
            pass
        assert denied.value.response.status_code == 503
        assert loads(denied.value.response.body)["error"]["code"] == "too_many_clients"


def test_a_full_gateway_still_answers_probes(small: Gateway) -> None:
    with ExitStack() as stack, small.client() as watcher:
        for _ in range(PLACES):
            listening(stack, small)
        for path in ("/healthz", "/metrics"):
            assert watcher.get(path).status_code == 200, path
        wait_until(lambda: watcher.get("/readyz").status_code == 200, "a sentence was spoken in time")


def test_a_place_is_free_when_its_client_has_left(small: Gateway) -> None:
    """Also one of a WebSocket."""
    with ExitStack() as stack, small.client() as late:
        for _ in range(PLACES - 1):
            listening(stack, small)
        with ExitStack() as last:
            wait_until(lambda: joined(last, small), "there is a place")
            assert late.get("/v1/models").status_code == 503
        wait_until(lambda: late.get("/v1/models").status_code == 200, "the WebSocket's place is free")
    with small.client() as late:
        wait_until(lambda: late.get("/v1/models").status_code == 200)


def test_connections_without_a_request_make_room_for_others(small: Gateway) -> None:
    """Far more than there may be: the oldest are ended, and no other client notices."""
    with ExitStack() as stack, small.client() as client:
        wait_until(lambda: client.get("/v1/models").status_code == 200, "a listener of another test has left")
        idle = [stack.enter_context(small.connect()) for _ in range(PLACES + 256 + 20)]
        assert client.get("/v1/models").status_code == 200
        assert ended(idle[0])
        idle[-1].sendall(head("GET", "/healthz"))
        assert answer(idle[-1])[0] == 200


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from(["enter", "leave"])), max_size=60), st.integers(1, 4))
def test_places_are_counted_and_times_rise(steps: list[tuple[float, str]], most: int) -> None:
    limit, now_s, inside, latest_s = ConcurrencyLimit(most), 100.0, 0, 0.0
    for after_s, step in steps:
        now_s += after_s
        if step == "leave" and inside:
            limit.leave(now_s)
            inside -= 1
        elif step == "enter" and limit.enter(now_s):
            inside += 1
        elif step == "enter":
            assert inside == most, "only a full one refuses"
            after = limit.retry_after_s(now_s)
            assert 0 < after <= MAX_RETRY_S + 0.001
            assert now_s + after >= min(latest_s, now_s + MAX_RETRY_S), "each is sent behind the one before"
            latest_s = now_s + after
        assert limit.inside == inside <= most


def test_retry_after_follows_the_pace_at_which_places_become_free() -> None:
    limit = ConcurrencyLimit(2)
    assert limit.enter(0)
    assert limit.enter(0)
    for at_s in range(2, 100, 2):
        limit.leave(at_s)
        assert limit.enter(at_s)
    assert [limit.retry_after_s(98) for _ in range(3)] == pytest.approx([2, 4, 6], abs=0.01)
    assert limit.retry_after_s(128) == pytest.approx(30), "no client has left for half a minute"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"a:\r\n" * 20_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 60_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 60_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 60_000, 431),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"GET / HTTP/1.1\r\nhost: [\r\n\r\n", 421),
        (b"CONNECT x:1 HTTP/1.1\r\nhost: localhost\r\n\r\n", 400),
        (post("/v1/jobs", b"", "transfer-encoding: chunked"), 400),
    ],
)
def test_heads_that_cannot_be_used_are_refused_at_once(gateway: Gateway, sent: bytes, status: int) -> None:
    with gateway.connect() as connection:
        before_s = worked_s(gateway)
        connection.sendall(sent)
        found, body = answer(connection)
        assert found == status
        assert set(loads(body)["error"]) == {"message", "type", "param", "code"}
        assert worked_s(gateway) - before_s < 2 * slowness(), "thousands of headers are not counted thousands of times"


def worked_s(gateway: Gateway) -> float:
    """The processor time that a gateway has used: the machine's other work is not in it."""
    used = psutil.Process(gateway.system.children[gateway.name].pid).cpu_times()
    return float(used.user + used.system)


@pytest.mark.parametrize("n", [1, 2])
def test_clients_that_offer_http_2_are_served(gateway: Gateway, n: int) -> None:
    """Java's HTTP client offers it with the first request of each connection."""
    request = b'{"input": "Good morning.", "title": 1}'
    with gateway.connect() as connection:
        for _ in range(n):
            connection.sendall(post("/v1/jobs", request, *OFFER))
            status, body = answer(connection)
            assert (status, loads(body)["error"]["param"]) == (400, "title"), "its body has come"
        connection.sendall(head("GET", "/healthz", *OFFER) + head("GET", "/healthz"))
        assert answer(connection)[0] == 200


def test_many_requests_at_once_on_one_connection_are_answered_in_order(gateway: Gateway) -> None:
    with gateway.connect() as connection:
        connection.sendall(
            head("GET", "/healthz") + head("GET", "/v1/jobs/none") + head("GET", "/v1/none", "connection: close")
        )
        came = b""
        while part := connection.recv(65536):
            came += part
    assert [part[:3] for part in came.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"404"]


def test_what_follows_a_chunked_body_is_no_header(gateway: Gateway) -> None:
    """A proxy has not looked at it."""
    sent = head("POST", "/v1/jobs", "content-type: application/json", "transfer-encoding: chunked", "connection: close")
    with gateway.connect() as connection:
        connection.sendall(sent + b"f\r\n" + b'{"input":"Hi."}' + b"\r\n0\r\nhost: evil.example\r\n\r\n")
        assert answer(connection)[0] == 202


def test_many_requests_at_the_same_moment_are_served_or_refused(system: RealSystem) -> None:
    crowded = start(system, "crowded", http_max_concurrency=PLACES)  # none of its places is taken when they come

    def asks(_: int) -> tuple[int, bytes]:
        with crowded.client() as client:
            found = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "pcm"})
            return found.status_code, found.content

    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(asks, range(12)))
    assert {status for status, _ in found} <= {200, 503}
    assert all(content == stream_of([TEXT]) for status, content in found if status == 200)
    assert 200 in {status for status, _ in found}
    system.end("crowded")


@pytest.mark.thorough
def test_a_client_that_takes_nothing_of_a_file_is_cut_off(system: RealSystem) -> None:
    """Nothing here waits for it any more than for one who listens: the kernel ends its connection."""
    gateway = start(system, "kernel", http_write_timeout_s=1)
    process = psutil.Process(system.children["kernel"].pid)
    with gateway.client() as client:
        job = client.post("/v1/jobs", json={"input": " ".join(clear(150, "Kernel"))}).json()["id"]
        wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
        path = f"/v1/jobs/{job}/audio?format=pcm"
        whole = int(client.head(path).headers["content-length"])
    with gateway.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        own_port = connection.getsockname()[1]

        def is_served() -> bool:
            """Has the gateway this connection, or a file of the store?"""
            ports = {other.raddr.port for other in process.net_connections("tcp") if other.raddr}
            return own_port in ports or any(job in file.path for file in process.open_files())

        connection.sendall(head("GET", path))
        came = len(connection.recv(1))  # it is served
        wait_until(lambda: not is_served(), "its connection and its file are closed")
        with suppress(ConnectionResetError):
            while part := connection.recv(65536):
                came += len(part)
    assert came < whole
    system.end("kernel")
