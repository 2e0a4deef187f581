"""A group of Sentinels, as a URL names it: `sentinel://host:26379,host:26379/0?service=mymaster`.

Sentinels watch a Redis server and its replicas, and make a replica the master when the master is lost. Each knows the
others, but one that is down cannot be asked: a URL names several. `sentinels://` is the same with TLS, to the Sentinels
and to the servers. kombu joins whole URLs with semicolons, and takes the service from its options.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from seriatim.errors import Misconfigured
from seriatim.servers.host_list import Host, netloc, parse_hosts
from seriatim.servers.server_urls import SENTINEL_SPELLING, redacted_url

SENTINEL_PORT = 26379


@dataclass(frozen=True, slots=True)
class SentinelGroup:
    """The Sentinels of one service."""

    hosts: tuple[Host, ...]  #: with their ports, one or more
    service: str  #: the name that the Sentinels' own configuration gives the master
    user: str = field(default="", repr=False)  #: of the Sentinels themselves; that of the servers is the address's
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str, parts: SplitResult, parameters: Mapping[str, object]) -> "SentinelGroup":
        """Read the hosts of a URL, and the parameters of the group.

        Raises:
            Misconfigured: no service or no host is named, or what is named is no host with a port.
        """
        found = [str(parameters.get(name, "")) for name in ("service", "sentinel_username", "sentinel_password")]
        if not found[0]:
            raise Misconfigured(
                f"{redacted_url(url)!r} names no service; add ?service=NAME, the name after `sentinel monitor` in the "
                "Sentinels' configuration"
            )
        return cls(_parse_hosts(url, parts.netloc.rpartition("@")[2]), *found)

    def kombu_url(self, login: str, db: int) -> str:
        """The same group as kombu reads it; `login` is what stands in front of each host."""
        return ";".join(f"sentinel://{login}{netloc(host, port)}/{db}" for host, port in self.hosts)


def _parse_hosts(url: str, text: str) -> tuple[Host, ...]:
    try:
        return parse_hosts(text, SENTINEL_PORT)
    except ValueError:
        raise Misconfigured(f"{redacted_url(url)!r} does not name Sentinels; {SENTINEL_SPELLING}") from None
