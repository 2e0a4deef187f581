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
        """Send the call, if that is possible at once.

        Raises:
            Unavailable: there is no connection within the time that the client waits for one.
        """
        self.call = call
        self._redis = redis
        self._connection = None if isinstance(redis, ClusterClient) else self._send()

    @property
    def is_pending(self) -> bool:
        """True if the call was sent, and its reply was not read."""
        return self._connection is not None

    @property
    def has_arrived(self) -> bool:
        """True if reading it does not wait for the server: it is here, or the connection broke."""
        connection = self._connection
        return connection is not None and (not connection.is_connected or connection.can_read())

    def read(self) -> T:
        """Wait for the reply.

        Raises:
            Unavailable: Redis does not answer; the call may have been executed.
            MemoryFull, CommandRefused: it refuses.
        """
        replies = self._read_replies()
        return self.call.decode(replies[0]) if replies else run(self._redis, self.call)

    def read_with(self, following: ScriptCall[U]) -> tuple[T, U]:
        """Send another call behind this one, and wait for both replies.

        Raises:
            as `read`.
        """
        replies = self._read_replies(following)
        if replies:
            return self.call.decode(replies[0]), following.decode(replies[1])
        return run(self._redis, self.call), run(self._redis, following)

    def drop(self) -> None:
        """Do without the reply. Nothing happens if it was read."""
        if self.has_arrived:
            self._read_replies()
        elif self._connection is not None:
            self._give_back(self._connection, unread=1)
        self._connection = None

    def _send(self) -> Any:
        """The connection on which it was sent; None if that broke."""
        with translate_redis_errors():
            connection: Any = self._redis.connection_pool.get_connection()
        sent = False
        try:
            connection.send_command(*command_of(self.call))
            sent = True
        except exceptions.RedisError:
            return None
        finally:
            if not sent:
                self._give_back(connection, unread=1)
        return connection

    def _read_replies(self, *following: ScriptCall[Any]) -> list[Any]:
        """All replies; none where the connection broke, or one of them is an error."""
        connection, self._connection = self._connection, None
        if connection is None:
            return []
        replies, unread, failed = [], 1, False
        try:
            for call in following:
                _send_behind(connection, call)
                unread += 1
            while unread:
                try:
                    replies.append(_read(connection))
                except exceptions.ResponseError:
                    failed = True
                unread -= 1
        except exceptions.RedisError:
            failed = True
        finally:
            self._give_back(connection, unread=unread)
        return [] if failed else replies

    def _give_back(self, connection: Any, *, unread: int) -> None:
        if unread:  # no other command can use it
            connection.disconnect()
        self._redis.connection_pool.release(connection)


def _send_behind(connection: Any, call: ScriptCall[Any]) -> None:
    """Send a call on the connection on which a reply is on its way: without redis-py's PING, which would read that."""
    _check_connected(connection)
    connection.send_command(*command_of(call), check_health=False)


def _read(connection: Any) -> Any:
    _check_connected(connection)
    return connection.read_response()


def _check_connected(connection: Any) -> None:
    """redis-py would connect again, and there would be no reply on the new connection."""
    if not connection.is_connected:
        raise exceptions.ConnectionError("the connection broke")
