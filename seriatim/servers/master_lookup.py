"""Master lookup: the Sentinels of a service are asked, for each new connection, which server takes writes now.

After a failover the connections to the old master break, or are refused as READONLY, and each new one finds the next
master. Every Sentinel is asked with a connection of its own: what was remembered of one could be as old as the outage.
The one that answered last is asked first, so that one that is down costs its timeout once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from redis import exceptions
from redis.asyncio.retry import Retry as AioRetry
from redis.asyncio.sentinel import Sentinel as AioSentinel
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from seriatim.servers.host_list import Host
from seriatim.servers.redis_errors import NoMaster, tls_reason
from seriatim.servers.sentinel_group import SentinelGroup

SENTINEL_S = 1.0  #: a Sentinel that neither takes a connection nor answers for so long is skipped
Masters = Mapping[str, Mapping[str, Any]]  #: what a Sentinel knows of each service, as redis-py reads it
Reply = Masters | exceptions.RedisError  #: or why it does not answer
RULES = Sentinel([])  # type: ignore[no-untyped-call]  # it sends nothing: redis-py's rules of which master is up


@dataclass(slots=True)
class MasterLookup:
    """Asks the Sentinels of a group for its master. Thread-safe."""

    group: SentinelGroup
    tls: Mapping[str, object] | None  #: TLS options by redis-py's names; None: the Sentinels are asked without
    _first: int = field(default=0, init=False)  #: the index of the Sentinel that answered last, 0-based

    def find(self) -> Host:
        """The master's address.

        Raises:
            NoMaster: no Sentinel answers, or none knows a master that is up.
        """
        replies: dict[Host, Reply] = {}
        for number, host in self._hosts():
            replies[host] = self.ask(host)
            if found := self._master(replies[host], number):
                return found
        raise NoMaster(no_master_reason(self.group.service, replies))

    async def find_async(self) -> Host:
        """The same in an event loop."""
        replies: dict[Host, Reply] = {}
        for number, host in self._hosts():
            replies[host] = await self._ask_async(host)
            if found := self._master(replies[host], number):
                return found
        raise NoMaster(no_master_reason(self.group.service, replies))

    def ask(self, host: Host) -> "Reply":
        """What one Sentinel knows, or why it does not answer."""
        arguments = sentinel_arguments(self.group, self.tls)
        with Sentinel([host], sentinel_kwargs=arguments) as sentinel:  # type: ignore[no-untyped-call]  # redis-py has no types here
            try:
                return cast("Masters", sentinel.sentinels[0].sentinel_masters())
            except exceptions.RedisError as error:
                return error

    async def _ask_async(self, host: Host) -> "Reply":
        arguments = sentinel_arguments(self.group, self.tls) | {"retry": AioRetry(NoBackoff(), 0)}
        sentinel = AioSentinel([host], sentinel_kwargs=arguments)  # type: ignore[no-untyped-call]  # as above
        try:
            return cast("Masters", await sentinel.sentinels[0].sentinel_masters())
        except exceptions.RedisError as error:
            return error
        finally:
            await sentinel.sentinels[0].aclose()

    def _hosts(self) -> list[tuple[int, Host]]:
        numbered, first = [*enumerate(self.group.hosts)], self._first
        return [*numbered[first:], *numbered[:first]]

    def _master(self, reply: "Reply", number: int) -> Host | None:
        state = None if isinstance(reply, exceptions.RedisError) else reply.get(self.group.service)
        if not state or not RULES.check_master_state(state, self.group.service):  # type: ignore[no-untyped-call]  # as above
            return None
        self._first = number
        return str(state["ip"]), int(state["port"])


def sentinel_arguments(group: SentinelGroup, tls: Mapping[str, object] | None) -> dict[str, Any]:
    """What a connection to a Sentinel is made of, by redis-py's names."""
    return {
        "username": group.user or None, "password": group.password or None,
        "socket_timeout": SENTINEL_S, "socket_connect_timeout": SENTINEL_S,
        "retry": Retry(NoBackoff(), 0), **({} if tls is None else {"ssl": True, **tls}),
    }  # fmt: skip


def no_master_reason(service: str, replies: Mapping[Host, Reply]) -> str:
    """Why no Sentinel names a master, and what to do; `replies` are theirs, in the order in which they were asked."""
    answers = [reply for reply in replies.values() if not isinstance(reply, exceptions.RedisError)]
    known = {name for answer in answers for name in answer}
    if service in known:
        return (
            f"the Sentinels know no master of {service!r} that is up: a failover is under way, or they have no "
            "replica to promote; see their logs"
        )
    if answers:
        has = f"they have {', '.join(sorted(known))}" if known else "they have none"
        return f"the Sentinels know no service {service!r}, {has}; correct service= in the URL"
    errors = [(f"{host}:{port}", reply) for (host, port), reply in replies.items()]
    return next((why for place, error in errors if (why := _refusal_reason(place, error))), "") or (
        f"no Sentinel answers: {', '.join(str(error).rstrip('.') for _, error in errors)}; are they up?"
    )


def _refusal_reason(place: str, error: Reply) -> str:
    if isinstance(error, exceptions.RedisError) and (why := tls_reason(error)):
        return f"the Sentinel at {place}: {why}"
    if isinstance(error, exceptions.AuthenticationError):
        return f"the Sentinel at {place} refused the password: {error}; see sentinel_password= in the URL"
    if isinstance(error, exceptions.ResponseError):
        return f"what answers at {place} is no Sentinel: {error}; name Sentinels, or write redis://"
    return ""
