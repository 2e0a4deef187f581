"""The page at `/`: static files, where they are installed.

It is plain HTML, CSS and modules of JavaScript, and takes nothing from another host; its policy tells the browser so.
"""

import os
from pathlib import Path
from types import SimpleNamespace

from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from gateway.http.url_paths import API_PREFIXES

FOLDER = Path(__file__).parents[2] / "page"  #: index.html and what it names
FILES = frozenset({"/", *(f"/{path.relative_to(FOLDER)}" for path in FOLDER.rglob("*"))})
#: sound is given to the player through a MediaSource, whose address is a `blob:`; nothing else is needed
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-cache",  # asked for each time, mostly answered 304: files of two versions never meet
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
ROUTE = SimpleNamespace(path="/")  #: all files are one route in logs and metrics


def mount_page(app: FastAPI) -> None:
    """Serve it behind every other route."""
    if FOLDER.is_dir():
        app.router.routes.append(_PageFolder("/", _PageFiles(directory=FOLDER, html=True), name="page"))


class _PageFolder(Mount):
    """The page's folder. It would take every path, and a wrong method of a route would be a file that is not there.

    What would change something is not taken, unless there is such a file: it is told that nothing else can be done.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope["path"]
        taken = scope.get("method") in ("GET", "HEAD") or path in FILES
        return super().matches(scope) if taken and not path.startswith(API_PREFIXES) else (Match.NONE, {})


class _PageFiles(StaticFiles):
    """Files with the page's headers, on 304 as well."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        scope["route"] = ROUTE
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers.update(HEADERS)
        return answer
