"""The page at `/`: static files, where they are installed."""

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parents[1] / "page"  #: index.html and what it names; no file of it comes from another host


def mount_page(app: FastAPI) -> None:
    """Serve it behind every other route."""
    if FOLDER.is_dir():
        app.mount("/", StaticFiles(directory=FOLDER, html=True), name="page")
