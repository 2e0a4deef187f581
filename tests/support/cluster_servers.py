"""Cluster servers for tests: masters of a Redis Cluster with a replica each, and a broker beside it, real processes.

A node may be silent for longer than a test lasts before another counts it as lost, so that none is replaced because its
machine is busy. `kill_master` has the replica take over at once.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Self, cast

from redis import Redis
from redis.exceptions import ResponseError

from seriatim.servers.cluster_slots import SlotMap, slot_of_key
from seriatim.servers.redis_clients import inspection_client
from tests.support.free_ports import free_port
from tests.support.process_system import wait_until
from tests.support.redis_servers import PrivateServer

N_MASTERS = 3
N_SLOTS = 16_384
HOST = "127.0.0.1"
#: how long a node is silent before another counts it as lost; nodes exchange what they know twice in that time
AT_START_MS, NEVER_MS = 10_000, 3_600_000
MIGRATE_MS = 60_000  #: a move of keys that takes longer has failed
ALL_KEYS = 1_000_000


class ClusterServers(PrivateServer):
    """Three masters, numbered 0 to 2, their replicas 3 to 5, and a broker. Its clients are those of the cluster."""

    def __init__(self, binary: str, *args: str, tls: Mapping[str, str] | None = None) -> None:
        """With `tls`, Redis' options of files such as tls-cert-file, all speak TLS, and call themselves localhost."""
        super().__init__(binary)
        self.tls, self.host = tls, "localhost" if tls else HOST
        self.broker = PrivateServer(binary)
        self.ports = [free_port() for _ in range(2 * N_MASTERS)]
        self.bus_ports = [free_port() for _ in self.ports]
        self.nodes = [
            PrivateServer(
                binary, "--tls-port" if tls else "--port", str(port), "--bind", HOST, "--cluster-enabled", "yes",
                "--cluster-port", str(bus), "--cluster-node-timeout", str(AT_START_MS),
                "--repl-diskless-sync-delay", "0", *_tls_options(tls or {}), *args,
            )
            for port, bus in zip(self.ports, self.bus_ports, strict=True)
        ]  # fmt: skip

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"redis{'s' * bool(self.tls)}+cluster://{','.join(f'{self.host}:{port}' for port in self.ports)}"

    @property
    def broker_url(self) -> str:
        """What Celery connects to."""
        return f"redis+socket://{self.broker.socket}"

    def client(self) -> Redis:
        """A client of the cluster."""
        return inspection_client(self.url, outage_s=10.0)

    def start(self) -> Self:
        """Start all, and wait until each node knows the others, and each replica follows its master."""
        try:
            for server in (self.broker, *self.nodes):
                server.start()
            self._share_slots()
            wait_until(lambda: all(map(self._knows_all, range(len(self.nodes)))), "each node knows the others")
            for replica in range(N_MASTERS, 2 * N_MASTERS):
                wait_until(partial(self._replicates, replica), "a replica is accepted")
            wait_until(lambda: all(map(self._is_followed, range(N_MASTERS))), "the replicas follow")
            self.replicate()  # nodes speak of no replica that has received nothing
            wait_until(lambda: all(map(self._is_whole, range(len(self.nodes)))), "each node knows the replicas")
            for number in range(len(self.nodes)):
                self._let_be_silent(number)
        except BaseException:
            self.stop()
            raise
        return self

    def ask(self, number: int, *command: object) -> Any:
        """Send a command to one node."""
        with self.nodes[number].client() as client:
            return client.execute_command(*command)

    def _share_slots(self) -> None:
        for number in range(len(self.nodes)):
            self.ask(number, "CLUSTER SET-CONFIG-EPOCH", number + 1)
        for number in range(N_MASTERS):
            first, behind = (N_SLOTS * share // N_MASTERS for share in (number, number + 1))
            self.ask(number, "CLUSTER ADDSLOTSRANGE", first, behind - 1)
        for port, bus in zip(self.ports[1:], self.bus_ports[1:], strict=True):
            self.ask(0, "CLUSTER MEET", HOST, port, bus)

    def _knows_all(self, number: int) -> bool:
        info = self.ask(number, "CLUSTER INFO")
        return info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == len(self.nodes)

    def _replicates(self, number: int) -> bool:
        with suppress(ResponseError):  # it does not know its master's name yet
            self.ask(number, "CLUSTER REPLICATE", self.id_of(number - N_MASTERS))
            return True
        return False

    def _is_followed(self, number: int) -> bool:
        return bool(self.ask(number, "INFO", "replication").get("slave0", {}).get("state") == "online")

    def _let_be_silent(self, number: int) -> None:
        self.ask(number, "CONFIG SET", "cluster-node-timeout", NEVER_MS)

    def _is_whole(self, number: int) -> bool:
        rows = self.ask(number, "CLUSTER SLOTS")
        return len(rows) == N_MASTERS and all(row[3:] for row in rows)  # first, last, master, replicas

    def keys_of(self, number: int) -> list[str]:
        """The keys of a node."""
        return [key.decode() for key in self.ask(number, "KEYS", "*")]

    def id_of(self, number: int) -> str:
        """The name of a node within the cluster."""
        return cast("bytes", self.ask(number, "CLUSTER MYID")).decode()

    def run_id(self, number: int) -> str:
        """The run id of a node."""
        return str(self.ask(number, "INFO", "server")["run_id"])

    def _map_of(self, number: int) -> SlotMap:
        return SlotMap.parse(self.ask(number, "CLUSTER SLOTS"), (self.host, self.ports[number]))

    def masters(self) -> list[int]:
        """The numbers of the nodes that have slots."""
        return [self.ports.index(port) for _, port in self._map_of(self._alive()[0]).masters]

    def _alive(self) -> list[int]:
        return [number for number, node in enumerate(self.nodes) if node.running]

    def owner(self, key: str) -> int:
        """The number of the node that has a key's slot, as the first node that lives knows it."""
        found = self._map_of(self._alive()[0]).by_slot[slot_of_key(key)]
        assert found
        return self.ports.index(found[1])

    def other_master(self, number: int) -> int:
        """A master other than one."""
        return next(other for other in self.masters() if other != number)

    def begin_move(self, key: str, target: int) -> int:
        """Begin to move a key's slot to another master; returns the number of the node that has it."""
        source, slot = self.owner(key), slot_of_key(key)
        self.ask(target, "CLUSTER SETSLOT", slot, "IMPORTING", self.id_of(source))
        self.ask(source, "CLUSTER SETSLOT", slot, "MIGRATING", self.id_of(target))
        return source

    def move_keys(self, key: str, target: int, *keys: str) -> None:
        """Move some keys of a slot that is being moved, or all of them."""
        source = self.owner(key)
        names = keys or self.ask(source, "CLUSTER GETKEYSINSLOT", slot_of_key(key), ALL_KEYS)
        if names:
            self.ask(source, "MIGRATE", HOST, self.ports[target], "", 0, MIGRATE_MS, "KEYS", *names)

    def end_move(self, key: str, target: int) -> None:
        """Move what is left of a slot, and have it be the other node's, which all masters learn."""
        slot, source, name = slot_of_key(key), self.owner(key), self.id_of(target)
        self.move_keys(key, target)
        for number in dict.fromkeys((target, source, *self.masters())):
            self.ask(number, "CLUSTER SETSLOT", slot, "NODE", name)

    def move(self, key: str) -> int:
        """Move a key's slot to another master; returns its number."""
        target = self.other_master(self.owner(key))
        self.begin_move(key, target)
        self.end_move(key, target)
        return target

    def replicate(self) -> None:
        """Wait until the replicas have everything that was written before."""
        for number in self.masters():
            slots = self._map_of(number).by_slot
            with self.nodes[number].client() as client:
                own = (self.host, self.ports[number])
                key = next(key for n in range(N_SLOTS) if slots[slot_of_key(key := f"tests:{n}")] == own)
                client.set(key, 1, ex=600)  # WAIT counts from the last write of its own connection
                assert cast("int", client.execute_command("WAIT", 1, 60_000)) >= 1

    def kill_master(self, number: int, on_kill: Callable[[], None] = lambda: None) -> int:
        """End a master as `kill -9` does, and have its replica take over; returns the number of that."""
        replica = self.ports.index(self.ask(number, "INFO", "replication")["slave0"]["port"])
        slots = self._map_of(number).by_slot
        slot = slots.index((self.host, self.ports[number]))
        wait_until(lambda: self._map_of(replica).by_slot == slots, "its replica knows which slots it has")
        self.nodes[number].kill()
        on_kill()
        self.ask(replica, "CLUSTER FAILOVER", "TAKEOVER")
        self._await_owner(slot, replica)
        return replica

    def fail_over(self, number: int, on_kill: Callable[[], None]) -> None:
        """Kill a master as `kill_master` does, and have it come back as a replica of the one that took over."""
        replica = self.kill_master(number, on_kill)
        self.nodes[number].start()
        self._let_be_silent(number)
        wait_until(lambda: self._follows(number, replica), "the killed node follows the one that took over")

    def _follows(self, number: int, master: int) -> bool:
        if self.ask(number, "INFO", "replication").get("master_link_status") != "up":
            return False
        place = (self.host, self.ports[master])
        return all(place in self._map_of(each).replicated for each in self.masters())

    def _await_owner(self, slot: int, owner: int) -> None:
        place, alive = (self.host, self.ports[owner]), self._alive()
        wait_until(
            lambda: all(self._map_of(number).by_slot[slot] == place for number in alive), "all know who has the slot"
        )

    def stop(self) -> None:
        """End all, and remove what they wrote."""
        for server in (self.broker, *self.nodes):
            server.stop()
        super().stop()


def _tls_options(files: Mapping[str, str]) -> list[str]:
    """Redis' options of nodes that speak TLS with clients and with each other; none without files."""
    if not files:
        return []
    usual = {"tls-cluster": "yes", "tls-replication": "yes", "tls-auth-clients": "no"}
    named = {"cluster-announce-hostname": "localhost", "cluster-preferred-endpoint-type": "hostname"}
    return [word for name, value in {**files, **usual, **named}.items() for word in (f"--{name}", value)]
