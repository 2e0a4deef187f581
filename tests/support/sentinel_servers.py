"""Sentinel servers for tests: a master, its replica, and three Sentinels that watch them, all real processes.

They decide nothing before `kill_master`: until then a master may be silent for a day, so that no test has a failover
because its machine is busy.
"""

import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Self, cast

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.support.free_ports import free_port
from tests.support.process_system import wait_until
from tests.support.redis_servers import PrivateServer

SERVICE = "speech"
N_SENTINELS, QUORUM = 3, 2
NEVER_MS, SOON_MS = 86_400_000, 1_000  #: how long a master is silent before a Sentinel counts it as lost
FAILOVER_MS = 5_000  #: Sentinels that could not agree try again, and replace a new master, after twice as long


class SentinelServers(PrivateServer):
    """A master with a replica and Sentinels. Its clients are those of whichever server is the master."""

    def __init__(
        self,
        binary: str,
        *args: str,
        password: str = "",
        sentinel_password: str = "",
        tls: Mapping[str, str] | None = None,
    ) -> None:
        """With `tls`, Redis' options of files such as tls-cert-file, all speak TLS, and call themselves localhost."""
        port, other = free_port(), free_port()
        secrets = ["--requirepass", password, "--masterauth", password] if password else []
        self.tls = {**tls, "tls-replication": "yes", "tls-auth-clients": "no"} if tls else {}
        for option, value in self.tls.items():
            secrets += [f"--{option}", value]
        self.host = "localhost" if tls else "127.0.0.1"
        listen = "--tls-port" if tls else "--port"
        usual = [
            "--bind",
            "127.0.0.1",
            "--repl-diskless-sync-delay",
            "0",
            "--replica-announce-ip",
            self.host,
            *secrets,
            *args,
        ]
        super().__init__(binary, listen, str(port), *usual)
        self.replica = PrivateServer(binary, listen, str(other), *usual, "--replicaof", self.host, str(port))
        self.password = self.replica.password = password
        self.sentinel_password, self.port = sentinel_password, port
        self.promoted = False  #: the replica is the master now
        self.sentinel_ports = [free_port() for _ in range(N_SENTINELS)]
        self._sentinels: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """What clients connect to."""
        user = f":{self.password}@" if self.password else ""
        return self.url_without_password.replace("://", f"://{user}", 1)

    @property
    def url_without_password(self) -> str:
        """The same, for a password that is given apart."""
        login = f"&sentinel_password={self.sentinel_password}" if self.sentinel_password else ""
        hosts = ",".join(f"{self.host}:{port}" for port in self.sentinel_ports)
        return f"sentinel{'s' * bool(self.tls)}://{hosts}/0?service={SERVICE}{login}"

    def client(self) -> Redis:
        """A client of the server that is the master now."""
        return self.replica.client() if self.promoted else super().client()

    def start(self) -> Self:
        """Start all, and wait until the replica follows and each Sentinel knows it and the other Sentinels."""
        try:
            super().start()
            self.replica.start()
            wait_until(self._follows, "the replica follows the master")
            self._sentinels = [self._start_sentinel(port) for port in self.sentinel_ports]
            wait_until(lambda: all(map(self._knows_all, self.sentinel_ports)), "each Sentinel knows the others")
        except BaseException:
            self.stop()
            raise
        return self

    def _follows(self) -> bool:
        with self.replica.client() as client:
            return bool(client.info("replication")["master_link_status"] == "up")

    def _start_sentinel(self, port: int) -> "subprocess.Popen[bytes]":
        path = self.directory / f"sentinel-{port}.conf"
        lines = [
            *([f"tls-port {port}", "port 0"] if self.tls else [f"port {port}"]),
            "bind 127.0.0.1",
            f"dir {self.directory}",
            *(f"{option} {value}" for option, value in self.tls.items()),
            *(["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"] if self.tls else []),
            f"sentinel monitor {SERVICE} {self.host} {self.port} {QUORUM}",
            f"sentinel down-after-milliseconds {SERVICE} {NEVER_MS}",
            f"sentinel failover-timeout {SERVICE} {FAILOVER_MS}",
        ]  # fmt: skip
        lines += [f"sentinel auth-pass {SERVICE} {self.password}"] * bool(self.password)
        own = self.sentinel_password
        lines += [f"requirepass {own}", f"sentinel sentinel-pass {own}"] * bool(own)
        path.write_text("\n".join([*lines, ""]), "utf-8")
        with path.with_suffix(".log").open("ab") as log:
            return subprocess.Popen(
                [self.binary, str(path), "--sentinel"], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def _sentinel(self, port: int) -> Redis:
        encrypted: dict[str, Any] = {"ssl": True, "ssl_cert_reqs": "none"} if self.tls else {}
        return Redis("127.0.0.1", port, password=self.sentinel_password or None, **encrypted)

    def _state(self, port: int) -> dict[str, Any]:
        with self._sentinel(port) as client:
            return cast("dict[str, dict[str, Any]]", client.sentinel_masters())[SERVICE]

    def _knows_all(self, port: int) -> bool:
        with suppress(RedisConnectionError):  # it does not listen yet
            state = self._state(port)
            return bool(state["num-slaves"] == 1 and state["num-other-sentinels"] == N_SENTINELS - 1)
        return False

    def replicate(self) -> None:
        """Wait until the replica has everything that was written before."""
        with self.client() as client:
            client.set("tests:replicated", 1, ex=600)  # WAIT counts from the last write of its own connection
            assert cast("int", client.execute_command("WAIT", 1, 60_000)) == 1

    def kill_master(self) -> None:
        """End the master as `kill -9` does, and wait until the Sentinels have promoted the replica and all say so."""
        self.kill()
        self._have_lost_counted_within(SOON_MS)
        self._await_promotion(self.replica)

    def fail_over(self, on_kill: Callable[[], None]) -> None:
        """Kill the master, have the Sentinels promote the other, and have the killed one come back as its replica."""
        killed, other = (self.replica, self) if self.promoted else (self, self.replica)
        PrivateServer.kill(killed)
        on_kill()
        self._have_lost_counted_within(SOON_MS)
        self._await_promotion(other)
        self._have_lost_counted_within(NEVER_MS)
        PrivateServer.start(killed)
        wait_until(lambda: self._is_replica(killed, other), "the killed server follows the new master")

    def _have_lost_counted_within(self, ms: int) -> None:
        """How long a master is silent before it counts as lost."""
        for port in self.sentinel_ports:
            with self._sentinel(port) as client:
                client.sentinel_set(SERVICE, "down-after-milliseconds", ms)

    def _is_replica(self, server: PrivateServer, master: PrivateServer) -> bool:
        """Have a server follow the master, which a Sentinel would do ten seconds later; returns whether it does."""
        with suppress(RedisConnectionError), PrivateServer.client(server) as client:
            client.replicaof(self.host, int(master.args[1]))
            return bool(client.info("replication").get("master_link_status") == "up")
        return False

    def demote_master(self) -> None:
        """Have the Sentinels make the replica the master while the old one lives on, and wait until that follows it."""
        with self._sentinel(self.sentinel_ports[0]) as client:
            client.sentinel_failover(SERVICE)
        self._await_promotion(self.replica)
        with super().client() as demoted:
            wait_until(lambda: demoted.info("replication")["role"] == "slave", "the old master follows the new one")

    def _await_promotion(self, server: PrivateServer) -> None:
        place = int(server.args[1])
        wait_until(
            lambda: all(self._state(port)["port"] == place for port in self.sentinel_ports), "all name the new master"
        )
        self.promoted = server is self.replica

    def stop_sentinel(self, number: int) -> None:
        """End one Sentinel; 0-based, in the order of the URL."""
        self._sentinels[number].kill()
        self._sentinels[number].wait()

    def stop(self) -> None:
        """End all, and remove what they wrote."""
        for number in range(len(self._sentinels)):
            self.stop_sentinel(number)
        self.replica.stop()
        super().stop()
