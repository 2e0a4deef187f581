"""Webhook messages: receivers' own library accepts what is signed here."""

import base64
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from reassembler.webhooks.webhook_sender import parse_pauses
from seriatim.errors import Misconfigured
from seriatim.webhooks.webhook_delivery import WebhookDelivery
from seriatim.webhooks.webhook_message import message_body, parse_secrets, signed_headers
from seriatim.webhooks.webhook_target import WebhookTarget

NEW, OLD, OTHER = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3))
ENDED = WebhookDelivery(
    "5f2c", WebhookTarget("https://example.org/", "zoë"), "failed", "r" * 9_000, 3, 1, 16_000, 8_000, 1_000.0, 0
)


def test_a_receiver_verifies_a_message_with_any_of_its_secrets() -> None:
    body = message_body(ENDED)
    now_s = int(datetime.now(UTC).timestamp())
    headers = signed_headers("5f2c", now_s, body, parse_secrets(f"{NEW}\n\n {OLD} \n"))
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(body, headers)["type"] == "job.failed"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(body.replace(b"failed", b"done"), headers)


def test_a_message_says_what_became_of_the_job_and_is_small() -> None:
    body = message_body(ENDED)
    assert len(body) < 4_096
    message = json.loads(body)
    assert message["timestamp"] == "1970-01-01T00:00:01.000Z"
    assert message["data"] | {"reason": ""} == {
        "job": "5f2c", "state": "failed", "reason": "", "user": "zoë", "sentences": 3, "gaps": 1, "audio_ms": 1_000,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "secret", "whsec_", "whsec_c2hvcnQ=", f"{NEW}\nwhsec_%%%%"])
def test_a_secret_that_is_none_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(Misconfigured, match="SERIATIM_WEBHOOK_SECRET_FILE: expected lines of whsec_ and 24 to 64") as e:
        parse_secrets(text)
    assert "c2hvcnQ" not in str(e.value)


def test_pauses_are_numbers_of_five_days_at_most() -> None:
    assert parse_pauses("5, 60,0.5") == (5, 60, 0.5)
    assert parse_pauses("") == ()
    for text in ("soon", "-1", "90000", ",".join(["86400"] * 6), "nan"):
        with pytest.raises(Misconfigured, match="SERIATIM_WEBHOOK_RETRY_S="):
            parse_pauses(text)
