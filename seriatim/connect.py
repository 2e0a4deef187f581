"""Connections to the data server, with timeouts, retries and the restart guard.

Two kinds, because redis-py's default of a 5 s socket timeout with retries breaks blocking reads: `commands` for
what is answered at once, `blocking` for XREAD BLOCK and BLPOP, whose socket waits longer than the command does. A
command that timed out may have been executed; it is sent again, which every script of ours allows.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import redis
from redis import exceptions
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from seriatim.credentials import SPELLING
from seriatim.credentials import shown as shown  # whoever connects says to whom
from seriatim.errors import Misconfigured, Unavailable
from seriatim.pool import rebase
from seriatim.server import guard
from seriatim.server_errors import NOT_NOW, RECONNECT, code_of, translated

ANSWER_S = 5.0  #: a command that is not answered for so long is sent again
OUTAGE_S = 10.0  #: about how long a process waits for a server that is restarted, before it gives up
BLOCK_S = 5.0  #: longest blocking read; also the reader's sign of life


def commands(url: str, pools: Iterable[str] = (), *, outage_s: float = OUTAGE_S) -> "redis.Redis":
    """A client for commands that are answered at once. Thread-safe.

    Raises:
        Misconfigured: the URL is not one of Redis.
    """
    return _client(url, pools, ANSWER_S, outage_s)


def blocking(url: str, pools: Iterable[str] = (), *, outage_s: float = OUTAGE_S) -> "redis.Redis":
    """A client for reads that block for up to BLOCK_S."""
    return _client(url, pools, BLOCK_S + ANSWER_S, outage_s)


def reach(client: "redis.Redis", url: str) -> None:
    """Say hello, once and quickly, before work begins.

    Raises:
        Unavailable: nobody answers.
        Misconfigured: the server wants another password.
    """
    try:
        client.ping()
    except exceptions.AuthenticationError as error:
        hint = "see SERIATIM_REDIS_PASSWORD and SERIATIM_REDIS_PASSWORD_FILE; the user stands in the URL"
        raise Misconfigured(f"the server at {shown(url)} refused the password: {error}; {hint}") from None
    except exceptions.RedisError as error:
        if code_of(error) in NOT_NOW:
            raise Unavailable(f"the server at {shown(url)} refuses for now: {translated(error)}") from None
        raise Unavailable(f"no Redis at {shown(url)}: {error}; start one, or set SERIATIM_REDIS_URL") from None


def _client(url: str, pools: Iterable[str], timeout_s: float, outage_s: float) -> "redis.Redis":
    try:
        return redis.Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=2.0,
            retry=_patient(outage_s),
            retry_on_error=RECONNECT,
            redis_connect_func=_greeting(pools),
        )
    except (ValueError, TypeError):  # their text may repeat a piece of the password
        raise Misconfigured(f"{shown(url)!r} is no Redis URL; {SPELLING}") from None


def _patient(outage_s: float) -> Retry:
    cap_s = 0.5
    return Retry(ExponentialBackoff(cap=cap_s, base=0.02), retries=max(1, round(outage_s / cap_s)) + 5)


def _greeting(pools: Iterable[str]) -> Callable[[Any], None]:
    return partial(_greet, [rebase(pool) for pool in pools])


def _greet(rebases: list[Any], connection: Any) -> None:
    connection.on_connect()
    guard(connection, rebases)
