"""The same text twice has the same bytes in every format, by every way to get the audio."""

import secrets
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from gateway.http.encoding.stream_formats import STREAMABLE
from seriatim.audio.formats import FORMATS
from tests.http.gateways import clear
from tests.integration.jobs.test_reading import enqueue
from tests.support.command_line import seriatim
from tests.support.process_system import RealSystem, wait_until

TEXTS = clear(3, "Same")
TEXT = " ".join(TEXTS)
FILES = [known.name for known in FORMATS]
AudioSource = Callable[[str], bytes]


@pytest.fixture
def python(system: RealSystem, tmp_path: Path) -> AudioSource:
    """`Job.save`."""

    def save(name: str) -> bytes:
        path = tmp_path / f"{secrets.token_hex(4)}.{name}"
        enqueue(system, TEXTS).save(path)
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
def recording(client: httpx2.Client) -> AudioSource:
    """`GET /v1/jobs/{id}/audio`."""

    def get(name: str) -> bytes:
        job = client.post("/v1/jobs", json={"input": TEXT}).json()["id"]
        wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
        return client.get(f"/v1/jobs/{job}/audio?format={name}").content

    return get


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


@pytest.mark.parametrize("name", [*STREAMABLE, "m4a"])
def test_equal_jobs_have_the_same_recording(recording: AudioSource, name: str) -> None:
    says_the_same(recording, name)
