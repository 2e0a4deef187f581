"""Health checks: the exit status of `seriatim healthcheck` says whether a component works on this machine.

It checks what only a working component maintains: the registration that a worker process' heartbeat renews, the
heartbeat that a reassembler writes each second, the answer of a server. The name of a process begins with its host
name, which in a container is the container's.
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


def run_healthcheck(component: str, settings: Settings, pool: str, port: int | None = None) -> int:
    """Check one component; returns OK, or FAILED after a line on stderr that gives the reason.

    Raises:
        Unavailable: Redis does not answer.
    """
    if component in HEALTH:
        default, path = HEALTH[component]
        root = settings.flower_root.strip("/") if component == "flower" else ""  # it answers only under its URL root
        problem = http_problem(f"http://127.0.0.1:{port or default}{root and '/'}{root}{path}")
    else:
        with command_client(settings.redis_url, outage_s=ANSWER_S) as client, translate_redis_errors():
            problem = _worker_problem(client, pool) if component == "worker" else _reassembler_problem(client)
    if not problem:
        return ExitCode.OK
    sys.stderr.write(f"seriatim healthcheck: {problem}\n")
    return ExitCode.FAILED


def http_problem(url: str) -> str:
    """The reason why no healthy server answers at `url`; "" if one does."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=ANSWER_S):
            return ""
    except (OSError, urllib.error.URLError) as error:
        return f"{url}: {error}"


def _worker_problem(client: "Redis", pool: str) -> str:
    if any(map(_runs_here, beating_workers(client, pool))):
        return ""
    return f"no worker process on {socket.gethostname()} sends heartbeats to the pool {pool!r}"


def _reassembler_problem(client: "Redis") -> str:
    if any(_runs_here(reassembler.name) for reassembler in running_reassemblers(client)):
        return ""
    return f"no reassembler on {socket.gethostname()} sends heartbeats"


def _runs_here(name: str) -> bool:
    return name.startswith(f"{socket.gethostname()}.")
