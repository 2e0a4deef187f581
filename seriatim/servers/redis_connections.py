"""Connections and clients of redis-py whose errors are ours: none of redis-py's, asyncio's or the system's leaves them.

A connection that breaks raises what its transport has: OSError, EOFError, and RuntimeError of uvloop where it was
closed between two steps. redis-py tries again after its own ConnectionError alone, so that is what each of them
becomes (`BREAKABLE`). What is left when its patience is spent, and what the server refuses, becomes an error of our
tree (`translate_redis_errors`), whichever command it was and wherever it was sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis import asyncio as aio
from redis import exceptions
from redis.client import Pipeline

from seriatim.errors import Unavailable
from seriatim.servers.master_lookup import MasterLookup
from seriatim.servers.redis_errors import translate_redis_errors

UNBLOCKED = "UNBLOCKED"  #: what a server says as it hangs up on those who wait when it becomes a replica
UVLOOP_CLOSED = "the handler is closed"  #: uvloop's RuntimeError for a transport that was closed meanwhile


class BreakableStep:
    """Around one step of a connection: what broke it is redis-py's ConnectionError, after which it tries again.

    Raises:
        redis.exceptions.ConnectionError: the connection is broken.
    """

    def __enter__(self) -> None:
        """Nothing happens before the step."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise redis-py's error for what the step raised."""
        if isinstance(error, OSError | EOFError):
            raise exceptions.ConnectionError(f"the connection broke: {error}") from error
        if isinstance(error, exceptions.ResponseError) and str(error).startswith(UNBLOCKED):
            raise exceptions.ConnectionError(str(error)) from error
        if isinstance(error, RuntimeError) and UVLOOP_CLOSED in str(error):
            raise exceptions.ConnectionError("the connection was closed") from error


BREAKABLE = BreakableStep()  #: one for all: it keeps nothing


class _Breakable:
    """Every step of a blocking connection that touches its socket."""

    def connect_check_health(self, *args: Any, **more: Any) -> None:
        with BREAKABLE:
            super().connect_check_health(*args, **more)  # type: ignore[misc]  # a connection of redis-py comes behind

    def send_packed_command(self, *args: Any, **more: Any) -> None:
        with BREAKABLE:
            super().send_packed_command(*args, **more)  # type: ignore[misc]  # as above

    def read_response(self, *args: Any, **more: Any) -> Any:
        with BREAKABLE:
            return super().read_response(*args, **more)  # type: ignore[misc]  # as above

    def can_read(self, *args: Any, **more: Any) -> Any:
        """Is there something to read? A pool asks outside of what is tried again: what is sent next connects again."""
        try:
            with BREAKABLE:
                return super().can_read(*args, **more)  # type: ignore[misc]  # as above
        except exceptions.ConnectionError:
            self.disconnect()  # type: ignore[attr-defined]  # as above
            return False


class _BreakableAio:
    """The same of a connection in an event loop."""

    async def connect_check_health(self, *args: Any, **more: Any) -> None:
        with BREAKABLE:
            await super().connect_check_health(*args, **more)  # type: ignore[misc]  # as above

    async def send_packed_command(self, *args: Any, **more: Any) -> None:
        with BREAKABLE:
            await super().send_packed_command(*args, **more)  # type: ignore[misc]  # as above

    async def read_response(self, *args: Any, **more: Any) -> Any:
        with BREAKABLE:
            return await super().read_response(*args, **more)  # type: ignore[misc]  # as above

    async def can_read(self, *args: Any, **more: Any) -> Any:
        try:
            with BREAKABLE:
                return await super().can_read(*args, **more)  # type: ignore[misc]  # as above
        except exceptions.ConnectionError:
            return False


class TcpConnection(_Breakable, redis.Connection):
    """For redis:// URLs."""


class TlsConnection(_Breakable, redis.SSLConnection):
    """For rediss:// URLs."""


@contextmanager
def final_refusal(path: str, *, restarts: bool) -> Iterator[None]:
    """Around a connection to a socket: without restarts, a server that refuses has ended, and is not tried again.

    Raises:
        Unavailable: it has ended.
    """
    try:
        yield
    except (ConnectionRefusedError, FileNotFoundError) as error:
        if restarts:
            raise
        raise Unavailable(f"the Redis at {path} has ended, and with it all of its jobs") from error


class UnixConnection(_Breakable, redis.UnixDomainSocketConnection):
    """For unix:// URLs."""

    def __init__(self, *, restarts: bool = True, **more: Any) -> None:
        self._restarts = restarts
        super().__init__(**more)  # type: ignore[no-untyped-call]  # redis-py has no types here

    def _connect(self) -> Any:
        with final_refusal(self.path, restarts=self._restarts):
            return super()._connect()  # type: ignore[no-untyped-call]  # redis-py has no types here


class AioTcpConnection(_BreakableAio, aio.Connection):
    """For redis:// URLs, in an event loop."""


class AioTlsConnection(_BreakableAio, aio.SSLConnection):
    """For rediss:// URLs, in an event loop."""


class AioUnixConnection(_BreakableAio, aio.UnixDomainSocketConnection):
    """For unix:// URLs, in an event loop."""

    def __init__(self, *, restarts: bool = True, **more: Any) -> None:
        self._restarts = restarts
        super().__init__(**more)

    async def connect_check_health(self, *args: Any, **more: Any) -> None:
        try:
            await super().connect_check_health(*args, **more)
        except exceptions.ConnectionError as error:
            if isinstance(error.__cause__, Unavailable):  # redis-py has wrapped it, and would try again
                raise error.__cause__ from None
            raise

    async def _connect(self) -> None:
        with final_refusal(self.path, restarts=self._restarts):
            await super()._connect()  # type: ignore[no-untyped-call]  # redis-py has no types here


class _SentinelLookup:
    """Asks Sentinels for the server that takes writes, before each attempt to connect."""

    def __init__(self, *, lookup: MasterLookup, **more: Any) -> None:
        self._lookup = lookup
        super().__init__(**more)

    def _connect(self) -> Any:
        self.host, self.port = self._lookup.find()
        return super()._connect()  # type: ignore[misc]  # as above


class _AioSentinelLookup:
    """The same of a connection in an event loop."""

    def __init__(self, *, lookup: MasterLookup, **more: Any) -> None:
        self._lookup = lookup
        super().__init__(**more)

    async def _connect(self) -> None:
        self.host, self.port = await self._lookup.find_async()
        await super()._connect()  # type: ignore[misc]  # as above


class SentinelConnection(_SentinelLookup, TcpConnection):
    """For sentinel:// URLs."""


class SentinelTlsConnection(_SentinelLookup, TlsConnection):
    """For sentinels:// URLs."""


class AioSentinelConnection(_AioSentinelLookup, AioTcpConnection):
    """For sentinel:// URLs, in an event loop."""


class AioSentinelTlsConnection(_AioSentinelLookup, AioTlsConnection):
    """For sentinels:// URLs, in an event loop."""


class RedisClient(redis.Redis):
    """A client whose errors are ours."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and read its reply, as redis-py does, but without its metrics.

        Raises:
            as `translate_redis_errors`.
        """
        pool = self.connection_pool
        with translate_redis_errors():
            connection: Any = pool.get_connection()
            try:
                return connection.retry.call_with_retry(
                    lambda: self._send_and_read(connection, args, options), lambda _error: connection.disconnect()
                )
            finally:
                pool.release(connection)

    def _send_and_read(self, connection: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        connection.send_command(*args, **options)
        return self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call]  # redis-py has no types here

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> "ClientPipeline":  # noqa: FBT001  # as its base
        """Several commands in one round trip."""
        return ClientPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class ClientPipeline(Pipeline):
    """A pipeline whose errors are ours. With `raise_on_error=False` refusals are among the replies, as redis-py's."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001  # as its base
        """Send what was queued and read the replies.

        Raises:
            as `translate_redis_errors`.
        """
        with translate_redis_errors():
            return super().execute(raise_on_error)


class AsyncRedisClient(aio.Redis):
    """A client in an event loop whose errors are ours."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and read its reply.

        Raises:
            as `translate_redis_errors`.
        """
        with translate_redis_errors():
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # as above
