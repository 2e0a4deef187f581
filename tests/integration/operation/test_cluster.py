"""A Redis Cluster: each command goes to the node that has its key, while slots move and nodes are replaced, too."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from gateway.cli.checks.check_result import CheckResult, CheckStatus
from gateway.cli.checks.server_checks import check_server
from reassembler.emit_loop import create_consumer_groups
from reassembler.shard_readers import ShardReaders
from seriatim.errors import CommandRefused, Unavailable
from seriatim.keys import SHARDS, shard_of
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.script_calls import run, run_many
from seriatim.servers.cluster_client import ClusterClient, nodes_of, server_time
from seriatim.servers.cluster_slots import slot_of_key
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import (
    blocking_client,
    check_reachable,
    command_client,
    inspection_client,
    streams,
)
from seriatim.settings import Settings
from seriatim.state.pool_state import redis_state
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver
from tests.support.cluster_servers import HOST, N_MASTERS, ClusterServers
from tests.support.free_ports import free_port
from tests.support.process_system import wait_until
from tests.support.redis_servers import PrivateServer, embedded

LIFE_S = 600
AWAY = free_port()  #: nothing listens here
KNOWN = pool_scripts.beat(POOL, "w1", 60_000, 1, 60_000)  #: a step that says whether the pool knows the worker w1


@pytest.fixture(scope="module")
def servers() -> Iterator[ClusterServers]:
    with ClusterServers(embedded()) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def _emptied(servers: ClusterServers) -> None:
    with servers.client() as client:
        for node in nodes_of(client):
            node.flushall()


def test_commands_go_to_the_node_that_has_their_key(servers: ClusterServers) -> None:
    """One by one, in pipelines, whose replies are in order, and in transactions; a scan finds the keys of all nodes."""
    keys = [f"tests:{number}" for number in range(40)]
    with command_client(servers.url) as client:
        for number, key in enumerate(keys[:20]):
            client.set(key, number, ex=LIFE_S)
        pipe = client.pipeline(transaction=False)
        for number, key in enumerate(keys[20:], 20):
            pipe.set(key, number, ex=LIFE_S)
        pipe.execute()
        for key in keys:
            pipe.get(key)
        assert [int(reply) for reply in pipe.execute()] == [*range(40)]
        both = client.pipeline().incrby(keys[7], 100).get(keys[7])
        assert both.execute() == [107, b"107"]
        assert {key.decode() for key in client.scan_iter("tests:*")} == set(keys)
        assert all(node.dbsize() for node in nodes_of(client))
        assert servers.ask(0, "CLUSTER KEYSLOT", P) == slot_of_key(P)


def test_an_error_of_one_command_of_a_pipeline_is_its_own(servers: ClusterServers) -> None:
    with command_client(servers.url) as client:
        client.set("tests:text", "x", ex=LIFE_S)
        pipe = client.pipeline(transaction=False).incr("tests:text").set("tests:other", "y", ex=LIFE_S)
        refused, done = pipe.execute(raise_on_error=False)
        assert "not an integer" in str(refused)
        assert done
        with pytest.raises(CommandRefused, match="not an integer"):
            client.pipeline(transaction=False).incr("tests:text").execute()


def test_scripts_run_at_the_node_of_their_pool(servers: ClusterServers) -> None:
    """Where it is not known yet, too, alone and several together."""
    with command_client(servers.url) as client:
        pool = PoolDriver(client)
        assert pool.do(KNOWN)[0]
        for number in range(N_MASTERS):
            servers.ask(number, "SCRIPT FLUSH")
        assert run_many(client, [KNOWN, pool_scripts.signals("q")])[0][0]
        assert isinstance(client, ClusterClient)
        assert client.node(P).exists(f"{P}:m") == 1
        assert server_time(client, P)[0] > 0


def test_what_another_node_relies_on_waits_for_a_replica(servers: ClusterServers) -> None:
    """The end of a sentence's audio: its pool may be on another node, and outlive the one that has it."""
    call = job_scripts.init("j", 1)
    with command_client(servers.url) as client:
        assert run(client, call, replicated=True)
        owner = servers.owner(call.key)
        servers.ask(owner, "CONFIG RESETSTAT")
        assert not run(client, call, replicated=True)
        assert not run(client, call)
        assert servers.ask(owner, "INFO", "commandstats")["cmdstat_wait"]["calls"] == 1


def pool_keys(servers: ClusterServers, number: int) -> list[str]:
    """The keys of the pool at a node."""
    return sorted(key for key in servers.keys_of(number) if key.startswith(P))


def test_no_script_runs_while_its_slot_is_in_two_halves(servers: ClusterServers) -> None:
    """The node that gets the slot has half of the pool: a script there would find no worker, and write beside it."""
    with command_client(servers.url) as client, command_client(servers.url, outage_s=0.1) as hurried:
        PoolDriver(client)
        target = servers.other_master(servers.owner(P))
        source = servers.begin_move(P, target)
        servers.move_keys(P, target, f"{P}:m")
        halves = [pool_keys(servers, number) for number in (source, target)]
        with pytest.raises(Unavailable, match=r"\(TRYAGAIN\): a slot of the cluster is being moved"):
            run(hurried, KNOWN)
        with pytest.raises(Unavailable, match="TRYAGAIN"):
            run_many(hurried, [KNOWN, KNOWN])
        assert [pool_keys(servers, number) for number in (source, target)] == halves
        servers.end_move(P, target)
        assert run(client, KNOWN)[0]


def test_single_keys_are_read_and_written_while_their_slot_moves(servers: ClusterServers) -> None:
    """By both clients: what has moved, what has not, and what is not there."""
    moved, stays, absent = (f"tests:{{moving}}:{name}" for name in ("moved", "stays", "absent"))
    with command_client(servers.url) as client:
        for key in (moved, stays):
            client.set(key, key, ex=LIFE_S)
        target = servers.other_master(servers.owner(moved))
        servers.begin_move(moved, target)
        servers.move_keys(moved, target, moved)
        for key in (moved, stays):
            client.append(key, "!")
        pipe = client.pipeline(transaction=False).get(moved).get(stays).get(absent)
        expected = [f"{moved}!".encode(), f"{stays}!".encode(), None]
        assert pipe.execute() == expected

        async def read() -> list[object]:
            async with streams(servers.url) as reader:
                found = [await reader.get(key) for key in (moved, stays, absent)]
                servers.end_move(moved, target)
                return [*found, *[await reader.get(key) for key in (moved, stays, absent)]]

        assert asyncio.run(read()) == [*expected, *expected]
        assert pipe.get(moved).get(stays).get(absent).execute() == expected


def test_a_pool_that_moved_is_rebased_before_any_other_step(servers: ClusterServers) -> None:
    """At a node to which the client has connections already: that it was not restarted says nothing about the pool."""
    with command_client(servers.url, [POOL]) as client:
        PoolDriver(client)
        assert all(node.ping() for node in nodes_of(client))
        target = servers.move(P)
        assert run(client, KNOWN)[0]
        epoch, restarts = client.hmget(f"{P}:m", ["epoch", "restarts"])
        assert epoch.startswith(f"{servers.run_id(target)}:".encode())
        assert restarts == b"1"


def test_each_node_remembers_that_its_log_is_safe(servers: ClusterServers) -> None:
    """Each restarts alone, and is asked at each new connection whether it did."""
    with command_client(servers.url) as client:
        assert check_redis(client).warnings
        assert [node.ping() for node in nodes_of(client)] == [True] * N_MASTERS
    for number in range(N_MASTERS):
        (key,) = (key for key in servers.keys_of(number) if "server:" in key)
        assert servers.ask(number, "GET", key).decode() == servers.run_id(number)


def findings(url: str) -> dict[str, CheckResult]:
    with inspection_client(url) as client:
        return {result.check: result for result in check_server(client, Settings(redis_url=url))}


def test_doctor_looks_at_each_node(servers: ClusterServers) -> None:
    found = findings(servers.url)
    assert found["redis cluster"].found == "3 masters have all slots, and replicas follow each"
    assert {found[name].status for name in ("redis role", "redis cluster", "redis tls")} == {CheckStatus.OK}
    servers.ask(1, "CONFIG SET", "maxmemory-policy", "allkeys-lru")
    try:
        assert findings(servers.url)["redis eviction"].status is CheckStatus.FAIL
    finally:
        servers.ask(1, "CONFIG SET", "maxmemory-policy", "noeviction")


def test_the_memory_of_all_nodes_counts(servers: ClusterServers) -> None:
    """One without a limit leaves the whole without one."""
    with command_client(servers.url) as client:
        assert redis_state(client).most_bytes == 0
        for number in range(N_MASTERS):
            servers.ask(number, "CONFIG SET", "maxmemory", 10**9)
        found = redis_state(client)
        for number in range(N_MASTERS):
            servers.ask(number, "CONFIG SET", "maxmemory", 0)
        assert found.most_bytes == N_MASTERS * 10**9
        assert 0 < found.used_bytes < found.most_bytes


def test_what_is_wrong_is_said_in_one_line(servers: ClusterServers) -> None:
    """A node without the others, others without a cluster, and nothing at all."""
    with (
        command_client(f"redis://{HOST}:{servers.ports[0]}", outage_s=0.1) as client,
        pytest.raises(CommandRefused, match=r"a node of a cluster: write redis\+cluster://"),
    ):
        _ = [client.get(f"tests:{number}") for number in range(40)]
    with PrivateServer(embedded(), "--port", str(port := free_port())):
        url = f"redis+cluster://{HOST}:{port}"
        with command_client(url, outage_s=0.1) as client, pytest.raises(CommandRefused, match="no node of a cluster"):
            check_reachable(client, url)
    url = f"redis+cluster://{HOST}:{AWAY}"
    with command_client(url, outage_s=0.1) as client, pytest.raises(Unavailable, match="no Redis at redis") as refused:
        check_reachable(client, url)
    assert str(refused.value).startswith(f"no Redis at {url}: Error")


def test_a_reassembler_is_notified_by_every_shard(servers: ClusterServers) -> None:
    """One read waits for one shard alone: each has a thread."""
    jobs, found, stopping = {f"{number:032x}" for number in range(200)}, set[str](), threading.Event()
    assert len({shard_of(job) for job in jobs}) == SHARDS
    with command_client(servers.url) as client, blocking_client(servers.url) as reader:
        create_consumer_groups(client)
        readers = ShardReaders(reader, "me")
        readers.start(stopping)

        def all_found() -> bool:
            found.update(notification.job for notification in readers.wait(100))
            return found == jobs

        try:
            run_many(client, [job_scripts.init(job, 0) for job in sorted(jobs)])
            wait_until(all_found, "a notification of each job")
        finally:
            stopping.set()
            wait_until(lambda: not any(each.name.startswith("notifications-") for each in threading.enumerate()))


@pytest.mark.thorough
def test_a_master_that_is_killed_is_replaced() -> None:
    """Commands of both clients wait for that, and go on with its replica."""
    with ClusterServers(embedded()) as cluster, command_client(cluster.url) as client:
        client.set("tests:asked", b"1", ex=LIFE_S)
        cluster.replicate()

        async def read() -> object:
            async with streams(cluster.url) as reader:
                assert await reader.get("tests:asked") == b"1"
                cluster.kill_master(cluster.owner("tests:asked"))
                return await reader.get("tests:asked")

        assert asyncio.run(read()) == b"1"
        client.set("tests:asked", b"2", ex=LIFE_S)
        assert wait_until(lambda: client.get("tests:asked")) == b"2"
        assert len(nodes_of(client)) == N_MASTERS
