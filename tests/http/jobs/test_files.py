"""Finished recordings as files: parts of them, their length, and what making them costs others."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from seriatim import recording_store
from tests.http.decoded_audio import seconds, seconds_of_pcm
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import stream_of
from tests.support.process_system import RealSystem, wait_until

TEXTS = clear(3, "File")
EXPECTED = stream_of(TEXTS)
FILE_THREADS = max(1, (os.cpu_count() or 1) // 2)  #: those of a gateway that make files

#: a gateway's patch: each file is counted in `asked` when it is asked for, and its encoder stays at work until `open`
HELD_FILES = """
import time
from pathlib import Path
from gateway.http.recordings import encoded_files
folder, ask, write = Path({folder!r}), encoded_files.encoded_file, encoded_files._write_encoded
async def counted(*request):
    with (folder / "asked").open("a") as log:
        log.write("x")
    return await ask(*request)
def held(*file):
    write(*file)
    while not (folder / "open").exists():
        time.sleep(0.01)
encoded_files.encoded_file, encoded_files._write_encoded = counted, held
"""


def recorded(client: httpx2.Client, texts: list[str]) -> str:
    """A job that is done and recorded; its id."""
    job = str(client.post("/v1/jobs", json={"input": " ".join(texts)}).json()["id"])
    wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
    return job


@pytest.fixture(scope="module")
def path(gateway: Gateway) -> Iterator[str]:
    with gateway.client() as client:
        yield f"/v1/jobs/{recorded(client, TEXTS)}/audio?format=pcm"


@pytest.mark.parametrize(
    ("byte_range", "status", "came"),
    [
        ("bytes=0-9", 206, EXPECTED[:10]),
        ("bytes=-100", 206, EXPECTED[-100:]),
        ("bytes=100-", 206, EXPECTED[100:]),
        ("bytes=10-99999999", 206, EXPECTED[10:]),
        ("bytes=-99999999", 206, EXPECTED),
        ("bytes=abc", 200, EXPECTED),
        ("bytes=5-2", 200, EXPECTED),
        ("items=0-1", 200, EXPECTED),
        ("bytes=٣-٤".encode(), 200, EXPECTED),
        ("bytes=99999999-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=0-1," * 5000 + "0-1", 431, b""),
    ],
)
def test_any_range_is_answered_as_the_standard_says(
    client: httpx2.Client, path: str, byte_range: str | bytes, status: int, came: bytes
) -> None:
    answer = client.get(path, headers={b"range": byte_range.encode() if isinstance(byte_range, str) else byte_range})
    assert answer.status_code == status
    if status < 400:
        assert answer.content == came
    elif status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(EXPECTED)}"
        assert answer.json()["error"]["code"] == "range_not_satisfiable"


def test_several_ranges_come_as_parts(client: httpx2.Client, path: str) -> None:
    answer = client.get(path, headers={"range": "bytes=0-9, 20-29"})
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert EXPECTED[:10] in answer.content
    assert EXPECTED[20:30] in answer.content
    assert len(client.get(path, headers={"range": "bytes=" + ",".join(["0-"] * 500)}).content) <= len(EXPECTED)


def test_a_range_of_another_version_is_the_whole_file(client: httpx2.Client, path: str) -> None:
    etag = client.get(path).headers["etag"]
    for condition, status in ((etag, 206), ('"another"', 200)):
        assert client.get(path, headers={"range": "bytes=0-9", "if-range": condition}).status_code == status


def test_the_head_of_a_recording_says_its_length(client: httpx2.Client, path: str) -> None:
    answer = client.head(path)
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(EXPECTED)))
    assert answer.headers["accept-ranges"] == "bytes"


def test_asking_for_the_head_of_a_running_job_hears_nothing_of_it(client: httpx2.Client) -> None:
    request = {"input": " ".join(TEXTS), "kind": "live", "drain": "window"}
    job = client.post("/v1/jobs", json=request).json()["id"]
    assert client.head(f"/v1/jobs/{job}/audio?format=pcm").status_code == 200
    assert client.get(f"/v1/jobs/{job}/audio?format=pcm").content == EXPECTED


@pytest.fixture
def files_held(system: RealSystem, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway in which no file is finished before `tmp_path / "open"` exists."""
    name = f"files-held-{tmp_path.name}"  # its log has one address
    yield start(system, name, patch=HELD_FILES.format(folder=str(tmp_path)))
    (tmp_path / "open").touch()
    system.end(name)


@pytest.mark.thorough
def test_conversions_do_not_hold_up_a_listener(files_held: Gateway, system: RealSystem, tmp_path: Path) -> None:
    """As many as the gateway makes at once are at work, and more wait; a listener in MP3 hears all meanwhile."""
    texts = clear(150, "Book")
    formats = ["mp3", "opus", "aac", "flac", "mp3", "aac"]

    def ask(name: str) -> bytes:
        with files_held.client() as other:
            answer = other.get(f"/v1/jobs/{job}/audio?format={name}", headers={"range": "bytes=1-"})
            assert answer.status_code == 206
            return answer.content

    with files_held.client() as client, ThreadPoolExecutor(len(formats)) as threads:
        job = recorded(client, texts)
        place = recording_store.folder(system.folder / "store", job)
        n_at_work = min(FILE_THREADS, len(set(formats)))
        downloads = [threads.submit(ask, name) for name in formats]
        try:
            wait_until(lambda: len(list(place.glob("*.part"))) == n_at_work, "files are being made")
            speech = client.post("/v1/audio/speech", json={"input": TEXTS[0]}).content
        finally:
            (tmp_path / "open").touch()
        files = [done.result() for done in downloads]
    assert -0.01 < seconds(speech) - seconds_of_pcm(stream_of(TEXTS[:1])) < 0.3
    assert files[0] == files[4], "the same request gets the same file"
    assert files[2] == files[5]


@pytest.mark.thorough
def test_a_file_that_many_ask_for_is_made_once(files_held: Gateway, system: RealSystem, tmp_path: Path) -> None:
    """Parts of it, and all of it: who wants all of a long one hears it meanwhile, encoded for him alone."""
    texts = clear(150, "Once")
    wishes = [{"range": "bytes=1-"}, {"range": "bytes=-100"}, {}, {"range": "bytes=9-"}]
    requests = tmp_path / "asked"

    def ask(headers: dict[str, str]) -> bytes:
        with files_held.client() as other:
            answer = other.get(f"/v1/jobs/{job}/audio?format=mp3", headers=headers)
            assert answer.status_code == (206 if headers else 200)
            return answer.content

    with files_held.client() as client, ThreadPoolExecutor(len(wishes)) as threads:
        job = recorded(client, texts)
        place = recording_store.folder(system.folder / "store", job)
        downloads = [threads.submit(ask, headers) for headers in wishes]
        try:
            streamed = downloads[2].result()
            wait_until(lambda: requests.exists() and requests.stat().st_size == len(wishes), "all have asked for it")
            made = wait_until(lambda: list(place.glob("*.part")), "it is being made")
        finally:
            (tmp_path / "open").touch()
        rest, end, _, later = [done.result() for done in downloads]
        assert len(made) == 1, "one encoder was at work"
        whole = client.get(f"/v1/jobs/{job}/audio?format=mp3").content
    assert (rest, end, later) == (whole[1:], whole[-100:], whole[9:])
    assert abs(seconds(streamed) - seconds(whole)) < 0.1
    assert not list(place.glob("*.part"))
