"""Readiness of a pool: it has spoken a sentence recently, or speaks a probe now.

A worker whose engine hangs is not ready, even if it sends heartbeats; nor is a pool without a running reassembler.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from redis import Redis

from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import SeriatimError
from seriatim.reassembler_heartbeats import SILENT_S, running_reassemblers
from seriatim.state.pool_record import read_pool

PROBE = "Ready."
PROBE_USER = "seriatim-probe"
PROBE_S = 5.0  #: timeout of a probe


@dataclass(slots=True)
class PoolReadiness:
    """The readiness of each pool, cached."""

    producer: Producer
    redis: "Redis"  #: with a short timeout
    max_age_s: float  #: of the last sentence that proves readiness
    #: pool -> number of sentences done, and the monotonic time at which it last rose
    progress: dict[str, tuple[int, float]] = field(default_factory=dict)
    probes: dict[str, "asyncio.Task[str]"] = field(default_factory=dict)

    async def problem(self, pool: str) -> str:
        """The reason why a pool is not ready; "" if it is."""
        if not await asyncio.to_thread(running_reassemblers, self.redis):
            return f"no reassembler has sent a heartbeat for {SILENT_S:g} s; start one with: seriatim reassemble"
        if await self._has_spoken_recently(pool):
            return ""
        if pool not in self.probes:  # one probe for all concurrent requests
            self.probes[pool] = asyncio.create_task(asyncio.to_thread(self._run_probe, pool))
            self.probes[pool].add_done_callback(lambda _: self.probes.pop(pool))
        problem_text = await asyncio.shield(self.probes[pool])
        if not problem_text:
            await self._has_spoken_recently(pool, succeeded=True)
        return problem_text

    async def _has_spoken_recently(self, pool: str, *, succeeded: bool = False) -> bool:
        done, now_s = (await asyncio.to_thread(read_pool, self.redis, pool)).done, time.monotonic()
        last = self.progress.get(pool)
        if succeeded or (last is not None and done > last[0]):
            self.progress[pool] = (done, now_s)
        elif last is None:
            self.progress[pool] = (done, float("-inf"))
        return now_s - self.progress[pool][1] <= self.max_age_s

    def _run_probe(self, pool: str) -> str:
        """Have a probe sentence spoken; returns the reason if that fails."""
        try:
            job = self.producer.enqueue(PROBE, JobRequest(engine=pool, pool=pool, user=PROBE_USER, timeout_s=PROBE_S))
        except SeriatimError as error:
            return str(error)
        try:
            status = job.wait(PROBE_S)
        except (SeriatimError, TimeoutError):
            with contextlib.suppress(SeriatimError):
                job.cancel("a probe that took too long")
            return f"pool {pool!r} has not spoken a probe sentence within {PROBE_S:g} s"
        return "" if status.state == "done" else f"pool {pool!r} cannot speak: {status.reason}"
