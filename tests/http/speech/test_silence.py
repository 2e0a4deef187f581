"""Silence, from texts with nothing to say, as clients send them that cut a text themselves."""

import base64
import json
import subprocess
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect

from seriatim.audio.pcm import bytes_of_ms
from tests.http.gateways import Gateway
from tests.support.command_line import installed
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


@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac", "wav"])
def test_it_is_a_whole_file_in_every_format(client: httpx2.Client, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"silence.{name}"
    answer = client.post("/v1/audio/speech", json={"input": "...", "response_format": name})
    assert int(answer.headers["content-length"]) == len(answer.content)
    job = client.post("/v1/jobs", json={"input": "..."}).json()["id"]
    for content in (answer.content, client.get(f"/v1/jobs/{job}/audio?format={name}").content):
        path.write_bytes(content)
        program = installed("ffmpeg", package="ffmpeg")
        made = subprocess.run(
            [program, "-v", "error", "-i", path, "-f", "s16le", "-"], capture_output=True, check=True
        )  # fmt: skip
        assert len(made.stdout) >= len(SILENCE) * 3 // 4, made.stderr


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


def test_the_socket_says_that_it_is_done(gateway: Gateway) -> None:
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
        for message in ({"type": "start"}, {"type": "text", "text": "👍"}, {"type": "close"}):
            socket.send(json.dumps(message))
        messages = [json.loads(socket.recv(PATIENCE_S)) for _ in range(2)]
    assert [(each["type"], each.get("state")) for each in messages] == [("started", None), ("end", "done")]
