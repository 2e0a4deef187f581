"""Readiness of a pool: it has spoken a sentence lately, or speaks a probe now.

A worker that beats and has an engine that hangs is not ready; nor is a pool while no reassembler brings its sound on.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from redis import Redis

from seriatim.client.client import Client
from seriatim.client.job_options import JobRequest
from seriatim.errors import SeriatimError
from seriatim.reassembler_heartbeats import SILENT_S, running_reassemblers
from seriatim.state.pool_record import read_pool

PROBE = "Ready."
PROBER = "seriatim-probe"  #: the user whose jobs probes are
PROBE_S = 5.0  #: a probe that has not ended by then has failed


@dataclass(slots=True)
class PoolReadiness:
    """What is known of each pool's readiness."""

    producer: Client
    redis: "Redis"  #: gives up soon
    lately_s: float  #: how old the proof may be
    spoken: dict[str, tuple[int, float]] = field(default_factory=dict)  #: sentences done, and when that number was new
    probing: dict[str, "asyncio.Task[str]"] = field(default_factory=dict)

    async def why_not(self, pool: str) -> str:
        """Why a pool is not ready; "" if it is."""
        if not await asyncio.to_thread(running_reassemblers, self.redis):
            return f"no reassembler was heard of for {SILENT_S:g} s; start one with: seriatim reassemble"
        if await self._spoke_lately(pool):
            return ""
        if pool not in self.probing:  # however many ask, one probe
            self.probing[pool] = asyncio.create_task(asyncio.to_thread(self._probe, pool))
            self.probing[pool].add_done_callback(lambda _: self.probing.pop(pool))
        why = await asyncio.shield(self.probing[pool])
        if not why:
            await self._spoke_lately(pool, proven=True)
        return why

    async def _spoke_lately(self, pool: str, *, proven: bool = False) -> bool:
        done, now_s = (await asyncio.to_thread(read_pool, self.redis, pool)).done, time.monotonic()
        known = self.spoken.get(pool)
        if proven or (known is not None and done > known[0]):
            self.spoken[pool] = (done, now_s)
        elif known is None:
            self.spoken[pool] = (done, float("-inf"))
        return now_s - self.spoken[pool][1] <= self.lately_s

    def _probe(self, pool: str) -> str:
        """Have a sentence spoken; returns why that did not go well."""
        try:
            job = self.producer.enqueue(PROBE, JobRequest(engine=pool, pool=pool, user=PROBER, timeout_s=PROBE_S))
        except SeriatimError as error:
            return str(error)
        try:
            status = job.wait(PROBE_S)
        except (SeriatimError, TimeoutError):
            with contextlib.suppress(SeriatimError):
                job.cancel("a probe that took too long")
            return f"pool {pool!r} has not spoken a probe sentence within {PROBE_S:g} s"
        return "" if status.state == "done" else f"pool {pool!r} cannot speak: {status.reason}"
