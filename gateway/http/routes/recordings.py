"""Recordings: DELETE /v1/jobs/{id}/audio removes one."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from gateway.http.problems import HttpProblem, not_found, retry_after
from gateway.http.recordings.job_owners import remove_from_list
from gateway.http.recordings.sidecar_files import store_of
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.routes.jobs import JobId
from gateway.http.schemas.responses import LOOKUPS
from seriatim.client.job import Job
from seriatim.stream_entries import End

router = APIRouter(tags=["jobs"])

RETRY_S = 1.0  #: time in which a recorder writes the end of a job


@router.delete("/v1/jobs/{job_id}/audio", status_code=204, response_class=Response, responses=LOOKUPS)
async def delete_recording(job_id: JobId, context: ContextDep, caller: CallerDep) -> Response:
    """Delete the recording of an ended job, with its text and captions. In Redis these expire by themselves."""
    job = await context.own(job_id, caller)
    if not await asyncio.to_thread(_remove_files, job):
        raise not_found(f"no recording of job {job_id}: it was not recorded, or has been deleted")
    await asyncio.to_thread(remove_from_list, job.redis, caller.user, job.id)
    return Response(status_code=204)


def _remove_files(job: Job) -> bool:
    if job.pool and not job.status().ended:
        raise HttpProblem(409, "job_running", f"job {job.id} is still running; cancel it with DELETE /v1/jobs/{job.id}")
    markers, _ = store_of(job).read_events(job.id)
    if job.pool and markers and not isinstance(markers[-1], End):
        raise HttpProblem(
            409, "job_running", f"the end of job {job.id} is being recorded; retry in a second", "server_error",
            headers=retry_after(RETRY_S),
        )  # fmt: skip
    return store_of(job).remove(job.id)
