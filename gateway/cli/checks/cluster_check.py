"""Cluster check: does some node have each slot, and does a replica stand by for each that has?"""

from typing import Any, cast

from redis import Redis

from gateway.cli.checks.check_result import CheckResult, fail, ok, warn
from seriatim.servers.cluster_slots import SlotMap
from seriatim.servers.host_list import netloc
from seriatim.servers.server_address import Address


def check_cluster(redis: "Redis", address: Address) -> list[CheckResult]:
    """A result about the cluster that an address names; none if it names none.

    Raises:
        SeriatimError: no node answers.
    """
    if not address.cluster:
        return []
    reply = cast("list[Any]", redis.execute_command("CLUSTER SLOTS"))  # type: ignore[no-untyped-call]  # redis-py has no types here
    slots = SlotMap.parse(reply, address.cluster[0])
    if missing := sum(host is None for host in slots.by_slot):
        return [fail("redis cluster", f"{missing} slots have no node", "redis-cli --cluster fix, or --cluster create")]
    alone = set(slots.masters) - slots.replicated
    found = f"{len(slots.masters)} masters have all slots"
    if alone:
        lacking = ", ".join(netloc(*host) for host in sorted(alone))
        advice = "add one to each (redis-cli --cluster add-node): without it, all jobs wait while that node is away"
        return [warn("redis cluster", f"{found}; no replica follows {lacking}", advice)]
    return [ok("redis cluster", f"{found}, and replicas follow each")]
