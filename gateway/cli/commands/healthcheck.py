"""Health checks: `seriatim healthcheck` says by its exit status whether a part of the system on this machine works.

It asks what only a working part keeps up: a worker process' registration, which its pulse renews; the word that a
reassembler gives each second; an answer of a server. A part's name begins with its machine's, which in a
container is the container's.
"""

import socket
import sys
import urllib.error
import urllib.request

from redis import Redis

from seriatim.exit_codes import ExitCode
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.reassembler_heartbeats import running_reassemblers
from seriatim.servers.redis_clients import command_client
from seriatim.settings import Settings
from seriatim.state.worker_record import beating_workers

ANSWER_S = 3.0
HEALTH = {"gateway": (8000, "/healthz"), "flower": (5555, "/healthcheck")}  #: default port, path


def run_healthcheck(part: str, settings: Settings, pool: str, port: int | None = None) -> int:
    """Returns the exit status: OK, or FAILED after a line that says why.

    Raises:
        Unavailable: Redis does not answer.
    """
    if part in HEALTH:
        default, path = HEALTH[part]
        root = settings.flower_root.strip("/") if part == "flower" else ""  # it answers under its path alone
        why = unanswered(f"http://127.0.0.1:{port or default}{root and '/'}{root}{path}")
    else:
        with command_client(settings.redis_url, outage_s=ANSWER_S) as client, translate_redis_errors():
            why = _no_worker(client, pool) if part == "worker" else _no_reassembler(client)
    if not why:
        return ExitCode.OK
    sys.stderr.write(f"seriatim healthcheck: {why}\n")
    return ExitCode.FAILED


def unanswered(url: str) -> str:
    """Why nothing healthy answers there; "" if it does."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=ANSWER_S):
            return ""
    except (OSError, urllib.error.URLError) as error:
        return f"{url}: {error}"


def _no_worker(client: "Redis", pool: str) -> str:
    if any(map(_ours, beating_workers(client, pool))):
        return ""
    return f"no worker process of {socket.gethostname()} beats in the pool {pool!r}"


def _no_reassembler(client: "Redis") -> str:
    if any(_ours(found.name) for found in running_reassemblers(client)):
        return ""
    return f"no reassembler of {socket.gethostname()} reads"


def _ours(name: str) -> bool:
    return name.startswith(f"{socket.gethostname()}.")
