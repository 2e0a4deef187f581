"""Webhook deliveries: messages that are waiting for their receiver, or were given up, as Redis keeps them.

A job's end writes the record in its own step (lua/job/shared/ending.lua), so that none is lost with a process; that of
a book is noted by the gateway that made it (note_webhook.lua), before the book counts as ended. Senders share them by
leases (claim_webhooks.lua) and report each try (webhook_tried.lua).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from redis import Redis

from seriatim.keys import SHARDS, job_prefix, shard_prefix
from seriatim.lua.script_calls import ScriptCall, load, text, translate_redis_errors
from seriatim.webhooks.webhook_target import WebhookTarget


class TryOutcome(StrEnum):
    """What became of a try."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"  #: it was the last, or the receiver wants no more


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A job or a book that ended, and what is known of its message."""

    job: str  #: id of the message: that of the job, or one of its own
    target: WebhookTarget
    state: str  #: done, cancelled, failed, timed_out
    reason: str
    sentences: int  #: that were emitted
    gaps: int
    n_bytes: int  #: of audio
    rate_hz: int  #: 0 without any audio
    ended_ms: float  #: since 1970, by the server's clock
    tries: int
    error: str = ""  #: of the last try
    kind: str = "job"  #: or book
    data: str = ""  #: of the message, as JSON; "": that of a job

    @classmethod
    def decode(cls, job: str, h: Mapping[str, str]) -> "WebhookDelivery":
        """Read the fields of the hash."""
        return cls(
            job, WebhookTarget.from_json(h["target"]), h["state"], h["reason"], int(h["sentences"]), int(h["gaps"]),
            int(h["bytes"]), int(h["rate"]), float(h["ended"]), int(h["tries"]), h.get("error", ""),
            h.get("kind", "job"), h.get("data", ""),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class WebhookCounts:
    """Webhooks of the whole system."""

    waiting: int = 0
    dead: int = 0  #: that are kept
    delivered: int = 0  #: ever
    failed: int = 0  #: tries, ever


def claim(shard: int, most: int, lease_ms: int) -> ScriptCall[list[WebhookDelivery]]:
    """Take deliveries of a shard that are due; no other sender has them before the lease is over."""

    def decode(reply: list[Any]) -> list[WebhookDelivery]:
        pairs = zip(reply[::2], reply[1::2], strict=True)
        return [WebhookDelivery.decode(text(job), _fields(row)) for job, row in pairs]

    call = load("job", "claim_webhooks")
    return ScriptCall(call, shard_prefix(shard), ("", "", most, lease_ms), decode, clock=1)


def tried(delivery: WebhookDelivery, outcome: TryOutcome, wait_ms: int = 0, error: str = "") -> ScriptCall[bool]:
    """Report a try; False: it is delivered already, or another sender has tried since."""
    args = (delivery.job, "", outcome, delivery.tries, wait_ms, error)
    return ScriptCall(load("job", "webhook_tried"), job_prefix(delivery.job), args, bool, clock=1)


def note(message_id: str, target: str, kind: str, outcome: tuple[str, str], data: str) -> ScriptCall[bool]:
    """Note a webhook about something that is no job; False: it is noted already.

    `target` as `WebhookTarget.of` returns it. `outcome`: the state, and the reason. `data`: of the message, as JSON.
    """
    args = (message_id, "", target, *outcome, kind, data)
    return ScriptCall(load("job", "note_webhook"), job_prefix(message_id), args, bool, clock=1)


def retry(job: str) -> ScriptCall[bool]:
    """Send a job's webhook again, from the first try on; False: nothing is kept of it."""
    return ScriptCall(load("job", "retry_webhook"), job_prefix(job), (job, ""), bool, clock=1)


def any_due(redis: "Redis") -> bool:
    """True if a webhook may be due: by the server's clock, or by this machine's.

    Raises:
        Unavailable: Redis does not answer.
    """
    pipe = redis.pipeline(transaction=False)
    pipe.time()
    for shard in range(SHARDS):
        pipe.zrange(f"{shard_prefix(shard)}:hooks", 0, 0, withscores=True)
    with translate_redis_errors():
        (seconds, microseconds), *rows = pipe.execute()
    now_ms = max(seconds * 1000 + microseconds / 1000, time.time() * 1000)
    return any(score <= now_ms for row in rows for _, score in row)


def read_counts(redis: "Redis") -> WebhookCounts:
    """Count the webhooks.

    Raises:
        Unavailable: Redis does not answer.
    """
    pipe = redis.pipeline(transaction=False)
    for prefix in map(shard_prefix, range(SHARDS)):
        pipe.zcard(f"{prefix}:hooks")
        pipe.zcard(f"{prefix}:hooks:dead")
        pipe.hmget(f"{prefix}:hooks:n", ["delivered", "failed"])
    with translate_redis_errors():
        replies = pipe.execute()
    counted = [tuple(int(n or 0) for n in row) for row in replies[2::3]]
    return WebhookCounts(
        sum(replies[0::3]), sum(replies[1::3]), sum(row[0] for row in counted), sum(row[1] for row in counted)
    )


def read_deliveries(redis: "Redis", *, dead: bool) -> list[WebhookDelivery]:
    """The deliveries that are waiting, or those that were given up, the oldest first.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        pipe = redis.pipeline(transaction=False)
        for shard in range(SHARDS):
            pipe.zrange(f"{shard_prefix(shard)}:hooks{':dead' * dead}", 0, -1)
        jobs = [text(job) for row in pipe.execute() for job in row]
        for job in jobs:
            pipe.hgetall(f"{job_prefix(job)}:hook:{job}")
        rows = cast("list[dict[bytes, bytes]]", pipe.execute())
    found = [
        WebhookDelivery.decode(job, {text(k): text(v) for k, v in row.items()})
        for job, row in zip(jobs, rows, strict=True)
        if row
    ]
    return sorted(found, key=lambda delivery: delivery.ended_ms)


def _fields(row: Sequence[bytes]) -> dict[str, str]:
    return {text(name): text(value) for name, value in zip(row[::2], row[1::2], strict=True)}
