"""The pages at `/` and `/status`: static files, if they are installed.

Plain HTML, CSS and JavaScript modules, nothing from other hosts; the content security policy enforces that. Its folder
`client` is the JavaScript client (clients/js): other sites load `client/player-element.js` from there.
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

FOLDER = Path(__file__).parents[2] / "page"  #: index.html and the files that it loads
FILES = frozenset({"/", *(f"/{path.relative_to(FOLDER)}" for path in (*FOLDER.rglob("*"), *FOLDER.glob("client/*")))})
#: the player's MediaSource has a `blob:` URL
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-cache",  # revalidated each time, so that files of two versions are never mixed
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
PAGES = {"status": "status.html", "book": "book.html"}  #: addresses without an ending
ROUTE = SimpleNamespace(path="/")  #: all files are one route in logs and metrics


def mount_page(app: FastAPI) -> None:
    """Add the page after all other routes."""
    if FOLDER.is_dir():
        app.router.routes.append(
            _PageFolder("/", _PageFiles(directory=FOLDER, html=True, follow_symlink=True), name="page")
        )


class _PageFolder(Mount):
    """The page's folder; it matches GET and HEAD, or the path of an existing file, but never an API path.

    A plain mount would match every path, and a wrong method on a route would be a 404 instead of a 405.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope["path"]
        taken = scope.get("method") in ("GET", "HEAD") or path in FILES
        return super().matches(scope) if taken and not path.startswith(API_PREFIXES) else (Match.NONE, {})


class _PageFiles(StaticFiles):
    """Static files with the page's headers, also on 304."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return super().lookup_path(PAGES.get(path, path))

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
