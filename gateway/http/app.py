"""The application: routes, and how every error is answered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Lifespan

from gateway.http.context import GatewayContext
from gateway.http.middleware.proxy_headers import ProxyHeaders, networks_of, origins_of, root_of
from gateway.http.middleware.request_guard import OriginPolicy, RequestGuard, RequestLimits
from gateway.http.problems import HttpProblem, fault, problem_of
from gateway.http.routes import (
    catalogue,
    events,
    health,
    job_audio,
    job_text,
    job_timeline,
    jobs,
    pools,
    recordings,
    speech,
    text_stream,
)
from gateway.http.routes.jobs import schemas
from gateway.http.routes.page import mount_page
from gateway.http.url_paths import MONITORING_PATHS
from seriatim import __version__
from seriatim.errors import SeriatimError

ABOUT = "Text to speech by many workers at once, heard in order. Errors have OpenAI's shape."
PARTS = (speech, catalogue, pools, jobs, job_audio, job_text, recordings, events, job_timeline, health, text_stream)
#: headers that pages of other origins may read
SHOWN = (
    "seriatim-job", "seriatim-warning", "x-request-id", "retry-after", "retry-after-ms", "location", "content-range",
    "content-disposition",
)  # fmt: skip
#: a span for each request, where `traces.configure` was asked for them
TRACED: TelemetryConfig = {
    "tracing": True, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
    "exclude": lambda scope: scope["path"] in MONITORING_PATHS,
}  # fmt: skip


def make_app(context: GatewayContext) -> ASGIApp:
    """The whole application around a door."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        async with context.opened():
            yield

    settings = context.settings
    app = api(root_of(settings.http_root), life)
    app.state.context = context
    _answer_heads(app)
    mount_page(app)
    _answer_errors(app)
    origins = origins_of(listed_words(settings.http_cors), local=context.keys.open)
    names = listed_words(settings.http_hosts.lower())
    limits = RequestLimits(
        context.settings.http_body_bytes, context.settings.http_read_timeout_s, context.settings.http_max_concurrency
    )
    welcome = OriginPolicy(origins, context.keys.open, names)
    guarded: ASGIApp = RequestGuard(app, limits, context.meters, welcome, context.crowd, context.draining)
    if origins:
        guarded = CORSMiddleware(guarded, origins, allow_methods=["*"], allow_headers=["*"], expose_headers=SHOWN)
    return ProxyHeaders(guarded, root_of(settings.http_root), networks_of(listed_words(settings.http_proxies)))


def api(root: str = "", lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return the API alone, below the path `root`: every route of the OpenAPI document, and the document."""
    app = FastAPI(
        title="Seriatim", version=__version__, description=ABOUT, lifespan=lifespan, redoc_url=None, docs_url=None,
        telemetry=TRACED, redirect_slashes=False, servers=[{"url": root or "/"}],
    )  # fmt: skip
    for part in PARTS:
        app.include_router(part.router)
    _mend_schema(app)
    return app


def listed_words(text: str) -> tuple[str, ...]:
    """The words of a setting that lists some, with commas between."""
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _answer_heads(app: FastAPI) -> None:
    """HEAD wherever there is GET (RFC 9110, 9.3.2): uvicorn sends no body of it."""
    routes = [route for part in PARTS for route in part.router.routes if isinstance(route, APIRoute)]
    heads = {route.path for route in routes if "HEAD" in (route.methods or ())}
    for route in routes:
        if "GET" in (route.methods or ()) and route.path not in heads:
            app.add_api_route(
                route.path, route.endpoint, methods=["HEAD"], include_in_schema=False,
                response_model=route.response_model, response_class=route.response_class,
                response_model_exclude_none=route.response_model_exclude_none,
            )  # fmt: skip


def _answer_errors(app: FastAPI) -> None:
    async def problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, HttpProblem)
        return error.response()

    async def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, SeriatimError)
        return problem_of(error).response()

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _invalid(error).response()

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_input")
        return HttpProblem(error.status_code, code, str(error.detail), headers=dict(error.headers or {})).response()

    async def bug(_: Request, error: Exception) -> Response:
        return fault(error).response()

    handlers = {
        HttpProblem: problem,
        SeriatimError: ours,
        RequestValidationError: invalid,
        Exception: bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    app.add_exception_handler(HTTPException, http)


def _invalid(error: RequestValidationError) -> HttpProblem:
    """The first thing that is wrong, without what was sent: it may be somebody's text."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    param = ".".join(place) or None
    return HttpProblem(400, "bad_input", f"{param or 'the body'}: {first['msg']}", param=param)


def _mend_schema(app: FastAPI) -> None:
    """FastAPI says 422 where this application says 400, and cannot know of bodies that a route reads by itself."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        schema = plain()
        for path in schema["paths"].values():
            for operation in path.values():
                operation.get("responses", {}).pop("422", None)
        schema["components"]["schemas"] |= schemas()
        for name in ("HTTPValidationError", "ValidationError"):
            schema.get("components", {}).get("schemas", {}).pop(name, None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it
