"""Connection shares: how the connections to Redis that one process may open are divided among its clients. Pure."""

from dataclasses import dataclass

FEWEST = 5  #: one for each client of a gateway


@dataclass(frozen=True, slots=True)
class ConnectionShares:
    """The most connections of each client; 0: any number.

    A gateway has one client for commands and one more for each pool, with a broker of its own; one for reads that
    block; and one for those who watch it. A program has the same without the last.
    """

    commands: int = 0
    reads: int = 0
    watching: int = 0
    broker: int = 0

    @classmethod
    def of(cls, most: int) -> "ConnectionShares":
        """Divide `most` connections of a process that speaks with one pool; 0: any number. Half of them read."""
        if not most:
            return cls()
        commands = max(1, (most - 2) // 4)
        return cls(commands, most - 2 - 2 * commands, 1, 1)
