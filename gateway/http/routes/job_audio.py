"""GET /v1/jobs/{id}/audio: the sound of a job in any format, while it is spoken or afterwards, any part of it.

While it is spoken it is a stream, which a position (`after`, or Last-Event-ID) resumes. When it is done and recorded
it is a file with a length, of which ranges can be asked for (`gateway.http.recordings.encoded_files`).
"""

import asyncio
import re
import time
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from gateway.http.access import CallerDep, ContextDep
from gateway.http.encoding.stream_formats import WHOLE, media_type
from gateway.http.problems import HttpProblem
from gateway.http.reading.positions import position_of
from gateway.http.recordings.encoded_files import file_of
from gateway.http.recordings.filenames import disposition
from gateway.http.recordings.recording import recorded
from gateway.http.recordings.source_text import title_of
from gateway.http.routes.events import After, LastId
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.requests import FileFormat
from gateway.http.schemas.responses import LOOKUPS, SOUND
from gateway.http.streaming.audio_response import AudioRequest, AudioResponse

router = APIRouter(tags=["jobs"])

RANGES = re.compile(r"bytes=\s*((\d+-\d*|-\d+)\s*(,\s*(\d+-\d*|-\d+)\s*)*)", re.ASCII)  # RFC 9110, 14.1.1


@router.head("/v1/jobs/{job_id}/audio", include_in_schema=False)
@router.get("/v1/jobs/{job_id}/audio", response_class=Response, responses=SOUND | {206: SOUND[200]} | LOOKUPS)
async def audio(
    job_id: JobId, request: Request, context: ContextDep, caller: CallerDep,
    format: Annotated[FileFormat, Query()] = "mp3",  # noqa: A002  # its name for clients
    sse: Annotated[bool, Query(description="as server-sent events with positions, in base64")] = False,
    after: After = "", last_event_id: LastId = "",
) -> Response:  # fmt: skip
    """The sound of a job. Of a job that drains to its listener, this is the listener."""
    asked_s = time.monotonic()
    job = await context.own(job_id, caller)
    position = position_of(after or last_event_id)
    found = None if sse or after or last_event_id else await asyncio.to_thread(recorded, job)
    title = await asyncio.to_thread(title_of, job) if found else ""
    path = await file_of(found, format, request.headers.get("range", ""), title) if found else None
    if found is None or path is None:
        if format == WHOLE:
            said = "m4a is a whole file, of a job that is done and recorded; aac can be streamed"
            raise HttpProblem(409, "not_recorded", said, param="format")
        if request.method == "HEAD":  # what is not asked for is not heard
            return Response(headers={"seriatim-job": job.id, "cache-control": "no-store"})
        return AudioResponse(context, job, AudioRequest(format, sse=sse, after=position, asked_s=asked_s))
    check_range(request, path.stat().st_size)
    headers = {
        "seriatim-job": job.id, "cache-control": "private, max-age=3600", "etag": f'"{job.id}.{format}"',
        "content-disposition": disposition(title, job.id, format),
    }  # fmt: skip
    return FileResponse(path, media_type=media_type(format, found.rate_hz), headers=headers)


def check_range(request: Request, n_bytes: int) -> None:
    """A range that cannot be read is none (RFC 9110, 14.2); one that can must have something in it.

    Raises:
        Problem: there is nothing of the recording in it.
    """
    found = RANGES.fullmatch(request.headers.get("range", "").strip())
    ends = [part.strip().partition("-")[::2] for part in found.group(1).split(",")] if found else []
    if not ends or any(first and last and int(last) < int(first) for first, last in ends):
        request.scope["headers"] = [header for header in request.scope["headers"] if header[0] != b"range"]
    elif "if-range" not in request.headers and any(int(f) >= n_bytes if f else not int(last) for f, last in ends):
        said = f"the recording has {n_bytes} bytes in this format"
        raise HttpProblem(416, "range_not_satisfiable", said, headers={"content-range": f"bytes */{n_bytes}"})
