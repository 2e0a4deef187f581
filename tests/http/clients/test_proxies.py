"""Gateways behind proxies: under a path, for clients that others speak for, in an older HTTP."""

import json
import socket

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.http.clients.raw_connections import answer, ended
from tests.http.gateways import ADDRESS, Gateway, clear, start
from tests.support.command_line import complaint, seriatim
from tests.support.expected_audio import stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

TEXT = "Good morning."
ANNA = "anna-0123456789abcdef"
REQUEST = {"input": TEXT, "response_format": "pcm"}


@pytest.fixture(scope="module")
def under(system: RealSystem) -> Gateway:
    """Under a path, behind a trusted proxy, without keys."""
    return start(system, "under", http_root="/tts/", http_proxies="127.0.0.0/8", http_hosts="tts.example")


@pytest.fixture(scope="module")
def keyed(system: RealSystem) -> Gateway:
    """With keys, for pages of any site."""
    path = system.folder / "proxies.toml"
    path.write_text(f'[[key]]\nkey = "{ANNA}"\nuser = "anna"\n', "utf-8")
    return start(system, "keyed", http_keys_file=path, http_cors="*")


@pytest.mark.parametrize("root", ["/tts", ""])
def test_a_path_may_be_left_in_place_or_taken_off(under: Gateway, root: str) -> None:
    with under.client() as client:
        assert client.post(f"{root}/v1/audio/speech", json=REQUEST).content == stream_of([TEXT])
        assert client.get(f"{root}/healthz").status_code == 200
        assert client.get(f"{root}/main.js").status_code == 200
        accepted = client.post(f"{root}/v1/jobs", json={"input": TEXT})
        assert accepted.headers["location"] == f"/tts/v1/jobs/{accepted.json()['id']}"
        assert client.get(accepted.headers["location"]).status_code == 200
        assert client.get(f"{root}/openapi.json").json()["servers"] == [{"url": "/tts"}]
        assert client.get("/ttsx/healthz").status_code == 404


def test_the_page_is_found_without_the_slash(under: Gateway) -> None:
    """Its place has no scheme and no host, so that it stays https where a proxy makes it so."""
    with under.client() as client:
        moved = client.get("/tts?job=1")
        assert (moved.status_code, moved.headers["location"]) == (308, "/tts/?job=1")


@pytest.mark.parametrize("path", ["//v1/models", "/v1//models", "/v1/models/", "/tts//v1/models//", "/healthz/"])
def test_slashes_too_many_do_not_matter(under: Gateway, path: str) -> None:
    with under.client() as client:
        assert client.get(under.url + path).status_code == 200


def test_a_body_is_not_lost_to_a_redirect(client: httpx2.Client) -> None:
    assert client.post("/v1/audio/speech/", json=REQUEST).content == stream_of([TEXT])


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "gateway_upstream"])
def test_a_trusted_proxys_word_counts(under: Gateway, gateway: Gateway, host: str) -> None:
    headers = {
        "host": host,
        "x-forwarded-host": "tts.example",
        "x-forwarded-proto": "https",
        "origin": "https://tts.example",
    }
    with under.client() as client:
        assert client.post("/tts/v1/jobs", json={"input": TEXT}, headers=headers).status_code == 202
        evil = headers | {"x-forwarded-host": "evil.example"}
        assert client.get("/v1/models", headers=evil).status_code == 421
        moved = client.post("/v1/jobs", json={"input": TEXT}, headers=headers | {"x-forwarded-prefix": "/speech"})
        assert moved.headers["location"].startswith("/speech/v1/jobs/")
    with gateway.client() as client:
        assert (
            client.get("/v1/models", headers={"host": "127.0.0.1", "x-forwarded-host": "evil.example"}).status_code
            == 200
        )


def talks(gateway: Gateway, path: str, origin: str, **headers: str) -> bool:
    """Is a WebSocket of a page opened?"""
    address = f"ws://127.0.0.1:{gateway.port}{path}"
    try:
        with connect(address, origin=Origin(origin), additional_headers=headers, proxy=None) as connection:
            connection.send(json.dumps({"type": "start", "key": ANNA}))
            return bool(json.loads(connection.recv(PATIENCE_S))["type"] == "started")
    except InvalidStatus as refused:
        return refused.response.status_code != 403


def test_the_page_talks_through_nginx_as_it_comes(under: Gateway, gateway: Gateway) -> None:
    """Its Host is the name of its upstream, unless it is configured otherwise."""
    assert talks(under, "/tts/v1/stream", "https://tts.example")
    assert talks(under, "/v1/stream/", "https://tts.example", **{"x-forwarded-host": "tts.example"})
    assert not talks(under, "/tts/v1/stream", "https://evil.example")
    assert not talks(gateway, "/v1/stream", "https://tts.example")


def test_pages_of_any_site_may_call_where_keys_are_needed(keyed: Gateway) -> None:
    with keyed.client(ANNA) as client:
        answer = client.post("/v1/audio/speech", json=REQUEST, headers={"origin": "https://any.example"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert talks(keyed, "/v1/stream", "https://any.example")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("HTTP_CORS", "*", "would admit pages of any site"),
        *(
            pytest.param(*each, marks=pytest.mark.thorough)
            for each in (
                ("HTTP_CORS", "app.example", "expected an origin such as https://app.example"),
                ("HTTP_CORS", "https://app.example/page", "expected an origin such as https://app.example"),
                ("HTTP_PROXIES", "proxy.lan", "expected an address, a network"),
            )
        ),
        ("HTTP_ROOT", "tts", "expected a path such as /tts"),
    ],
)
def test_an_impossible_setting_is_refused_at_the_start(
    system: RealSystem, variable: str, value: str, message: str
) -> None:
    settings = system.settings.to_env() | {f"SERIATIM_{variable}": value}
    assert message in complaint(seriatim("serve", "--port", "0", settings=settings))


def old(gateway: Gateway, method: str, path: str, body: bytes = b"") -> tuple[bytes, bytes]:
    """Head and body of an answer to HTTP/1.0, which ends with the connection."""
    head = f"{method} {path} HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    came = b""
    with gateway.connect() as connection:
        connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        while part := connection.recv(65536):
            came += part
    front, _, rest = came.partition(b"\r\n\r\n")
    return front.lower(), rest


def test_an_older_client_gets_no_chunks(gateway: Gateway) -> None:
    head, body = old(gateway, "POST", "/v1/audio/speech", json.dumps(REQUEST).encode())
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body == stream_of([TEXT])
    head, body = old(gateway, "GET", "/v1/models")
    assert f"content-length: {len(body)}".encode() in head


def drain(connection: socket.socket) -> None:
    """Take all that comes, until the other side ends."""
    while connection.recv(65536):
        pass


def test_it_does_not_take_half_a_text_for_a_whole_one(gateway: Gateway, client: httpx2.Client) -> None:
    body = json.dumps({"input": " ".join(clear(300)), "response_format": "pcm"}).encode()
    with gateway.connect() as connection:
        head = "POST /v1/audio/speech HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        came = connection.recv(65536)
        job = came.lower().partition(b"seriatim-job: ")[2][:32].decode()
        assert client.delete(f"/v1/jobs/{job}").status_code == 200
        with pytest.raises(ConnectionResetError):
            drain(connection)


def test_localhost_is_of_both_families(system: RealSystem) -> None:
    arguments = ("-m", "gateway.cli.main", "serve", "--host", "localhost", "--port", "0")
    system.start("both", *arguments, http_pool="tone")
    port = int(wait_until(lambda: ADDRESS.search(system.log("both")), "it serves").group(1))
    for host in ("127.0.0.1", "::1") if has_ipv6() else ("127.0.0.1",):
        socket.create_connection((host, port), PATIENCE_S).close()


def has_ipv6() -> bool:
    """Has this machine a loopback address of IPv6?"""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_a_connection_is_kept_as_long_as_a_setting_says(system: RealSystem) -> None:
    brief = start(system, "brief", http_keep_alive_s=1)
    with brief.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert answer(connection)[0] == 200
        assert ended(connection)
