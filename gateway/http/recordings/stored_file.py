"""Stored files as responses: a path of a folder, or what a bucket has, which is read in ranges while it is sent."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

SPAN = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII)  # RFC 9110, 14.1.1: one range


class RangedFile(Protocol):
    """A file that is no path."""

    @property
    def n_bytes(self) -> int:
        """Its length."""
        ...

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`."""
        ...


StoredFile = Path | RangedFile


def size_of(file: StoredFile) -> int:
    """The length of a file in bytes."""
    return file.stat().st_size if isinstance(file, Path) else file.n_bytes


def file_response(file: StoredFile, request: Request, media_type: str, headers: Mapping[str, str]) -> Response:
    """The response with a file, or with the range of it that is requested.

    Of a bucket's file several ranges at once are answered with all of it, as RFC 9110 allows.
    """
    if isinstance(file, Path):
        return FileResponse(file, media_type=media_type, headers=headers)
    n_bytes = file.n_bytes
    span = requested_span(request.headers, n_bytes, headers.get("etag", ""))
    start, stop = span or (0, n_bytes)
    own = {"accept-ranges": "bytes", "content-length": str(stop - start), **headers}
    if span:
        own["content-range"] = f"bytes {start}-{stop - 1}/{n_bytes}"
    status = 206 if span else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=own, media_type=media_type)
    return StreamingResponse(file.pieces(start, stop), status, own, media_type)


def requested_span(headers: Mapping[str, str], n_bytes: int, etag: str) -> tuple[int, int] | None:
    """The one range that is requested, as its first byte and the one behind its last; None: all of the file."""
    match = SPAN.fullmatch(headers.get("range", ""))
    if not match or not any(match.groups()) or headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, n_bytes - int(last))
    stop = min(n_bytes, int(last) + 1) if first and last else n_bytes
    return (start, stop) if start < stop else None
