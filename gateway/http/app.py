"""The application: its routes, middleware, and error handlers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.http.context import GatewayContext
from gateway.http.middleware.proxy_headers import ProxyHeaders, parse_networks, parse_origins, parse_root
from gateway.http.middleware.request_guard import OriginPolicy, RequestGuard, RequestLimits
from gateway.http.problems import HttpProblem, internal_error, not_found, problem_of
from gateway.http.routes import (
    book_changes,
    book_doubts,
    book_files,
    books,
    captioned_speech,
    catalogue,
    elevenlabs,
    elevenlabs_stream,
    events,
    health,
    job_audio,
    job_text,
    job_timeline,
    jobs,
    pools,
    recordings,
    speech,
    text_explanation,
    text_stream,
)
from gateway.http.routes.jobs import body_schemas
from gateway.http.routes.page import mount_page
from gateway.http.url_paths import MONITORING_PATHS
from gateway.http.validation_problems import validation_problem
from seriatim import __version__
from seriatim.errors import SeriatimError

ABOUT = "Parallel text-to-speech with audio in order. Errors have OpenAI's format."
ROUTE_MODULES = (
    speech,
    captioned_speech,
    text_explanation,
    catalogue,
    pools,
    jobs,
    job_audio,
    job_text,
    recordings,
    books,
    book_changes,
    book_files,
    book_doubts,
    events,
    job_timeline,
    health,
    text_stream,
    elevenlabs,
    elevenlabs_stream,
)
#: headers that pages of other origins may read
EXPOSED_HEADERS = (
    "seriatim-job", "seriatim-warning", "x-request-id", "retry-after", "retry-after-ms", "location", "content-range",
    "content-disposition",
)  # fmt: skip
NOT_FOUND = "Not Found"  #: what the framework says of a path without a route
UNPARSED = "There was an error parsing the body"  #: what FastAPI says of JSON that is not UTF-8
#: a span for each request, if tracing is configured
TRACED: TelemetryConfig = {
    "tracing": True, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
    "exclude": lambda scope: scope["path"] in MONITORING_PATHS,
}  # fmt: skip


def make_app(context: GatewayContext) -> ASGIApp:
    """Build the application around a context."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with context.opened():
            yield

    settings = context.settings
    app = make_api(parse_root(settings.http_root), lifespan)
    app.state.context = context
    _add_head_routes(app)
    mount_page(app)
    _add_error_handlers(app)
    origins = parse_origins(comma_separated(settings.http_cors), local=context.keys.open)
    host_names = comma_separated(settings.http_hosts.lower())
    limits = RequestLimits(
        context.settings.http_body_bytes, context.settings.http_read_timeout_s, context.settings.http_max_concurrency
    )
    origin_policy = OriginPolicy(origins, context.keys.open, host_names)
    guarded_app: ASGIApp = RequestGuard(
        app, limits, context.meters, origin_policy, context.concurrency, context.draining
    )
    if origins:
        guarded_app = CORSMiddleware(
            guarded_app, origins, allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED_HEADERS
        )
    return ProxyHeaders(
        guarded_app, parse_root(settings.http_root), parse_networks(comma_separated(settings.http_proxies))
    )


def make_api(root: str = "", lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Build the API alone, below the path `root`: every route of the OpenAPI document, and the document."""
    app = FastAPI(
        title="Seriatim", version=__version__, description=ABOUT, lifespan=lifespan, redoc_url=None, docs_url=None,
        telemetry=TRACED, redirect_slashes=False, servers=[{"url": root or "/"}],
    )  # fmt: skip
    for module in ROUTE_MODULES:
        app.include_router(module.router)
    _correct_openapi(app)
    return app


def comma_separated(text: str) -> tuple[str, ...]:
    """The items of a comma-separated setting."""
    return tuple(word for item in text.split(",") if (word := item.strip()))


def _add_head_routes(app: FastAPI) -> None:
    """Add HEAD to every route with GET (RFC 9110, 9.3.2); uvicorn omits the body."""
    routes = [route for module in ROUTE_MODULES for route in module.router.routes if isinstance(route, APIRoute)]
    paths_with_head = {route.path for route in routes if "HEAD" in (route.methods or ())}
    for route in routes:
        if "GET" in (route.methods or ()) and route.path not in paths_with_head:
            app.add_api_route(
                route.path, route.endpoint, methods=["HEAD"], include_in_schema=False,
                response_model=route.response_model, response_class=route.response_class,
                response_model_exclude_none=route.response_model_exclude_none,
            )  # fmt: skip


def _add_error_handlers(app: FastAPI) -> None:
    async def handle_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, HttpProblem)
        return error.response()

    async def handle_seriatim_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, SeriatimError)
        return problem_of(error).response()

    async def handle_validation_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        content_type = request.headers.get("content-type", "")
        return validation_problem(error.errors(), content_type=content_type).response()

    async def handle_http_exception(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_input")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods_at(request.scope)) or headers.get("Allow", "")
        message = _http_message(error, request.url.path, headers)
        return HttpProblem(error.status_code, code, message, headers=headers).response()

    async def handle_unexpected_error(_: Request, error: Exception) -> Response:
        response = internal_error(error).response()
        response.headers["connection"] = "close"  # the server closes it after such an error; a client must not reuse it
        return response

    handlers = {
        HttpProblem: handle_problem,
        SeriatimError: handle_seriatim_error,
        RequestValidationError: handle_validation_error,
        Exception: handle_unexpected_error,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(HTTPException, handle_http_exception)
    app.add_exception_handler(WebSocketRequestValidationError, _answer_invalid_websocket)
    app.router.default = _answer_unknown_path


def _methods_at(scope: Scope) -> list[str]:
    """The methods of all routes at a path; the framework names those of the first."""
    methods: set[str] = set()
    for route in (route for module in ROUTE_MODULES for route in module.router.routes):
        if isinstance(route, APIRoute) and route.matches(scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods)


def _http_message(error: HTTPException, path: str, headers: Mapping[str, str]) -> str:
    """What to tell about an error that the framework found itself."""
    if error.status_code == 400 and error.detail == UNPARSED:
        return "the body cannot be read; send JSON in UTF-8"
    if error.status_code == 404 and error.detail == NOT_FOUND:
        return _no_such_path(path)
    if error.status_code == 405:
        return f"{path} takes {headers['Allow'] or 'another method'}"
    return str(error.detail)


def _no_such_path(path: str) -> str:
    if path.startswith("/v1/"):
        return f"no {path} here; /openapi.json lists the paths"
    return f"no {path} here; the paths of the API begin with /v1, such as /v1/audio/speech"


async def _answer_unknown_path(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a path without a route. Of a WebSocket the framework would say no more than 403."""
    if scope["type"] != "websocket":
        raise HTTPException(404)
    await WebSocket(scope, receive, send).send_denial_response(not_found(_no_such_path(scope["path"])).response())


async def _answer_invalid_websocket(websocket: WebSocket, error: Exception) -> None:
    """Answer a WebSocket whose headers or query are invalid."""
    assert isinstance(error, WebSocketRequestValidationError)
    await websocket.send_denial_response(validation_problem(error.errors()).response())


def _correct_openapi(app: FastAPI) -> None:
    """Correct the OpenAPI document: errors are 400, not 422; bodies that a route parses itself are added."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        schema = plain()
        for path in schema["paths"].values():
            for operation in path.values():
                operation.get("responses", {}).pop("422", None)
        schema["components"]["schemas"] |= body_schemas()
        for name in ("HTTPValidationError", "ValidationError"):
            schema.get("components", {}).get("schemas", {}).pop(name, None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation recommends
