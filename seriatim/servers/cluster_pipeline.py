"""Pipelines of a cluster: commands that are sent together, to each node its own.

Each command is one for itself: those that a node refuses for now, or sends elsewhere, are sent again one by one. A
transaction has all its keys in one slot, and is sent again as a whole.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from redis import exceptions
from redis.client import Pipeline

from seriatim.servers.cluster_nodes import AGAIN
from seriatim.servers.cluster_slots import slot_of
from seriatim.servers.redis_errors import translate_redis_errors

if TYPE_CHECKING:
    import redis

    from seriatim.servers.cluster_client import ClusterClient
    from seriatim.servers.retries import Patience

Command = tuple[tuple[Any, ...], Mapping[str, Any]]  #: its words, and redis-py's options


class ClusterPipeline(Pipeline):
    """A pipeline whose errors are ours. With `raise_on_error=False` what is refused is among the replies."""

    def __init__(self, cluster: "ClusterClient", transaction: bool, shard_hint: Any) -> None:  # noqa: FBT001  # as its base
        super().__init__(cluster.connection_pool, cluster.response_callbacks, transaction, shard_hint)
        self._cluster, self._is_transaction = cluster, transaction

    def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001  # as its base
        """Send what was queued and read the replies, in the order of the commands.

        Raises:
            as `translate_redis_errors`.
        """
        commands, self.command_stack = list(self.command_stack), []
        if not commands:
            return []
        send = self._send_transaction if self._is_transaction else self._send_commands
        with translate_redis_errors():
            return send(commands, self._cluster.patience(), raise_on_error=raise_on_error)

    def _send_commands(self, commands: list[Command], patience: "Patience", *, raise_on_error: bool) -> list[Any]:
        replies = self._cluster.send_together(commands)
        for number, reply in enumerate(replies):
            if isinstance(reply, (*AGAIN, exceptions.AskError)):
                replies[number] = self._send_again(commands[number], patience)
        if raise_on_error:
            for reply in replies:
                if isinstance(reply, Exception):
                    raise reply
        return replies

    def _send_again(self, command: Command, patience: "Patience") -> Any:
        try:
            return self._cluster.send(command, patience)
        except exceptions.RedisError as error:
            return error

    def _send_transaction(self, commands: list[Command], patience: "Patience", *, raise_on_error: bool) -> list[Any]:
        def send(node: "redis.Redis") -> list[Any]:
            return send_pipeline(node, commands, transaction=True, raise_on_error=raise_on_error)

        def wait(_: "redis.Redis") -> list[Any]:
            raise exceptions.TryAgainError("TRYAGAIN the slot of a transaction moves")

        return self._cluster.route(slot_of(commands[0][0]), send, wait, patience)


def send_pipeline(
    node: "redis.Redis", commands: Sequence[Command], *, transaction: bool, raise_on_error: bool
) -> list[Any]:
    """Send commands to one node in one round trip; errors are redis-py's."""
    with node.pipeline(transaction=transaction) as pipe:
        for args, options in commands:
            pipe.execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py has no types here
        return pipe.execute(raise_on_error)
