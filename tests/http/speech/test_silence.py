"""Silence, from texts with nothing to say, as clients send them that cut a text themselves."""

import base64
import io
import json
from pathlib import Path

import httpx2
import pytest
import soundfile
from websockets.sync.client import connect

from gateway.http.encoding.stream_formats import FILES
from seriatim.audio.pcm import bytes_of_ms
from tests.http.decoded_audio import decoded
from tests.http.gateways import Gateway
from tests.support.expected_audio import RATE_HZ
from tests.support.process_system import PATIENCE_S, wait_until

NOTHING = ("...", "👍", "---", "!", "❤️", "\u200b", " \n ", "。")
SILENCE = bytes(bytes_of_ms(50, RATE_HZ))


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_to_say_is_a_short_silence(client: httpx2.Client, text: str) -> None:
    answer = client.post("/v1/audio/speech", json={"input": text, "response_format": "pcm"})
    assert (answer.status_code, answer.content) == (200, SILENCE)
    job = client.post("/v1/jobs", json={"input": text}).json()
    assert client.get(f"/v1/jobs/{job['id']}/audio?format=pcm").content == SILENCE
    wait_until(lambda: client.get(f"/v1/jobs/{job['id']}").json()["state"] == "done")


@pytest.mark.parametrize("name", FILES)
def test_it_is_a_whole_file_in_every_format(client: httpx2.Client, name: str) -> None:
    """The same silence from each path: of a text, of a job at once, and of its recording, in whole and in part."""
    answer = client.post("/v1/audio/speech", json={"input": "...", "response_format": name})
    assert answer.status_code == 200, answer.text
    job = client.post("/v1/jobs", json={"input": "..."}).json()["id"]
    path = f"/v1/jobs/{job}/audio?format={name}"
    at_once = client.get(path)
    wait_until(lambda: "etag" in client.head(path).headers)
    recorded = client.get(path)
    for each in (answer, at_once, recorded):
        assert each.status_code == 200, each.text
        assert int(each.headers["content-length"]) == len(each.content)
        check_silence(each.content, name)
    part = client.get(path, headers={"range": "bytes=2-9"})
    assert (part.status_code, part.content) == (206, recorded.content[2:10])


def test_a_client_for_one_listener_gets_it_in_every_format(client: httpx2.Client) -> None:
    job = client.post("/v1/jobs", json={"input": "...", "kind": "live", "drain": "window"}).json()["id"]
    answer = client.get(f"/v1/jobs/{job}/audio?format=m4a")
    assert answer.status_code == 200, answer.text
    check_silence(answer.content, "m4a")


def test_python_saves_it(client: httpx2.Client, gateway: Gateway, tmp_path: Path) -> None:
    """`Job.save` of a job that came over HTTP, before it is recorded or after."""
    job = gateway.system.producer().attach(client.post("/v1/jobs", json={"input": "..."}).json()["id"])
    for name in ("flac", "m4a", "mp3", "wav"):
        job.save(tmp_path / f"silence.{name}")
        check_silence((tmp_path / f"silence.{name}").read_bytes(), name)


def check_silence(content: bytes, name: str) -> None:
    if name == "pcm":
        assert content == SILENCE
    elif name in ("ulaw", "alaw"):
        assert len(content) == 400
    else:
        samples, rate_hz = decoded(content)
        assert 0.04 < len(samples) / rate_hz < 0.3  # AAC has whole packets
        assert abs(samples).max() < 0.001
    if name in ("flac", "wav", "mp3"):
        assert soundfile.info(io.BytesIO(content)).frames > 0


@pytest.mark.parametrize("name", ["mp3", "pcm", "wav"])
def test_answers_with_times_have_it_too(client: httpx2.Client, name: str) -> None:
    code = {"mp3": "mp3_44100_128", "pcm": "pcm_8000", "wav": "wav_24000"}[name]
    path, query = "/v1/text-to-speech/alloy", f"output_format={code}"
    whole, streamed = (
        client.post(f"{path}{each}/with-timestamps?{query}", json={"text": "..."}) for each in ("", "/stream")
    )
    captioned = [
        client.post("/dev/captioned_speech", json={"input": "...", "response_format": name, "stream": each})
        for each in (False, True)
    ]
    for answer, field in (
        (whole, "audio_base64"),
        (streamed, "audio_base64"),
        *((each, "audio") for each in captioned),
    ):
        assert answer.status_code == 200, answer.text
        (message,) = map(json.loads, answer.text.strip().splitlines())
        check_silence(base64.b64decode(message[field]), name)


@pytest.mark.parametrize("path", ["/stream/with-timestamps", "/with-timestamps", ""])
def test_answers_with_times_need_a_text(client: httpx2.Client, path: str) -> None:
    answer = client.post(f"/v1/text-to-speech/alloy{path}", json={"text": ""})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "empty_text")


def test_it_comes_in_events_too(client: httpx2.Client) -> None:
    request = {"input": "...", "response_format": "pcm", "stream_format": "sse"}
    events = client.post("/v1/audio/speech", json=request).text.strip().split("\n\n")
    delta, done = (json.loads(each.removeprefix("data: ")) for each in events)
    assert base64.b64decode(delta["audio"]) == SILENCE
    assert done["type"] == "speech.audio.done"


def test_sentences_may_have_nothing_to_say(client: httpx2.Client) -> None:
    request = {"sentences": [{"text": "..."}, {"text": "👍"}]}
    answers = [client.post("/v1/jobs", json=request, headers={"idempotency-key": "nothing"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] == answers[1].json()["id"]


@pytest.mark.parametrize("body", [{"input": ""}, {"sentences": []}, {"sentences": [{"text": ""}]}])
def test_no_text_at_all_is_an_error(client: httpx2.Client, body: dict[str, object]) -> None:
    path = "/v1/jobs" if "sentences" in body else "/v1/audio/speech"
    for each in {path, "/v1/jobs"}:
        answer = client.post(each, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "empty_text")


@pytest.mark.parametrize(("text", "audio"), [("👍", SILENCE), (" ... ", SILENCE), ("", b"")])
def test_the_socket_says_that_it_is_done(gateway: Gateway, text: str, audio: bytes) -> None:
    """With the same silence: clients take a turn without audio for an error. Where no text came, none is sent."""
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
        for message in ({"type": "start"}, {"type": "text", "text": text}, {"type": "close"}):
            socket.send(json.dumps(message))
        messages = [json.loads(socket.recv(PATIENCE_S)) for _ in range(2)]
        assert [(each["type"], each.get("state")) for each in messages] == [("started", None), ("end", "done")]
        assert messages[1]["bytes"] == len(audio)
        if audio:
            assert socket.recv(PATIENCE_S) == audio


def test_another_dialects_socket_sends_it(gateway: Gateway) -> None:
    path = "/v1/text-to-speech/alto/stream-input?output_format=pcm_8000"
    with connect(f"ws://127.0.0.1:{gateway.port}{path}", proxy=None) as socket:
        for text in (" ", "... ", ""):
            socket.send(json.dumps({"text": text}))
        audio, end = [json.loads(socket.recv(PATIENCE_S)) for _ in range(2)]
    assert (base64.b64decode(audio["audio"]), end) == (SILENCE, {"isFinal": True})
