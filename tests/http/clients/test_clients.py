"""Clients of other projects: what they send and expect. OpenAI's, Open WebUI's, LiveKit's, browsers', monitors'."""

import asyncio
import base64
import json

import httpx2
import openai
import pytest

from tests.http.clients.raw_connections import head
from tests.http.gateways import Gateway
from tests.support.expected_audio import stream_of
from tests.support.process_system import PATIENCE_S, wait_until

TEXT = "Good morning."
EVIL = {"origin": "https://evil.example"}


def test_openais_asynchronous_client_streams(gateway: Gateway) -> None:
    async def speak() -> bytes:
        http = httpx2.AsyncClient(trust_env=False, timeout=PATIENCE_S)
        async with (
            openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="none", http_client=http) as ai,
            ai.audio.speech.with_streaming_response.create(
                model="gpt-4o-mini-tts", voice="coral", input=TEXT, response_format="pcm", speed=1.0,
                instructions="Speak as if it were spring.",
            ) as response,
        ):  # fmt: skip
            return b"".join([piece async for piece in response.iter_bytes()])

    assert asyncio.run(speak()) == stream_of([TEXT])


def test_openais_client_reads_events(gateway: Gateway) -> None:
    """As LiveKit's plugin does with models that have them."""
    with (
        gateway.openai() as ai,
        ai.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="ash", input=TEXT, response_format="pcm", stream_format="sse"
        ) as response,
    ):
        events = [json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: ")]
    assert [e["type"] for e in events] == ["speech.audio.delta"] * (len(events) - 1) + ["speech.audio.done"]
    assert b"".join(base64.b64decode(e["audio"]) for e in events[:-1]) == stream_of([TEXT])
    assert set(events[-1]["usage"]) == {"input_tokens", "output_tokens", "total_tokens"}


def test_null_means_absent_and_unknown_fields_are_ignored(client: httpx2.Client) -> None:
    nothing = dict.fromkeys(["model", "voice", "speed", "stream_format", "instructions", "language", "seed", "options"])
    request = nothing | {"input": TEXT, "response_format": "pcm", "volume_multiplier": 1.0, "lang_code": "a"}
    assert client.post("/v1/audio/speech", json=request).content == stream_of([TEXT])
    defaults = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": None})
    assert defaults.headers["content-type"] == "audio/mpeg"
    assert client.post("/v1/jobs", json=nothing | {"input": TEXT, "kind": None}).status_code == 400, "stream_format"
    assert client.post("/v1/jobs", json={"input": TEXT, "kind": None, "speed": None}).json()["kind"] == "batch"
    assert client.post("/v1/audio/speech", json={"input": TEXT, "speed": True}).status_code == 400


def test_open_webui_finds_voices_and_models(client: httpx2.Client) -> None:
    voices = client.get("/v1/audio/voices").json()
    assert set(voices) == {"voices"}
    assert [v["id"] for v in voices["voices"]] == [v["id"] for v in client.get("/v1/voices").json()["data"]]
    assert all(v["name"] for v in voices["voices"])
    models = client.get("/v1/audio/models").json()["models"]
    names = [model["id"] for model in models]
    assert all(model == {"id": model["id"], "name": model["id"]} for model in models)
    assert {"tone", "tts-1"} <= set(names), "pools, and what OpenAI calls them"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/audio/speech", "POST"),
        ("HEAD", "/v1/audio/speech", "POST"),
        ("PUT", "/v1/jobs", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/jobs/none/audio", "DELETE, GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("DELETE", "/", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_answered_with_the_right_ones(
    client: httpx2.Client, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == set(allowed.split(", "))
    if method != "HEAD":
        assert answer.json()["error"]["code"] == "method_not_allowed"


def test_monitors_may_ask_for_the_head_alone(gateway: Gateway, client: httpx2.Client) -> None:
    assert client.head("/healthz").status_code == 200
    wait_until(lambda: client.head("/readyz").status_code == 200, "a sentence was spoken in time")
    with gateway.connect() as connection:
        connection.sendall(head("HEAD", "/healthz", "connection: close"))
        came = b""
        while part := connection.recv(65536):
            came += part
    assert came.endswith(b"\r\n\r\n"), "and no body"


def test_no_other_site_can_have_its_visitors_speak_here(gateway: Gateway, client: httpx2.Client) -> None:
    """Browsers send a form anywhere without asking; a gateway without keys would take it."""
    form = {"files": {"file": ("x.txt", b"Hi.")}}
    for origin, status in (
        ("https://evil.example", 403),
        ("null", 403),
        (gateway.url, 202),
        ("chrome-extension://x", 202),
    ):
        answer = client.post("/v1/jobs", headers={"origin": origin}, **form)  # type: ignore[arg-type]  # as above
        assert answer.status_code == status, origin
    job = client.post("/v1/jobs", json={"input": TEXT}).json()["id"]
    assert client.delete(f"/v1/jobs/{job}", headers=EVIL).status_code == 403
    assert client.get("/v1/models", headers=EVIL).status_code == 200, "which its page cannot read"


def test_answers_about_one_user_are_not_stored_on_the_way(client: httpx2.Client) -> None:
    for path in ("/v1/jobs", "/v1/models", "/v1/jobs/none"):
        assert client.get(path).headers["cache-control"] == "no-store"
