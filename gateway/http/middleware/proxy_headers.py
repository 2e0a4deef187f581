"""Proxy headers: the path prefix, client, scheme and host of requests that come through a proxy. Outermost application.

A proxy may keep a path prefix (SERIATIM_HTTP_ROOT) or strip it. Its headers are trusted if its address is one of
SERIATIM_HTTP_PROXIES. `//` and a trailing `/` are removed from paths without a redirect, which would lose the body of
a request, and could name another host.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.url_paths import API_PREFIXES
from seriatim.errors import Misconfigured

PREFIX = re.compile(r"(/[\w.~-]+)+", re.ASCII)
SECURE = {"http": "http", "ws": "ws", "https": "https", "wss": "wss"}
Networks = Sequence[IPv4Network | IPv6Network]


class ProxyHeaders:
    """Middleware that restores the original request, and adds the path prefix to responses."""

    def __init__(self, app: ASGIApp, root: str, proxies: Networks) -> None:
        self.app, self.root, self.proxies = app, root, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        root = self._apply_headers(scope) or self.root
        if root and scope["path"] == root and scope["type"] == "http":  # the page's relative URLs need the slash
            query = scope["query_string"].decode("latin-1")
            redirect = Response(status_code=308, headers={"location": f"{root}/{'?' * bool(query)}{query}"})
            await redirect(scope, receive, send)
            return
        path = scope["path"]
        scope["path"] = normalize_path(path.removeprefix(root) if path.startswith(f"{root}/") else path)
        await self.app(scope, receive, _add_prefix_to_location(send, root) if root else send)

    def _apply_headers(self, scope: Scope) -> str:
        """Apply the headers of a trusted proxy to the scope; returns the path prefix that it stripped, or "".

        In a list of values the last one is from the nearest proxy.
        """
        client = scope.get("client")
        if not client or not self._is_trusted(client[0]):
            return ""
        scheme = SECURE.get(_last_item(_header_list(scope, b"x-forwarded-proto")).lower())
        if scheme:
            scope["scheme"] = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
        if host := _last_item(_header_list(scope, b"x-forwarded-host")):
            others = [header for header in scope["headers"] if header[0] != b"host"]
            scope["headers"] = [(b"host", host.encode("latin-1")), *others]
        hops = [hop for part in _header_list(scope, b"x-forwarded-for").split(",") if (hop := part.strip())]
        if untrusted_hops := [hop for hop in hops if not self._is_trusted(hop)] or hops[:1]:
            scope["client"] = (untrusted_hops[-1], 0)
        prefix = _last_item(_header_list(scope, b"x-forwarded-prefix")).rstrip("/")
        return prefix if PREFIX.fullmatch(prefix) else ""

    def _is_trusted(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.proxies)


def normalize_path(path: str) -> str:
    """Normalize a path for routing: no empty segments and no trailing slash."""
    path = re.sub("/{2,}", "/", path)
    return path.rstrip("/") if path.startswith(API_PREFIXES) and path != "/v1/" else path


def parse_root(text: str) -> str:
    """Parse a path prefix from the settings; returns it without a trailing `/`.

    Raises:
        Misconfigured: it is not a path.
    """
    root = text.rstrip("/")
    if root and not PREFIX.fullmatch(root):
        raise Misconfigured(f"SERIATIM_HTTP_ROOT={text!r}: expected a path such as /tts")
    return root


def parse_networks(texts: Sequence[str]) -> Networks:
    """Parse the networks of proxies; `*` is any address.

    Raises:
        Misconfigured: an item is neither an address nor a network.
    """
    result = []
    for text in texts:
        try:
            result += [ip_network(each, strict=False) for each in (("0.0.0.0/0", "::/0") if text == "*" else (text,))]
        except ValueError:
            raise Misconfigured(
                f"SERIATIM_HTTP_PROXIES: {text!r}; expected an address, a network such as 10.0.0.0/8, or *"
            ) from None
    return result


def parse_origins(texts: Sequence[str], *, local: bool) -> tuple[str, ...]:
    """Parse origins into the form that browsers send.

    Raises:
        Misconfigured: an item is not an origin, or `*` is combined with access without keys.
    """
    if "*" in texts and local:
        raise Misconfigured(
            "SERIATIM_HTTP_CORS=* without API keys would admit pages of any site; name the allowed origins"
        )
    result = [text.rstrip("/").lower() for text in texts]
    for text, origin in zip(texts, result, strict=True):
        parts = urlsplit(origin)
        if origin != "*" and (not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}"):
            raise Misconfigured(f"SERIATIM_HTTP_CORS: {text!r}; expected an origin such as https://app.example, or *")
    return tuple(result)


def _header_list(scope: Scope, name: bytes) -> str:
    """The values of a header, separated by commas: a proxy may add to the one that there is, or send another."""
    return ",".join(value.decode("latin-1") for each, value in scope["headers"] if each == name)


def _last_item(text: str) -> str:
    return text.rpartition(",")[2].strip()


def _add_prefix_to_location(send: Send, root: str) -> Send:
    """Wrap `send` so that it adds the prefix to a Location within this gateway."""

    async def send_with_prefix(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, root.encode() + value if name == b"location" and value.startswith(b"/") else value)
                for name, value in message.get("headers", ())
            ]
        await send(message)

    return send_with_prefix
