"""Answers that are whole files: with a length, and a header that says how long the sound is."""

import io
import wave

import httpx2
import pytest
import soundfile

from tests.http.sounds import seconds
from tests.systems import wait_until

TEXT = "Good morning, dear listener. It is a fine day for a walk by the river."


def test_a_short_flac_can_be_read_by_libsndfile(client: httpx2.Client) -> None:
    """It refuses a header without a length: `array is too big`."""
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "flac"})
    samples, rate_hz = soundfile.read(io.BytesIO(answer.content))
    assert answer.headers["content-length"] == str(len(answer.content))
    assert len(samples) / rate_hz == pytest.approx(seconds(answer.content), abs=0.01)
    assert len(samples) > 3 * rate_hz


@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_who_wants_no_stream_gets_a_file_with_its_length(client: httpx2.Client, name: str) -> None:
    said = {"input": TEXT, "response_format": name}
    whole = client.post("/v1/audio/speech", json=said | {"stream": False})
    assert whole.headers["content-length"] == str(len(whole.content))
    assert "seriatim-warning" not in whole.headers
    streamed = client.post("/v1/audio/speech", json=said | {"stream": True})
    assert "content-length" not in streamed.headers
    if name == "wav":
        with wave.open(io.BytesIO(whole.content)) as file:
            assert file.getnframes() == len(file.readframes(10**9)) // 2
    elif name == "pcm":
        assert whole.content == streamed.content


def test_a_mistake_is_an_error_and_no_file(client: httpx2.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "stream": False, "options": {"x": 1}})
    assert answer.status_code == 400


def test_the_flac_of_a_recording_has_its_length(client: httpx2.Client) -> None:
    job = client.post("/v1/jobs", json={"input": TEXT}).json()["id"]
    wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
    answer = client.get(f"/v1/jobs/{job}/audio?format=flac")
    samples, rate_hz = soundfile.read(io.BytesIO(answer.content))
    assert len(samples) / rate_hz == pytest.approx(seconds(answer.content), abs=0.01)
