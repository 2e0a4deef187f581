"""The same text twice has the same bytes in every format, by every way to get the audio."""

import base64
import json
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect

from gateway.http.encoding.stream_formats import STREAMABLE
from seriatim.audio.formats import FORMATS
from tests.http.clients.test_stream_socket import calling
from tests.http.gateways import Gateway, clear
from tests.support.command_line import seriatim
from tests.support.process_system import RealSystem, wait_until

TEXTS = clear(3, "Same")
TEXT = " ".join(TEXTS)
FILES = [known.name for known in FORMATS]
WHOLE = [*STREAMABLE, "m4a"]
ELEVEN = {"pcm": 16_000, "wav": 24_000, "opus": 48_000, "ulaw": 8_000, "alaw": 8_000}  #: formats of theirs; rates in Hz
AudioSource = Callable[[str], bytes]
GatewaySource = Callable[[Gateway, str], bytes]


@pytest.fixture
def python(system: RealSystem, tmp_path: Path) -> AudioSource:
    """`Job.save`."""

    def save(name: str) -> bytes:
        path = tmp_path / f"{secrets.token_hex(4)}.{name}"
        system.enqueue(TEXTS).save(path)
        return path.read_bytes()

    return save


@pytest.fixture
def command(system: RealSystem, tmp_path: Path) -> AudioSource:
    """`seriatim speak -o FILE`."""

    def speak(name: str) -> bytes:
        path = tmp_path / f"{secrets.token_hex(4)}.{name}"
        spoken_by_command(system, str(path))
        return path.read_bytes()

    return speak


@pytest.fixture
def pipe(system: RealSystem) -> AudioSource:
    """`seriatim speak -o -`."""
    return lambda name: spoken_by_command(system, "-", "--format", name)


@pytest.fixture
def stream(client: httpx2.Client) -> AudioSource:
    """`POST /v1/audio/speech`."""

    def post(name: str) -> bytes:
        answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": name, "stream": True})
        assert answer.status_code == 200, answer.text
        return answer.content

    return post


@pytest.fixture
def whole(client: httpx2.Client) -> AudioSource:
    """`POST /v1/audio/speech` of a whole file."""

    def post(name: str) -> bytes:
        answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": name, "stream": False})
        assert int(answer.headers["content-length"]) == len(answer.content)
        return answer.content

    return post


@pytest.fixture
def recording(client: httpx2.Client) -> AudioSource:
    """`GET /v1/jobs/{id}/audio`."""

    def get(name: str) -> bytes:
        job = client.post("/v1/jobs", json={"input": TEXT}).json()["id"]
        wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
        return client.get(f"/v1/jobs/{job}/audio?format={name}").content

    return get


def events(gateway: Gateway, name: str) -> bytes:
    """`POST /v1/audio/speech` with server-sent events."""
    with gateway.client() as client:
        request = {"input": TEXT, "response_format": name, "stream_format": "sse"}
        lines = client.post("/v1/audio/speech", json=request).text.splitlines()
    found = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    return b"".join(base64.b64decode(event.get("audio", "")) for event in found)


def captioned(gateway: Gateway, name: str) -> bytes:
    """`POST /dev/captioned_speech`."""
    with gateway.client() as client:
        lines = client.post("/dev/captioned_speech", json={"input": TEXT, "response_format": name}).text.splitlines()
    return b"".join(base64.b64decode(json.loads(line)["audio"]) for line in lines)


def socket(gateway: Gateway, name: str) -> bytes:
    """The WebSocket `/v1/stream`."""
    with calling(gateway) as caller:
        caller.say("start", format=name)
        for word in TEXT.split(" "):
            caller.say("text", text=f"{word} ")
        caller.say("close")
        caller.until("end")
    return bytes(caller.sound)


def eleven(gateway: Gateway, name: str) -> bytes:
    """ElevenLabs' `POST /v1/text-to-speech/{voice}/stream`; `name` is an output format of theirs."""
    with gateway.client() as client:
        path = f"/v1/text-to-speech/alloy/stream?output_format={name}"
        return client.post(path, json={"text": TEXT}).content


def eleven_socket(gateway: Gateway, name: str) -> bytes:
    """ElevenLabs' WebSocket."""
    url = f"ws://127.0.0.1:{gateway.port}/v1/text-to-speech/alloy/stream-input?output_format={name}"
    with connect(url, proxy=None, close_timeout=0.2) as connection:
        for text in (" ", *(f"{word} " for word in TEXT.split(" ")), ""):
            connection.send(json.dumps({"text": text}))
        return b"".join(base64.b64decode(json.loads(message).get("audio") or "") for message in connection)


def spoken_by_command(system: RealSystem, out: str, *more: str) -> bytes:
    command = ("speak", "-", "-o", out, *more, "-q", "--engine", "tone", "--redis")
    done = seriatim(*command, stdin=TEXT.encode(), settings=system.settings.to_env())
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def says_the_same(context: AudioSource, name: str) -> None:
    first = context(name)
    assert len(first) > 1000
    assert context(name) == first


@pytest.mark.parametrize(
    "name", [name if name in {"wav", "mp3"} else pytest.param(name, marks=pytest.mark.thorough) for name in FILES]
)
def test_job_save_and_speak_write_the_same_file(python: AudioSource, command: AudioSource, name: str) -> None:
    says_the_same(python, name)
    assert command(name) == python(name)


@pytest.mark.thorough
@pytest.mark.parametrize("name", FILES)
def test_speak_writes_the_same_bytes_into_a_pipe(pipe: AudioSource, name: str) -> None:
    says_the_same(pipe, name)


@pytest.mark.parametrize("name", STREAMABLE)
def test_equal_requests_are_answered_with_the_same_bytes(stream: AudioSource, name: str) -> None:
    says_the_same(stream, name)


@pytest.mark.parametrize(
    "name", [name if name in {"mp3", "m4a"} else pytest.param(name, marks=pytest.mark.thorough) for name in WHOLE]
)
def test_equal_requests_for_a_whole_file_are_answered_with_the_same_bytes(whole: AudioSource, name: str) -> None:
    says_the_same(whole, name)


@pytest.mark.parametrize(
    "name", [name if name == "mp3" else pytest.param(name, marks=pytest.mark.thorough) for name in STREAMABLE]
)
@pytest.mark.parametrize("context", [events, captioned, socket])
def test_messages_carry_the_same_bytes(gateway: Gateway, context: GatewaySource, name: str) -> None:
    says_the_same(partial(context, gateway), name)


@pytest.mark.parametrize(
    "name", ["mp3_24000", *(pytest.param(f"{name}_{hz}", marks=pytest.mark.thorough) for name, hz in ELEVEN.items())]
)
@pytest.mark.parametrize("context", [eleven, eleven_socket])
def test_elevenlabs_clients_hear_the_same_bytes(gateway: Gateway, context: GatewaySource, name: str) -> None:
    says_the_same(partial(context, gateway), name)


@pytest.mark.parametrize("name", WHOLE)
def test_equal_jobs_have_the_same_recording(recording: AudioSource, name: str) -> None:
    says_the_same(recording, name)
