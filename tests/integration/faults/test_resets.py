"""Resets of connections in use: their users go on, or get an error of ours."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
import uvloop

from seriatim.client.async_client import AsyncJob
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import CommandRefused, SeriatimError, Unavailable
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.servers.redis_clients import blocking_client, command_client, streams
from seriatim.servers.redis_connections import UnixConnection
from tests.chaos.proxy import Proxy
from tests.http.gateways import clear, start
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded
from tests.support.thorough_cases import mostly_thorough

RESETS = 12  #: of every connection, while all are used
READERS = 9


@pytest.fixture(scope="module")
def proxied(new_system: Callable[..., RealSystem]) -> Iterator[tuple[RealSystem, Proxy]]:
    """A system that speaks, and a port in front of its server."""
    system = new_system()
    system.reassembler()
    system.workers(2, slots=4, options={"rtf": 0.02})
    proxy = Proxy(None, system.server.socket)
    yield system, proxy
    proxy.close()


def url(proxy: Proxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}"


@contextmanager
def resetting(proxy: Proxy, n_heard: Callable[[], int]) -> Iterator[None]:
    """Reset all connections again and again, each time when more was heard than the time before."""
    ended = threading.Event()

    def run() -> None:
        for _ in range(RESETS):
            before = n_heard()
            while n_heard() == before and not ended.wait(0.001):
                pass
            proxy.reset()

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(run)
        try:
            yield
        finally:
            ended.set()
            done.result()


@pytest.mark.thorough
def test_no_request_is_answered_with_500(proxied: tuple[RealSystem, Proxy]) -> None:
    system, proxy = proxied
    gateway = start(system, redis_url=url(proxy), broker_url=url(proxy))
    texts, n_heard = clear(40), [0]

    def ask(_: int) -> bytes:
        with gateway.client() as client:
            request = {"input": " ".join(texts), "response_format": "pcm"}
            with client.stream("POST", "/v1/audio/speech", json=request) as stream:
                assert stream.status_code == 200, stream.read()
                sound = b""
                for piece in stream.iter_raw():
                    sound += piece
                    n_heard[0] += 1
            for path in ("/v1/jobs", "/v1/models", "/v1/audio/voices", "/v1/pools"):
                assert client.get(path).status_code == 200
        return sound

    with ThreadPoolExecutor(READERS) as threads, resetting(proxy, lambda: n_heard[0]):
        answers = list(threads.map(ask, range(READERS)))
    assert set(answers) == {stream_of(texts)}
    assert "Traceback" not in system.log("gateway")


@pytest.mark.parametrize("kind", mostly_thorough(["uvloop", "sync", "asyncio"], 3))
def test_a_reader_hears_everything(proxied: tuple[RealSystem, Proxy], kind: str) -> None:
    system, proxy = proxied
    producer = Producer(replace(system.settings, redis_url=url(proxy), broker_url=url(proxy)))
    texts, n_heard = sentences(40, "finch"), [0]
    jobs = [producer.enqueue(texts, JobRequest(engine="tone")) for _ in range(READERS)]

    async def read(job: AsyncJob) -> bytes:
        sound = b""
        async for pcm in job.pcm():
            sound += pcm
            n_heard[0] += 1
        return sound

    async def read_all() -> list[bytes]:
        return await asyncio.gather(*(read(AsyncJob(job)) for job in jobs))

    def listen(listener: Listener) -> bytes:
        sound = listener.pcm()
        n_heard[0] += 1
        return sound

    with resetting(proxy, lambda: n_heard[0]):
        if kind == "sync":
            with ThreadPoolExecutor(READERS) as threads:
                answers = list(threads.map(listen, [Listener(job) for job in jobs]))
        else:
            answers = (asyncio if kind == "asyncio" else uvloop).run(read_all())
    assert set(answers) == {stream_of(texts)}
    producer.close()


def test_a_transport_that_was_closed_a_moment_ago_is_made_anew() -> None:
    """Uvloop says so with a RuntimeError, if it notices between a look at the connection and what is sent over it."""
    with PrivateServer(embedded()) as server:
        proxy = Proxy(None, server.socket)

        async def read() -> None:
            client = streams(url(proxy), max_connections=4)
            connection = await client.connection_pool.get_connection()
            await connection.send_command("PING")
            assert await connection.read_response() == b"PONG"
            proxy.reset()
            with pytest.raises(ConnectionResetError):
                await connection._reader.read()  # past the connection, which has not noticed then
            with pytest.raises(Unavailable), translate_redis_errors():
                await connection.send_command("PING")
            await client.connection_pool.release(connection)
            assert await client.exists("nothing") == 0
            await client.aclose()

        uvloop.run(read())
        proxy.close()


@pytest.mark.thorough
def test_no_error_but_ours_leaves_a_client() -> None:
    """For each way to send: one command, several, in an event loop; for what breaks, and for what is refused."""
    with PrivateServer(embedded()) as server, server.client() as other:
        other.set("text", "x")
        proxy = Proxy(None, server.socket)
        short, long = command_client(url(proxy), outage_s=0.1), blocking_client(url(proxy), outage_s=0.1)

        async def read_aio(key: str) -> None:
            client = streams(url(proxy), max_connections=2, outage_s=0.1)
            try:
                await client.xread({key: "0-0"}, 1, 1)
            finally:
                await client.aclose()

        def several(*, transaction: bool) -> None:
            pipe = short.pipeline(transaction=transaction)
            pipe.lrange("text", 0, 1)
            pipe.execute()

        ways: list[Callable[[], object]] = [
            lambda: short.lrange("text", 0, 1),
            partial(several, transaction=False),
            partial(several, transaction=True),
            lambda: long.xread({"text": "0-0"}, 1, 1),
            lambda: asyncio.run(read_aio("text")),
            lambda: uvloop.run(read_aio("text")),
        ]
        for way in ways:
            with pytest.raises(CommandRefused, match="WRONGTYPE") as refused:
                way()
            assert refused.value.code == "WRONGTYPE"
        other.acl_setuser("default", enabled=True, nopass=True, commands=["+@all", "-lrange", "-xread"])
        for way in ways:
            with pytest.raises(CommandRefused, match=r"NOPERM.*docs/how-to/security\.md"):
                way()
        proxy.close()
        for way in ways:
            with pytest.raises(Unavailable, match=r"^Redis does not answer"):
                way()
        short.close()
        long.close()


@pytest.mark.thorough
def test_a_right_that_a_gateway_lacks_is_the_operators_to_read(proxied: tuple[RealSystem, Proxy]) -> None:
    """Its clients are asked to come again; a 500 would tell them that it never helps."""
    system, _ = proxied
    with system.redis as other:
        other.acl_setuser(
            "small", enabled=True, nopass=True, keys=["*"], channels=["*"], commands=["+@all", "-evalsha"]
        )
    gateway = start(system, "small", redis_url=f"unix://small:any@{system.server.socket}")
    with gateway.client() as client:
        answer = client.post("/v1/audio/speech", json={"input": "Yes.", "response_format": "pcm"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "see the gateway's log" in answer.json()["error"]["message"]
    assert "retry-after" in answer.headers
    wait_until(lambda: "Redis refused a command (NOPERM): " in system.log("small"))
    system.end("small")


def test_a_connection_whose_greeting_failed_is_not_used() -> None:
    with PrivateServer(embedded(), "--appendonly", "yes") as server, server.client() as other:
        other.execute_command("ACL", "SETUSER", "small", "on", "nopass", "~*", "+@all", "-bgrewriteaof")
        with command_client(server.url.replace("unix://", "unix://small:any@")) as small:
            for _ in range(2):
                with pytest.raises(SeriatimError, match="bgrewriteaof"):
                    small.ping()


def test_a_connection_that_breaks_while_its_pool_looks_at_it_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """redis-py connects again once by itself; what breaks then is found by what is sent, which is tried again."""
    with PrivateServer(embedded()) as server, command_client(server.url) as client:
        assert client.ping()
        connected = UnixConnection.connect_check_health

        def broken(self: UnixConnection, **more: bool) -> None:
            connected(self, **more)
            if left:
                left.pop()
                self._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]  # it is connected

        left = [1, 2]
        monkeypatch.setattr(UnixConnection, "connect_check_health", broken)
        client.connection_pool.disconnect()
        assert client.ping()
        assert left == []
