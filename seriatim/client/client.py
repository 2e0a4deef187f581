"""The client: what a program has of one Seriatim system, to enqueue, attach to and list jobs."""

import os
from dataclasses import replace
from types import TracebackType
from typing import Self, Unpack

from seriatim.client.cold_start import await_workers
from seriatim.client.job import Job
from seriatim.client.job_options import JobOptions, JobRequest, Text
from seriatim.client.open_job import OpenJob
from seriatim.client.producer import Producer
from seriatim.engine import Voice
from seriatim.servers.server_urls import redacted_url
from seriatim.settings import Settings
from seriatim.state.job_record import LiveJobState
from seriatim.state.pool_record import read_pool
from seriatim.state.pool_state import PoolState, pool_states


class Client:
    """A connection to one Seriatim system, to enqueue, attach to and list jobs. Thread-safe.

        with Client("redis://10.0.0.7/0") as client:
            job = client.enqueue_job("Good morning.")

    Several clients with different settings may exist in one process. Nothing connects before the first call.
    """

    def __init__(
        self, redis_url: str = "", *, broker_url: str = "", store_dir: str = "", settings: Settings | None = None
    ) -> None:
        """Use the settings of the environment, or `settings`; each further argument overrides one of them.

        Raises:
            Misconfigured: a setting is wrong.
        """
        overrides = {"redis_url": redis_url, "broker_url": broker_url, "store_dir": store_dir}
        base = Settings.from_env(os.environ) if settings is None else settings
        settings = replace(base, **{name: value for name, value in overrides.items() if value})  # type: ignore[arg-type]  # all are strings
        self.producer = Producer(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({redacted_url(self.producer.settings.redis_url)!r})"

    def enqueue_job(self, text: Text, **options: Unpack[JobOptions]) -> Job:
        """Accept a text, or an iterable of sentences, as one job, as `seriatim.enqueue_job`.

        Raises:
            as `seriatim.enqueue_job`.
        """
        request = JobRequest.of(options)
        await_workers(self.producer, request)
        return self.producer.enqueue(text, request)

    def open_job(self, **options: Unpack[JobOptions]) -> OpenJob:
        """Open a job for text that is still being generated, as `seriatim.open_job`.

        Raises:
            as `enqueue_job`.
        """
        request = JobRequest.of(options)
        await_workers(self.producer, request)
        return self.producer.open(request)

    def voices(self, pool: str = "") -> list[Voice]:
        """Return the voices of a pool, its default first; without a name, those of the default engine's pool.

        Raises:
            Unavailable: Redis does not answer.
        """
        return list(read_pool(self.producer.redis, pool or self.producer.default_pool()).voices)

    def pools(self) -> list[PoolState]:
        """Return the state of every pool.

        Raises:
            Unavailable: Redis does not answer.
        """
        return pool_states(self.producer.redis)

    def jobs(self, pool: str = "") -> list[LiveJobState]:
        """Return the jobs that have not ended, of one pool or of all; at most `pool_state.JOBS_SHOWN` per pool.

        Raises:
            Unavailable: Redis does not answer.
        """
        return [job for each in self.pools() if pool in ("", each.pool) for job in each.jobs]

    def attach(self, job_id: str) -> Job:
        """Return a handle on a job from its id, in any process.

        Raises:
            JobUnknown: no such job, or it has expired and has no recording.
            BadInput: not a job id.
        """
        return self.producer.attach(job_id)

    def close(self) -> None:
        """Close all connections. Handles from this client cannot be used afterwards."""
        self.producer.close()
