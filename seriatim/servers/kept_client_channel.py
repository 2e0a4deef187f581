"""Channels of kombu's Redis transport that keep their client (broker_connection.py)."""

from typing import Any

from kombu.transport import redis as kombu_redis


class KeptClientChannel(kombu_redis.Channel):
    """A channel that makes one client for each of its connection pools."""

    _kept_client: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001  # kombu's signature
        if asynchronous:  # each has a connection of its own, on which it waits
            return super()._create_client(asynchronous=True)  # type: ignore[misc]  # the stubs lack it
        if self._kept_client is None or self._kept_client.connection_pool is not self.pool:
            self._kept_client = super()._create_client()  # type: ignore[misc]  # as above
        return self._kept_client


class KeptClientTransport(kombu_redis.Transport):
    """kombu's transport, with such channels."""

    Channel = KeptClientChannel
