"""Owners of jobs: in Redis until a job expires, and in a file beside its recording (sidecar_files.py).

Redis also has a list of each user's latest jobs: `seriatim:1:{u:<user>}:jobs`, a zset of job -> time.
"""

import re
import time
from typing import cast

from redis import Redis

from gateway.http.recordings import sidecar_files
from seriatim.client.job import Job
from seriatim.keys import POOL_LIFE_S, user_jobs
from seriatim.lua.script_calls import translate_redis_errors
from seriatim.records import DrainMode
from seriatim.state.job_record import read_job

JOB_ID = re.compile(r"[0-9a-f]{32}(?:x[a-z0-9]{1,16})?")  #: the form that clients generate, and a server's suffix
MAX_LISTED = 200  #: jobs in a user's list


def store_owner(redis: "Redis", job: Job, user: str) -> None:
    """Store the owner of a job. A second call changes nothing.

    Raises:
        Unavailable: Redis does not answer.
    """
    key = user_jobs(user)
    pipe = redis.pipeline(transaction=False)
    pipe.zadd(key, {job.id: time.time()}, nx=True)
    pipe.zremrangebyrank(key, 0, -MAX_LISTED - 1)
    pipe.expire(key, POOL_LIFE_S)
    with translate_redis_errors():
        pipe.execute()
    if job.drain is DrainMode.STORE:
        sidecar_files.write(job, "owner", user)  # other jobs have their owner in Redis until they expire


def owner_of(redis: "Redis", job: Job) -> str | None:
    """The owner of a job; None if it is no longer stored.

    Raises:
        Unavailable: Redis does not answer.
    """
    if job.pool:
        record = read_job(redis, job.pool, job.id)
        if record is not None:
            return record.user
    return sidecar_files.read(job, "owner")


def jobs_of(redis: "Redis", user: str, limit: int) -> dict[str, float]:
    """The user's latest jobs, newest first, and when each was accepted in s since 1970; some may have expired.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        rows = redis.zrevrange(user_jobs(user), 0, limit - 1, withscores=True)
    return {job.decode(): at_s for job, at_s in cast("list[tuple[bytes, float]]", rows)}


def accepted_at(redis: "Redis", user: str, job_id: str) -> float | None:
    """The time at which a user's job was accepted, in s since 1970; None if it is not in the list.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        return redis.zscore(user_jobs(user), job_id)


def remove_from_list(redis: "Redis", user: str, job_id: str) -> None:
    """Remove a job from its user's list.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        redis.zrem(user_jobs(user), job_id)
