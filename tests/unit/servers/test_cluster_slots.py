"""Slots of a cluster: each command of ours goes to one, and a map says which node has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ClusterDownError, MovedError

from seriatim.keys import SHARDS, job_keys, ordered_stream, pool_prefix, shard_prefix, user_jobs, wake_list
from seriatim.lua import job_scripts, pool_scripts
from seriatim.servers.cluster_nodes import KnownNodes
from seriatim.servers.cluster_slots import UNREAD, SlotMap, host_of, slot_of, slot_of_key

A, B, C = ("a", 1), ("b", 2), ("10.0.0.3", 3)
#: as CLUSTER SLOTS has it: first, last, master, replicas
REPLY = [
    [0, 5_460, [b"a", 1, b"id"], [b"d", 4, b"id"]],
    [5_461, 10_922, [b"b", 2, b"id", []]],
    [10_923, 16_383, [b"", 3, b"id"]],
]
SLOTS = SlotMap.parse(REPLY, ("10.0.0.3", 9))

#: a command as redis-py sends it -> the key that it belongs to; none: any node answers it
COMMANDS: list[tuple[tuple[object, ...], str | None]] = [
    (("HGET", "seriatim:1:{p:tone}:m", "epoch"), "{p:tone}"),
    (("EVALSHA", "0" * 40, 2, "seriatim:1:{p:tone}", "seriatim:1:{p:tone}}", "", "a"), "{p:tone}"),
    (("EVAL", "return 1", 0), None),
    (("XREAD", b"COUNT", "64", b"BLOCK", "2000", b"STREAMS", "seriatim:1:{k:03}:o:j", "0-0"), "{k:03}"),
    (("XREADGROUP", b"GROUP", "g", "me", b"BLOCK", "1", b"STREAMS", "seriatim:1:{k:03}:ntf", ">"), "{k:03}"),
    (("XINFO GROUPS", "seriatim:1:{k:03}:o:j"), "{k:03}"),
    (("BLPOP", "seriatim:1:{p:tone}:drop:w", "seriatim:1:{p:tone}:wake", 1), "{p:tone}"),
    (("GET", b"seriatim:1:server"), "seriatim:1:server"),
    *(((name,), None) for name in ("PING", "TIME", "INFO", "SCAN", "CLUSTER SLOTS", "CONFIG GET", "SCRIPT LOAD")),
]


@pytest.mark.parametrize(("command", "key"), COMMANDS, ids=[str(command[0]) for command, _ in COMMANDS])
def test_a_command_belongs_to_the_slot_of_its_first_key(command: tuple[object, ...], key: str | None) -> None:
    assert slot_of(command) == (None if key is None else slot_of_key(key))


def test_the_slot_of_a_key_is_redis_own() -> None:
    """The example of Redis' specification, and a key with a tag beside one without."""
    assert slot_of_key("123456789") == 0x31C3
    assert slot_of_key("any{123456789}thing") == 0x31C3


def test_all_keys_of_a_pool_or_of_a_shard_have_one_slot() -> None:
    """So that a script may touch them all."""
    pool, job = pool_prefix("tone"), "a" * 32
    *in_pool, in_shard = job_keys("tone", job)
    assert {slot_of_key(key) for key in (f"{pool}:m", wake_list("tone"), *in_pool)} == {slot_of_key(pool)}
    assert slot_of_key(in_shard) == slot_of_key(ordered_stream(job))
    assert len({slot_of_key(shard_prefix(shard)) for shard in range(SHARDS)}) == SHARDS
    assert slot_of_key(user_jobs("ann")) == slot_of_key("{u:ann}")


@given(st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True))
def test_a_script_names_two_keys_of_its_slot(name: str) -> None:
    """One would have it run at a node that has none of its pool yet."""
    for call in (pool_scripts.rebase(name), job_scripts.emit(name)):
        first, second = call.keys
        assert first != second
        assert slot_of_key(first) == slot_of_key(second) == slot_of_key(call.key)


def test_the_map_has_the_master_of_each_slot() -> None:
    """A node that says no host name is where the one is that was asked."""
    assert [SLOTS.by_slot[slot] for slot in (0, 5_460, 5_461, 16_383)] == [A, A, B, C]
    assert SLOTS.masters == (A, B, C)
    assert host_of(None, 7, A) == host_of("?", 7, A) == ("a", 7)


@given(st.integers(0, 16_383))
def test_a_slot_that_moved_is_alone(slot: int) -> None:
    known = KnownNodes((A,), SLOTS)
    known.note_moved(MovedError(f"{slot} e:5"), A)
    pairs = zip(SLOTS.by_slot, known.slots.by_slot, strict=True)
    changed = [number for number, (before, after) in enumerate(pairs) if before != after]
    assert changed == [slot]
    assert known.master(slot) == ("e", 5)


def test_a_slot_without_a_node_is_refused_for_now() -> None:
    for known in (KnownNodes((A,)), KnownNodes((A,), SlotMap.parse(REPLY[:1], A))):
        with pytest.raises(ClusterDownError, match="CLUSTERDOWN"):
            known.master(16_383)
    with pytest.raises(ClusterDownError):
        KnownNodes((A,), UNREAD).master(None)


def test_nodes_are_asked_in_turn_and_the_one_that_failed_last() -> None:
    """One that is cut off from the others may answer first, with an old map."""
    known = KnownNodes((("seed", 1), A), SLOTS)
    orders = [known.candidates(B) for _ in range(3)]
    assert {order[0] for order in orders} == {A, C}
    assert {order[-1] for order in orders} == {B}
    assert all(sorted(order) == sorted([A, B, C, ("seed", 1)]) for order in orders)
