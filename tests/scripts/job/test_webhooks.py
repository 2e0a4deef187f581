"""Webhooks in a job's slot: recorded with its end, claimed under a lease, counted once."""

from redis import Redis

from seriatim.keys import shard_of
from seriatim.lua.job_scripts import emit, end
from seriatim.lua.script_calls import run
from seriatim.webhooks.webhook_delivery import (
    TryOutcome,
    WebhookCounts,
    WebhookDelivery,
    claim,
    read_counts,
    retry,
    tried,
)
from seriatim.webhooks.webhook_target import WebhookTarget
from tests.scripts.job.slot_driver import RATE_HZ, Slot, pcm

LEASE_MS = 5_000
TARGET = WebhookTarget("https://example.org/ended", "ann")


def ended(redis: Redis) -> Slot:
    """A job of one sentence, which is done."""
    slot = Slot(redis, 1, webhook=WebhookTarget.of(TARGET.url, TARGET.user))
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
