"""A gateway in front of a bucket: files and ranges, formats, texts and titles, as from a folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest

from gateway.http.problems import problem_of
from seriatim.errors import StoreRefused
from tests.buckets.s3_server import S3Server
from tests.http.decoded_audio import decoded
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import stream_of
from tests.support.process_system import RealSystem, wait_until

TEXTS = clear(5, "Bucket")
EXPECTED = stream_of(TEXTS)


@pytest.fixture(scope="module")
def gateway(new_system: Callable[..., RealSystem], s3: S3Server) -> Gateway:
    system = new_system(store_dir=s3.url, lease_ms=60_000)
    system.reassembler()
    system.workers(2)
    return start(system)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx2.Client]:
    with gateway.client() as made:
        yield made


def recorded(client: httpx2.Client, title: str = "") -> str:
    """The path of a job that is done and recorded."""
    body = {"input": " ".join(TEXTS)} | ({"title": title} if title else {})
    path = f"/v1/jobs/{client.post('/v1/jobs', json=body).json()['id']}"
    wait_until(lambda: client.get(f"{path}/captions?format=json").json()["whole"], "it is recorded")
    return path


@pytest.mark.parametrize(
    ("byte_range", "status", "came"),
    [
        ("", 200, EXPECTED),
        ("bytes=0-9", 206, EXPECTED[:10]),
        ("bytes=-100", 206, EXPECTED[-100:]),
        ("bytes=100-", 206, EXPECTED[100:]),
        ("bytes=10-99999999", 206, EXPECTED[10:]),
        ("bytes=abc", 200, EXPECTED),
        ("bytes=0-1,4-5", 200, EXPECTED),
        ("bytes=99999999-", 416, None),
    ],
)
def test_ranges_of_a_recording(client: httpx2.Client, path: str, byte_range: str, status: int, came: bytes) -> None:
    headers = {"range": byte_range} if byte_range else {}
    found = client.get(f"{path}/audio?format=pcm", headers=headers)
    assert found.status_code == status
    assert found.headers.get("accept-ranges", "bytes") == "bytes"
    if came is not None:
        assert found.content == came
        assert int(found.headers["content-length"]) == len(came)
    if status == 206:
        begin = len(EXPECTED) - len(came) if byte_range != "bytes=0-9" else 0
        assert found.headers["content-range"] == f"bytes {begin}-{begin + len(came) - 1}/{len(EXPECTED)}"


@pytest.fixture(scope="module")
def path(gateway: Gateway) -> str:
    with gateway.client() as made:
        return recorded(made)


def test_a_range_counts_only_while_the_recording_is_the_one_that_was_meant(client: httpx2.Client, path: str) -> None:
    etag = client.head(f"{path}/audio?format=pcm").headers["etag"]
    wishes = {etag: 206, '"another"': 200}
    for if_range, status in wishes.items():
        headers = {"range": "bytes=2-5", "if-range": if_range}
        assert client.get(f"{path}/audio?format=pcm", headers=headers).status_code == status


def test_the_head_of_a_file_has_its_length_and_no_body(client: httpx2.Client, path: str) -> None:
    found = client.head(f"{path}/audio?format=pcm")
    assert (found.status_code, int(found.headers["content-length"])) == (200, len(EXPECTED))


def test_another_format_is_encoded_once_and_kept_in_the_bucket(client: httpx2.Client, s3: S3Server) -> None:
    path = recorded(client, "The title")
    job = path.rpartition("/")[2]
    first = client.get(f"{path}/audio?format=flac").content
    assert [key for key in s3.object_keys(job) if key.endswith("/audio.flac")]
    assert client.get(f"{path}/audio?format=flac", headers={"range": "bytes=4-"}).content == first[4:]
    samples, _ = decoded(first)
    assert np.round(samples * 2**15).astype("<i2").tobytes() == EXPECTED


def test_a_new_title_is_in_files_that_are_encoded_again(client: httpx2.Client, s3: S3Server) -> None:
    path = recorded(client, "The old title")
    assert b"The old title" in client.get(f"{path}/audio?format=flac").content
    assert client.patch(path, json={"title": "The new title"}).json()["title"] == "The new title"
    assert not [key for key in s3.object_keys(path.rpartition("/")[2]) if key.endswith("/audio.flac")]
    assert b"The new title" in client.get(f"{path}/audio?format=flac").content


def test_the_text_of_a_job_is_kept(client: httpx2.Client, path: str) -> None:
    assert client.get(f"{path}/text").text == " ".join(TEXTS)
    assert client.get(f"{path}/text", headers={"range": "bytes=2-4"}).text == " ".join(TEXTS)[2:5]


def test_a_text_without_speech_is_a_short_silence(client: httpx2.Client) -> None:
    job = client.post("/v1/jobs", json={"input": "..."}).json()["id"]
    wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "done", "it is done")
    found = client.get(f"/v1/jobs/{job}/audio?format=pcm").content
    assert found == bytes(len(found))
    assert found


def test_what_its_owner_removes_is_gone(client: httpx2.Client, s3: S3Server) -> None:
    path = recorded(client)
    job = path.rpartition("/")[2]
    client.get(f"{path}/audio?format=flac")
    assert client.delete(f"{path}/audio").status_code == 204
    assert s3.object_keys(job) == []
    assert client.delete(f"{path}/audio").status_code == 404


def test_an_outage_of_the_server_is_a_503_with_a_time_to_retry(client: httpx2.Client, path: str, s3: S3Server) -> None:
    s3.kill()
    try:
        found = client.get(f"{path}/audio?format=pcm")
    finally:
        s3.start()
    assert (found.status_code, found.json()["error"]["code"]) == (503, "store_unavailable")
    assert "retry-after" in found.headers
    assert found.json()["error"]["message"] == "the store of recordings cannot be used now; see the gateway's log"
    assert client.get(f"{path}/audio?format=pcm").content == EXPECTED


def test_what_a_bucket_refuses_goes_to_the_log_alone() -> None:
    """Its clients learn neither the bucket nor its server."""
    problem = problem_of(StoreRefused("s3://speech/store?endpoint=http://minio.lan: access denied; allow these keys"))
    assert (problem.status, problem.code) == (500, "store_refused")
    assert problem.message == "the store of recordings cannot be used now; see the gateway's log"


def test_a_bucket_has_no_disk_whose_room_is_measured(client: httpx2.Client) -> None:
    assert "\nseriatim_store_free_bytes " not in client.get("/metrics").text


def test_books_beside_a_bucket_need_a_folder(gateway: Gateway, client: httpx2.Client, tmp_path: Path) -> None:
    body = {"input": "# Sea\n\nThe sea is calm.", "markup": "markdown"}
    refused = client.post("/v1/books", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (500, "misconfigured")
    assert "set SERIATIM_BOOK_DIR" in refused.json()["error"]["message"]
    with start(gateway.system, "with-books", book_dir=tmp_path / "books").client() as other:
        book = other.post("/v1/books", json=body).json()["id"]
        wait_until(lambda: other.get(f"/v1/books/{book}").json()["state"] == "done", "it is made")
        assert len(list((tmp_path / "books").glob(f"*/{book}/files/Sea.m4b"))) == 1
