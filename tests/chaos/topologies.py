"""Topologies of a run: one server, one with Sentinels and a replica, a cluster, or one with RabbitMQ as its broker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tests.chaos.proxy import Proxy
from tests.support.cluster_servers import ClusterServers
from tests.support.process_system import ALWAYS
from tests.support.rabbitmq_server import PrivateRabbit
from tests.support.redis_servers import PrivateServer, embedded
from tests.support.sentinel_servers import SentinelServers

SMALL_LOG = ("--auto-aof-rewrite-min-size", "4mb")  #: the server rewrites its log by itself now and then, too


class Topology(StrEnum):
    """What the processes of a run stand on."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"
    RABBITMQ = "rabbitmq"


@dataclass(slots=True)
class Servers:
    """The servers of a run."""

    topology: Topology
    redis: PrivateServer
    proxy: Proxy
    rabbit: PrivateRabbit | None = None
    urls: dict[str, str] = field(default_factory=dict)  #: settings of every process
    proxied_urls: dict[str, str] = field(default_factory=dict)  #: of those that speak through the proxy, if any

    def close(self) -> None:
        """End the broker, if it is another one. Redis ends with its system."""
        if self.rabbit:
            self.rabbit.__exit__(None, None, None)


def start_servers(topology: Topology, folder: Path, args: tuple[str, ...], binary: str | None) -> Servers:
    """Start the servers; `binary`: Redis' program, None for the embedded one."""
    start: dict[Topology, Callable[[Path, tuple[str, ...], str], Servers]] = {
        Topology.SINGLE: _single, Topology.SENTINEL: _sentinel, Topology.CLUSTER: _cluster,
        Topology.RABBITMQ: _rabbitmq,
    }  # fmt: skip
    return start[topology](folder, (*ALWAYS, *SMALL_LOG, *args), binary or embedded())


def _single(folder: Path, args: tuple[str, ...], binary: str) -> Servers:
    server = PrivateServer(binary, *args).start()
    proxy = Proxy(folder / "p", server.socket)
    urls = {"redis_url": server.url, "broker_url": f"redis+socket://{server.socket}"}
    proxied = {"redis_url": f"unix://{proxy.socket}", "broker_url": f"redis+socket://{proxy.socket}"}
    return Servers(Topology.SINGLE, server, proxy, urls=urls, proxied_urls=proxied)


def _rabbitmq(folder: Path, args: tuple[str, ...], binary: str) -> Servers:
    """Half of the processes reach Redis through the proxy, and all reach the broker without one."""
    servers, rabbit = _single(folder, args, binary), PrivateRabbit().start()
    broker = {"broker_url": rabbit.url}
    return Servers(
        Topology.RABBITMQ, servers.redis, servers.proxy, rabbit, servers.urls | broker, servers.proxied_urls | broker
    )


def _sentinel(folder: Path, args: tuple[str, ...], binary: str) -> Servers:
    """No process speaks through the proxy: it would hide which server takes writes."""
    servers = SentinelServers(binary, *args).start()
    urls = {"redis_url": servers.url, "broker_url": servers.url}
    return Servers(Topology.SENTINEL, servers, Proxy(folder / "p", servers.socket), urls=urls)


def _cluster(folder: Path, args: tuple[str, ...], binary: str) -> Servers:
    """As with Sentinels; the broker is a server beside the cluster."""
    servers = ClusterServers(binary, *args).start()
    urls = {"redis_url": servers.url, "broker_url": servers.broker_url}
    return Servers(Topology.CLUSTER, servers, Proxy(folder / "p", servers.socket), urls=urls)
