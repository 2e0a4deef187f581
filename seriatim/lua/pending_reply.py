"""Pending replies: a call that is sent now, and whose reply is read later, while its sender goes on with its work.

One connection belongs to it meanwhile, as to any command. What goes wrong on the way is found when the reply is read,
and the call is sent once more then: each script may run twice (seriatim/lua/script_calls.py). Where the connection
breaks at once, and in a cluster, whose client looks for the node and follows redirections, it is sent when the reply is
read.
"""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from redis import exceptions

from seriatim.lua.script_calls import ScriptCall, command_of, run
from seriatim.servers.cluster_client import ClusterClient
from seriatim.servers.redis_errors import translate_redis_errors

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")
U = TypeVar("U")


class PendingReply(Generic[T]):
    """The reply to a call. Not thread-safe; read it once, or drop it."""

    def __init__(self, redis: "Redis", call: ScriptCall[T]) -> None:
        """Send the call.

        Raises:
            Unavailable: there is no connection, with all patience.
        """
        self.call = call
        self._redis = redis
        self._connection = None if isinstance(redis, ClusterClient) else self._send()

    @property
    def was_sent(self) -> bool:
        """True if the reply is on its way, and was not read."""
        return self._connection is not None

    def _send(self) -> Any:
        """The connection on which it was sent; None if that broke."""
        with translate_redis_errors():
            connection: Any = self._redis.connection_pool.get_connection()
        try:
            connection.send_command(*command_of(self.call))
        except exceptions.RedisError:
            self._give_back(connection, with_reply=False)
            return None
        return connection

    def read(self) -> T:
        """Wait for the reply.

        Raises:
            Unavailable: Redis does not answer; the call may have been executed.
            MemoryFull, CommandRefused: it refuses.
        """
        replies = self._read_replies(1)
        return self.call.decode(replies[0]) if replies else run(self._redis, self.call)

    def read_with(self, following: ScriptCall[U]) -> tuple[T, U]:
        """Send another call behind this one, and wait for both replies.

        Raises:
            as `read`.
        """
        replies = self._read_replies(2, following)
        if replies:
            return self.call.decode(replies[0]), following.decode(replies[1])
        return run(self._redis, self.call), run(self._redis, following)

    def _read_replies(self, n: int, following: ScriptCall[Any] | None = None) -> list[Any]:
        """All replies; none where one is an error: of a lost connection, a server that was demoted, a full one."""
        connection, self._connection = self._connection, None
        if connection is None:
            return []
        replies: list[Any] = []
        try:
            if following is not None:
                connection.send_command(*command_of(following))
            while len(replies) < n:
                replies.append(connection.read_response())
        except exceptions.RedisError:
            replies.clear()
        finally:
            self._give_back(connection, with_reply=not replies)
        return replies

    def drop(self) -> None:
        """Do without the reply. Nothing happens if it was read."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._give_back(connection, with_reply=True)

    def _give_back(self, connection: Any, *, with_reply: bool) -> None:
        if with_reply:  # on its way: no other command can use the connection
            connection.disconnect()
        self._redis.connection_pool.release(connection)
