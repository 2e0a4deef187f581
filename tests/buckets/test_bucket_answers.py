"""Answers of S3 servers that refuse: each names what an operator has to set, and what passes by itself is retried."""

import itertools

import pytest

from gateway.cli.checks.check_result import CheckStatus
from gateway.cli.checks.system_checks import check_store
from seriatim.errors import Misconfigured, StoreUnavailable
from seriatim.recordings.bucket_client import BucketClient
from seriatim.recordings.bucket_store import BucketStore
from seriatim.recordings.store_place import Bucket
from tests.buckets.s3_server import BUCKET, S3Server
from tests.providers.scripted_answers import ScriptedServer, answer
from tests.support.free_ports import free_port

numbers = itertools.count(1)


def refusal(code: str, status: str, more: str = "") -> bytes:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No, {code}.</Message>{more}</Error>".encode()
    return answer(body, status, content_type="application/xml", content_length=len(body))


@pytest.fixture
def bucket() -> Bucket:
    """A bucket that no other test has a client of, without a server."""
    return Bucket(f"bucket-{next(numbers)}", "", f"http://127.0.0.1:{free_port()}", "us-east-1")


@pytest.mark.parametrize(
    ("code", "status", "more", "message"),
    [
        ("InvalidAccessKeyId", "403 Forbidden", "", "the access key is unknown there; check AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", "403 Forbidden", "", "the secret key is not that of the access key; check AWS_"),
        ("AccessDenied", "403 Forbidden", "", "access denied; allow these keys s3:ListBucket, s3:GetObject, s3:Put"),
        ("ExpiredToken", "400 Bad Request", "", "the session token has expired; renew the credentials"),
        ("RequestTimeTooSkewed", "403 Forbidden", "", "this machine's clock differs too much from the server's; set"),
        ("IllegalLocationConstraintException", "400 Bad Request", "<Region>eu-north-1</Region>",
         "the bucket is in another region, eu-north-1; set AWS_REGION, or region= in SERIATIM_STORE_DIR"),
        ("NoSuchBucket", "404 Not Found", "", "there is no such bucket; create it, or fix SERIATIM_STORE_DIR"),
        ("MalformedXML", "400 Bad Request", "", "the server refused a request: MalformedXML No, MalformedXML.; check"),
    ],
)  # fmt: skip
def test_a_refusal_names_what_has_to_be_set(code: str, status: str, more: str, message: str) -> None:
    with ScriptedServer(refusal(code, status, more)) as server:
        bucket = Bucket(f"bucket-{next(numbers)}", "store", server.url.removesuffix("/v1"), "us-east-1")
        with pytest.raises(Misconfigured) as found:
            BucketStore(bucket).check()
    assert str(found.value).startswith(f"{bucket}: {message}")


@pytest.mark.parametrize(("code", "status"), [("SlowDown", "503 Slow Down"), ("InternalError", "500 Internal Error")])
def test_an_overloaded_server_is_asked_again_later(code: str, status: str) -> None:
    with ScriptedServer(refusal(code, status)) as server:
        bucket = Bucket(f"bucket-{next(numbers)}", "store", server.url.removesuffix("/v1"), "us-east-1")
        with pytest.raises(StoreUnavailable, match=f"the server refused a request: {code}"):
            BucketStore(bucket).check()
        assert len(server.heads) > 1, "several times at once, too"


def test_a_server_that_is_not_there_may_come_back(bucket: Bucket) -> None:
    with pytest.raises(StoreUnavailable, match=r"no answer: Could not connect to the endpoint URL"):
        BucketStore(bucket).check()


def test_missing_credentials_are_named(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(Misconfigured, match=r"no credentials: Unable to locate credentials; set AWS_ACCESS_KEY_ID"):
        BucketClient(bucket).objects("")


def test_an_unknown_profile_is_named(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")
    with pytest.raises(Misconfigured, match=r"no credentials: .*profile \(absent\) could not be found"):
        BucketClient(bucket)


def test_the_doctor_says_whether_a_bucket_can_be_listed(s3: S3Server) -> None:
    assert check_store(s3.bucket).status is CheckStatus.OK
    astray = Bucket(f"{BUCKET}-astray", "", s3.endpoint, "us-east-1")
    result = check_store(astray)
    assert (result.status, result.found) == (CheckStatus.FAIL, f"{astray}: there is no such bucket")
    assert result.advice == "create it, or fix SERIATIM_STORE_DIR"
