"""Around every request: how many at once, how large and slow a body may be, what browsers are told, what is logged.

Plain ASGI, so that a body is streamed through and a client that leaves is noticed.
"""

import asyncio
import ipaddress
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.http.concurrency_limit import ConcurrencyLimit
from gateway.http.draining import Draining
from gateway.http.metrics import GatewayMetrics
from gateway.http.problems import HttpProblem, retry_after
from gateway.http.url_paths import MONITORING_PATHS
from seriatim.keys import JOB_ID

log = logging.getLogger(__name__)

#: nothing here is to be framed, sniffed, or told to others; the page's own files may add to it
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),  # what says nothing else is of one user, and of this moment
)
#: this machine's names: no other site can bear one (RFC 6761, 6.3); containers have others for it
LOCAL = ("localhost", "host.docker.internal", "host.containers.internal")
STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
SAFE = ("GET", "HEAD", "OPTIONS")  #: RFC 9110, 9.2.1: they change nothing
QUIET = (*MONITORING_PATHS, "/")  #: asked every few seconds by machines; the page's twenty files


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Of one request, and how many are served at once."""

    body_bytes: int
    body_s: float
    clients: int


@dataclass(frozen=True, slots=True)
class OriginPolicy:
    """Whose requests are taken, apart from keys: a page of any site can have its reader's browser send some."""

    origins: tuple[str, ...] = ()  #: of pages on other hosts that may call
    local: bool = False  #: there are no keys: only under a name of this machine, which no other site can bear
    names: tuple[str, ...] = ()  #: or under one of these

    def problem(self, scope: Scope) -> HttpProblem | None:
        """What is wrong with where a request comes from; None: nothing."""
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if self.local and not self._named(_name(host)):
            said = "without keys this gateway serves 127.0.0.1, localhost and the names in SERIATIM_HTTP_HOSTS only"
            return HttpProblem(421, "misdirected", said)
        origin = headers.get(b"origin", b"").decode("latin-1")
        own = not origin or bool({origin.lower(), "*"} & {*self.origins}) or self._same(origin, host)
        if not own and (scope["type"] == "websocket" or self._smuggled(scope["method"], origin)):
            return HttpProblem(
                403, "foreign_origin", "a page of another site may not call (SERIATIM_HTTP_CORS names some)"
            )
        return None

    def _named(self, name: str) -> bool:
        """Is it a name of this machine?"""
        name = name.removesuffix(".")
        return name in LOCAL or name in self.names or name.endswith(".localhost") or loopback(name)

    def _same(self, origin: str, host: str) -> bool:
        """Is it a page of this gateway's? Proxies leave the port out, or send a Host that is their name for us."""
        place = origin.partition("://")[2]
        name = _name(place)
        return place == host or name in self.names or (not self.local and name != "" and name == _name(host))

    def _smuggled(self, method: str, origin: str) -> bool:
        """A browser asks first (CORS), but not for a form: that any site sends, and no key is needed to stop it."""
        return self.local and method not in SAFE and (origin == "null" or origin.startswith(("http://", "https://")))


class RequestGuard:
    """The outermost application."""

    def __init__(
        self,
        app: ASGIApp,
        limits: RequestLimits,
        meters: GatewayMetrics,
        welcome: OriginPolicy,
        crowd: ConcurrencyLimit,
        draining: Draining,
    ) -> None:
        self.app, self.limits, self.meters, self.welcome = app, limits, meters, welcome
        self.crowd, self.draining = crowd, draining
        origins = welcome.origins
        self.security = tuple(h for h in SECURITY if not origins or h[0] != b"cross-origin-resource-policy")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s, answer = time.monotonic(), _GuardedResponse(scope, send, ())
        try:
            inside = self._let_in(scope)
        except HttpProblem as problem:
            await WebSocket(scope, receive, answer.send).send_denial_response(problem.response())
            return
        try:
            await self.app(scope, receive, answer.send)
        finally:
            if inside:
                self.crowd.leave(time.monotonic())
            _log(scope, answer, time.monotonic() - began_s)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s, answer = time.monotonic(), _GuardedResponse(scope, send, self.security)
        body = _LimitedBody(receive, self.limits)
        inside = False
        try:
            inside = self._let_in(scope)
            if body.declared(scope) > self.limits.body_bytes:
                raise body.too_large()  # answered below, as one that turns out so while it comes
            await self.app(scope, body.receive, answer.send)
        except HttpProblem as problem:
            if not answer.status:
                await problem.response()(scope, receive, answer.send)
        finally:
            if inside:
                self.crowd.leave(time.monotonic())
            self.meters["http_requests"].labels(_route(scope), str(answer.status)).inc()
            _log(scope, answer, time.monotonic() - began_s)

    def _let_in(self, scope: Scope) -> bool:
        """Whether it takes a place, which it then must give back.

        Raises:
            Problem: it is refused.
        """
        if problem := self.welcome.problem(scope):
            raise problem
        if scope["path"] in MONITORING_PATHS:
            return False
        self.draining.refuse()
        now_s = time.monotonic()
        if not self.crowd.enter(now_s):
            headers = retry_after(self.crowd.retry_after_s(now_s)) | {"connection": "close"}
            said = f"this gateway already serves {self.limits.clients} clients (SERIATIM_HTTP_MAX_CONCURRENCY)"
            raise HttpProblem(503, "too_many_clients", said, "overloaded_error", headers=headers)
        return True


def _route(scope: Scope) -> str:
    """The route of a request; never its path: that may have anything in it."""
    return str(getattr(scope.get("route"), "path", "other"))


def _log(scope: Scope, answer: "_GuardedResponse", took_s: float) -> None:
    """The line of a request, or of a WebSocket when it is over, with its job, as other processes name it."""
    route = _route(scope)
    level = logging.DEBUG if route in QUIET else logging.INFO
    method = scope.get("method", "WEBSOCKET")
    facts = {"method": method, "route": route, "status": answer.status, "s": round(took_s, 3)}
    log.log(level, "answered", extra=facts | ({"job": answer.job} if answer.job else {}))


def loopback(name: str) -> bool:
    """Is it an address of this machine that no other can reach?"""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """The name in a Host header; "" if there is none that can be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


class _GuardedResponse:
    """Adds headers to what is sent, and remembers the status.

    Each answer has an `x-request-id`, by which clients and their logs name it: its job's id, if it has a job.
    """

    def __init__(self, scope: Scope, send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._scope, self._send, self._headers, self.status, self._job = scope, send, headers, 0, ""

    async def send(self, message: Message) -> None:
        if message["type"] in STARTS:
            self.status = message.get("status", 101)
            given = list(message.get("headers", ()))
            names = {name for name, _ in given}
            self._job = dict(given).get(b"seriatim-job", b"").decode()
            more = (*self._headers, *self._about(dict(given)))
            message["headers"] = given + [h for h in more if h[0] not in names]
        await self._send(message)

    @property
    def job(self) -> str:
        """The job that it is about; "" if there is none, or the path names none that could be."""
        state, named = self._scope.get("state", {}), self._scope.get("path_params", {}).get("job_id", "")
        return self._job or str(state.get("job", "")) or (named if JOB_ID.fullmatch(named) else "")

    def _about(self, given: dict[bytes, bytes]) -> Iterable[tuple[bytes, bytes]]:
        state = self._scope.get("state", {})
        yield b"x-request-id", given.get(b"seriatim-job") or str(state.get("job") or uuid4().hex).encode()
        if warning := state.get("warning"):
            yield b"seriatim-warning", warning.encode()


class _LimitedBody:
    """Counts a body, and waits no longer for it than it may take."""

    def __init__(self, receive: Receive, limits: RequestLimits) -> None:
        self._receive, self._limits = receive, limits
        self._until_s = time.monotonic() + limits.body_s
        self._n_bytes, self._whole = 0, False

    def declared(self, scope: Scope) -> int:
        """Bytes that the client announced; 0 if it did not."""
        said = dict(scope["headers"]).get(b"content-length", b"0")
        return int(said) if said.isdigit() else 0

    def too_large(self) -> HttpProblem:
        """The answer to a body that is."""
        most = self._limits.body_bytes
        return HttpProblem(413, "body_too_large", f"a body of more than {most} bytes (SERIATIM_HTTP_BODY_BYTES)")

    async def receive(self) -> Message:
        if self._whole:  # what comes now is that the client has left, whenever that may be
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._until_s - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            late = f"the body had not come within {self._limits.body_s:g} s (SERIATIM_HTTP_READ_TIMEOUT_S)"
            raise HttpProblem(408, "body_too_late", late, headers={"connection": "close"}) from None
        self._n_bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._n_bytes > self._limits.body_bytes:
            raise self.too_large()
        return message
