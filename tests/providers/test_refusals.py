"""Refusals and limit headers, in the spellings that providers document."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx2
import pytest

from seriatim.engine import ServerLimits
from seriatim.errors import BadInput, EngineBusy, EngineFailed, UpstreamFailed
from workers.providers.api_key import ApiKey
from workers.providers.limit_headers import duration_s, limits_of
from workers.providers.refusals import error_of, wait_of
from workers.providers.request_loop import ResponseHead

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def head(status: int, body: object = "", **headers: str) -> ResponseHead:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ResponseHead(status, httpx2.Headers(named), json.dumps(body).encode())


def eleven(status: str) -> dict[str, object]:
    return {"detail": {"status": status, "message": "A message."}}


@pytest.mark.parametrize(
    ("answer", "scope", "retry_after_s"),
    [
        (head(429, eleven("too_many_concurrent_requests")), "concurrency", 0.25),
        (head(429, eleven("system_busy")), "system", 1.0),
        (head(429, eleven("system_busy"), retry_after="3"), "system", 3.0),
        (head(429, {"error": {"code": "rate_limit_exceeded", "message": "RPM"}}, retry_after_ms="1500"), "rate", 1.5),
        (head(429, {"detail": {"code": "concurrent_limit_exceeded"}}), "concurrency", 0.25),
        (head(503, {"title": "Overloaded", "detail": "Too much."}), "system", 1.0),
        (head(529), "system", 1.0),
        (head(429, retry_after="86400"), "rate", 600.0),
    ],
)
def test_not_now(answer: ResponseHead, scope: str, retry_after_s: float) -> None:
    error = error_of(answer, "host", ApiKey(""))
    assert isinstance(error, EngineBusy)
    assert (error.scope, error.retry_after_s) == (scope, retry_after_s)


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            head(400, {"error": {"message": "no such voice", "code": None}}),
            BadInput,
            "host answered 400: no such voice",
        ),
        (head(422, {"detail": [{"msg": "Field required"}]}), BadInput, "host answered 422: Field required"),
        (head(429, {"error": {"code": "insufficient_quota"}}), EngineFailed, "insufficient_quota"),
        (head(401, eleven("quota_exceeded")), EngineFailed, "quota_exceeded"),
        (head(401, eleven("invalid_api_key")), EngineFailed, "put a valid one into the engine's key_file"),
        (head(402), EngineFailed, "the account must be paid"),
        (head(404, {"detail": "Not Found"}), EngineFailed, "look at base_url"),
        (head(307, location="https://other/v1?token=1"), EngineFailed, "it moved to https://other/v1; set base_url"),
        (head(500, "boom"), UpstreamFailed, "host answered 500"),
        (ResponseHead(502, {}, b"<html>Bad gateway</html>"), UpstreamFailed, "host answered 502: an HTML page"),
    ],
)
def test_not_this(answer: ResponseHead, kind: type[Exception], message: str) -> None:
    error = error_of(answer, "host", ApiKey(""))
    assert type(error) is kind
    assert message in str(error)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "20", "retry-after": "1"}, 0.02),
        ({"retry-after": format_datetime(NOW.replace(second=9), usegmt=True)}, 9.0),
        ({"retry-after": format_datetime(NOW.replace(hour=3), usegmt=True)}, 0.0),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT", "date": "Sun, 01 Mar 2026 12:00:20 GMT"}, 10.0),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT", "date": "today"}, 30.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_the_wait_that_a_server_asks_for(headers: dict[str, str], wait_s: float | None) -> None:
    assert wait_of(headers, NOW.timestamp()) == wait_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0), ("6m0s", 360.0), ("20ms", 0.02), ("1h2m3.5s", 3723.5), ("12", 12.0), ("0", 0.0),
        (str(round(NOW.timestamp()) + 30), 30.0), ("soon", None), ("", None), ("-5", None),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    assert duration_s(text, NOW.timestamp()) == seconds


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({"content-type": "audio/pcm"}, None),
        (
            {"x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s"},
            ServerLimits(remaining=59, reset_s=1.0),
        ),
        (
            {"current-concurrent-requests": "4", "maximum-concurrent-requests": "5"},
            ServerLimits(concurrent=4, max_concurrent=5),
        ),
        ({"ratelimit-remaining": "many"}, None),
    ],
)
def test_limits_in_headers(headers: dict[str, str], limits: ServerLimits | None) -> None:
    assert limits_of(headers, NOW.timestamp()) == limits
