"""A failover behind one address: a replica takes over, and its master, demoted, takes no writes any more.

Of all connections only those break that wait for something: a process that stays on one of its own is refused for ever.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.servers.redis_clients import blocking_client, streams
from tests.chaos.proxy import Proxy
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.free_ports import free_port
from tests.support.process_system import HOLD, PATIENCE_S, RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded

N_BEFORE = 4  #: sentences before the one that is half spoken when the roles change
TEXT = [*clear(N_BEFORE), f"The {HOLD} sings, too.", *clear(20, "Finch")]  #: longer than a window
LATER = clear(20, "Robin")


def fail_over(master: PrivateServer, replica: PrivateServer, proxy: Proxy) -> None:
    """Make the replica the master, by the server's own command: nothing that was acknowledged is lost.

    Clients are refused by both meanwhile. They come to the new master by new connections alone.
    """
    with master.client() as old, replica.client() as new:
        wait_until(lambda: old.info("replication").get("slave0", {}).get("state") == "online", "it has the data")
        old.config_resetstat()
        old.execute_command("FAILOVER")
        wait_until(lambda: new.role()[0] == b"master" and old.role()[0] == b"slave", "roles are exchanged")
        wait_until(lambda: "errorstat_READONLY" in old.info("errorstats"), "a client was refused")
    proxy.server = replica.socket


def listen(gateway: Gateway, system: RealSystem, fail: Callable[[], None]) -> bytes:
    """A text over HTTP, with a failover in the middle of a sentence."""
    request = {"input": " ".join(TEXT), "response_format": "pcm"}
    with gateway.client() as client, client.stream("POST", "/v1/audio/speech", json=request) as stream:
        pieces = stream.iter_raw()
        sound, job = next(pieces), system.producer().attach(stream.headers["seriatim-job"])
        wait_until(lambda: job.status().emitted == N_BEFORE and system.speaking_pids(), "a sentence is held")
        fail()
        system.gate.touch()
        return sound + b"".join(pieces)


@pytest.mark.thorough
def test_everything_goes_on_with_the_replica(new_system: Callable[..., RealSystem]) -> None:
    """Worker, reassembler, gateway and a program that reads, in the middle of a sentence and with the next text."""
    ports = free_port(), free_port()
    system = new_system("--bind", "127.0.0.1", "--port", str(ports[0]), "--repl-diskless-sync-delay", "0")
    follower = ("--bind", "127.0.0.1", "--port", str(ports[1]), "--replicaof", "127.0.0.1", str(ports[0]))
    with PrivateServer(embedded(), *follower) as replica, closing(Proxy(None, system.server.socket)) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}"
        system.settings = replace(system.settings, redis_url=url, broker_url=url)
        reassembler = system.reassembler()
        system.workers(slots=2)
        pids = system.worker_pids()
        gateway, text = start(system), sentences(20, "failover")
        program = Listener(system.producer().enqueue(system.held(text), JobRequest(engine="tone")))
        assert listen(gateway, system, lambda: fail_over(system.server, replica, proxy)) == stream_of(TEXT)
        assert program.pcm() == stream_of(system.held(text))
        with gateway.client() as client:
            answer = client.post("/v1/audio/speech", json={"input": " ".join(LATER), "response_format": "pcm"})
        assert answer.content == stream_of(LATER)
        stored = system.producer().enqueue(text, JobRequest.of({"engine": "tone", "kind": "batch", "drain": "store"}))
        assert stored.wait(PATIENCE_S).state == "done"
        assert system.worker_pids() == pids, "no engine was loaded again"
        assert "Traceback" not in system.log("workers")
        assert reassembler.poll() is None


def test_who_waits_at_a_server_that_becomes_a_replica_waits_on() -> None:
    """The server hangs up on those who wait, with a refusal that is like any other."""

    async def read(url: str) -> Any:
        client = streams(url)
        while not (reply := await client.xread({"stream": "0-0"}, block=2_000)):
            pass
        await client.aclose()
        return reply

    def read_blocking(url: str) -> Any:
        with blocking_client(url) as client:
            while not (reply := client.xread({"stream": "0-0"}, block=2_000)):
                pass
            return reply

    def waiting(n: int) -> Callable[[], bool]:
        return lambda: other.info("clients")["blocked_clients"] == n

    with PrivateServer(embedded()) as server, server.client() as other, ThreadPoolExecutor(2) as threads:
        found = [threads.submit(read_blocking, server.url), threads.submit(lambda: asyncio.run(read(server.url)))]
        wait_until(waiting(2))
        other.replicaof("127.0.0.1", 1)
        other.replicaof("NO", "ONE")
        other.xadd("stream", {"d": b"sound"}, id="1-1")
        assert [future.result() for future in found] == [[[b"stream", [(b"1-1", {b"d": b"sound"})]]]] * 2
        other.delete("stream")
