"""Roles: servers on which every process has a user of its own, as deploy/redis describes them."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from redis import Redis

from seriatim.client.producer import Producer
from seriatim.settings import Settings
from tests.support.process_system import ROOT, RealSystem
from tests.support.redis_servers import PrivateServer

DEPLOY = ROOT / "deploy" / "redis"
ROLES = tuple(sorted(path.stem for path in DEPLOY.glob("*.acl")))
OPEN_DEFAULT = "user default on nopass ~* &* +@all"  #: so that the test itself may look
#: the start-up check asks how durable the server is, and takes no for an answer: CONFIG GET shows passwords, too
ASKED_IN_VAIN = "command config|get"


@dataclass(frozen=True, slots=True)
class Roles:
    """The users of a server and their passwords."""

    acl_file: Path
    passwords: dict[str, str]

    @classmethod
    def made(cls, folder: Path, default: str = OPEN_DEFAULT) -> "Roles":
        """As an operator makes them, but for the default user."""
        printed = subprocess.run([DEPLOY / "users.sh", folder / "passwords"], check=True, capture_output=True)
        lines = printed.stdout.decode().splitlines()
        assert lines[0] == "user default off"
        acl_file = folder / "users.acl"
        acl_file.write_text("\n".join([default, *lines[1:]]) + "\n", "utf-8")
        return cls(acl_file, {role: (folder / "passwords" / role).read_text("utf-8").strip() for role in ROLES})

    def settings(self, role: str, settings: Settings) -> Settings:
        """The settings of a process that has this role."""
        return replace(settings, redis_url=self.url(role, settings.redis_url), broker_url="")

    def url(self, role: str, url: str) -> str:
        """A server's URL with the role's user and password."""
        return url.replace("://", f"://seriatim-{role}:{quote(self.passwords[role], safe='')}@", 1)

    def client(self, role: str, server: PrivateServer) -> Redis:
        """A plain client as this role."""
        return Redis.from_url(self.url(role, server.url))


@dataclass(frozen=True, slots=True)
class Guarded:
    """A system whose processes have their roles."""

    system: RealSystem
    roles: Roles

    def producer(self, role: str = "producer") -> Producer:
        """A producer, or whatever else uses one, in this process."""
        made = Producer(self.roles.settings(role, self.system.settings))
        self.system._producers.append(made)
        return made

    def start(self, **options: Any) -> None:
        """A reassembler and two worker processes."""
        self.system.reassembler(**self.of("reassembler"))
        self.system.workers(2, options=options, **self.of("worker"))

    def of(self, role: str) -> dict[str, Any]:
        """The settings of a child process."""
        url = self.roles.url(role, self.system.server.url)
        return {"redis_url": url, "broker_url": replace(self.system.settings, redis_url=url, broker_url="").broker}

    def denied(self) -> list[str]:
        """What the server refused to our users since it was last asked: role, and the command, key or channel."""
        with self.system.redis as client:
            log = cast("list[dict[str, Any]]", client.acl_log())
            client.acl_log_reset()
        return refusals(log)


def refusals(log: list[dict[str, Any]]) -> list[str]:
    """What ACL LOG has of our users: role, and the command, key or channel."""
    rows = [(_text(row["username"]), f"{_text(row['reason'])} {_text(row['object'])}") for row in log]
    return [f"{user}: {what}" for user, what in rows if what != ASKED_IN_VAIN]


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
