"""Errors of a bucket: what passes by itself is unavailable, the rest says what has to be set."""

import pytest

from seriatim.errors import StoreRefused, StoreUnavailable, Unavailable
from seriatim.recordings.bucket_errors import error_of_answer, error_of_failure
from seriatim.recordings.store_place import Bucket

BUCKET = Bucket("speech", "store")


@pytest.mark.parametrize(
    ("code", "status", "kind", "message"),
    [
        ("404", 404, StoreRefused, "the server refused a request: 404; check"),
        ("", 400, StoreRefused, "the server refused a request: 400; check"),
        ("403", 403, StoreRefused, "access denied"),
        ("AuthorizationHeaderMalformed", 400, StoreRefused, "in another region, eu-north-1; set AWS_REGION"),
        ("XMinioStorageFull", 507, StoreRefused, "quota is used up"),
        ("ConditionalRequestConflict", 409, StoreUnavailable, "ConditionalRequestConflict"),
        ("Throttling", 400, StoreUnavailable, "Throttling"),
        ("Teapot", 503, StoreUnavailable, "Teapot"),
    ],
)
def test_an_answer(code: str, status: int, kind: type[Exception], message: str) -> None:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"x-amz-bucket-region": "eu-north-1"}}
    error = error_of_answer(BUCKET, {"Error": {"Code": code}, "ResponseMetadata": metadata})
    assert type(error) is kind
    assert message in str(error)
    assert str(error).startswith("s3://speech/store: ")


def test_a_failure_that_is_neither_of_the_network_nor_of_credentials_is_a_setting() -> None:
    error = error_of_failure(BUCKET, ValueError("invalid\n  value"))
    assert type(error) is StoreRefused
    assert str(error) == "s3://speech/store: invalid value; check SERIATIM_STORE_DIR and AWS's settings"


def test_an_unavailable_store_may_be_asked_again() -> None:
    assert issubclass(StoreUnavailable, Unavailable)
    assert StoreUnavailable.retryable
