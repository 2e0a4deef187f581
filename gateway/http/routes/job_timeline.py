"""GET /v1/jobs/{id}/timeline: who spoke which sentence of a job when, and how much sound lay ahead, as a picture."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from gateway.cli.render.timeline_plot import draw_timeline
from gateway.http.access import CallerDep, ContextDep
from gateway.http.problems import not_found
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.responses import LOOKUPS, body_of
from seriatim.client.job import Job
from seriatim.job_timeline import JobTimeline, read

router = APIRouter(tags=["jobs"])

#: the picture has its style sheet within, and needs nothing else
HEADERS = {"cache-control": "no-store", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


@router.get("/v1/jobs/{job_id}/timeline", response_class=Response, responses=body_of("image/svg+xml") | LOOKUPS)
async def timeline(job_id: JobId, context: ContextDep, caller: CallerDep) -> Response:
    """The picture as far as it is known: it is kept as long as the job's state, and has the last few hundred events."""
    job = await context.own(job_id, caller)
    found = await asyncio.to_thread(_found, job)
    picture = await asyncio.to_thread(lambda: draw_timeline(found, job.id).svg())
    return Response(picture, media_type="image/svg+xml", headers=HEADERS | _whether_over(found))


def _whether_over(found: JobTimeline) -> dict[str, str]:
    """The page need not ask again for what will not change."""
    return {} if found.ended_ms is None else {"x-over": "1"}


def _found(job: Job) -> JobTimeline:
    found = read(job.redis, job.pool, job.id) if job.pool else None
    if found is None or found.empty:
        raise not_found(f"nothing is known of the timeline of job {job.id} any more: only its recording is left")
    return found
