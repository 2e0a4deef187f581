"""Asynchronous cluster client: what seriatim/servers/cluster_client.py does, in an event loop, for readers.

It has no restart guard, rebases nothing and has no pipelines: readers of streams need none of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from redis import asyncio as aio
from redis import exceptions

from seriatim.servers.cluster_nodes import AGAIN, KnownNodes
from seriatim.servers.cluster_slots import UNREAD, SlotMap, host_of, slot_of
from seriatim.servers.redis_connections import AsyncRedisClient
from seriatim.servers.redis_errors import translate_redis_errors
from seriatim.servers.retries import Patience

if TYPE_CHECKING:
    from seriatim.servers.host_list import Host


class AsyncClusterClient(AsyncRedisClient):
    """A client of a cluster in an event loop, whose errors are ours."""

    def __init__(self, seeds: "Sequence[Host]", make_client: "Callable[[Host], aio.Redis]", outage_s: float) -> None:
        """Nothing is sent yet."""
        self._known, self._make_client, self._outage_s = KnownNodes(tuple(seeds)), make_client, outage_s
        self._clients: dict[Host, aio.Redis] = {}
        self._refreshing = asyncio.Lock()
        super().__init__(connection_pool=self._client(seeds[0]).connection_pool)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command to the node that has its key, and read its reply.

        Raises:
            as `translate_redis_errors`.
        """
        with translate_redis_errors():
            return await self._route(args, options, Patience(self._outage_s))

    async def _route(self, args: tuple[Any, ...], options: dict[str, Any], patience: Patience) -> Any:
        slot = slot_of(args)
        while True:
            host = None
            try:
                host = await self._master(slot)
                return await cast("Awaitable[Any]", self._client(host).execute_command(*args, **options))  # type: ignore[no-untyped-call]  # redis-py has no types here
            except exceptions.MovedError as error:
                self._known.note_moved(error, cast("Host", host))
                await _wait(error, patience, at_once=patience.may_follow())
            except exceptions.AskError as error:
                try:
                    return await _ask(self._client(host_of(error.host, error.port, cast("Host", host))), args, options)
                except (*AGAIN, exceptions.AskError) as unstable:
                    await _wait(unstable, patience)
            except AGAIN as error:
                await _wait(error, patience)
                await self._try_refresh(host)

    async def _master(self, slot: int | None) -> "Host":
        if self._known.slots is UNREAD:
            await self._refresh(None)
        return self._known.master(slot)

    async def _try_refresh(self, failed: "Host | None") -> None:
        try:
            await self._refresh(failed)
        except AGAIN:
            return  # the next try finds out

    async def _refresh(self, failed: "Host | None") -> None:
        """Read the map of slots again, as `ClusterNodes.refresh` does."""
        before = self._known.slots
        async with self._refreshing:
            if self._known.slots is not before:
                return  # another reader has just corrected it
            last: exceptions.RedisError | None = None
            for host in self._known.candidates(failed):
                try:
                    reply: Any = await cast("Awaitable[Any]", self._client(host).execute_command("CLUSTER SLOTS"))  # type: ignore[no-untyped-call]  # as above
                except AGAIN as error:
                    last = error
                else:
                    self._known.slots = SlotMap.parse(reply, host)
                    return
            raise last or exceptions.ConnectionError("the URL names no node")

    def _client(self, host: "Host") -> "aio.Redis":
        if host not in self._clients:
            self._clients[host] = self._make_client(host)
        return self._clients[host]

    def pools(self) -> "list[aio.ConnectionPool]":
        """The connections to each node that was needed so far."""
        return [client.connection_pool for client in self._clients.values()]

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001  # as its base
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose(close_connection_pool)


async def _ask(node: "aio.Redis", args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Send a command to a node that is getting its slot: ASKING allows the one behind it."""
    async with node.pipeline(transaction=False) as pipe:
        pipe.execute_command("ASKING")
        pipe.execute_command(*args, **options)
        return (await pipe.execute())[1]


async def _wait(error: exceptions.RedisError, patience: Patience, *, at_once: bool = False) -> None:
    """Wait before the next try, or raise the error where the outage has lasted long enough."""
    wait_s = 0.0 if at_once else patience.wait_s()
    if wait_s is None:
        raise error
    await asyncio.sleep(wait_s)
