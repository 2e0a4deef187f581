"""The Redis server that we stand on: is it fit, and was it restarted?

Checked at start-up by whatever stays (`check_redis`), and at every new connection (`guard_restart`): a connection
breaks when a server restarts, so that a new connection is the first chance to notice, before any other command is sent.

Why a restart needs care (research on Redis 7.0.15, fixed in Valkey since): when the log's tail is torn inside a
script's MULTI, the server drops the script but leaves an open MULTI in the log, and the *next* restart runs part of
the script, or loses what was acknowledged after it. Rewriting the log before the first write removes it. A managed
server knows no BGREWRITEAOF: its provider answers for the log, the process goes on, and `check_redis` warns.

Each node of a cluster restarts alone, so each has a guard key of its own: the first of NODE_GUARD_KEYS whose slot it
has. One whose slots were moved may find another key first, and has its log rewritten once in vain.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from redis import Redis
from redis.exceptions import AskError, NoPermissionError, ResponseError, TryAgainError

from seriatim.errors import CommandRefused, Misconfigured, Unavailable
from seriatim.keys import POOL_LIFE_S, PREFIX
from seriatim.lua.script_calls import ScriptCall, translate_redis_errors
from seriatim.servers.cluster_client import ClusterClient, nodes_of

GUARD_KEY = f"{PREFIX}server"  #: string: run id of the server whose log was made safe, or that and UNWRITTEN
UNWRITTEN = b" whose log cannot be rewritten"  #: by anybody: the server does not know the command
#: the same in a cluster: enough of them that each node has a slot of one, however many nodes there are
NODE_GUARD_KEYS = tuple(f"{PREFIX}server:{{{number}}}" for number in range(1024))
#: Written even when memory is full: those who make room in it must be able to connect.
REMEMBER_SCRIPT = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])"
REWRITE_S = 60.0  #: a log rewrite that takes longer is reported, not waited for
EVICTING = ("allkeys-", "volatile-")
ELSEWHERE = (AskError, TryAgainError)  #: a key is another node's, which MovedError says, too, or its slot moves
MINIMUM = {"redis": (7, 0), "valkey": (7, 2)}


@dataclass(frozen=True, slots=True)
class RedisFitness:
    """What a start-up check found that the operator should know."""

    server: str  #: such as "valkey 9.1.2"
    warnings: tuple[str, ...]


def check_redis(redis: "Redis") -> RedisFitness:
    """Look at version, eviction and durability, of each node of a cluster.

    Raises:
        Misconfigured: the server is too old, or evicts keys.
        Unavailable: it cannot be reached.
    """
    keys = NODE_GUARD_KEYS if isinstance(redis, ClusterClient) else (GUARD_KEY,)
    found = [_check_server(server, keys) for server in nodes_of(redis)]
    warnings = dict.fromkeys(warning for each in found for warning in each.warnings)
    return RedisFitness(found[0].server, tuple(warnings))


def _check_server(redis: "Redis", guard_keys: Sequence[str]) -> RedisFitness:
    version, too_old = server_version(redis.info("server"))
    problem = too_old or eviction_problem(redis.info("memory"))
    if problem:
        raise Misconfigured(problem)
    return RedisFitness(version, (*durability_warnings(redis), *_check_log(redis, guard_keys)))


def server_version(info: Mapping[str, Any]) -> tuple[str, str]:
    """The server's name with its version, such as "valkey 9.1.2", and why that will not do; "" if it will.

    `info` is INFO's section `server`.
    """
    name = "valkey" if "valkey_version" in info else "redis"
    version = str(info.get("valkey_version") or info.get("redis_version") or "of an unknown version")
    if tuple(int(number) for number in re.findall(r"\d+", version)[:2]) >= MINIMUM[name]:
        return f"{name} {version}", ""
    needed = " or ".join(f"{n} {a}.{b}" for n, (a, b) in MINIMUM.items())
    return f"{name} {version}", f"the server is {name} {version}; Seriatim needs {needed} or newer"


def eviction_problem(info: Mapping[str, Any]) -> str:
    """The problem with the server's eviction policy; "" if it evicts nothing. `info` is INFO's section `memory`."""
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if not policy.startswith(EVICTING):
        return ""
    return (
        f"the server's maxmemory-policy is {policy}: it would evict sentences of running jobs; "
        "run CONFIG SET maxmemory-policy noeviction and write it into the server's configuration, or, for a "
        "managed one, set it with its provider"
    )


def durability_warnings(redis: "Redis") -> list[str]:
    """Warnings about what a crash of the server would lose.

    Raises:
        Unavailable: it cannot be reached.
    """
    try:
        with translate_redis_errors():
            config: dict[str, str] = redis.config_get("append*")  # type: ignore[assignment]  # decoded by redis-py
    except CommandRefused:
        return ["the server hides its configuration (CONFIG GET refused): durability could not be checked"]
    if config.get("appendonly") != "yes":
        return ["appendonly is off: jobs do not survive a restart of the server; set appendonly yes"]
    if config.get("appendfsync") != "always":
        lost = "the last two seconds of acknowledged work may be lost when the server is killed"
        return [f"appendfsync is {config.get('appendfsync')}: {lost}; set appendfsync always for no loss"]
    return []


def _check_log(redis: "Redis", guard_keys: Sequence[str]) -> list[str]:
    """Whether `guard_restart`, which ran when this connection was made, could make the log safe."""
    _, known = _read_guard(partial(_get, redis), guard_keys)
    if not known.endswith(UNWRITTEN):
        return []
    return ["the server knows no BGREWRITEAOF, as managed ones do not: after a crash its log is its provider's concern"]


def _get(redis: "Redis", key: str) -> Any:
    try:
        return redis.get(key)
    except (CommandRefused, Unavailable) as error:
        if isinstance(error.__cause__, ELSEWHERE):
            raise error.__cause__ from None
        raise


def guard_restart(connection: Any, rebases: list[ScriptCall[int]], *, in_cluster: bool = False) -> None:
    """Make a new connection safe to use: after a restart rewrite the log, then rebase each pool.

    `connection` is redis-py's; commands go through it directly, before any other command.

    Raises:
        Unavailable: the log rewrite fails, or does not end.
    """
    safe = _info_field(_call(connection, "INFO", "server"), "run_id").encode()
    key, known = _read_guard(partial(_call, connection, "GET"), _guard_keys(connection) if in_cluster else (GUARD_KEY,))
    if key and known not in (safe, safe + UNWRITTEN):
        if _info_field(_call(connection, "INFO", "persistence"), "aof_enabled") == "1" and not _rewrite_log(connection):
            safe += UNWRITTEN
        _call(connection, "EVAL", REMEMBER_SCRIPT, 1, key, safe, POOL_LIFE_S)
    for call in rebases:
        try:
            _call(connection, "EVAL", call.script.text, len(call.keys), *call.keys, *call.args)
        except ELSEWHERE:
            if not in_cluster:
                raise
            continue  # the pool is another node's, or about to be: the client rebases it there


def _guard_keys(connection: Any) -> tuple[str, ...]:
    """The keys of which a node of a cluster may have one; a replica has none that it may write."""
    role = _info_field(_call(connection, "INFO", "replication"), "role")
    return NODE_GUARD_KEYS if role == "master" else ()


def _read_guard(get: Callable[[str], Any], keys: Sequence[str]) -> tuple[str, bytes]:
    """The key that remembers a server's log, and what it has; no key at a node that has no slot of one."""
    for key in keys:
        try:
            return key, get(key) or b""
        except ELSEWHERE:
            if len(keys) == 1:
                raise
    return "", b""


def _rewrite_log(connection: Any) -> bool:
    """Rewrite the log, and wait for the end of that; False if the server has no command for it.

    Raises:
        Misconfigured: this user may not; another may.
        Unavailable: it fails, or does not end.
    """
    try:
        _call(connection, "BGREWRITEAOF")
    except NoPermissionError as error:
        needed = "after a restart its log must be rewritten: give the user +bgrewriteaof (docs/how-to/security.md)"
        raise Misconfigured(f"the server refused BGREWRITEAOF: {error}; {needed}") from error
    except ResponseError as error:
        if "unknown command" in str(error).lower():
            return False
        if "already" not in str(error) and "in progress" not in str(error):
            raise Unavailable(f"the server cannot rewrite its log: {error}; has it disk and memory enough?") from error
    _await_rewrite(connection)
    return True


def _await_rewrite(connection: Any) -> None:
    deadline = time.monotonic() + REWRITE_S
    while True:
        persistence = _call(connection, "INFO", "persistence")
        if (
            _info_field(persistence, "aof_rewrite_in_progress")
            == _info_field(persistence, "aof_rewrite_scheduled")
            == "0"
        ):
            if _info_field(persistence, "aof_last_bgrewrite_status") != "ok":
                raise Unavailable(
                    "the server could not rewrite its log; has it disk and memory enough? See its own log"
                )
            return
        if time.monotonic() > deadline:
            raise Unavailable(f"the server has been rewriting its log for {REWRITE_S:.0f} s; is its disk full or slow?")
        time.sleep(0.005)  # a rewrite of an idle log takes about 10 ms


def _call(connection: Any, *command: object) -> Any:
    connection.send_command(*command)
    return connection.read_response()


def _info_field(info: Any, name: str) -> str:
    text = info.decode() if isinstance(info, bytes) else str(info)
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value
    raise Misconfigured(f"the server's INFO has no {name}; is it a Redis?")
