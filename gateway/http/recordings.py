"""DELETE /v1/jobs/{id}/audio: what was recorded of a job is kept no longer."""

import asyncio
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from gateway.http.access import AtDoor, FromCaller
from gateway.http.jobs import JobId
from gateway.http.owners import strike
from gateway.http.problems import Problem, not_found, retry_after
from gateway.http.shapes import LOOKUPS
from seriatim import store
from seriatim.entries import End
from tasks.handle import Job

router = APIRouter(tags=["jobs"])

SOON_S = 1.0  #: a recorder writes the end of a job this soon


@router.delete("/v1/jobs/{job_id}/audio", status_code=204, response_class=Response, responses=LOOKUPS)
async def remove(job_id: JobId, door: AtDoor, caller: FromCaller) -> Response:
    """Remove the recording of a job that is over, its text and captions with it. Redis forgets both by itself."""
    job = await door.own(job_id, caller)
    if not await asyncio.to_thread(_removed, job):
        raise not_found(f"there is no recording of job {job_id}")
    await asyncio.to_thread(strike, job.redis, caller.user, job.id)
    return Response(status_code=204)


def _removed(job: Job) -> bool:
    place = Path(job.settings.store_dir)
    if job.pool and not job.status().ended:
        raise Problem(409, "job_running", f"job {job.id} is still being spoken: DELETE /v1/jobs/{job.id} ends it")
    markers = store.events(place, job.id)
    if job.pool and markers and not isinstance(markers[-1], End):
        raise Problem(
            409, "job_running", f"the end of job {job.id} is being recorded: again in a second", "server_error",
            headers=retry_after(SOON_S),
        )  # fmt: skip
    return store.remove(place, job.id)
