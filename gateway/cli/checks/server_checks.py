"""Redis server checks: is it there, will it do, and may this user do what Seriatim does? Nothing is written."""

import ipaddress
import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError

from gateway.cli.checks.check_result import CheckResult, CheckStatus, fail, from_message, ok, warn
from gateway.cli.checks.cluster_check import check_cluster
from seriatim.errors import CommandRefused, SeriatimError
from seriatim.servers.cluster_client import nodes_of
from seriatim.servers.redis_checks import GUARD_KEY, durability_warnings, eviction_problem, server_version
from seriatim.servers.redis_clients import check_reachable, lookup_of
from seriatim.servers.server_address import Address
from seriatim.servers.server_urls import ENCRYPTED, redacted_url
from seriatim.settings import Settings

PINGS = 5  #: the shortest round trip of these counts
SLOW_MS = 20.0  #: a round trip; a sentence takes some ten of them
SKEW_S = 2.0  #: between two clocks; logs and recordings of two machines cannot be compared then
CROWDED = 0.8  #: of the server's connections
START = "start one: seriatim up (at port 7379), or redis-server; or set SERIATIM_REDIS_URL; seriatim speak needs none"
ROLE = "load the users of this version: deploy/redis/users.sh (docs/how-to/security.md)"
Replies = Mapping[str, Any]  #: INFO, as redis-py reads it


def check_server(redis: "Redis", settings: Settings) -> list[CheckResult]:
    """Results about the server; one alone if it does not answer."""
    url = settings.redis_url
    address = Address.of(url)
    try:
        check_reachable(redis, url)
        reached = _reach(redis, url, cast("Replies", redis.info()))
        cluster = check_cluster(redis, address)
        of_nodes = [_check_node(node, address, settings) for node in nodes_of(redis)]
    except SeriatimError as error:
        return [_away(error, url)]
    role, *state = (max(results, key=_severity) for results in zip(*of_nodes, strict=True))
    others = [*_sentinels(address), *cluster]
    return [reached, role, *others, *state, _rights(redis), _encryption(address), check_clock(redis)]


def _check_node(redis: "Redis", address: Address, settings: Settings) -> list[CheckResult]:
    """Results about one server, each of which any node of a cluster may spoil."""
    info = cast("Replies", redis.info())
    return [
        _role(info, address),
        _durability(redis),
        _writes(info),
        _memory(info, settings.memory_share),
        _eviction(info),
        _clients(info),
    ]


def _severity(result: CheckResult) -> int:
    return (CheckStatus.OK, CheckStatus.WARN, CheckStatus.FAIL).index(result.status)


def _away(error: SeriatimError, url: str) -> CheckResult:
    result = from_message("redis", error)
    address = Address.of(url)
    plain = f"no Redis at {redacted_url(url)}" in result.found and not (address.sentinels or address.cluster)
    return fail("redis", result.found, START) if plain else result


def _reach(redis: "Redis", url: str, info: Replies) -> CheckResult:
    version, too_old = server_version(info)
    if too_old:
        return from_message("redis", too_old)
    took_ms = min(_timed_ms(redis.ping) for _ in range(PINGS))
    found = f"{version} at {redacted_url(url)} answers in {took_ms:.2f} ms"
    if took_ms > SLOW_MS:
        return warn("redis", found, "run it near the workers and gateways: each sentence asks it some ten times")
    return ok("redis", found)


def _timed_ms(call: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    call()
    return (time.perf_counter() - began_s) * 1000


def _role(info: Replies, address: Address) -> CheckResult:
    if info.get("role") == "master":
        return ok("redis role", f"it takes writes; {info.get('connected_slaves', 0)} replicas follow it")
    source = f"{info.get('master_host')}:{info.get('master_port')}"
    who = "nodes" if address.cluster else "Sentinels"
    advice = f"a failover is under way: look again in a minute, and at the logs of the {who}"
    return fail(
        "redis role",
        f"it is a replica of {source}",
        advice if address.sentinels or address.cluster else f"set SERIATIM_REDIS_URL to the server at {source}",
    )


def _sentinels(address: Address) -> list[CheckResult]:
    """Whether each Sentinel of the URL answers, and knows the service; none if it names none."""
    if not address.sentinels:
        return []
    lookup, service, hosts = lookup_of(address), address.sentinels.service, address.sentinels.hosts
    silent = [
        f"{host}:{port}"
        for host, port in hosts
        if isinstance(reply := lookup.ask((host, port)), RedisError) or service not in reply
    ]
    if silent:
        advice = "start each, with this service; while most are away, no failover takes place"
        found = f"{len(hosts) - len(silent)} of {len(hosts)} know {service}, not {', '.join(silent)}"
        return [warn("redis sentinels", found, advice)]
    return [ok("redis sentinels", f"{len(hosts)} of {len(hosts)} know {service}")]


def _durability(redis: "Redis") -> CheckResult:
    warnings = durability_warnings(redis)
    if warnings:
        return from_message("redis durability", warnings[0], CheckStatus.WARN)
    return ok("redis durability", "appendonly is on, appendfsync always: nothing acknowledged is lost")


def _writes(info: Replies) -> CheckResult:
    """Whether the server keeps up with its disk; it takes no writes once it does not."""
    if int(info.get("loading", 0)):
        return fail("redis disk", "it is loading its data", "wait until it has; its log says how far it is")
    states = {"log": info.get("aof_last_write_status", "ok"), "snapshot": info.get("rdb_last_bgsave_status", "ok")}
    if broken := [name for name, state in states.items() if state != "ok"]:
        advice = "look at its disk and its own log; it takes no writes until one succeeds"
        return fail("redis disk", f"its last write of its {' and '.join(broken)} failed", advice)
    return ok("redis disk", "its last writes succeeded")


def _memory(info: Replies, share: float) -> CheckResult:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if not most:
        advice = "set maxmemory, so that jobs are refused before the system ends the server"
        return warn("redis memory", f"{_mb(used)} in use, and maxmemory is not set", advice)
    found = f"{_mb(used)} of {_mb(most)} in use"
    if used > share * most:
        advice = "raise maxmemory: jobs are refused above SERIATIM_MEMORY_SHARE of it"
        return fail("redis memory", found, advice)
    return ok("redis memory", found)


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes < 1e9 else f"{n_bytes / 1e9:.1f} GB"


def _eviction(info: Replies) -> CheckResult:
    if problem := eviction_problem(info):
        return from_message("redis eviction", problem)
    return ok("redis eviction", "noeviction: no key of a running job goes away")


def _clients(info: Replies) -> CheckResult:
    n, most = int(info.get("connected_clients", 0)), int(info.get("maxclients", 0))
    found = f"{n} of {most} connections in use" if most else f"{n} connections in use"
    if most and n > CROWDED * most:
        return warn("redis clients", found, "raise maxclients, or set SERIATIM_REDIS_CONNECTIONS for gateways")
    return ok("redis clients", found)


def _rights(redis: "Redis") -> CheckResult:
    """The commands that every role of deploy/redis has; what a role may beyond that, its process finds out."""
    user = _user(redis)
    calls: dict[str, Callable[[], object]] = {
        "GET": lambda: redis.get(GUARD_KEY),
        "TIME": redis.time,
        "EVAL": lambda: redis.eval("return 1", 0),
        "SCRIPT LOAD": lambda: redis.script_load("return 1"),
    }
    refused = [name for name, call in calls.items() if not _allowed(call)]
    if refused:
        return fail("redis rights", f"the user {user} may not run {', '.join(refused)}", ROLE)
    return ok("redis rights", f"the user {user} may run scripts")


def _allowed(call: Callable[[], object]) -> bool:
    try:
        call()
    except CommandRefused:
        return False
    return True


def _user(redis: "Redis") -> str:
    try:
        user_name = redis.acl_whoami()
    except CommandRefused:  # the roles of deploy/redis may not ask
        return str(redis.connection_pool.connection_kwargs.get("username") or "default")
    return user_name.decode() if isinstance(user_name, bytes) else user_name


def _encryption(address: Address) -> CheckResult:
    if address.scheme in ENCRYPTED:
        checked = str(address.options.get("ssl_cert_reqs", "required")) == "required"
        if checked:
            return ok("redis tls", "encrypted, and its certificate is checked")
        return warn(
            "redis tls", "encrypted, but any certificate is accepted", "take ssl_cert_reqs out of SERIATIM_REDIS_URL"
        )
    several = address.sentinels.hosts if address.sentinels else address.cluster
    hosts = [host for host, _ in several] or [address.host]
    if address.scheme == "unix" or all(map(is_near, hosts)):
        return ok("redis tls", "not encrypted, and not needed on this machine or a private network")
    encrypted = {"sentinel": "sentinels", "redis+cluster": "rediss+cluster"}.get(address.scheme, "rediss")
    advice = f"use {encrypted}:// (docs/how-to/security.md), unless the network is private"
    return warn("redis tls", "texts, audio and the password cross the network in the clear", advice)


def is_near(host: str) -> bool:
    """Whether a host is this machine, or of a private network: its address is, or its name has no domain."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return address.is_loopback or address.is_private


def check_clock(redis: "Redis", now_s: Callable[[], float] = time.time) -> CheckResult:
    """Compare the server's clock with this machine's, `now_s`: seconds since 1970."""
    began_s = now_s()
    seconds, micros = redis.time()
    took_s = now_s() - began_s
    skew_s = seconds + micros / 1e6 - began_s - took_s / 2
    found = f"Redis is {abs(skew_s):.3f} s {'ahead' if skew_s >= 0 else 'behind'}"
    if abs(skew_s) > SKEW_S + took_s / 2:
        return warn("clock", found, "run an NTP client on both machines: their logs cannot be compared")
    return ok("clock", found)
