"""Recordings: DELETE /v1/jobs/{id}/audio removes one."""

import asyncio
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from gateway.http.access import CallerDep, ContextDep
from gateway.http.problems import HttpProblem, not_found, retry_after
from gateway.http.recordings.job_owners import strike
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.responses import LOOKUPS
from seriatim import recording_store
from seriatim.client.job import Job
from seriatim.stream_entries import End

router = APIRouter(tags=["jobs"])

SOON_S = 1.0  #: a recorder writes the end of a job this soon


@router.delete("/v1/jobs/{job_id}/audio", status_code=204, response_class=Response, responses=LOOKUPS)
async def remove(job_id: JobId, context: ContextDep, caller: CallerDep) -> Response:
    """Remove the recording of a job that is over, its text and captions with it. Redis forgets both by itself."""
    job = await context.own(job_id, caller)
    if not await asyncio.to_thread(_removed, job):
        raise not_found(f"there is no recording of job {job_id}")
    await asyncio.to_thread(strike, job.redis, caller.user, job.id)
    return Response(status_code=204)


def _removed(job: Job) -> bool:
    place = Path(job.settings.store_dir)
    if job.pool and not job.status().ended:
        raise HttpProblem(409, "job_running", f"job {job.id} is still being spoken: DELETE /v1/jobs/{job.id} ends it")
    markers = recording_store.events(place, job.id)
    if job.pool and markers and not isinstance(markers[-1], End):
        raise HttpProblem(
            409, "job_running", f"the end of job {job.id} is being recorded: again in a second", "server_error",
            headers=retry_after(SOON_S),
        )  # fmt: skip
    return recording_store.remove(place, job.id)
