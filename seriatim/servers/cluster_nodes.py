"""Nodes of a Redis Cluster: a client for each, and the map of slots that says which to ask. Thread-safe.

The map is read when it is first needed, and again when a node does not answer or says that its cluster is down. A
redirection (MOVED) corrects one slot. Any node that is up knows the whole map; the URL's nodes need only be the first.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from redis import exceptions

from seriatim.servers.cluster_slots import UNREAD, SlotMap, host_of
from seriatim.servers.host_list import Host

#: errors after which a command is sent again, to whichever node has its slot then
AGAIN = (
    exceptions.ConnectionError,  # LOADING and the limit of clients are of this class
    exceptions.TimeoutError,
    exceptions.TryAgainError,
    exceptions.ClusterDownError,  # MASTERDOWN is of this class
    exceptions.ReadOnlyError,
)


@dataclass(slots=True)
class KnownNodes:
    """The map of slots, and the order in which nodes are asked for a new one. No I/O."""

    seeds: tuple[Host, ...]  #: as the URL names them
    slots: SlotMap = UNREAD
    turn: int = 0  #: nodes are asked in turn: one that is cut off from the others may have an old map

    def candidates(self, failed: Host | None) -> list[Host]:
        """The nodes to ask for the map, the one that `failed` just now last."""
        masters = self.slots.masters
        self.turn += 1
        first = self.turn % len(masters) if masters else 0
        known = dict.fromkeys((*masters[first:], *masters[:first], *self.seeds))
        return sorted(known, key=lambda host: host == failed)

    def master(self, slot: int | None) -> Host:
        """The node that has a slot; None: any that has one.

        Raises:
            redis.exceptions.ClusterDownError: none has it, as far as is known.
        """
        masters = (self.slots.by_slot[slot],) if slot is not None else self.slots.masters
        found = masters[self.turn % len(masters)] if masters else None
        if found is None:
            raise exceptions.ClusterDownError("CLUSTERDOWN no node has the slot")
        return found

    def note_moved(self, error: exceptions.MovedError, via: Host) -> None:
        """Another node has a slot, says the node `via`."""
        self.slots = self.slots.moved(error.slot_id, host_of(error.host, error.port, via))


class ClusterNodes:
    """The clients of nodes, made when they are first needed. Their errors are redis-py's, and nothing is retried."""

    def __init__(self, seeds: Sequence[Host], make_client: "Callable[[Host], redis.Redis]") -> None:
        self._known, self._make_client = KnownNodes(tuple(seeds)), make_client
        self._clients: dict[Host, redis.Redis] = {}
        self._lock, self._refreshing = threading.Lock(), threading.Lock()

    def client(self, host: Host) -> "redis.Redis":
        """The client of a node."""
        with self._lock:
            if host not in self._clients:
                self._clients[host] = self._make_client(host)
            return self._clients[host]

    def master(self, slot: int | None) -> Host:
        """The node that has a slot, by the map; None: any that has one.

        Raises:
            redis.exceptions.RedisError: no node answers, or none has the slot.
        """
        if self._known.slots is UNREAD:
            self.refresh()
        return self._known.master(slot)

    def masters(self) -> tuple[Host, ...]:
        """The nodes that have slots, by the map as it is now; one or more.

        Raises:
            redis.exceptions.RedisError: no node answers, or none has slots.
        """
        self.refresh()
        self._known.master(None)  # there is one
        return self._known.slots.masters

    def has_replica(self, slot: int | None) -> bool:
        """Whether the node that has a slot had a replica when the map was read."""
        slots = self._known.slots
        return slot is not None and slots.by_slot[slot] in slots.replicated

    def note_moved(self, error: exceptions.MovedError, via: Host) -> None:
        """Correct the map by a redirection."""
        with self._lock:
            self._known.note_moved(error, via)

    def refresh(self, failed: Host | None = None) -> None:
        """Read the map again, from the node that `failed` just now only if no other answers.

        Raises:
            redis.exceptions.RedisError: no node answers; the last one's error.
        """
        before = self._known.slots
        with self._refreshing:
            if self._known.slots is not before:
                return  # another thread has just corrected it
            last: exceptions.RedisError | None = None
            for host in self._known.candidates(failed):
                try:
                    reply: Any = self.client(host).execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]  # redis-py has no types here
                except AGAIN as error:
                    last = error
                else:
                    self._known.slots = SlotMap.parse(reply, host)
                    return
            raise last or exceptions.ConnectionError("the URL names no node")

    def pools(self) -> Iterator["redis.ConnectionPool"]:
        """The connections to each node that was needed so far."""
        with self._lock:
            clients = list(self._clients.values())
        return (client.connection_pool for client in clients)

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
