"""GET /v1/jobs/{id}/timeline: a plot of a job's attempts by worker, and of the reader's buffer."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from gateway.cli.render.timeline_plot import draw_timeline
from gateway.http.problems import not_found
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.responses import LOOKUPS, body_of
from seriatim.client.job import Job
from seriatim.job_timeline import JobTimeline, read

router = APIRouter(tags=["jobs"])

#: the SVG has an inline style sheet, and needs nothing else
HEADERS = {"cache-control": "no-store", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


@router.get("/v1/jobs/{job_id}/timeline", response_class=Response, responses=body_of("image/svg+xml") | LOOKUPS)
async def get_timeline(job_id: JobId, context: ContextDep, caller: CallerDep) -> Response:
    """Get the plot as SVG. It has the last few hundred events, and expires together with the job's state."""
    job = await context.own(job_id, caller)
    job_timeline = await asyncio.to_thread(_read_timeline, job)
    svg = await asyncio.to_thread(lambda: draw_timeline(job_timeline, job.id).svg())
    return Response(svg, media_type="image/svg+xml", headers=HEADERS | _final_header(job_timeline))


def _final_header(job_timeline: JobTimeline) -> dict[str, str]:
    """The header that marks the plot of an ended job as final, so that the page stops polling."""
    return {} if job_timeline.ended_ms is None else {"x-over": "1"}


def _read_timeline(job: Job) -> JobTimeline:
    job_timeline = read(job.redis, job.pool, job.id) if job.pool else None
    if job_timeline is None or job_timeline.empty:
        raise not_found(f"no timeline of job {job.id}: it has expired")
    return job_timeline
