"""Webhook messages: the body, and the signed headers of Standard Webhooks 1.0. Pure.

The id of a message about a job is that of the job. It is the same in every try: a receiver drops what it has seen.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import Misconfigured
from seriatim.webhooks.webhook_delivery import WebhookDelivery

PREFIX = "whsec_"
SECRET_BYTES = (24, 64)  #: shortest and longest; Standard Webhooks 1.0, "Signature scheme"
MAX_REASON_CHARS = 500


class WebhookEvent(StrEnum):
    """The type of a message: what became of the job."""

    DONE = "job.done"
    CANCELLED = "job.cancelled"
    FAILED = "job.failed"
    TIMED_OUT = "job.timed_out"


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A secret that receivers know, too."""

    key: bytes

    @classmethod
    def parse(cls, line: str) -> "SigningSecret":
        """Read `whsec_<base64>`.

        Raises:
            Misconfigured: it is none; the message does not repeat it.
        """
        shortest, longest = SECRET_BYTES
        try:
            key = base64.b64decode(line.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not line.startswith(PREFIX) or not shortest <= len(key) <= longest:
            raise Misconfigured(
                f"SERIATIM_WEBHOOK_SECRET_FILE: expected lines of {PREFIX} and {shortest} to {longest} bytes in "
                f"base64; make one with: echo {PREFIX}$(head -c 32 /dev/urandom | base64)"
            )
        return cls(key)

    def sign(self, message_id: str, timestamp_s: int, body: bytes) -> str:
        """The signature `v1,<base64>` of a message."""
        signed = f"{message_id}.{timestamp_s}.".encode() + body
        return "v1," + base64.b64encode(hmac.digest(self.key, signed, hashlib.sha256)).decode()


def parse_secrets(text: str) -> tuple[SigningSecret, ...]:
    """The secrets of a file, one a line: the newest, and those that receivers may still have.

    Raises:
        Misconfigured: there is none, or a line is none.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return tuple(SigningSecret.parse(line) for line in lines or [""])


def message_body(delivery: WebhookDelivery) -> bytes:
    """The JSON of a message, below 4 kB however long names and reasons are."""
    if delivery.data:
        return encode_message(f"{delivery.kind}.{delivery.state}", delivery.ended_ms, json.loads(delivery.data))
    data = {
        "job": delivery.job,
        "state": delivery.state,
        "reason": delivery.reason[:MAX_REASON_CHARS],
        "user": delivery.target.user,
        "sentences": delivery.sentences,
        "gaps": delivery.gaps,
        "audio_ms": round(ms_of_bytes(delivery.n_bytes, delivery.rate_hz)) if delivery.rate_hz else 0,
    }
    return encode_message(WebhookEvent(f"job.{delivery.state}"), delivery.ended_ms, data)


def encode_message(event: str, ended_ms: float, data: Mapping[str, Any]) -> bytes:
    """The JSON of a message about what ended at `ended_ms` since 1970."""
    at = datetime.fromtimestamp(ended_ms / 1000, UTC).isoformat(timespec="milliseconds")
    message = {"type": event, "timestamp": at.replace("+00:00", "Z"), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def signed_headers(message_id: str, timestamp_s: int, body: bytes, secrets: Sequence[SigningSecret]) -> dict[str, str]:
    """The headers of one try; several secrets give several signatures, of which a receiver accepts any."""
    return {
        "content-type": "application/json",
        "user-agent": "Seriatim-Webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(secret.sign(message_id, timestamp_s, body) for secret in secrets),
    }
