"""Around every request: how large and how slow its body may be, what browsers are told, what is counted and logged.

Plain ASGI, so that a body is streamed through and a client that leaves is noticed.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.metrics import Meters
from gateway.http.problems import Problem

log = logging.getLogger(__name__)

#: nothing here is to be framed, sniffed, or told to others; the page's own files may add to it
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
LOCAL = ("localhost", "127.0.0.1", "::1")
QUIET = ("/healthz", "/readyz", "/metrics", "/")  #: asked every few seconds by machines; the page's twenty files


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one request."""

    body_bytes: int
    body_s: float


@dataclass(frozen=True, slots=True)
class Welcome:
    """Whose requests are taken, apart from keys: a page of any site can have its reader's browser send some."""

    origins: tuple[str, ...] = ()  #: of pages on other hosts that may call
    local: bool = False  #: there are no keys: only under a name of this machine, which no other site can bear

    def refuses(self, scope: Scope) -> bool:
        """Does a request come by way of somebody else's page?"""
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if self.local and (urlsplit(f"//{host}").hostname or "") not in LOCAL:
            return True
        origin = headers.get(b"origin", b"").decode("latin-1")
        own = not origin or origin in self.origins or origin.partition("://")[2] == host
        return scope["type"] == "websocket" and not own  # of other requests the browser asks first (CORS)


class Guard:
    """The outermost application."""

    def __init__(self, app: ASGIApp, limits: Limits, meters: Meters, welcome: Welcome) -> None:
        self.app, self.limits, self.meters, self.welcome = app, limits, meters, welcome
        origins = welcome.origins
        self.security = tuple(h for h in SECURITY if not origins or h[0] != b"cross-origin-resource-policy")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and self.welcome.refuses(scope):
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began_s, answer = time.monotonic(), _Answer(send, self.security)
        body = _Body(receive, self.limits)
        try:
            if self.welcome.refuses(scope):
                raise Problem(421, "misdirected", "without keys this gateway serves 127.0.0.1 and localhost only")  # noqa: TRY301  # as below
            if body.declared(scope) > self.limits.body_bytes:
                raise body.too_large()  # answered below, as one that turns out so while it comes
            await self.app(scope, body.receive, answer.send)
        except Problem as problem:
            if not answer.status:
                await problem.response()(scope, receive, answer.send)
        finally:
            self._note(scope, answer.status, time.monotonic() - began_s)

    def _note(self, scope: Scope, status: int, took_s: float) -> None:
        route = getattr(scope.get("route"), "path", "other")  # never the path: its ids are many, and somebody's
        self.meters.requests.labels(route, str(status)).inc()
        level = logging.DEBUG if route in QUIET else logging.INFO
        facts = {"method": scope["method"], "route": route, "status": status, "s": round(took_s, 3)}
        log.log(level, "answered", extra=facts)


class _Answer:
    """Adds headers to what is sent, and remembers the status."""

    def __init__(self, send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._send, self._headers, self.status = send, headers, 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = list(message.get("headers", ()))
            names = {name for name, _ in given}
            message["headers"] = given + [h for h in self._headers if h[0] not in names]
        await self._send(message)


class _Body:
    """Counts a body, and waits no longer for it than it may take."""

    def __init__(self, receive: Receive, limits: Limits) -> None:
        self._receive, self._limits = receive, limits
        self._until_s = time.monotonic() + limits.body_s
        self._n_bytes, self._whole = 0, False

    def declared(self, scope: Scope) -> int:
        """Bytes that the client announced; 0 if it did not."""
        said = dict(scope["headers"]).get(b"content-length", b"0")
        return int(said) if said.isdigit() else 0

    def too_large(self) -> Problem:
        """The answer to a body that is."""
        most = self._limits.body_bytes
        return Problem(413, "body_too_large", f"a body of more than {most} bytes (SERIATIM_HTTP_BODY_BYTES)")

    async def receive(self) -> Message:
        if self._whole:  # what comes now is that the client has left, whenever that may be
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._until_s - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            late = f"the body had not come within {self._limits.body_s:g} s (SERIATIM_HTTP_REQUEST_S)"
            raise Problem(408, "body_too_late", late, headers={"connection": "close"}) from None
        self._n_bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._n_bytes > self._limits.body_bytes:
            raise self.too_large()
        return message
