"""The route table: which pools, on which servers, speak a model. A TOML file, read once at start.

    [servers.b]                        # beside `main`, the server of SERIATIM_REDIS_URL
    redis_url = "redis://b:6379/0"
    store_dir = "/recordings/b"        # also: broker_url and the passwords, as the settings of these names

    [models]
    xtts = ["xtts@b"]                  # pool@server; a pool without a server is on `main`
    kokoro = ["kokoro", "kokoro@b"]    # each user has one of them

Of several pools a user always has the same one, by rendezvous hashing (Thaler and Ravishankar, "Using name-based
mappings to increase hit rates", 1998): a pool that is added or removed moves its own users alone.
A job's id ends with `x` and the name of its server, so that it is found without asking the others.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from seriatim.errors import Misconfigured
from seriatim.settings import PREFIX, Settings

MAIN = "main"  #: the server of the settings
SERVER = re.compile(r"[a-z][a-z0-9]{0,15}")
#: settings that a server has of its own; without them it has the default, not that of `main`
OWN = (
    "redis_url", "broker_url", "redis_password", "redis_password_file", "broker_password", "broker_password_file",
    "tls_ca_file", "tls_cert_file", "tls_key_file", "store_dir",
)  # fmt: skip
JOB = re.compile(rf"[0-9a-f]{{32}}(?:x({SERVER.pattern}))?")


@dataclass(frozen=True, slots=True)
class PoolPlace:
    """A pool, and the server that it is on."""

    pool: str
    server: str = MAIN

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `pool` or `pool@server`."""
        pool, at, server = text.rpartition("@")
        return cls(pool, server) if at else cls(text)

    def __str__(self) -> str:
        return self.pool if self.server == MAIN else f"{self.pool}@{self.server}"


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Servers by name, and the places of each model."""

    servers: Mapping[str, Settings] = field(default_factory=dict)  #: beside `main`
    models: Mapping[str, tuple[PoolPlace, ...]] = field(default_factory=dict)

    def place(self, name: str, key: str) -> PoolPlace | None:
        """The pool that speaks a model, or one named as `pool@server`, of users by their `key`; None: no route."""
        if places := self.models.get(name):
            return max(places, key=lambda place: hashlib.blake2s(f"{place}|{key}".encode()).digest())
        place = PoolPlace.parse(name)
        return place if place.server in self.servers else None

    def pools_of(self, server: str) -> frozenset[str]:
        """The pools of a server that the table names."""
        return frozenset(place.pool for places in self.models.values() for place in places if place.server == server)


def job_suffix(server: str) -> str:
    """The end of the ids of a server's jobs."""
    return "" if server == MAIN else f"x{server}"


def server_of_job(job_id: str) -> str:
    """The server that a job's id names; MAIN for one that is no id."""
    match = JOB.fullmatch(job_id)
    return match[1] or MAIN if match else MAIN


def settings_of_job(job_id: str, settings: Settings) -> Settings:
    """The settings of the server that a job's id names, by the file of routes; those given if it names none there.

    Raises:
        Misconfigured: as `read_routes`.
    """
    server = server_of_job(job_id)
    if server == MAIN:
        return settings
    return read_routes(settings.http_routes_file, settings).servers.get(server, settings)


def read_routes(path: str, settings: Settings) -> RouteTable:
    """Read the file of routes; without a path there are none.

    Raises:
        Misconfigured: it cannot be read, or an entry is invalid. No message contains a password.
    """
    if not path:
        return RouteTable()
    try:
        tables = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise Misconfigured(f"cannot read the routes in {path!r}: {error.strerror}") from None
    except ValueError:  # its message would quote the line, and a password in it
        raise Misconfigured(f"{path!r} is not TOML in UTF-8") from None
    if unknown := set(tables) - {"servers", "models"}:
        raise Misconfigured(f"{path!r} has a table {min(unknown)!r}; expected servers and models")
    servers = {name: _server(path, name, row, settings) for name, row in _table(path, tables, "servers").items()}
    return RouteTable(servers, _models(path, _table(path, tables, "models"), servers))


def _table(path: str, tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise Misconfigured(f"{path!r}: {name} is no table")
    return table


def _server(path: str, name: str, row: object, settings: Settings) -> Settings:
    where = f"[servers.{name}] of {path!r}"
    if name == MAIN or not SERVER.fullmatch(name):
        raise Misconfigured(f"{where}: expected a name of small letters and digits, up to 16, other than {MAIN!r}")
    if not isinstance(row, dict) or not set(row) <= set(OWN) or not all(isinstance(each, str) for each in row.values()):
        raise Misconfigured(f"{where} has an unknown field, or one that is no text; there are: {', '.join(OWN)}")
    if "redis_url" not in row:
        raise Misconfigured(f"{where} has no redis_url")
    own = {_variable(setting): row[setting] for setting in OWN if setting in row}
    inherited = {name: value for name, value in settings.to_env().items() if name not in map(_variable, OWN)}
    try:
        return Settings.from_env(inherited | own)
    except Misconfigured as error:
        raise Misconfigured(f"{where}: {error}") from None


def _variable(setting: str) -> str:
    return PREFIX + setting.upper()


def _models(path: str, rows: Mapping[str, Any], servers: Mapping[str, Settings]) -> dict[str, tuple[PoolPlace, ...]]:
    models = {}
    for name, row in rows.items():
        texts = row if isinstance(row, list) else []
        places = tuple(PoolPlace.parse(text) for text in texts if isinstance(text, str))
        if not places or len(set(places)) != len(texts) or not all(place.pool for place in places):
            raise Misconfigured(f"model {name!r} of {path!r}: expected a list of pools, such as ['kokoro', 'kokoro@b']")
        for place in places:
            if place.server != MAIN and place.server not in servers:
                raise Misconfigured(
                    f"model {name!r} of {path!r}: no server {place.server!r}; add [servers.{place.server}]"
                )
        models[name] = places
    return models
