"""Slots of a Redis Cluster: which node has a key, as CLUSTER SLOTS and redirections say. Pure.

A cluster has 16,384 slots; a key's is a checksum of its hash tag, `{p:<pool>}` or `{k:<shard>}` in our keys
(seriatim/keys.py). A command belongs to the slot of its first key, and its keys must not be of several.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from seriatim.servers.host_list import Host

#: first words of commands without a key: any node answers them
KEYLESS = frozenset({"ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "INFO", "PING", "ROLE", "SCAN", "SCRIPT", "TIME"})
SCRIPT_KEYS = 3  #: where the keys of EVAL and EVALSHA begin, behind their number
STREAMS = ("STREAMS", b"STREAMS")  #: the word before the keys of XREAD and XREADGROUP


def slot_of(command: Sequence[Any]) -> int | None:
    """The slot of a command as redis-py sends it; None if it has no key."""
    name = str(command[0]).split()[0].upper()
    if name in KEYLESS or (name in ("EVAL", "EVALSHA") and not int(command[2])):
        return None
    return slot_of_key(command[_first_key(name, command)])


def slot_of_key(key: str | bytes) -> int:
    """The slot of a key, 0..16383."""
    return key_slot(key.encode() if isinstance(key, str) else key)


def _first_key(name: str, command: Sequence[Any]) -> int:
    if name in ("EVAL", "EVALSHA"):
        return SCRIPT_KEYS
    if name in ("XREAD", "XREADGROUP"):
        return next(i for i, word in enumerate(command) if word in STREAMS) + 1
    return 1


@dataclass(frozen=True, slots=True)
class SlotMap:
    """The master of each slot."""

    by_slot: tuple[Host | None, ...] = (None,) * REDIS_CLUSTER_HASH_SLOTS  #: None: no node says that it has the slot
    replicated: frozenset[Host] = frozenset()  #: masters that have a replica

    @classmethod
    def parse(cls, reply: Iterable[Sequence[Any]], via: Host) -> "SlotMap":
        """Read the reply to CLUSTER SLOTS of the node `via`."""
        found: list[Host | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        replicated = set[Host]()
        for first, last, master, *replicas in reply:
            host = host_of(master[0], master[1], via)
            found[first : last + 1] = [host] * (last - first + 1)
            if replicas:
                replicated.add(host)
        return cls(tuple(found), frozenset(replicated))

    @property
    def masters(self) -> tuple[Host, ...]:
        """The nodes that have slots, each once, in the order of their slots."""
        return tuple(dict.fromkeys(host for host in self.by_slot if host))

    def moved(self, slot: int, host: Host) -> "SlotMap":
        """The map with another master of one slot."""
        return replace(self, by_slot=(*self.by_slot[:slot], host, *self.by_slot[slot + 1 :]))


UNREAD = SlotMap()  #: before any node was asked


def host_of(name: str | bytes | None, port: int, via: Host) -> Host:
    """The address of a node. One that says no host name is at that of the node `via`, which names it."""
    text = name.decode() if isinstance(name, bytes) else name or ""
    return (text if text not in ("", "?") else via[0]), int(port)
