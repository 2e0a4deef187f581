"""GET /v1/jobs/{id}/audio: the audio of a job in any format, while it is spoken or afterwards.

While the job is spoken, the response is a stream; a position (`after`, or Last-Event-ID) resumes it. Once the job is
done and recorded, it is a file with a length, and supports ranges (`gateway.http.recordings.encoded_files`).
"""

import asyncio
import re
import time
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from gateway.http.encoding.stream_formats import STREAMABLE, media_type
from gateway.http.problems import HttpProblem
from gateway.http.reading.positions import parse_position
from gateway.http.recordings.encoded_files import encoded_file
from gateway.http.recordings.filenames import content_disposition
from gateway.http.recordings.recording import find_recording, has_nothing_to_speak
from gateway.http.recordings.source_text import title_of
from gateway.http.recordings.stored_file import file_response, size_of
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.events import After, LastId
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.field_types import FileFormat
from gateway.http.schemas.responses import AUDIO_RESPONSES, LOOKUPS
from gateway.http.streaming.audio_response import AudioRequest, AudioResponse

router = APIRouter(tags=["jobs"])

RANGES = re.compile(r"bytes=\s*((\d+-\d*|-\d+)\s*(,\s*(\d+-\d*|-\d+)\s*)*)", re.ASCII)  # RFC 9110, 14.1.1


@router.head("/v1/jobs/{job_id}/audio", include_in_schema=False)
@router.get(
    "/v1/jobs/{job_id}/audio",
    response_class=Response,
    responses=AUDIO_RESPONSES | {206: AUDIO_RESPONSES[200]} | LOOKUPS,
)
async def get_audio(
    job_id: JobId, request: Request, context: ContextDep, caller: CallerDep,
    format: Annotated[FileFormat, Query()] = "mp3",  # noqa: A002  # its name for clients
    sse: Annotated[bool, Query(description="as server-sent events with positions, in base64")] = False,
    after: After = "", last_event_id: LastId = "",
) -> Response:  # fmt: skip
    """Get the audio of a job. For a job that is not recorded, this request is its listener."""
    requested_s = time.monotonic()
    job = await context.own(job_id, caller)
    position = parse_position(after or last_event_id)
    recording = None if sse or after or last_event_id else await asyncio.to_thread(find_recording, job)
    title = await asyncio.to_thread(title_of, job) if recording else ""
    file = await encoded_file(recording, format, request.headers.get("range", ""), title) if recording else None
    if recording is None or file is None:
        is_file = format not in STREAMABLE
        if is_file and not await asyncio.to_thread(has_nothing_to_speak, job):
            message = f"{format} needs a job that is done and recorded; {', '.join(STREAMABLE)} can be streamed"
            raise HttpProblem(409, "not_recorded", message, param="format")
        if request.method == "HEAD":  # it has no body, and so is no listener
            return Response(headers={"seriatim-job": job.id, "cache-control": "no-store"})
        return AudioResponse(
            context, job, AudioRequest(format, sse=sse, after=position, whole=is_file, requested_s=requested_s)
        )
    validate_range(request, size_of(file))
    headers = {
        "seriatim-job": job.id, "cache-control": "private, max-age=3600", "etag": f'"{job.id}.{format}"',
        "content-disposition": content_disposition(title, job.id, format),
    }  # fmt: skip
    return file_response(file, request, media_type(format, recording.rate_hz), headers)


def validate_range(request: Request, n_bytes: int) -> None:
    """Drop an invalid Range header (RFC 9110, 14.2), and refuse one outside the file.

    Raises:
        HttpProblem: no byte of the file is in the range.
    """
    match = RANGES.fullmatch(request.headers.get("range", "").strip())
    ends = [part.strip().partition("-")[::2] for part in match.group(1).split(",")] if match else []
    if not ends or any(first and last and int(last) < int(first) for first, last in ends):
        request.scope["headers"] = [header for header in request.scope["headers"] if header[0] != b"range"]
    elif "if-range" not in request.headers and any(int(f) >= n_bytes if f else not int(last) for f, last in ends):
        message = f"the recording has {n_bytes} bytes in this format"
        raise HttpProblem(416, "range_not_satisfiable", message, headers={"content-range": f"bytes */{n_bytes}"})
