"""Owners of jobs: Redis knows them while a job lives, a file beside its recording afterwards (sidecar_files.py).

A list of each user's latest jobs is kept in Redis: `seriatim:1:{u:<user>}:jobs`, a zset of job -> time.
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

JOB_ID = re.compile(r"[0-9a-f]{32}")  #: as producers make them
LISTED = 200  #: jobs of a user that are remembered


def write_down(redis: "Redis", job: Job, user: str) -> None:
    """Remember whose a job is. May be done twice.

    Raises:
        Unavailable: Redis does not answer.
    """
    key = user_jobs(user)
    pipe = redis.pipeline(transaction=False)
    pipe.zadd(key, {job.id: time.time()}, nx=True)
    pipe.zremrangebyrank(key, 0, -LISTED - 1)
    pipe.expire(key, POOL_LIFE_S)
    with translate_redis_errors():
        pipe.execute()
    if job.drain is DrainMode.STORE:
        sidecar_files.write(job, "owner", user)  # it can be asked for as long as Redis knows it, anyway


def owner_of(redis: "Redis", job: Job) -> str | None:
    """The user; None if nobody knows any more.

    Raises:
        Unavailable: Redis does not answer.
    """
    if job.pool:
        record = read_job(redis, job.pool, job.id)
        if record is not None:
            return record.user
    return sidecar_files.read(job, "owner")


def jobs_of(redis: "Redis", user: str, most: int) -> dict[str, float]:
    """The user's latest jobs, the latest first, and when each was accepted; some may be over and forgotten.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        found = redis.zrevrange(user_jobs(user), 0, most - 1, withscores=True)
    return {job.decode(): at_s for job, at_s in cast("list[tuple[bytes, float]]", found)}


def accepted_at(redis: "Redis", user: str, job_id: str) -> float | None:
    """When a job of the user's was accepted, in s since 1970; None if it is not among the latest.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        return redis.zscore(user_jobs(user), job_id)


def strike(redis: "Redis", user: str, job_id: str) -> None:
    """Leave a job out of its user's list from now on.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        redis.zrem(user_jobs(user), job_id)
