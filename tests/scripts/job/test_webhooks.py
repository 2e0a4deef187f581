"""Webhooks in a job's slot: recorded with its end, claimed under a lease, counted once."""

import json
import time
from pathlib import Path

import pytest
from redis import Redis

from reassembler.webhooks.webhook_sender import WebhookRules, WebhookSender
from seriatim.errors import Misconfigured
from seriatim.keys import job_prefix, shard_of
from seriatim.lua.job_scripts import emit, end
from seriatim.lua.script_calls import run
from seriatim.webhooks.webhook_delivery import (
    TryOutcome,
    WebhookCounts,
    WebhookDelivery,
    claim,
    note,
    read_counts,
    read_deliveries,
    retry,
    tried,
)
from seriatim.webhooks.webhook_message import message_body
from seriatim.webhooks.webhook_target import HostPatterns, WebhookTarget
from tests.scripts.job.slot_driver import RATE_HZ, Slot, pcm

LEASE_MS = 5_000
WEEK_MS = 604_800_000
TARGET = WebhookTarget("https://example.org/ended", "ann")


def ended(redis: Redis, url: str = TARGET.url) -> Slot:
    """A job of one sentence, which is done."""
    slot = Slot(redis, 1, webhook=WebhookTarget.of(url, TARGET.user))
    slot.says(0, 1, pcm(0))
    slot.do(emit(slot.name).at(slot.now))
    return slot


def claimed(slot: Slot) -> list[WebhookDelivery]:
    found: list[WebhookDelivery] = slot.do(claim(shard_of(slot.name), 4, LEASE_MS).at(slot.now))
    return found


def test_the_end_of_a_job_leaves_one_delivery(redis: Redis) -> None:
    slot = ended(redis)
    slot.do(emit(slot.name).at(slot.now))
    slot.do(end(slot.name, "cancelled", "too late").at(slot.now))
    assert claimed(slot) == [WebhookDelivery("j", TARGET, "done", "", 1, 0, 1_000, RATE_HZ, slot.now, 0)]


def test_a_job_that_names_no_receiver_leaves_none(redis: Redis) -> None:
    slot = Slot(redis, 1)
    slot.do(end(slot.name, "cancelled", "").at(slot.now))
    assert read_counts(redis) == WebhookCounts()


def test_one_of_a_book_is_noted_once_while_it_is_kept(redis: Redis) -> None:
    slot = Slot(redis, 1)
    call = note("b1", WebhookTarget.of(TARGET.url, TARGET.user), "book", ("failed", "no disk"), '{"book":"b"}')
    assert [slot.do(call.at(slot.now)), slot.do(call.at(slot.now + 1))] == [True, False]
    (delivery,) = slot.do(claim(shard_of("b1"), 4, LEASE_MS).at(slot.now))
    assert (delivery.job, delivery.target, delivery.ended_ms) == ("b1", TARGET, slot.now)
    message = json.loads(message_body(delivery))
    assert (message["type"], message["data"]) == ("book.failed", {"book": "b"})
    slot.do(tried(delivery, TryOutcome.DEAD, 0, "the receiver answered 410").at(slot.now))
    assert run(redis, retry("b1")), "as that of a job"


def test_a_delivery_has_one_sender_until_its_lease_is_over(redis: Redis) -> None:
    slot = ended(redis)
    assert len(claimed(slot)) == 1
    slot.now += LEASE_MS - 1
    assert claimed(slot) == []
    slot.now += 1
    assert len(claimed(slot)) == 1


def test_a_try_that_is_reported_twice_counts_once(redis: Redis) -> None:
    slot = ended(redis)
    (delivery,) = claimed(slot)
    failed = tried(delivery, TryOutcome.RETRY, 1_000, "the receiver answered 500").at(slot.now)
    assert [slot.do(failed), slot.do(failed)] == [True, False]
    assert read_counts(redis) == WebhookCounts(waiting=1, failed=1)
    slot.now += 1_000
    (again,) = claimed(slot)
    assert (again.tries, again.error) == (1, "the receiver answered 500")
    delivered = tried(again, TryOutcome.DELIVERED).at(slot.now)
    assert [slot.do(delivered), slot.do(delivered)] == [True, False]
    assert read_counts(redis) == WebhookCounts(delivered=1, failed=1)


def test_what_another_sender_delivered_is_not_given_up(redis: Redis) -> None:
    slot = ended(redis)
    (delivery,) = claimed(slot)
    slot.do(tried(delivery, TryOutcome.DELIVERED).at(slot.now))
    assert not slot.do(tried(delivery, TryOutcome.DEAD, 0, "no answer").at(slot.now))
    assert read_counts(redis) == WebhookCounts(delivered=1)
    assert not run(redis, retry(slot.name))


def test_one_that_was_given_up_is_kept_and_can_be_sent_again(redis: Redis) -> None:
    slot = ended(redis)
    (delivery,) = claimed(slot)
    slot.do(tried(delivery, TryOutcome.DEAD, 0, "the receiver answered 410").at(slot.now))
    assert read_counts(redis) == WebhookCounts(dead=1, failed=1)
    slot.now += 10 * LEASE_MS
    assert claimed(slot) == []
    assert slot.do(retry(slot.name).at(slot.now))
    assert claimed(slot) == [
        WebhookDelivery("j", TARGET, "done", "", 1, 0, 1_000, RATE_HZ, 1_000_000, 0, "the receiver answered 410")
    ]
    assert read_counts(redis) == WebhookCounts(waiting=1, failed=1)


def test_what_was_given_up_a_week_ago_is_counted_no_more(redis: Redis) -> None:
    slot = ended(redis)
    dead = f"{job_prefix(slot.name)}:hooks:dead"
    redis.zadd(dead, {"old": slot.now - WEEK_MS, "young": slot.now - WEEK_MS + 1})
    (delivery,) = claimed(slot)
    assert redis.zrange(dead, 0, -1) == [b"young"]
    slot.now += 1
    slot.do(tried(delivery, TryOutcome.DEAD).at(slot.now))
    assert redis.zrange(dead, 0, -1) == [slot.name.encode()]


def test_the_newest_thousand_that_were_given_up_are_kept(redis: Redis) -> None:
    slot = ended(redis)
    prefix = job_prefix(slot.name)
    redis.zadd(f"{prefix}:hooks:dead", {f"other{n}": slot.now - 1_000 + n for n in range(1_000)})
    for n in range(2):
        redis.set(f"{prefix}:hook:other{n}", "a record", px=WEEK_MS)
    (delivery,) = claimed(slot)
    slot.do(tried(delivery, TryOutcome.DEAD).at(slot.now))
    assert read_counts(redis).dead == 1_000
    assert [redis.exists(f"{prefix}:hook:other{n}") for n in range(2)] == [0, 1]


def test_a_sender_asks_for_secrets_once_a_message_is_due(redis: Redis) -> None:
    slot = ended(redis)
    sender = WebhookSender(redis, WebhookRules("", HostPatterns(), (), 1.0))
    due = f"{job_prefix(slot.name)}:hooks"
    redis.zadd(due, {slot.name: time.time() * 1000 + WEEK_MS})
    assert sender.send_due() == 0
    redis.zadd(due, {slot.name: slot.now})
    with pytest.raises(Misconfigured, match="SERIATIM_WEBHOOK_SECRET_FILE is not set"):
        sender.send_due()


def test_a_url_that_can_never_be_asked_is_given_up_at_once(redis: Redis, tmp_path: Path) -> None:
    ended(redis, "https://a..b/ended")
    secret_file = tmp_path / "secret"
    secret_file.write_text(f"whsec_{'a' * 32}")
    assert WebhookSender(redis, WebhookRules(str(secret_file), HostPatterns(), (600.0,), 5.0)).send_due() == 1
    (delivery,) = read_deliveries(redis, dead=True)
    assert delivery.tries == 1
    assert delivery.error.startswith("Unicode")
