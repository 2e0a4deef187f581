"""The guard around every request: concurrency, body size and time, origins, security headers, and the log line.

Plain ASGI, so that bodies are streamed and a disconnect is noticed.
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
from gateway.http.metrics.gateway_metrics import GatewayMetrics
from gateway.http.problems import HttpProblem, retry_after
from gateway.http.url_paths import MONITORING_PATHS
from seriatim.keys import JOB_ID

log = logging.getLogger(__name__)

#: no framing, no content sniffing, no referrer; the page's own files replace some
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),  # unless a route sets another: most responses are one user's, and current
)
#: names of this machine, which no other site can have (RFC 6761, 6.3), and those that containers use for it
LOCAL_NAMES = ("localhost", "host.docker.internal", "host.containers.internal")
RESPONSE_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")  #: RFC 9110, 9.2.1: without side effects
DEBUG_ROUTES = (*MONITORING_PATHS, "/")  #: logged at DEBUG: polled every few seconds; the page's twenty files


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Limits of a request's body, and of the number of concurrent requests."""

    body_bytes: int
    body_s: float
    clients: int


@dataclass(frozen=True, slots=True)
class OriginPolicy:
    """The check of Host and Origin: a page of any site can make its visitor's browser send requests."""

    origins: tuple[str, ...] = ()  #: of pages on other hosts that may send requests
    local: bool = False  #: no API keys: only a name of this machine is accepted as Host
    names: tuple[str, ...] = ()  #: further accepted host names

    def problem(self, scope: Scope) -> HttpProblem | None:
        """The error of a request with a forbidden Host or Origin; None if both are allowed."""
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if self.local and not self._is_accepted_host(_host_name(host)):
            message = "without API keys the Host must be 127.0.0.1, localhost or a name in SERIATIM_HTTP_HOSTS"
            return HttpProblem(421, "misdirected", message)
        origin = headers.get(b"origin", b"").decode("latin-1")
        allowed = not origin or bool({origin.lower(), "*"} & {*self.origins}) or self._is_own_page(origin, host)
        if not allowed and (scope["type"] == "websocket" or self._may_be_foreign_form(scope["method"], origin)):
            return HttpProblem(
                403, "foreign_origin", "requests from pages of this origin are not allowed (SERIATIM_HTTP_CORS)"
            )
        return None

    def _is_accepted_host(self, name: str) -> bool:
        """Whether a Host is accepted without API keys."""
        name = name.removesuffix(".")
        return name in LOCAL_NAMES or name in self.names or name.endswith(".localhost") or is_loopback(name)

    def _is_own_page(self, origin: str, host: str) -> bool:
        """Whether the origin is this gateway's own page; proxies may omit the port or send another Host."""
        origin_host = origin.partition("://")[2]
        name = _host_name(origin_host)
        return origin_host == host or name in self.names or (not self.local and name != "" and name == _host_name(host))

    def _may_be_foreign_form(self, method: str, origin: str) -> bool:
        """Whether it may be a form of another site: browsers send those without CORS, and no API key is needed."""
        return (
            self.local
            and method not in SAFE_METHODS
            and (origin == "null" or origin.startswith(("http://", "https://")))
        )


class RequestGuard:
    """Middleware that admits, limits and logs every request."""

    def __init__(
        self,
        app: ASGIApp,
        limits: RequestLimits,
        meters: GatewayMetrics,
        origin_policy: OriginPolicy,
        concurrency: ConcurrencyLimit,
        draining: Draining,
    ) -> None:
        self.app, self.limits, self.meters, self.origin_policy = app, limits, meters, origin_policy
        self.concurrency, self.draining = concurrency, draining
        origins = origin_policy.origins
        self.security = tuple(h for h in SECURITY_HEADERS if not origins or h[0] != b"cross-origin-resource-policy")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve_http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_s, response = time.monotonic(), _GuardedResponse(scope, send, ())
        try:
            holds_place = self._admit(scope)
        except HttpProblem as problem:
            await WebSocket(scope, receive, response.send).send_denial_response(problem.response())
            return
        try:
            await self.app(scope, receive, response.send)
        finally:
            if holds_place:
                self.concurrency.leave(time.monotonic())
            _log_request(scope, response, time.monotonic() - started_s)

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_s, response = time.monotonic(), _GuardedResponse(scope, send, self.security)
        body = _LimitedBody(receive, self.limits)
        holds_place = False
        try:
            holds_place = self._admit(scope)
            _refuse_encoded_body(scope)
            if body.content_length(scope) > self.limits.body_bytes:
                raise body.too_large()  # handled below, like a body that exceeds the limit while it is received
            await self.app(scope, body.receive, response.send)
        except HttpProblem as problem:
            if not response.status:
                await problem.response()(scope, receive, response.send)
        finally:
            if holds_place:
                self.concurrency.leave(time.monotonic())
            self.meters["http_requests"].labels(_route_of(scope), str(response.status)).inc()
            _log_request(scope, response, time.monotonic() - started_s)

    def _admit(self, scope: Scope) -> bool:
        """Admit a request; returns whether it holds a place that must be given back.

        Raises:
            HttpProblem: the request is refused.
        """
        if problem := self.origin_policy.problem(scope):
            raise problem
        if scope["path"] in MONITORING_PATHS:
            return False
        self.draining.refuse_new_request()
        now_s = time.monotonic()
        if not self.concurrency.enter(now_s):
            headers = retry_after(self.concurrency.retry_after_s(now_s)) | {"connection": "close"}
            message = f"this gateway already serves {self.limits.clients} clients (SERIATIM_HTTP_MAX_CONCURRENCY)"
            raise HttpProblem(503, "too_many_clients", message, "overloaded_error", headers=headers)
        return True


def _refuse_encoded_body(scope: Scope) -> None:
    """Refuse a compressed body (RFC 9110, 8.4): unpacked, a small one may be of any size.

    Raises:
        HttpProblem: the body has a content encoding.
    """
    encoding = dict(scope["headers"]).get(b"content-encoding", b"").decode("latin-1").strip().lower()
    if encoding not in ("", "identity"):
        message = f"a body with Content-Encoding {encoding[:40]!r} is not read; send it uncompressed"
        raise HttpProblem(415, "bad_input", message, headers={"accept-encoding": "identity"})


def _route_of(scope: Scope) -> str:
    """The route of a request; never its path, which may contain anything."""
    return str(getattr(scope.get("route"), "path", "other"))


def _log_request(scope: Scope, response: "_GuardedResponse", duration_s: float) -> None:
    """Log a request, or a WebSocket when it closes, with its job."""
    route = _route_of(scope)
    level = logging.DEBUG if route in DEBUG_ROUTES else logging.INFO
    method = scope.get("method", "WEBSOCKET")
    facts = {"method": method, "route": route, "status": response.status, "s": round(duration_s, 3)}
    log.log(level, "answered", extra=facts | ({"job": response.job} if response.job else {}))


def is_loopback(name: str) -> bool:
    """Whether `name` is a loopback address."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _host_name(host: str) -> str:
    """The name in a Host header; "" if it has none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


class _GuardedResponse:
    """Wrapper of `send` that adds headers and remembers the status.

    Each response has an `x-request-id` for clients and logs: the job's id, if it has a job.
    """

    def __init__(self, scope: Scope, send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._scope, self._send, self._headers, self.status, self._job = scope, send, headers, 0, ""

    async def send(self, message: Message) -> None:
        if message["type"] in RESPONSE_STARTS:
            self.status = message.get("status", 101)
            headers = list(message.get("headers", ()))
            names = {name for name, _ in headers}
            self._job = dict(headers).get(b"seriatim-job", b"").decode()
            added = (*self._headers, *self._job_headers(dict(headers)))
            message["headers"] = headers + [h for h in added if h[0] not in names]
        await self._send(message)

    @property
    def job(self) -> str:
        """The job of the request; "" if it has none, or the path has no valid id."""
        state, named = self._scope.get("state", {}), self._scope.get("path_params", {}).get("job_id", "")
        return self._job or str(state.get("job", "")) or (named if JOB_ID.fullmatch(named) else "")

    def _job_headers(self, headers: dict[bytes, bytes]) -> Iterable[tuple[bytes, bytes]]:
        state = self._scope.get("state", {})
        yield b"x-request-id", headers.get(b"seriatim-job") or str(state.get("job") or uuid4().hex).encode()
        if warning := state.get("warning"):
            yield b"seriatim-warning", warning.encode()


class _LimitedBody:
    """Wrapper of `receive` that enforces the limits of a body's size and time."""

    def __init__(self, receive: Receive, limits: RequestLimits) -> None:
        self._receive, self._limits = receive, limits
        self._until_s = time.monotonic() + limits.body_s
        self._n_bytes, self._complete = 0, False

    def content_length(self, scope: Scope) -> int:
        """The Content-Length in bytes; 0 if there is none."""
        length = dict(scope["headers"]).get(b"content-length", b"0")
        return int(length) if length.isdigit() else 0

    def too_large(self) -> HttpProblem:
        """The error for a body that exceeds the limit."""
        most = self._limits.body_bytes
        return HttpProblem(413, "body_too_large", f"the body has more than {most} bytes (SERIATIM_HTTP_BODY_BYTES)")

    async def receive(self) -> Message:
        if self._complete:  # the next message is the disconnect, at any time
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._until_s - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            late = f"the body was not received within {self._limits.body_s:g} s (SERIATIM_HTTP_READ_TIMEOUT_S)"
            raise HttpProblem(408, "body_too_late", late, headers={"connection": "close"}) from None
        self._n_bytes += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._n_bytes > self._limits.body_bytes:
            raise self.too_large()
        return message
