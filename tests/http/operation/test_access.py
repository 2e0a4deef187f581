"""Access: keys, limits of a key, origins of browsers, and what a refusal answers."""

import contextlib
import hashlib
import json
import re
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from gateway.http.api_keys import read_keys
from seriatim.client.job_options import JobRequest
from seriatim.client.operator_limits import set_user_limits
from seriatim.errors import Misconfigured, NoWorkers
from seriatim.state.pool_state import pool_states
from tests.http.clients.raw_connections import ended
from tests.http.gateways import Gateway, clear, start
from tests.support.command_line import complaint, seriatim
from tests.support.expected_audio import sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

ANNA, BEN, CARL = "anna-0123456789abcdef", "ben-0123456789abcdef", "carl-0123456789abcdef"
KEYS = f"""
[[key]]
sha256 = "{hashlib.sha256(ANNA.encode()).hexdigest()}"
user = "anna"
weight = 2
[[key]]
key = "{BEN}"
user = "auth0|ben of {{Green: Gables}}"
[[key]]
key = "{CARL}"
user = "carl"
jobs = 1
"""


@pytest.fixture(scope="module")
def locked(system: RealSystem) -> Gateway:
    """A gateway with keys, and tight limits."""
    path = system.folder / "keys.toml"
    path.write_text(KEYS, "utf-8")
    return start(system, "locked", http_keys_file=path, http_body_bytes=20_000)


@pytest.fixture(scope="module")
def impatient(locked: Gateway, system: RealSystem) -> Gateway:
    """A port that no request waits on."""
    return start(system, "impatient-door", http_keys_file=system.folder / "keys.toml", http_read_timeout_s=0.5)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/voices", "/v1/jobs", f"/v1/jobs/{'0' * 32}"])
@pytest.mark.parametrize("key", ["", "nobody-0123456789abcdef", ANNA[:-1], ANNA + "0", "ä"])
def test_a_request_without_a_key_is_refused(locked: Gateway, path: str, key: str) -> None:
    with locked.client() as client:
        answer = client.get(path, headers={"authorization": f"Bearer {key}".encode()} if key else {})  # type: ignore[arg-type]  # bytes are fine
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_openais_client_knows_the_refusal(locked: Gateway) -> None:
    with locked.openai("wrong") as ai, pytest.raises(openai.AuthenticationError):
        ai.models.list()


def test_jobs_are_visible_to_their_owner_alone(locked: Gateway) -> None:
    with locked.client(ANNA) as anna, locked.client(BEN) as ben:
        job = anna.post("/v1/jobs", json={"input": "A secret of Anna's."}).json()["id"]
        assert anna.get(f"/v1/jobs/{job}").status_code == 200
        for path in ("", "/audio", "/events", "/captions", "/timeline"):
            hidden, absent = ben.get(f"/v1/jobs/{job}{path}"), ben.get(f"/v1/jobs/{'0' * 32}{path}")
            assert (hidden.status_code, absent.status_code) == (404, 404)
            assert hidden.text.replace(job, "") == absent.text.replace("0" * 32, ""), "its existence is not revealed"
        assert ben.delete(f"/v1/jobs/{job}").status_code == 404
        assert job not in [j["id"] for j in ben.get("/v1/jobs").json()["data"]]
        wait_until(lambda: anna.get(f"/v1/jobs/{job}").json()["state"] == "done", "no other key has ended it")


def test_what_one_user_names_or_holds_is_nothing_to_another(locked: Gateway) -> None:
    """The same idempotency key is another job; a token of the first's opens nothing."""
    with locked.client(ANNA) as anna, locked.client(BEN) as ben:
        request: dict[str, Any] = {"json": {"input": "Mine."}, "headers": {"idempotency-key": "the same"}}
        jobs = [client.post("/v1/jobs", **request).json()["id"] for client in (anna, ben, anna)]
        assert jobs[0] == jobs[2] != jobs[1]
    url = f"ws://127.0.0.1:{locked.port}/v1/stream"
    with connect(url, proxy=None, close_timeout=0.2) as hers, connect(url, proxy=None, close_timeout=0.2) as his:
        hers.send(json.dumps({"type": "start", "key": ANNA}))
        token = json.loads(hers.recv(PATIENCE_S))["resume"]
        his.send(json.dumps({"type": "start", "key": BEN, "resume": token}))
        assert json.loads(his.recv(PATIENCE_S))["error"]["code"] == "not_found"
        hers.send(json.dumps({"type": "cancel"}))
        assert json.loads(hers.recv(PATIENCE_S))["type"] == "end", "hers is as it was"


def test_a_recording_outlives_its_job_and_stays_its_owners(new_system: Callable[..., RealSystem]) -> None:
    system = new_system()
    system.reassembler()
    system.workers(1)
    path = system.folder / "keys.toml"
    path.write_text(KEYS, "utf-8")
    gateway = start(system, "gateway", http_keys_file=path)
    with gateway.client(ANNA) as anna, gateway.client(BEN) as ben:
        job = anna.post("/v1/jobs", json={"input": "Kept for Anna."}).json()["id"]
        captions = f"/v1/jobs/{job}/captions?format=json"
        wait_until(lambda: anna.get(captions).json()["whole"], "it is recorded")
        with system.redis as redis:
            redis.delete(*redis.scan_iter(f"*{job}*"))  # as if its time to live were over
        gone = wait_until(lambda: c if (c := anna.get(f"/v1/jobs/{job}").json()).get("model") == "" else None)
        assert gone["state"] == "done"
        assert ben.get(f"/v1/jobs/{job}/audio").status_code == 404
        assert anna.get(f"/v1/jobs/{job}/audio?format=pcm").content


def test_a_key_has_a_weight_and_caps(locked: Gateway, system: RealSystem) -> None:
    with locked.client(CARL) as carl:
        first = carl.post("/v1/jobs", json={"input": " ".join(system.held(clear(2)))})
        assert first.status_code == 202
        second = carl.post("/v1/jobs", json={"input": "Good morning."})
        assert second.status_code == 429
        assert second.json()["error"]["code"] == "cap_reached"
        assert int(second.headers["retry-after"]) >= 1
        carl.delete(f"/v1/jobs/{first.json()['id']}")


@pytest.mark.thorough
def test_a_full_pool_says_when_to_come_back_and_who_does_gets_in(new_system: Callable[..., RealSystem]) -> None:
    """There is room for one, who listens for some seconds; the second comes when the first will have heard his end."""
    system = new_system(handover_ms=0)  # a sentence that is held is left to its process
    system.reassembler()
    system.workers(1, options={"rtf": 0.6, "start_ms": 20})
    gateway = start(system)
    text = system.held(["Full of green hills it is, and of rivers that no map has ever shown to anybody at all."])
    request = {"input": " ".join(text), "response_format": "pcm"}
    with gateway.client() as first, gateway.client() as second, gateway.openai(max_retries=0) as ai:
        first.post("/v1/audio/speech", json={"input": "Measure."})
        with system.redis as redis:
            wait_until(lambda: pool_states(redis)[0].load == 0, "the first listener has heard his end")
        with first.stream("POST", "/v1/audio/speech", json=request) as stream:
            refused = second.post("/v1/audio/speech", json=request)
            at_s = time.monotonic() + int(refused.headers["retry-after-ms"]) / 1000
            assert refused.status_code == 503
            assert refused.json()["error"]["code"] == "busy"
            exact_s = int(refused.headers["retry-after-ms"]) / 1000
            assert exact_s <= int(refused.headers["retry-after"]) < exact_s + 1
            assert 0 < exact_s < 60
            system.gate.touch()
            stream.read()
        wait_until(lambda: time.monotonic() >= at_s)
        system.held([])
        with second.stream("POST", "/v1/audio/speech", json=request) as back:
            assert back.status_code == 200, "it came back after Retry-After"
            with pytest.raises(openai.InternalServerError):
                ai.audio.speech.create(model="tts-1", voice="alloy", input="Hi.")
            system.gate.touch()
            assert back.read() == stream_of(text)


def test_without_workers_it_says_so(new_system: Callable[..., RealSystem]) -> None:
    gateway = start(new_system())
    with gateway.client() as client:
        answer = client.post("/v1/audio/speech", json={"input": "Hi."})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_workers")
        assert int(answer.headers["retry-after"]) >= 1
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["error"]["code"]) == (503, "not_ready")
        assert client.get("/healthz").json()["status"] == "alive"


def test_a_pool_that_only_a_request_names_does_not_exist(new_system: Callable[..., RealSystem]) -> None:
    """Or any producer's typo would be a pool in health, on the page and in each series of the metrics for a week."""
    system = new_system()
    gateway = start(system, http_pool="tone", http_models="tts-1=later")
    producer = system.producer()
    for kind in ("live", "batch"):
        job = None
        with contextlib.suppress(NoWorkers):
            job = producer.enqueue(sentences(1, "ghost"), JobRequest.of({"engine": f"kokoro-{kind}", "kind": kind}))
        assert (job is None) == (kind == "live")
    set_user_limits(producer.redis, "kokoro-set", "ann", {"weight": 2})
    with gateway.client() as client:

        def known() -> set[str]:
            return {pool["pool"] for pool in client.get("/healthz").json()["pools"]}

        assert known() == {"tone", "later", "kokoro-batch"}, "configured, configured, and with a job that waits"
        assert 'pool="kokoro-batch"' in (text := client.get("/metrics").text)
        assert 'pool="kokoro-live"' not in text
        assert 'pool="kokoro-set"' not in text
        assert {card["id"] for card in client.get("/v1/pools").json()["data"]} == known()


def test_a_large_body_is_refused_before_it_has_come(locked: Gateway) -> None:
    with locked.connect() as connection:
        connection.sendall(head("POST", "/v1/jobs", "content-type: application/json", "content-length: 99999999"))
        assert answer_of(connection).startswith("HTTP/1.1 413 ")
    with locked.client(ANNA) as client:
        answer = client.post(
            "/v1/jobs", content=(b"x" * 1000 for _ in range(100)), headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_a_slow_body_is_not_waited_for(impatient: Gateway) -> None:
    unfinished = head("POST", "/v1/jobs", "content-type: application/json", "content-length: 100", key(ANNA)) + b"{"

    def answer() -> str:
        """The answer; nothing where this process was so slow that its head came too late, too."""
        with impatient.connect() as connection, contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(unfinished)
            return answer_of(connection)
        return ""

    assert wait_until(answer, "its head came in time").startswith("HTTP/1.1 408 ")


def test_a_slow_head_is_not_waited_for(impatient: Gateway) -> None:
    with impatient.connect() as connection:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):  # it is closed already
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost:")
        assert ended(connection), "it is closed"


def test_answers_carry_security_headers(client: httpx2.Client) -> None:
    for answer in (client.get("/healthz"), client.get("/v1/jobs/none"), client.post("/v1/jobs", content=b"")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_other_origins_are_served_only_where_that_is_set(client: httpx2.Client, system: RealSystem) -> None:
    request = {"origin": "https://app.example", "access-control-request-method": "POST"}
    assert "access-control-allow-origin" not in client.options("/v1/jobs", headers=request).headers
    gateway = start(system, "cors", http_cors="https://app.example")
    with gateway.client() as other:
        allowed = other.options("/v1/jobs", headers=request)
        assert allowed.headers["access-control-allow-origin"] == "https://app.example"
        shown = other.get("/v1/models", headers={"origin": "https://app.example"}).headers
        readable = shown["access-control-expose-headers"].split(", ")
        assert {"seriatim-job", "retry-after", "retry-after-ms", "content-disposition"} <= set(readable)
        refused = other.options("/v1/jobs", headers=request | {"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in refused.headers


def test_without_keys_no_name_of_another_site_is_served(gateway: Gateway, locked: Gateway) -> None:
    """A site that lets its name point here could otherwise read what this machine's user has made."""
    for host, status in (("evil.example", 421), (f"localhost:{gateway.port}", 200), ("[::1]:80", 200), ("", 421)):
        with gateway.client() as client:
            assert client.get("/v1/jobs", headers={"host": host}).status_code == status, host
    with locked.client(ANNA) as client:
        assert client.get("/v1/jobs", headers={"host": "speech.example"}).status_code == 200


def test_pages_of_other_sites_cannot_open_a_socket(gateway: Gateway, system: RealSystem) -> None:
    url = f"ws://127.0.0.1:{gateway.port}/v1/stream"
    with pytest.raises(InvalidStatus), connect(url, proxy=None, origin=Origin("https://evil.example")):
        pass
    with connect(url, proxy=None, origin=Origin(gateway.url), close_timeout=0.2):
        pass


def test_no_log_has_a_key_or_a_text_in_it(locked: Gateway, system: RealSystem) -> None:
    served = "route='/v1/jobs'"
    before = system.log("locked").count(served)
    with locked.client(ANNA) as client:
        client.post("/v1/jobs", json={"input": "Unmistakable words."})
        client.post("/v1/jobs", json={"input": "Unmistakable words.", "speed": "Unmistakable words."})
        client.get("/v1/jobs?key=" + ANNA)
    log = wait_until(lambda: text if (text := system.log("locked")).count(served) >= before + 3 else "")
    assert "status=400" in log
    assert ANNA not in log
    assert BEN not in log
    assert "Unmistakable" not in log


def test_errors_do_not_repeat_what_was_sent(client: httpx2.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": ["Unmistakable words."]})
    assert answer.status_code == 400
    assert "Unmistakable" not in answer.text


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("", "has no [[key]]"),
        ("key = [", "is not TOML"),
        ('[[key]]\nuser = "anna"\nkey = "short"', "fewer than 16"),
        ('[[key]]\nuser = "anna"', "needs either key, or sha256"),
        ('[[key]]\nuser = " "\nkey = "0123456789abcdef"', "user=' '"),
        ('[[key]]\nuser = "anna"\nkey = "0123456789abcdef"\njbos = 1', "has an unknown field"),
        ('[[key]]\nuser = "anna"\nkey = "0123456789abcdef"\njobs = 0', "jobs=0"),
    ],
)
def test_keys_that_cannot_be_read_are_refused_without_repeating_them(tmp_path: Path, keys: str, message: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(keys, "utf-8")
    with pytest.raises(Misconfigured, match=re.escape(message)) as refused:
        read_keys(str(path))
    assert "0123456789abcdef" not in str(refused.value)


@pytest.mark.thorough
def test_keys_that_cannot_be_read_stop_the_gateway(system: RealSystem, tmp_path: Path) -> None:
    done = seriatim("serve", "--port", "0", "--keys", tmp_path / "none.toml", settings=system.settings.to_env())
    assert done.returncode == 3
    assert "cannot read the keys" in complaint(done)


def test_without_keys_only_loopback_is_served(system: RealSystem) -> None:
    done = seriatim("serve", "--host", "0.0.0.0", settings=system.settings.to_env())  # that is the point
    assert done.returncode == 3
    assert "SERIATIM_HTTP_KEYS_FILE" in complaint(done)


@pytest.mark.thorough
def test_an_address_in_use_is_one_clear_line(gateway: Gateway, system: RealSystem) -> None:
    done = seriatim("serve", "--port", str(gateway.port), settings=system.settings.to_env())
    assert done.returncode == 3
    assert "in use" in complaint(done)


def test_a_connection_serves_many_requests(gateway: Gateway) -> None:
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE_S)
    connection.connect()
    socket = connection.sock
    for _ in range(3):
        connection.request("GET", "/healthz")
        assert b"alive" in connection.getresponse().read()
        assert connection.sock is socket
    connection.close()


def head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: localhost", *headers, "", ""]).encode()


def key(value: str) -> str:
    return f"authorization: Bearer {value}"


def answer_of(connection: socket.socket) -> str:
    return connection.recv(65536).decode("latin-1")
