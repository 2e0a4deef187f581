"""Behind a proxy: under which path it is called, and for whom. The outermost application.

A proxy may leave a path prefix (SERIATIM_HTTP_ROOT) in place or take it off. What it says of its client is believed if
it is one of SERIATIM_HTTP_PROXIES. Paths with `//`, or with a `/` behind a route, are those without: a redirect would
lose what a client sends, and perhaps name another host.
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
    """Makes a request look as if there were no proxy, and its answer as the proxy's client needs it."""

    def __init__(self, app: ASGIApp, root: str, proxies: Networks) -> None:
        self.app, self.root, self.proxies = app, root, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        root = self._believe(scope) or self.root
        if root and scope["path"] == root and scope["type"] == "http":  # or what the page names would be beside it
            query = scope["query_string"].decode("latin-1")
            moved = Response(status_code=308, headers={"location": f"{root}/{'?' * bool(query)}{query}"})
            await moved(scope, receive, send)
            return
        path = scope["path"]
        scope["path"] = plain(path.removeprefix(root) if path.startswith(f"{root}/") else path)
        await self.app(scope, receive, _answer(send, root) if root else send)

    def _believe(self, scope: Scope) -> str:
        """Take over what a trusted proxy says; returns the prefix that it took off, or "".

        The last one of a list is the word of the nearest proxy.
        """
        client = scope.get("client")
        if not client or not self._trusts(client[0]):
            return ""
        said = {name: value.decode("latin-1") for name, value in scope["headers"] if name.startswith(b"x-forwarded-")}
        scheme = SECURE.get(_last(said.get(b"x-forwarded-proto", "")).lower())
        if scheme:
            scope["scheme"] = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
        if host := _last(said.get(b"x-forwarded-host", "")):
            others = [header for header in scope["headers"] if header[0] != b"host"]
            scope["headers"] = [(b"host", host.encode("latin-1")), *others]
        hops = [hop for part in said.get(b"x-forwarded-for", "").split(",") if (hop := part.strip())]
        if strangers := [hop for hop in hops if not self._trusts(hop)] or hops[:1]:
            scope["client"] = (strangers[-1], 0)
        prefix = _last(said.get(b"x-forwarded-prefix", "")).rstrip("/")
        return prefix if PREFIX.fullmatch(prefix) else ""

    def _trusts(self, name: str) -> bool:
        try:
            address = ip_address(name)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.proxies)


def plain(path: str) -> str:
    """A path as the routes have it: no empty parts, and nothing behind a route."""
    path = re.sub("/{2,}", "/", path)
    return path.rstrip("/") if path.startswith(API_PREFIXES) and path != "/v1/" else path


def root_of(text: str) -> str:
    """A path prefix as the settings have it, without a `/` at its end.

    Raises:
        Misconfigured: it is none.
    """
    root = text.rstrip("/")
    if root and not PREFIX.fullmatch(root):
        raise Misconfigured(f"SERIATIM_HTTP_ROOT={text!r}: expected a path such as /tts")
    return root


def networks_of(texts: Sequence[str]) -> Networks:
    """Networks of proxies; `*` is any address.

    Raises:
        Misconfigured: one is no address and no network.
    """
    found = []
    for text in texts:
        try:
            found += [ip_network(each, strict=False) for each in (("0.0.0.0/0", "::/0") if text == "*" else (text,))]
        except ValueError:
            said = f"SERIATIM_HTTP_PROXIES: {text!r}; expected an address, a network such as 10.0.0.0/8, or *"
            raise Misconfigured(said) from None
    return found


def origins_of(texts: Sequence[str], *, local: bool) -> tuple[str, ...]:
    """Origins as browsers write them.

    Raises:
        Misconfigured: one is none; or everybody's pages may call, and no key is needed.
    """
    if "*" in texts and local:
        raise Misconfigured("SERIATIM_HTTP_CORS=*: without keys the page of any site could speak; name its origins")
    found = [text.rstrip("/").lower() for text in texts]
    for text, origin in zip(texts, found, strict=True):
        parts = urlsplit(origin)
        if origin != "*" and (not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}"):
            raise Misconfigured(f"SERIATIM_HTTP_CORS: {text!r}; expected an origin such as https://app.example, or *")
    return tuple(found)


def _last(text: str) -> str:
    return text.rpartition(",")[2].strip()


def _answer(send: Send, root: str) -> Send:
    """Puts the prefix before a place of ours that an answer names."""

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, root.encode() + value if name == b"location" and value.startswith(b"/") else value)
                for name, value in message.get("headers", ())
            ]
        await send(message)

    return answer
