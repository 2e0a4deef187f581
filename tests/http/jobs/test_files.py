"""Finished recordings as files: parts of them, their length, and what making them costs others."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from seriatim import recording_store
from tests.http.decoded_audio import seconds, seconds_of_pcm
from tests.http.gateways import Gateway, clear
from tests.support.expected_audio import stream_of
from tests.support.process_system import RealSystem, wait_until

TEXTS = clear(3, "File")
EXPECTED = stream_of(TEXTS)


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


@pytest.mark.thorough
def test_conversions_do_not_hold_up_a_listener(gateway: Gateway, client: httpx2.Client) -> None:
    """Six long ones, more than there are cores; a listener in MP3 meanwhile is done before they are."""
    texts = clear(150, "Book")
    job = recorded(client, texts)
    formats = ["mp3", "opus", "aac", "flac", "mp3", "aac"]
    barrier, first = threading.Barrier(len(formats) + 1), threading.Event()

    def ask(name: str) -> bytes:
        with gateway.client() as other:
            barrier.wait()
            answer = other.get(f"/v1/jobs/{job}/audio?format={name}", headers={"range": "bytes=1-"})
            first.set()
            assert answer.status_code == 206
            return answer.content

    with ThreadPoolExecutor(len(formats)) as threads:
        downloads = [threads.submit(ask, name) for name in formats]
        barrier.wait()
        speech = client.post("/v1/audio/speech", json={"input": TEXTS[0]}).content
        assert not first.is_set(), "the files take longer"
        files = [done.result() for done in downloads]
    assert -0.01 < seconds(speech) - seconds_of_pcm(stream_of(TEXTS[:1])) < 0.3
    assert files[0] == files[4], "the same request gets the same file"
    assert files[2] == files[5]


@pytest.mark.thorough
def test_a_file_that_many_ask_for_is_made_once(gateway: Gateway, client: httpx2.Client, system: RealSystem) -> None:
    """Parts of it, and all of it: who wants all of a long one hears it meanwhile, encoded for him alone."""
    texts = clear(150, "Once")
    job = recorded(client, texts)
    place = recording_store.folder(system.folder / "store", job)
    wishes = [{"range": "bytes=1-"}, {"range": "bytes=-100"}, {}, {"range": "bytes=9-"}]
    barrier = threading.Barrier(len(wishes) + 1)

    def ask(headers: dict[str, str]) -> bytes:
        with gateway.client() as other:
            barrier.wait()
            answer = other.get(f"/v1/jobs/{job}/audio?format=mp3", headers=headers)
            assert answer.status_code == (206 if headers else 200)
            return answer.content

    made: set[str] = set()
    with ThreadPoolExecutor(len(wishes)) as threads:
        downloads = [threads.submit(ask, headers) for headers in wishes]
        barrier.wait()
        while not all(done.done() for done in downloads):
            made |= {path.name for path in place.glob("*.part")}
        rest, end, streamed, later = [done.result() for done in downloads]
    assert len(made) == 1, "one encoder was at work"
    whole = client.get(f"/v1/jobs/{job}/audio?format=mp3").content
    assert (rest, end, later) == (whole[1:], whole[-100:], whole[9:])
    assert abs(seconds(streamed) - seconds(whole)) < 0.1
    assert not list(place.glob("*.part"))
