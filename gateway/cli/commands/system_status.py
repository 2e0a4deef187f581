"""The status of a system: of the server of the settings, and of those in the route table of its gateways."""

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace

from redis import Redis
from rich.console import Console, Group, RenderableType

from gateway.cli.render import status_tables
from gateway.http.routing.route_table import MAIN, PoolPlace, read_routes, settings_of_job
from seriatim.client.producer import Producer
from seriatim.errors import Unavailable
from seriatim.exit_codes import ExitCode
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.state.pool_state import PoolState, RedisState, as_json, pool_states, redis_state

OUTAGE_S = 1.0  #: a person is waiting at the terminal


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server and its pools, or why it cannot be asked."""

    name: str
    redis: RedisState | None  #: None: it does not answer
    pools: list[PoolState]
    error: str = ""

    @property
    def placed_pools(self) -> list[PoolState]:
        """Its pools, named as a request names them: `pool@server` beside the main one."""
        return [replace(pool, pool=str(PoolPlace(pool.pool, self.name))) for pool in self.pools]


def run_status(options: argparse.Namespace, settings: Settings) -> int:
    """Run `seriatim status [JOB]`; UNAVAILABLE if one of several servers does not answer."""
    if options.job:
        return _write_job(options, settings)
    clients = _clients(settings)
    if list(clients) == [MAIN]:
        check_reachable(clients[MAIN], settings.redis_url)
    if options.watch and not options.json:
        status_tables.watch(lambda: _tables(_read(clients)), _console())
        return ExitCode.OK
    servers = _read(clients)
    if options.json:
        _write_json(servers)
    else:
        _console().print(_tables(servers))
    return ExitCode.UNAVAILABLE if any(server.error for server in servers) else ExitCode.OK


def _write_job(options: argparse.Namespace, settings: Settings) -> int:
    own = settings_of_job(options.job, settings)
    with closing(command_client(own.redis_url, outage_s=OUTAGE_S)) as redis:
        check_reachable(redis, own.redis_url)
    found = Producer(own).attach(options.job).status()
    sys.stdout.write((json.dumps(asdict(found)) if options.json else status_tables.job_lines(found)) + "\n")
    return ExitCode.OK


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 160)


def _clients(settings: Settings) -> dict[str, "Redis"]:
    """A client of each server, by its name."""
    all_settings = {MAIN: settings, **read_routes(settings.http_routes_file, settings).servers}
    return {name: command_client(own.redis_url, outage_s=OUTAGE_S) for name, own in all_settings.items()}


def _read(clients: Mapping[str, "Redis"]) -> list[ServerStatus]:
    return [_read_server(name, redis, alone=len(clients) == 1) for name, redis in clients.items()]


def _read_server(name: str, redis: "Redis", *, alone: bool) -> ServerStatus:
    try:
        return ServerStatus(name, redis_state(redis), pool_states(redis))
    except Unavailable as error:
        if alone:
            raise
        return ServerStatus(name, None, [], str(error))


def _tables(servers: list[ServerStatus]) -> RenderableType:
    """The tables of each server, under its name if there are several."""
    if len(servers) == 1 and servers[0].redis:
        return status_tables.system_tables(servers[0].redis, servers[0].pools)
    parts: list[RenderableType] = []
    for server in servers:
        parts.append(status_tables.server_head(server.name, server.error))
        if server.redis:
            parts.append(status_tables.system_tables(server.redis, server.placed_pools))
    return Group(*parts)


def _write_json(servers: list[ServerStatus]) -> None:
    """All pools as one list; servers that do not answer are named beside it."""
    sys.stdout.write(json.dumps([row for server in servers for row in as_json(server.placed_pools)]) + "\n")
    for server in servers:
        if server.error:
            sys.stderr.write(f"seriatim status: server {server.name}: {server.error}\n")
