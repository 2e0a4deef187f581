"""The place of a store, as SERIATIM_STORE_DIR names it."""

from pathlib import Path

import pytest

from seriatim.errors import Misconfigured
from seriatim.recordings.store_place import Bucket, place_name, store_place
from seriatim.settings import Settings


@pytest.mark.parametrize("text", ["seriatim-store", "/var/lib/store", "../store", "s3:/no/url", "a b/c?d"])
def test_what_is_no_url_is_a_folder(text: str) -> None:
    assert store_place(text) == Path(text)
    assert place_name(Path(text)) == str(Path(text).resolve())


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("s3://speech", Bucket("speech")),
        ("s3://speech/", Bucket("speech")),
        ("S3://speech/a/b/", Bucket("speech", "a/b")),
        ("s3://speech/a?endpoint=https://minio.lan:9000/", Bucket("speech", "a", "https://minio.lan:9000")),
        ("s3://speech?region=eu-central-1", Bucket("speech", region="eu-central-1")),
        ("s3://speech?endpoint=http%3A%2F%2F%5B%3A%3A1%5D%3A9&region=x", Bucket("speech", "", "http://[::1]:9", "x")),
    ],
)  # fmt: skip
def test_a_url_names_a_bucket_and_reads_back_as_it_is_written(text: str, bucket: Bucket) -> None:
    assert store_place(text) == bucket
    assert store_place(str(bucket)) == bucket
    assert place_name(bucket) == str(bucket)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gs://speech", "unknown scheme 'gs'"),
        ("s3://key:secret@speech/a", "keys do not belong in it"),
        ("s3://key:sec/ret@speech/a", "keys do not belong in it"),
        ("s3:///a", "'' is not the name of a bucket"),
        ("s3://a", "'a' is not the name of a bucket"),
        ("s3://speech/a//b", "is not a prefix"),
        ("s3://speech/a b", "is not a prefix"),
        ("s3://speech?endpoint=minio.lan:9000", "its endpoint is not the URL of a server"),
        ("s3://speech?endpoint=http://me@minio.lan", "its endpoint is not the URL of a server"),
        ("s3://speech?profile=x", "unknown option 'profile', known are endpoint and region"),
    ],
)
def test_another_url_is_refused_by_the_settings_with_the_form_that_is_expected(text: str, reason: str) -> None:
    with pytest.raises(Misconfigured) as found:
        Settings.from_env({"SERIATIM_STORE_DIR": text})
    assert reason in str(found.value)
    assert "expected a folder, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME" in str(found.value)
    assert "sec" not in str(found.value)


def test_keys_are_parts_of_a_path_below_the_prefix() -> None:
    assert Bucket("speech", "a/b").key("03", "job", "owner") == "a/b/03/job/owner"
    assert Bucket("speech").key("03") == "03"
