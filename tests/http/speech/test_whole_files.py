"""Answers that are whole files: with a length, and a header that says how long the sound is."""

import io
import subprocess
import wave
from pathlib import Path

import httpx2
import pytest
import soundfile

from tests.http.decoded_audio import seconds
from tests.support.command_line import installed
from tests.support.expected_audio import RATE_HZ
from tests.support.process_system import wait_until

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
    options = {"input": TEXT, "response_format": name}
    whole = client.post("/v1/audio/speech", json=options | {"stream": False})
    assert whole.headers["content-length"] == str(len(whole.content))
    assert "seriatim-warning" not in whole.headers
    streamed = client.post("/v1/audio/speech", json=options | {"stream": True})
    assert "content-length" not in streamed.headers
    if name == "wav":
        with wave.open(io.BytesIO(whole.content)) as file:
            assert file.getnframes() == len(file.readframes(10**9)) // 2
    elif name == "pcm":
        assert whole.content == streamed.content


def test_a_longer_flac_that_is_played_as_a_whole_has_its_length(client: httpx2.Client) -> None:
    request = {"input": TEXT * 5, "response_format": "flac"}
    answer = client.post("/v1/audio/speech", json=request, headers={"seriatim-play": "whole"})
    assert answer.headers["content-length"] == str(len(answer.content))
    assert soundfile.info(io.BytesIO(answer.content)).duration > 15
    streamed = client.post("/v1/audio/speech", json=request | {"play": "whole", "stream": True})
    assert "content-length" not in streamed.headers


def test_a_mistake_is_an_error_and_no_file(client: httpx2.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "stream": False, "options": {"x": 1}})
    assert answer.status_code == 400


def test_the_flac_of_a_recording_has_its_length(client: httpx2.Client) -> None:
    job = client.post("/v1/jobs", json={"input": TEXT}).json()["id"]
    wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
    answer = client.get(f"/v1/jobs/{job}/audio?format=flac")
    samples, rate_hz = soundfile.read(io.BytesIO(answer.content))
    assert len(samples) / rate_hz == pytest.approx(seconds(answer.content), abs=0.01)


def recorded(client: httpx2.Client, **more: str) -> str:
    """A job that is done and recorded; its id."""
    job = str(client.post("/v1/jobs", json={"input": TEXT, **more}).json()["id"])
    wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
    return job


def facts(data: bytes, path: Path) -> dict[str, str]:
    """Length and tags, as Debian's ffprobe reads them without decoding."""
    path.write_bytes(data)
    entries = "format=duration:format_tags=title:stream_tags=title"
    command = [
        installed("ffprobe", package="ffmpeg"),
        "-v",
        "error",
        "-show_entries",
        entries,
        "-of",
        "flat",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    lines = [line.partition("=") for line in done.stdout.splitlines()]
    return {name.rpartition(".")[2].lower(): value.strip('"') for name, _, value in lines}


@pytest.mark.parametrize("name", ["mp3", "opus", "m4a", "flac", "wav"])
def test_a_recording_has_its_title_and_its_length(client: httpx2.Client, name: str, tmp_path: Path) -> None:
    job = recorded(client, title="Über den Fluß, Teil 7")
    sound = len(client.get(f"/v1/jobs/{job}/audio?format=pcm").content) / 2 / RATE_HZ
    found = facts(client.get(f"/v1/jobs/{job}/audio?format={name}").content, tmp_path / f"a.{name}")
    assert found["title"] == "Über den Fluß, Teil 7"
    assert float(found["duration"]) == pytest.approx(sound, abs=0.15), "MP3 counts what is to be trimmed, too"


def test_a_recording_without_a_title_is_called_by_its_beginning(client: httpx2.Client, tmp_path: Path) -> None:
    job = recorded(client)
    found = facts(client.get(f"/v1/jobs/{job}/audio?format=m4a").content, tmp_path / "a.m4a")
    assert found["title"].startswith("Good morning, dear listener.")


@pytest.mark.parametrize("more", [{}, {"stream": False}, {"stream": True}])
def test_m4a_is_always_a_whole_file(client: httpx2.Client, more: dict[str, bool]) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "m4a", **more})
    assert answer.headers["content-type"] == "audio/mp4"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.content.index(b"moov") < answer.content.index(b"mdat")
    assert seconds(answer.content) > 3


def test_m4a_of_a_recording_can_be_had_in_parts(client: httpx2.Client) -> None:
    job = recorded(client)
    whole = client.get(f"/v1/jobs/{job}/audio?format=m4a")
    part = client.get(f"/v1/jobs/{job}/audio?format=m4a", headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert whole.headers["content-disposition"].endswith('.m4a"')


@pytest.mark.parametrize("options", [{"stream_format": "sse"}, {"input": "Well. " * 1_000}])
def test_what_cannot_be_a_whole_file_is_refused(client: httpx2.Client, options: dict[str, str]) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "m4a"} | options)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "response_format")


def test_m4a_of_a_job_that_is_not_recorded_is_refused(client: httpx2.Client) -> None:
    job = client.post("/v1/jobs", json={"input": TEXT, "drain": "window", "kind": "live"}).json()["id"]
    answer = client.get(f"/v1/jobs/{job}/audio?format=m4a")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_recorded")
    client.delete(f"/v1/jobs/{job}")


def test_a_streamed_flac_is_read_by_ffmpeg(client: httpx2.Client) -> None:
    """Libsndfile reads none without a length, which no stream has: tests/unit/audio/test_stream_lengths.py."""
    options = {"input": TEXT, "response_format": "flac"}
    streamed = client.post("/v1/audio/speech", json=options | {"stream": True}).content
    whole = client.post("/v1/audio/speech", json=options | {"stream": False}).content
    assert seconds(streamed) == seconds(whole)
