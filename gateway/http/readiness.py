"""Readiness of a gateway for a pool: the pool has spoken a sentence recently, and this gateway has read its audio.

A worker whose engine hangs is not ready, even if it sends heartbeats; nor is a pool without a running reassembler, nor
a gateway that cannot read what the pool speaks. The jobs of its clients are the proof; without any, a probe is spoken,
and read over the connections that serve the clients.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from gateway.http.reading.async_stream_reader import AsyncStreamReader
from gateway.http.reading.delivery_reports import DeliveryReports
from gateway.http.task_endings import cancel_and_wait
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import SeriatimError
from seriatim.keys import StreamPosition, ordered_stream
from seriatim.reader_state import DeliveryState, PlayableEntry
from seriatim.reassembler_heartbeats import SILENT_S, running_reassemblers
from seriatim.state.pool_record import read_pool
from seriatim.stream_entries import Audio, End

PROBE = "Ready."
PROBE_USER = "seriatim-probe"
PROBE_S = 5.0  #: timeout of a probe
NO_JOB = "0" * 32  #: its stream is empty


@dataclass(slots=True)
class PoolReadiness:
    """The readiness of each pool, cached."""

    producer: Producer
    redis: "Redis"  #: with a short timeout
    streams: "AsyncRedis"  #: the one that reads for clients
    reports: DeliveryReports
    max_age_s: float  #: of the last sentence that proves readiness
    #: pool -> number of sentences done, and the monotonic time at which it last rose
    progress: dict[str, tuple[int, float]] = field(default_factory=dict)
    heard_s: dict[str, float] = field(default_factory=dict)  #: as `AsyncStreamReader` has it
    probes: dict[str, "asyncio.Task[str]"] = field(default_factory=dict)

    async def problem(self, pool: str) -> str:
        """The reason why a pool is not ready; "" if it is.

        Raises:
            SeriatimError: this gateway cannot read the pool's audio.
        """
        if not await asyncio.to_thread(running_reassemblers, self.redis):
            return f"no reassembler has sent a heartbeat for {SILENT_S:g} s; start one with: seriatim reassemble"
        has_spoken = await self._has_spoken_recently(pool)
        if has_spoken and self._has_heard_recently(pool):
            return ""
        if pool not in self.probes:  # one probe for all concurrent requests
            self.probes[pool] = asyncio.create_task(self._run_probe(pool))
            self.probes[pool].add_done_callback(lambda _: self.probes.pop(pool))
        problem_text = await asyncio.shield(self.probes[pool])
        if problem_text and has_spoken:  # to others, and is too busy for a probe: that this gateway can read is enough
            await self.streams.xread({ordered_stream(NO_JOB): "0-0"}, 1)
            self.heard_s[pool], problem_text = time.monotonic(), ""
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

    def _has_heard_recently(self, pool: str) -> bool:
        return time.monotonic() - self.heard_s.get(pool, float("-inf")) <= self.max_age_s

    async def _run_probe(self, pool: str) -> str:
        """Have a probe sentence spoken, and read its audio; returns the reason if it is not spoken.

        Raises:
            SeriatimError: its audio cannot be read.
        """
        request = JobRequest(engine=pool, pool=pool, user=PROBE_USER, timeout_s=PROBE_S)
        try:
            job = await asyncio.to_thread(self.producer.enqueue, PROBE, request)
        except SeriatimError as error:
            return str(error)
        reading = asyncio.create_task(self._read_to_end(job))
        await asyncio.wait({reading}, timeout=PROBE_S)
        if not reading.done() or reading.exception() is not None:
            await cancel_and_wait(reading)
            with contextlib.suppress(SeriatimError):
                await asyncio.to_thread(job.cancel, "a probe that was not heard")
        return probe_problem(pool, None if reading.cancelled() else reading.result())

    async def _read_to_end(self, job: Job) -> list[PlayableEntry | End]:
        """Read a job as its listener would."""
        delivery, reader = DeliveryState(job.id, job.pool), AsyncStreamReader(job, self.streams, heard_s=self.heard_s)
        self.reports.open(delivery)
        try:
            async with contextlib.aclosing(reader.entries(StreamPosition())) as entries:
                found = [entry async for entry in entries]
            self.reports.move(delivery, reader.cursor)
        finally:
            self.reports.close(delivery)
        return found


def probe_problem(pool: str, entries: list[PlayableEntry | End] | None) -> str:
    """The reason why what was read of a probe, up to its end, does not prove a pool ready; "" if it does.

    None means that no end came in time. The job's own timeout is as long, so which of the two is noticed first is
    chance: they have one message.
    """
    end = entries[-1] if entries else None
    if entries is None or (isinstance(end, End) and end.state == "timed_out"):
        return f"pool {pool!r} has not spoken a probe sentence within {PROBE_S:g} s"
    if isinstance(end, End) and end.state != "done":
        return f"pool {pool!r} cannot speak: {end.reason}"
    return "" if any(isinstance(entry, Audio) for entry in entries) else f"pool {pool!r} gave no audio for a probe"
