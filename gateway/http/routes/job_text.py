"""GET /v1/jobs/{id}/text: the text of a recorded job, as its client submitted it."""

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.http.problems import not_found
from gateway.http.recordings.source_text import text_of
from gateway.http.recordings.stored_file import file_response, size_of
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.job_audio import validate_range
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.responses import LOOKUPS, body_of

router = APIRouter(tags=["jobs"])

PLAIN = "text/plain; charset=utf-8"


@router.get("/v1/jobs/{job_id}/text", response_class=Response, responses=body_of("text/plain") | LOOKUPS)
async def get_text(job_id: JobId, request: Request, context: ContextDep, caller: CallerDep) -> Response:
    """Get the text of a job as submitted. It is stored with the recording; jobs submitted as sentences have none."""
    job = await context.own(job_id, caller)
    file = await asyncio.to_thread(text_of, job)
    if file is None:
        raise not_found(f"no text of job {job.id}: it was submitted as sentences, or is not recorded")
    validate_range(request, size_of(file))
    return file_response(file, request, PLAIN, {"seriatim-job": job.id, "cache-control": "no-store"})
