"""Captioned speech in Kokoro-FastAPI's form: audio with the times of its words, in one message or as it is spoken."""

import base64
import json
from typing import Any

import pytest

from tests.http.clients.raw_connections import post
from tests.http.gateways import Gateway, clear
from tests.support.expected_audio import stream_of
from tests.support.process_system import wait_until

TEXTS = clear(4, "Caption")
BODY: dict[str, Any] = {
    "model": "tts-1",
    "input": " ".join(TEXTS),
    "voice": "alloy",
    "response_format": "pcm",
    "sample_rate": 8_000,
}


def test_each_line_has_the_words_of_its_sentence(gateway: Gateway) -> None:
    with gateway.client() as client:
        answer = client.post("/dev/captioned_speech", json=BODY | {"stream": True, "return_timestamps": True})
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert b"".join(base64.b64decode(line["audio"]) for line in lines) == stream_of(TEXTS)
        whole = client.post("/dev/captioned_speech", json=BODY | {"stream": False}).json()
    words = [word for line in lines for word in line["timestamps"]]
    assert [word["word"] for word in words] == [word for text in TEXTS for word in text.rstrip(".").split()]
    marks = [mark for word in words for mark in (word["start_time"], word["end_time"])]
    assert marks == sorted(marks)
    assert base64.b64decode(whole["audio"]) == stream_of(TEXTS)
    assert [word["word"] for word in whole["timestamps"]] == [word["word"] for word in words]


@pytest.mark.parametrize("streams", [True, False])
def test_a_refusal_is_an_error(gateway: Gateway, streams: bool) -> None:
    with gateway.client() as client:
        answer = client.post("/dev/captioned_speech", json=BODY | {"voice": "nelly", "stream": streams})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_voice")


def test_a_text_without_words_has_no_times(gateway: Gateway) -> None:
    with gateway.client() as client:
        answer = client.post("/dev/captioned_speech", json=BODY | {"input": " ", "stream": False})
    assert answer.status_code == 200
    message = answer.json()
    assert set(base64.b64decode(message.pop("audio"))) == {0}
    assert message == {"audio_format": "audio/pcm", "timestamps": []}


@pytest.mark.parametrize("streams", [True, False])
def test_the_job_ends_with_its_client(gateway: Gateway, streams: bool) -> None:
    """Nothing is spoken without a client, and the gateway reports of no reader that is gone."""
    name = "Heron" if streams else "Crane"
    text = " ".join(gateway.system.held(clear(2, name)))
    body = json.dumps(BODY | {"input": text, "stream": streams}).encode()
    with gateway.client() as client:

        def job() -> dict[str, Any] | None:
            return next((row for row in client.get("/v1/jobs").json()["data"] if name in json.dumps(row)), None)

        with gateway.connect() as connection:
            connection.sendall(post("/dev/captioned_speech", body))
            if streams:
                assert connection.recv(1).startswith(b"H"), "its first sentence has come"
            wait_until(job, "it is spoken")
        wait_until(lambda: (job() or {}).get("state") == "cancelled", "it ends with its client")


def test_what_is_too_long_for_one_message_is_refused(gateway: Gateway) -> None:
    with gateway.client() as client:
        answer = client.post("/dev/captioned_speech", json=BODY | {"input": "Long. " * 1_000, "stream": False})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    assert "5,000" in answer.json()["error"]["message"]


def test_a_format_whose_audio_comes_at_its_end_has_the_words_of_all_sentences(gateway: Gateway) -> None:
    with gateway.client() as client:
        answer = client.post("/dev/captioned_speech", json=BODY | {"response_format": "m4a", "stream": False})
    words = [word["word"] for word in answer.json()["timestamps"]]
    assert words == [word for text in TEXTS for word in text.rstrip(".").split()]
