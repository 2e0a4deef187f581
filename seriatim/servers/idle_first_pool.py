"""Idle-first pool: connections of redis-py in any number, taken and given back in few steps.

redis-py counts and reports each time that a connection is taken and each time that it is given back: some 40 calls of
Python, which cost more than the rest of a command where a process was idle before (docs/explanation/benchmarks.md,
"Speed"). Here an idle connection goes from one command to the next. redis-py's pool makes the connections and closes
them; for it, one that is idle here is in use.
"""

import os
from typing import Any

import redis


class IdleFirstPool(redis.ConnectionPool):
    """A pool of which the connection that became idle last is taken first. Thread-safe, and safe to fork."""

    def reset(self) -> None:
        """Begin without connections: in a forked process, those of its parent are not its own."""
        self._idle: list[Any] = []
        self._taken: set[Any] = set()  #: one that is given back twice must not be taken twice
        super().reset()

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """A connection that is ready for a command."""
        connection = self._idle_connection() or super().get_connection()
        self._taken.add(connection)
        return connection

    def release(self, connection: Any) -> None:
        """Keep a connection for the next command."""
        if connection in self._taken and self.pid == os.getpid():
            self._taken.discard(connection)
            self._idle.append(connection)
        elif connection not in self._idle:  # it could not be made ready, or is the parent's
            super().release(connection)

    def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001  # as its base
        """Close the idle connections; with `inuse_connections` those in use, too."""
        while (connection := self._last_idle()) is not None:
            super().release(connection)
        super().disconnect(inuse_connections)

    def _idle_connection(self) -> Any:
        """An idle connection that is ready for a command; None if there is none."""
        while self.pid == os.getpid() and (connection := self._last_idle()) is not None:
            if connection.is_connected and not (connection.should_reconnect() or connection.can_read()):
                return connection
            super().release(connection)
        return None

    def _last_idle(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return None
