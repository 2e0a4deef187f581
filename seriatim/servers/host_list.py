"""Host lists: several hosts in the place of one, as URLs of Sentinels and of clusters have them. Pure."""

from urllib.parse import quote, unquote, urlsplit

Host = tuple[str, int]  #: a name or an address, and a port


def parse_hosts(text: str, default_port: int) -> tuple[Host, ...]:
    """Read `host[:port],host[:port]`.

    Raises:
        ValueError: one of them is none; its text may repeat a piece of a password.
    """
    parsed = [urlsplit(f"//{host}") for host in text.split(",")]
    hosts = tuple((unquote(host.hostname or ""), host.port or default_port) for host in parsed)
    if ";" in text or not all(host for host, _ in hosts):
        raise ValueError
    return hosts


def netloc(host: str, port: int) -> str:
    """A host with its port, as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{quote(host, safe='')}:{port}"
