"""Cluster client: a client of redis-py that sends each command to the node that has its key (decision 65).

It follows redirections, and waits while a slot moves or a node is replaced, as a client of one server waits for that.
Before its first command for a pool at another node than before it rebases the pool: that node may lack what the old
one acknowledged (seriatim/lua/pool/rebase.lua). A command without a key goes to any node; what concerns each node is
asked of `nodes_of`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import redis
from redis import exceptions

from seriatim.servers.cluster_nodes import AGAIN, ClusterNodes
from seriatim.servers.cluster_pipeline import ClusterPipeline, Command, send_pipeline
from seriatim.servers.cluster_slots import host_of, slot_of, slot_of_key
from seriatim.servers.redis_connections import RedisClient
from seriatim.servers.redis_errors import translate_redis_errors
from seriatim.servers.retries import Patience

if TYPE_CHECKING:
    from seriatim.lua.script_calls import ScriptCall
    from seriatim.servers.host_list import Host

T = TypeVar("T")
REPLICA_MS = 100  #: one that is a few milliseconds away answers at once; one that is gone must not stop a sentence


def nodes_of(client: "redis.Redis") -> "list[redis.Redis]":
    """A client of each server: of each node of a cluster that has slots, or the client itself.

    Raises:
        Unavailable: no node answers.
    """
    return client.nodes() if isinstance(client, ClusterClient) else [client]


def server_time(client: "redis.Redis", key: str) -> tuple[int, int]:
    """The clock of the server that has a key: seconds since 1970, and microseconds. Those of two nodes may differ.

    Raises:
        Unavailable: it does not answer.
    """
    found = client.execute_at(key, "TIME") if isinstance(client, ClusterClient) else client.time()
    return cast("tuple[int, int]", found)


class ClusterClient(RedisClient):
    """A client of a cluster, whose errors are ours. Thread-safe."""

    def __init__(
        self,
        seeds: "Sequence[Host]",
        make_client: "Callable[[Host], redis.Redis]",
        outage_s: float,
        rebases: "Sequence[ScriptCall[int]]" = (),
    ) -> None:
        """Nothing is sent yet. `rebases`: those of the pools that it writes for."""
        self._cluster = ClusterNodes(seeds, make_client)
        self._outage_s = outage_s
        self._rebases = {slot_of_key(call.key): call for call in rebases}
        self._rebased: dict[int, Host] = {}  #: slot -> the node at which its pool was rebased
        super().__init__(connection_pool=self._cluster.client(seeds[0]).connection_pool)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command to the node that has its key, and read its reply.

        Raises:
            as `translate_redis_errors`.
        """
        with translate_redis_errors():
            return self.send((args, options), self.patience())

    def execute_at(self, key: str, *args: Any) -> Any:
        """Send a command without a key to the node that has `key`, and read its reply.

        Raises:
            as `translate_redis_errors`.
        """

        def send(node: "redis.Redis") -> Any:
            return _execute(node, (args, {}))

        with translate_redis_errors():
            return self.route(slot_of_key(key), send, send, self.patience())

    def execute_replicated(self, *args: Any) -> Any:
        """Send a command, and wait until a replica of its node has what was written, for REPLICA_MS at most.

        A node without a replica is not waited for.

        Raises:
            as `translate_redis_errors`.
        """
        slot, command = slot_of(args), (args, dict[str, Any]())

        def send(node: "redis.Redis") -> Any:
            commands = [command, (("WAIT", 1, REPLICA_MS), {})][: 2 if self._cluster.has_replica(slot) else 1]
            return send_pipeline(node, commands, transaction=False, raise_on_error=True)[0]

        with translate_redis_errors():
            return self.route(slot, send, lambda node: _ask(node, command), self.patience())

    def patience(self) -> Patience:
        """That of one command, or of those of one pipeline."""
        return Patience(self._outage_s)

    def send(self, command: Command, patience: Patience) -> Any:
        """Send a command and read its reply; errors are redis-py's."""
        return self.route(
            slot_of(command[0]), lambda node: _execute(node, command), lambda node: _ask(node, command), patience
        )

    def send_together(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands to each node in one round trip, once; returns the reply of each, or its error of redis-py's."""
        replies: list[Any] = [None] * len(commands)
        try:
            groups = self._by_node(commands)
        except AGAIN as error:
            return [error] * len(commands)
        for host, numbers in groups.items():
            for number, reply in zip(numbers, self._send_group(host, [commands[i] for i in numbers]), strict=True):
                replies[number] = reply
        return replies

    def _by_node(self, commands: Sequence[Command]) -> "dict[Host, list[int]]":
        """The numbers of the commands that each node gets, 0-based."""
        groups: dict[Host, list[int]] = {}
        for number, (args, _) in enumerate(commands):
            groups.setdefault(self._cluster.master(slot_of(args)), []).append(number)
        return groups

    def _send_group(self, host: "Host", commands: Sequence[Command]) -> list[Any]:
        try:
            for slot in {slot_of(args) for args, _ in commands}:
                self._prepared_node(slot, host)
            return send_pipeline(self._cluster.client(host), commands, transaction=False, raise_on_error=False)
        except (*AGAIN, exceptions.AskError) as error:
            return [error] * len(commands)

    def route(
        self,
        slot: int | None,
        do: "Callable[[redis.Redis], T]",
        ask: "Callable[[redis.Redis], T]",
        patience: Patience,
    ) -> T:
        """Call `do` with the node that has a slot, or `ask` with the one that is getting it, until one answers."""
        while True:
            host = None
            try:
                host = self._cluster.master(slot)
                return do(self._prepared_node(slot, host))
            except exceptions.MovedError as error:
                self._cluster.note_moved(error, cast("Host", host))
                _wait(error, patience, at_once=patience.may_follow())
            except exceptions.AskError as error:
                try:
                    return ask(self._cluster.client(host_of(error.host, error.port, cast("Host", host))))
                except (*AGAIN, exceptions.AskError) as unstable:
                    _wait(unstable, patience)
            except AGAIN as error:
                _wait(error, patience)
                self._try_refresh(host)

    def _prepared_node(self, slot: int | None, host: "Host") -> "redis.Redis":
        """The client of a node, at which the slot's pool is rebased if it was at another one before."""
        node = self._cluster.client(host)
        call = None if slot is None else self._rebases.get(slot)
        if call and slot is not None and self._rebased.get(slot) != host:
            try:
                node.eval(call.script.text, len(call.keys), *call.keys, *call.args)
            except exceptions.MovedError:
                raise
            except exceptions.AskError as error:  # the slot moves: what follows must not run at the other node
                raise exceptions.TryAgainError("TRYAGAIN the slot of a pool moves") from error
            self._rebased[slot] = host
        return node

    def _try_refresh(self, failed: "Host | None") -> None:
        try:
            self._cluster.refresh(failed)
        except AGAIN:
            return  # the next try finds out

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> ClusterPipeline:  # type: ignore[override]  # noqa: FBT001  # as its base
        """Several commands, in one round trip to each node that has a key of theirs."""
        return ClusterPipeline(self, transaction, shard_hint)

    def scan_iter(self, *args: Any, **options: Any) -> Iterator[Any]:
        """The keys of all nodes."""
        for node in self.nodes():
            yield from node.scan_iter(*args, **options)

    def nodes(self) -> "list[redis.Redis]":
        """A client of each node that has slots.

        Raises:
            as `translate_redis_errors`.
        """
        with translate_redis_errors():
            return [self._lent(host) for host in self._cluster.masters()]

    def node(self, key: str) -> "redis.Redis":
        """A client of the node that has a key, by the map as it is: it follows nothing, and sends nothing again.

        Raises:
            as `translate_redis_errors`.
        """
        with translate_redis_errors():
            return self._lent(self._cluster.master(slot_of_key(key)))

    def _lent(self, host: "Host") -> "redis.Redis":
        """A client over connections that it does not close, whose errors are ours."""
        return RedisClient(connection_pool=self._cluster.client(host).connection_pool)

    def pools(self) -> "Iterator[redis.ConnectionPool]":
        """The connections to each node that was needed so far."""
        return self._cluster.pools()

    def close(self) -> None:
        """Close all connections."""
        if hasattr(self, "_cluster"):  # redis-py closes what could not be made, too
            self._cluster.close()


def _execute(node: "redis.Redis", command: Command) -> Any:
    args, options = command
    return node.execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py has no types here


def _ask(node: "redis.Redis", command: Command) -> Any:
    """Send a command to a node that is getting its slot: ASKING allows the one behind it."""
    return send_pipeline(node, [(("ASKING",), {}), command], transaction=False, raise_on_error=True)[1]


def _wait(error: exceptions.RedisError, patience: Patience, *, at_once: bool = False) -> None:
    """Wait before the next try, or raise the error where the outage has lasted long enough."""
    wait_s = 0.0 if at_once else patience.wait_s()
    if wait_s is None:
        raise error
    time.sleep(wait_s)
