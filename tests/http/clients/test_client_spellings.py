"""Client spellings: names, fields and headers as clients of OpenAI's and of other servers write them."""

import base64
import json

import httpx2
import numpy as np
import openai
import pytest
from websockets.sync.client import connect

from seriatim.audio.pcm import ms_of_bytes
from tests.http.clients.raw_connections import answer as answer_of
from tests.http.clients.raw_connections import head
from tests.http.gateways import Gateway, start
from tests.support.expected_audio import RATE_HZ, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem

TEXT = "Good morning."
ANNA = "anna-0123456789abcdef"
DATED = ("gpt-4o-mini-tts-2025-12-15", "gpt-4o-mini-tts-2025-03-20", "tts-1-1106", "tts-1-hd-1106", "tts-1-2031-01-31")


@pytest.fixture(scope="module")
def locked(system: RealSystem) -> Gateway:
    path = system.folder / "names.toml"
    path.write_text(f'[[key]]\nkey = "{ANNA}"\nuser = "anna"\n', "utf-8")
    return start(system, "open lists", http_keys_file=path, http_open_lists=1, http_models="Kokoro=tone")


@pytest.mark.parametrize("model", [*DATED, "TTS-1", "Tone", "tone-1106", "GPT-4o-mini-TTS-2025-12-15"])
def test_a_model_is_known_by_its_dated_names_and_in_capitals(client: httpx2.Client, model: str) -> None:
    request = {"model": model, "input": TEXT, "response_format": "PCM", "voice": "Alloy"}
    answer = client.post("/v1/audio/speech", json=request)
    assert (answer.status_code, answer.content) == (200, stream_of([TEXT])), answer.text
    assert client.get(f"/v1/models/{model}").json()["id"] == model


@pytest.mark.parametrize("model", ["tts-2", "tts-1-11067", "-1106", "tts-1-turbo", "tts-1-2025-12"])
def test_other_names_are_not(client: httpx2.Client, model: str) -> None:
    answer = client.post("/v1/audio/speech", json={"model": model, "input": TEXT})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert client.get(f"/v1/models/{model}").status_code == 404


def test_models_are_listed_by_all_their_names(locked: Gateway) -> None:
    with locked.client(ANNA) as client:
        listed = [model["id"] for model in client.get("/v1/models").json()["data"]]
        assert listed[:2] == ["tone", "Kokoro"]
        assert set(DATED[:4]) | {"tts-1", "tts-1-hd", "gpt-4o-mini-tts"} == set(listed[2:])
        assert all(client.get(f"/v1/models/{name}").status_code == 200 for name in listed)
        for name in ("kokoro", "KOKORO"):
            assert client.post("/v1/audio/speech", json={"model": name, "input": TEXT}).status_code == 200


def test_lists_are_open_where_a_setting_says_so(locked: Gateway) -> None:
    """Open WebUI asks for them without a key."""
    paths = ("/v1/models", "/v1/models/tone", "/v1/voices", "/v1/audio/voices", "/v1/audio/models")
    with locked.client() as client:
        assert [client.get(path).status_code for path in paths] == [200] * len(paths)
        assert client.get("/v1/jobs").status_code == 401
        assert client.post("/v1/audio/speech", json={"input": TEXT}).status_code == 401
    with locked.client("nobody-0123456789abcdef") as client:
        assert client.get("/v1/models").status_code == 401, "a wrong key is refused as one"


@pytest.mark.parametrize("name", ["api-key", "x-api-key", "API-Key"])
def test_a_key_comes_in_other_headers_too(locked: Gateway, name: str) -> None:
    with locked.client() as client:
        assert client.get("/v1/jobs", headers={name: ANNA}).status_code == 200
        assert client.get("/v1/jobs", headers={name: ANNA, "authorization": "Bearer"}).status_code == 200
        assert client.get("/v1/jobs", headers={name: "x"}).status_code == 401
    with connect(f"ws://127.0.0.1:{locked.port}/v1/stream", additional_headers={name: ANNA}, proxy=None) as socket:
        socket.send(json.dumps({"type": "start"}))
        assert json.loads(socket.recv(PATIENCE_S))["type"] == "started"


def test_every_answer_has_an_id_that_is_its_jobs_if_it_has_one(gateway: Gateway, client: httpx2.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT})
    assert answer.headers["x-request-id"] == answer.headers["seriatim-job"]
    job = client.post("/v1/jobs", json={"input": TEXT})
    assert job.headers["x-request-id"] == job.json()["id"]
    others = [client.get("/v1/models"), client.get("/none"), client.post("/v1/audio/speech", json={}), client.get("/")]
    ids = {answer.headers["x-request-id"] for answer in others}
    assert len(ids) == len(others)
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
        assert socket.response
        assert socket.response.headers["x-request-id"]
    with gateway.openai() as ai, pytest.raises(openai.NotFoundError) as refused:
        ai.audio.speech.create(model="none", voice="alloy", input=TEXT)
    assert refused.value.request_id
    with gateway.connect() as connection:
        connection.sendall(head("GET", "/" + "x" * 40_000))
        assert answer_of(connection)[0] == 431


def test_a_server_is_healthy_as_others_say_it(client: httpx2.Client) -> None:
    assert client.get("/health").json()["status"] == "healthy"
    assert client.head("/health").status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/models", "/v1/voices", "/v1/jobs", "/v1/audio/voices", "/metrics", "/", "/health", "/v1/pools"]
)
def test_a_head_is_had_of_whatever_can_be_got(gateway: Gateway, client: httpx2.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == 200
    assert head.headers["content-type"] == got.headers["content-type"]
    assert not head.content


def test_the_head_of_a_jobs_events_does_not_wait_for_its_end(client: httpx2.Client) -> None:
    job = client.post("/v1/jobs", json={"input": TEXT, "drain": "window"}).json()["id"]
    assert client.head(f"/v1/jobs/{job}/events").headers["content-type"].startswith("text/event-stream")
    client.delete(f"/v1/jobs/{job}")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent_to_what_is_not_there(client: httpx2.Client, method: str) -> None:
    for path in ("/dev/none", "/v2/speech", "/" + "x" * 4000, "/../x", "/v1/none"):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), path
    assert client.request(method, "/app.js").status_code in (404, 405)


def test_events_of_speech_are_data_from_the_first_byte_on(client: httpx2.Client) -> None:
    """Naive clients cut at blank lines, and take what begins with `data: `."""
    request = {"input": TEXT, "response_format": "pcm", "stream_format": "SSE"}
    events = client.post("/v1/audio/speech", json=request).text.strip().split("\n\n")
    facts = [json.loads(each.removeprefix("data: ")) for each in events]
    assert b"".join(base64.b64decode(f["audio"]) for f in facts[:-1]) == stream_of([TEXT])
    kept = client.post("/v1/audio/speech", json=request | {"detach": True}).text.strip().split("\n\n")
    assert all(each.startswith("data: ") and "\nid: " in each for each in kept), "it can be gone on with"


def test_what_is_not_understood_is_named(gateway: Gateway, client: httpx2.Client) -> None:
    more = {"exaggeration": 0.5, "temperature": 1, "ref_audio": "UklGRg==", "ref_text": None, "stream": True, "ä\n": 1}
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "pcm"} | more)
    assert answer.content == stream_of([TEXT])
    warning = answer.headers["seriatim-warning"]
    assert warning == "unknown fields are ignored: exaggeration, ref_audio, temperature, 1 more"
    plain = {"input": TEXT, "user": "anna", "metadata": {}, "stream": True, "lang_code": "b", "speed": 1}
    assert "seriatim-warning" not in client.post("/v1/audio/speech", json=plain).headers
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "instructions": "As in spring."})
    assert "instructions" in answer.headers["seriatim-warning"]
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
        socket.send(json.dumps({"type": "start", "top_p": 1}))
        assert json.loads(socket.recv(PATIENCE_S))["warning"] == "unknown fields are ignored: top_p"


@pytest.mark.parametrize(("code", "status"), [("a", 200), ("en-GB", 200), (7, 400)])
@pytest.mark.parametrize("name", ["lang_code", "language_code", "language_id"])
def test_a_language_has_other_names(client: httpx2.Client, name: str, code: object, status: int) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, name: code})
    assert answer.status_code == status
    assert "seriatim-warning" not in answer.headers


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_a_client_has_its_rate(client: httpx2.Client, rate_hz: int) -> None:
    request = {"input": TEXT, "response_format": "pcm", "sample_rate": rate_hz}
    answer = client.post("/v1/audio/speech", json=request)
    assert answer.headers["content-type"].startswith(f"audio/pcm; rate={rate_hz};")
    expected_ms = ms_of_bytes(len(stream_of([TEXT])), RATE_HZ)
    assert ms_of_bytes(len(answer.content), rate_hz) == pytest.approx(expected_ms, abs=0.2)
    wav = client.post("/v1/audio/speech", json=request | {"response_format": "wav"}).content
    assert int.from_bytes(wav[24:28], "little") == rate_hz
    assert client.post("/v1/audio/speech", json=request | {"sample_rate": 1}).status_code == 400


def test_a_client_has_its_volume(client: httpx2.Client) -> None:
    request = {"input": TEXT, "response_format": "pcm", "volume_multiplier": 0.5}
    softer = np.frombuffer(client.post("/v1/audio/speech", json=request).content, "<i2")
    plain = np.frombuffer(stream_of([TEXT]), "<i2")
    assert np.abs(softer - plain / 2).max() <= 0.5
    louder = np.frombuffer(client.post("/v1/audio/speech", json=request | {"volume_multiplier": 10}).content, "<i2")
    assert np.array_equal(louder, np.clip(plain.astype(float) * 10, -32768, 32767).astype("<i2"))


@pytest.mark.parametrize(
    "host", ["host.docker.internal:8000", "tts.lan", "TTS.lan:80", "127.9.9.9", "x.localhost", "[::1]"]
)
def test_this_machine_has_other_names(system: RealSystem, named: Gateway, host: str) -> None:
    with named.client() as client:
        assert client.get("/v1/models", headers={"host": host}).status_code == 200
        assert client.get("/v1/models", headers={"host": "evil.example"}).status_code == 421


@pytest.fixture(scope="module")
def named(system: RealSystem) -> Gateway:
    return start(system, "named", http_hosts="tts.lan, other.lan")


@pytest.mark.parametrize(
    ("written", "media"),
    [("ogg", "audio/ogg; codecs=opus"), ("OGG_OPUS", "audio/ogg; codecs=opus"), ("pcm_mulaw", "audio/PCMU"),
     ("mp4", "audio/mp4"), ("wave", "audio/wav")],
)  # fmt: skip
def test_formats_have_the_names_that_clients_give_them(client: httpx2.Client, written: str, media: str) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": written})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media), answer.content[:300]


def test_an_empty_field_has_its_default(client: httpx2.Client) -> None:
    fields = dict.fromkeys(
        ("voice", "model", "language", "lang_code", "response_format", "speed", "seed", "stream"), ""
    )
    answer = client.post("/v1/audio/speech", json={"input": TEXT} | fields)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg"), answer.text
    empty = client.post("/v1/jobs", json={"input": ""})
    assert empty.json()["error"]["code"] == "empty_text"


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b'{"input": "Hi."', "application/json", "the body is no JSON: "),
        (b'{"input": "Hi."}', "text/plain", "content type is text/plain; send JSON with the header"),
        (b'{"input": "Hi."}', "", "content type is missing; send JSON with the header"),
        (
            b"input=Hi.",
            "application/x-www-form-urlencoded",
            "send JSON with the header `Content-Type: application/json`",
        ),
        ('{"input": "Gr\xfc\xdfe."}'.encode("latin-1"), "application/json", "JSON in UTF-8"),
        (b"[]", "application/json", "expected a JSON object, such as"),
        (b'{"input": "Hi.", "voice": ["heart"]}', "application/json", 'voice: expected a name, or {"id": name}'),
        (b'{"input": "Hi.", "speed": true}', "application/json", "speed: expected a number, not a boolean"),
    ],
)
def test_an_unreadable_body_is_answered_with_what_to_send(
    client: httpx2.Client, body: bytes, content_type: str, message: str
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = client.post("/v1/audio/speech", content=body, headers=headers)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert message in error["message"]
    assert error["param"] in (None, "voice", "speed")


def test_a_wrong_path_or_method_is_answered_with_the_right_one(client: httpx2.Client) -> None:
    lost = client.post("/audio/speech", json={"input": TEXT})
    assert (lost.status_code, "begin with /v1, such as /v1/audio/speech" in lost.text) == (404, True)
    wrong_method = client.get("/v1/audio/speech")
    assert (wrong_method.status_code, "/v1/audio/speech takes POST" in wrong_method.text) == (405, True)
    several = client.put("/v1/jobs", json={})
    assert (several.headers["allow"], "/v1/jobs takes GET, HEAD, POST" in several.text) == ("GET, HEAD, POST", True)


def test_a_form_that_cannot_be_read_is_answered_with_the_reason(client: httpx2.Client) -> None:
    files = [("file", ("a.txt", b"Hello.")), ("file", ("b.txt", b"Goodbye."))]
    answer = client.post("/v1/jobs", files=files)
    assert answer.status_code == 400
    assert "Too many files" in answer.text


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("[]", 'the message: expected a JSON object, such as {"type": "text", "text": "Hello. "}'),
        ('{"input": "Hello."}', 'type: it is missing; send for example {"type": "text", "text": "Hello. "}'),
        ('{"type": "txt"}', "type: expected one of 'start', 'text'"),
        ('{"type": ', "the message is no JSON: "),
    ],
)
def test_a_message_that_is_not_understood_is_answered_with_what_to_send(
    gateway: Gateway, message: str, expected: str
) -> None:
    with connect(f"{gateway.url.replace('http', 'ws')}/v1/stream") as socket:
        socket.send(message)
        assert expected in json.loads(socket.recv(timeout=PATIENCE_S))["error"]["message"]
