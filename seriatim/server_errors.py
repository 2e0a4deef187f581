"""Errors of a Redis server, in the words of our own tree: one table of the codes that its error replies begin with.

A server that refuses now and serves again later without anybody touching us is `Unavailable`, whatever it calls that:
it was demoted, it loads its data, its disk is full, its replicas are away. `RECONNECT` are the errors after which
another connection may reach another server: behind one address, that is how a failover looks.
"""

from redis import exceptions

from seriatim.errors import MemoryFull, Misconfigured, SeriatimError, Unavailable

FULL_AGAIN_S = 5.0  #: after which a call that found no memory may be tried again

#: code of an error reply -> why the server refuses now, and what to look at
NOT_NOW = {
    "READONLY": "it is a replica: a failover is under way, or SERIATIM_REDIS_URL names a replica",
    "MISCONF": "it cannot save to its disk and takes no writes: look at its log and its disk",
    "NOREPLICAS": "too few replicas are connected to it: see min-replicas-to-write",
    "LOADING": "it is loading its data",
    "BUSY": "a script keeps it busy",
    "MASTERDOWN": "it is a replica that has lost its master",
    "TRYAGAIN": "a slot of the cluster is being moved",
    "CLUSTERDOWN": "its cluster is down",
    "UNBLOCKED": "it became a replica",
}
RECONNECT: list[type[Exception]] = [
    exceptions.ConnectionError,  # LOADING and the limit of clients are of this class
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.MasterDownError,
]


def code_of(error: Exception) -> str:
    """The code that an error reply began with, such as READONLY; "" if it had none."""
    code = str(getattr(error, "status_code", "") or str(error).partition(" ")[0])
    return code if code.isupper() else ""


def translated(error: exceptions.RedisError) -> SeriatimError | None:
    """The error of our tree that says the same; None if it is one that no waiting helps against, as a missing right."""
    code = code_of(error)
    if isinstance(error, exceptions.OutOfMemoryError) or code == "OOM":
        return MemoryFull("Redis has no memory left: running jobs make room as they are heard", FULL_AGAIN_S)
    if isinstance(error, exceptions.AskError):  # MOVED is one
        return Misconfigured("Redis is a node of a cluster, which is not supported: name a single server")
    if code in NOT_NOW:
        return Unavailable(f"Redis takes no such command now ({code}): {NOT_NOW[code]}")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError):
        return Unavailable(f"Redis does not answer: {error}; is it up, and is SERIATIM_REDIS_URL right?")
    return None
