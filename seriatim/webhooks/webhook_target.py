"""Webhook targets: the URLs that messages may be posted to, and the hosts that they may name. Pure."""

import fnmatch
import ipaddress
import json
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from seriatim.errors import UnknownOption
from seriatim.servers.server_urls import redacted_url

MAX_URL_CHARS = 2_000
INTERNET_V6 = ipaddress.ip_network("2000::/3")  #: all that IANA gives for global unicast
#: is_global takes some of these for public: protocol assignments, and relays of 6to4 (RFC 7526)
NOT_INTERNET_V4 = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"))
EXPECTED = "expected a URL such as https://example.org/ended, without a password and a fragment"


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """The receiver of a job's webhook, and the user of the job."""

    url: str
    user: str

    @classmethod
    def of(cls, url: str, user: str) -> str:
        """The target as the job's slot keeps it: JSON; "" without a URL."""
        return json.dumps({"url": url, "user": user}, ensure_ascii=False) if url else ""

    @classmethod
    def from_json(cls, raw: str) -> "WebhookTarget":
        """Read what `of` wrote."""
        values = json.loads(raw)
        return cls(str(values["url"]), str(values["user"]))


@dataclass(frozen=True, slots=True)
class HostPatterns:
    """The hosts that an operator allows: by http as well, and at private addresses."""

    patterns: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "HostPatterns":
        """Read SERIATIM_WEBHOOK_HOSTS: names, or patterns such as *.svc.local, with commas between."""
        return cls(tuple(part.strip().lower() for part in text.split(",") if part.strip()))

    def allows(self, host: str) -> bool:
        """True if the operator named the host."""
        return any(fnmatch.fnmatchcase(host.lower().rstrip("."), pattern) for pattern in self.patterns)

    def check_scheme(self, url: str) -> None:
        """Refuse a URL of http, unless its host is allowed.

        Raises:
            UnknownOption: with what to do.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and not self.allows(parts.hostname or ""):
            raise UnknownOption(
                f"webhook={redacted_url(url)!r}: expected https; "
                "http is for the hosts that SERIATIM_WEBHOOK_HOSTS names"
            )

    def accepts_address(self, host: str, address: str) -> bool:
        """True if a message may be sent to this address of the host: it is public, or the operator named the host."""
        return self.allows(host) or is_public(address)


def is_public(address: str) -> bool:
    """True for a unicast address of the internet: no loopback, private, link-local or shared one, however written."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):  # RFC 6052: an IPv4 address behind NAT64
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        return ip in INTERNET_V6 and ip.is_global
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in NOT_INTERNET_V4)


def check_webhook_url(url: object) -> None:
    """Refuse what is no URL of a receiver; "" is none, and accepted.

    Raises:
        UnknownOption: with what is expected.
    """
    if url == "":
        return
    if not isinstance(url, str) or len(url) > MAX_URL_CHARS or not url.isprintable() or " " in url:
        raise UnknownOption(f"webhook: {EXPECTED}, of {MAX_URL_CHARS} characters at most")
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise UnknownOption(f"webhook={redacted_url(url)!r:.200}: {EXPECTED}")
    if parts.username is not None or parts.password is not None:
        raise UnknownOption(f"webhook: {EXPECTED}; its message is signed instead")
    _check_host(url, parts.hostname)


def _check_host(url: str, host: str) -> None:
    """Refuse a host that no look-up can find."""
    if not host.isascii():
        raise UnknownOption(f"webhook={redacted_url(url)!r:.200}: its host is not ASCII; write it as xn--...")
    try:
        host.encode("idna")
    except UnicodeError:
        raise UnknownOption(
            f"webhook={redacted_url(url)!r:.200}: its host is no name; expected labels of 1 to 63 characters"
        ) from None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read late, by those who connect
    except ValueError:
        return None
    return parts
