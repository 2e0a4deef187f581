"""Broker connections of kombu that keep one client for each channel of a Redis broker.

kombu makes a new client of redis-py for every message that is published, taken over or acknowledged: more than a tenth
of the processor time of a message (decision 83). One client over the same pool of connections does. A pool that was
replaced, after a lost connection, gets a new one. Transports of Sentinels and of RabbitMQ are kombu's own.
"""

from typing import TYPE_CHECKING, Any

from kombu import Connection

if TYPE_CHECKING:
    from seriatim.servers.kept_client_channel import KeptClientTransport


class BrokerConnection(Connection):
    """A connection to the broker."""

    def get_transport_cls(self) -> "type[KeptClientTransport] | Any":
        """The class of its transport."""
        found: Any = super().get_transport_cls()
        if f"{found.__module__}:{found.__name__}" != "kombu.transport.redis:Transport":
            return found
        from seriatim.servers.kept_client_channel import KeptClientTransport  # loads redis-py's client

        return KeptClientTransport
