"""Connection options of every engine in front of another server: its address, its key, its time-outs.

Nothing here waits on a core: a slot is a request that waits for bytes. So one worker process has all slots of a host.
"""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from seriatim.errors import UnknownOption
from workers.engines.engine_options import OptionInfo


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """The options that all engines in front of a server have."""

    base_url: Annotated[str, OptionInfo("address of the server; needed, unless the engine knows its provider's")] = ""
    key_file: Annotated[str, OptionInfo("a file with the API key in one line; read again when it changes")] = ""
    slots: Annotated[int, OptionInfo("requests at once, in one process: they wait, and need no core", 1, 1024)] = 4
    rate_hz: Annotated[int, OptionInfo("samples per second of the pool; other rates are resampled", 8_000, 96_000)] = (
        24_000
    )
    limit_chars: Annotated[int, OptionInfo("the longest text of one request", 20, 10_000)] = 400
    connect_s: Annotated[float, OptionInfo("longest wait for a connection", 0.1, 60)] = 5.0
    first_byte_s: Annotated[float, OptionInfo("longest wait for the first byte of sound", 0.1, 600)] = 20.0
    between_bytes_s: Annotated[float, OptionInfo("longest pause within the sound", 0.1, 600)] = 10.0
    ca_file: Annotated[str, OptionInfo("certificates of the authorities that servers are checked by, as PEM")] = ""
    http2: Annotated[bool, OptionInfo("1: HTTP/2 where the server offers it; see the guide before")] = False
    environment: Annotated[bool, OptionInfo("1: use the proxies that HTTPS_PROXY and NO_PROXY name")] = True


def checked_base_url(url: str, example: str) -> str:
    """The address without a slash at its end.

    Raises:
        UnknownOption: none, or not one of http or https, or one with a user's name: a key belongs into `key_file`.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UnknownOption(f"base_url={shown_host(url)!r}; expected such as {example}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UnknownOption(
            f"base_url names {shown_host(url)} with more than an address; a key goes into a file, by key_file=FILE"
        )
    return url.rstrip("/")


def shown_host(url: str) -> str:
    """The part of an address that messages may show: host and port alone."""
    return urlsplit(url).netloc.rpartition("@")[2] or url.partition("?")[0].rpartition("@")[2][:60]
