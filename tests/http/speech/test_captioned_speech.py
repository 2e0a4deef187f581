"""Captioned speech in Kokoro-FastAPI's form: audio with the times of its words, in one message or as it is spoken."""

import base64
import json
from typing import Any

import pytest

from tests.http.gateways import Gateway, clear
from tests.support.expected_audio import stream_of

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
    assert answer.json() == {"audio": "", "audio_format": "audio/pcm", "timestamps": []}
