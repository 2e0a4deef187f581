"""POST /v1/audio/speech with OpenAI's own client, and with none at all."""

import base64
import json
import socket
from pathlib import Path

import httpx2
import numpy as np
import openai
import pytest

from tests.http.decoded_audio import decoded, likeness, loudness, probed, seconds, seconds_of_pcm
from tests.http.gateways import Gateway, clear
from tests.support.expected_audio import PAUSE_MS, RATE_HZ, stream_of
from tests.support.process_system import wait_until

FORMATS = ["mp3", "opus", "aac", "flac", "wav", "pcm"]
TEXT = "The red fox runs over green hills. It sings of rivers that no map has shown."
EXPECTED = stream_of(["The red fox runs over green hills.", "It sings of rivers that no map has shown."])
SHORT = " ".join(clear(12))
LONG = " ".join(clear(400))


@pytest.mark.parametrize("response_format", FORMATS)
def test_openais_client_gets_the_whole_text_in_every_format(
    gateway: Gateway, response_format: str, tmp_path: Path
) -> None:
    with gateway.openai() as ai:
        answer = ai.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT,
            response_format=response_format,  # type: ignore[arg-type]  # a literal
        )  # fmt: skip
    audio = answer.content
    expected_s = seconds_of_pcm(EXPECTED)
    if response_format == "pcm":
        assert audio == EXPECTED
        return
    assert -0.01 < seconds(audio) - expected_s < 0.3, "the end is not cut off; a codec's frames add a little"
    samples, rate_hz = decoded(audio)
    expected = loudness(np.frombuffer(EXPECTED, "<i2") / np.float32(32768), RATE_HZ)
    assert likeness(loudness(samples, rate_hz), expected) > 0.8, "it is this text"
    if (probed_s := probed(audio, tmp_path / f"speech.{response_format}")) is not None:
        assert -0.01 < probed_s - expected_s < 0.3


@pytest.mark.parametrize("response_format", ["wav", "flac"])
def test_formats_without_loss_have_every_sample(client: httpx2.Client, response_format: str) -> None:
    audio = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": response_format}).content
    samples, rate_hz = decoded(audio)
    assert rate_hz == RATE_HZ
    assert (np.round(samples * 32768).astype("<i2").tobytes()) == EXPECTED


def test_sound_comes_while_the_text_is_still_being_spoken(gateway: Gateway) -> None:
    with (
        gateway.openai() as ai,
        ai.audio.speech.with_streaming_response.create(
            model="tts-1", voice="nova", input=LONG, response_format="pcm"
        ) as response,
    ):
        sound = response.iter_bytes(1024)
        next(sound)
        job = response.headers["seriatim-job"]
        with gateway.client() as client:
            card = client.get(f"/v1/jobs/{job}").json()
    assert card["state"] == "running"
    assert card["sentences_done"] < 400


def test_server_sent_events_carry_the_same_sound(client: httpx2.Client) -> None:
    request = {"input": TEXT, "response_format": "pcm", "stream_format": "sse"}
    answer = client.post("/v1/audio/speech", json=request)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert events[-1]["type"] == "speech.audio.done"
    assert b"".join(base64.b64decode(e["audio"]) for e in events[:-1]) == EXPECTED


def test_speed_and_voice_are_the_engines(client: httpx2.Client, gateway: Gateway) -> None:
    voices = client.get("/v1/voices").json()["data"]
    other = voices[1]["id"]
    answer = client.post(
        "/v1/audio/speech", json={"input": TEXT, "voice": {"id": other}, "speed": 2, "response_format": "pcm"}
    )
    expected_texts = ["The red fox runs over green hills.", "It sings of rivers that no map has shown."]
    assert answer.content == stream_of(expected_texts, voice=other, speed=2)


def test_a_client_that_leaves_stops_its_job(gateway: Gateway, client: httpx2.Client) -> None:
    with gateway.connect() as connection:
        ask(connection, {"input": LONG, "response_format": "pcm"})
        job = job_of(connection)
        assert client.get(f"/v1/jobs/{job}").json()["state"] == "running"
    wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled", "nothing more is spoken")
    assert client.get(f"/v1/jobs/{job}").json()["reason"] == "its listener disconnected"


def test_a_client_that_leaves_before_the_first_sound_stops_its_job(gateway: Gateway, client: httpx2.Client) -> None:
    def latest() -> dict[str, object]:
        found: dict[str, object] = client.get("/v1/jobs?limit=1").json()["data"][0]
        return found

    before = latest()["id"] if client.get("/v1/jobs").json()["data"] else ""
    with gateway.connect() as connection:
        ask(connection, {"input": LONG, "response_format": "pcm"})
        wait_until(lambda: client.get("/v1/jobs").json()["data"] and latest()["id"] != before)
    wait_until(lambda: latest()["state"] == "cancelled", "nothing more is spoken")


def test_a_detached_job_goes_on_without_its_client(gateway: Gateway, client: httpx2.Client) -> None:
    with gateway.connect() as connection:
        ask(connection, {"input": SHORT, "response_format": "pcm", "detach": True})
        job = job_of(connection)
    wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "done", "it is spoken to its end")


def test_a_client_that_takes_nothing_stops_the_speaking_at_its_window(gateway: Gateway, client: httpx2.Client) -> None:
    with gateway.connect() as connection:
        ask(connection, {"input": LONG, "response_format": "pcm", "window_ms": 2_000})
        job = job_of(connection)
        before: list[int] = []

        def stands() -> bool:
            before.append(client.get(f"/v1/jobs/{job}").json()["sentences_done"])
            return len(before) > 30 and before[-1] == before[-30] > 0

        wait_until(stands, "it stands still")
        assert before[-1] < 300, "what lies in the kernel's buffers is some seconds of sound, not the text"
        card = client.get(f"/v1/jobs/{job}").json()
        assert card["state"] == "running", "a client that is there and slow is not gone"


@pytest.mark.parametrize(
    ("options", "status", "code", "message"),
    [
        ({"input": "Hi.", "voice": "alcie"}, 400, "unknown_voice", "unknown voice 'alcie'"),
        ({"input": "Hi.", "model": "none"}, 404, "model_not_found", "GET /v1/models"),
        ({"input": "Hi.", "speed": 9}, 400, "bad_input", "speed"),
        ({"input": "Hi.", "response_format": "webm"}, 400, "bad_input", "response_format"),
        ({}, 400, "bad_input", "input"),
        ({"input": "Hi.", "options": {"x": 1}}, 400, "unknown_option", "no options per sentence"),
    ],
)
def test_refusals_have_openais_shape(
    client: httpx2.Client, options: dict[str, object], status: int, code: str, message: str
) -> None:
    answer = client.post("/v1/audio/speech", json=options)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert message in error["message"] or message == error["param"]
    assert set(error) == {"message", "type", "param", "code"}


def test_openais_client_raises_its_own_errors(gateway: Gateway) -> None:
    with gateway.openai() as ai, pytest.raises(openai.BadRequestError, match="unknown voice"):
        ai.audio.speech.create(model="tts-1", voice="alcie", input="Hi.")


def test_a_job_that_fails_in_its_middle_cuts_the_connection(gateway: Gateway, client: httpx2.Client) -> None:
    with client.stream("POST", "/v1/audio/speech", json={"input": LONG, "response_format": "pcm"}) as response:
        with gateway.client() as other:
            other.delete(f"/v1/jobs/{response.headers['seriatim-job']}")
        with pytest.raises(httpx2.RemoteProtocolError):
            response.read()


def test_models_and_voices_are_listed(gateway: Gateway) -> None:
    with gateway.openai() as ai:
        names = [model.id for model in ai.models.list()]  # other tests have pools of their own in this system
        assert names.index("tone") < names.index("tts-1")
        assert ai.models.retrieve("tone").id == "tone"
        with pytest.raises(openai.NotFoundError):
            ai.models.retrieve("gpt-9")


def test_the_pause_of_a_request_is_the_pause_that_is_heard(client: httpx2.Client) -> None:
    unpaused = client.post("/v1/audio/speech", json={"input": TEXT, "pause_ms": 0, "response_format": "pcm"}).content
    assert seconds_of_pcm(EXPECTED) - seconds_of_pcm(unpaused) == pytest.approx(2 * PAUSE_MS / 1000, abs=0.01)


def job_of(connection: socket.socket) -> str:
    """The job whose sound begins to come."""
    head = connection.recv(400).decode("latin-1")
    assert head.startswith("HTTP/1.1 200 "), head
    return next(line.split(": ")[1] for line in head.splitlines() if line.startswith("seriatim-job"))


def ask(connection: socket.socket, options: dict[str, object]) -> None:
    """Send a request and nothing else."""
    body = json.dumps(options).encode()
    head = [
        "POST /v1/audio/speech HTTP/1.1",
        "host: localhost",
        "content-type: application/json",
        f"content-length: {len(body)}",
    ]
    connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
