"""The context that all requests of a gateway process share: Redis clients, callers, counters."""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from gateway.http.api_keys import ApiKeys, Caller
from gateway.http.concurrency_limit import ConcurrencyLimit
from gateway.http.draining import Draining
from gateway.http.metrics import GatewayMetrics, PoolMetricsCollector
from gateway.http.problems import not_found
from gateway.http.readiness import PoolReadiness
from gateway.http.reading.delivery_reports import DeliveryReports
from gateway.http.recordings.job_owners import JOB_ID, owner_of, write_down
from gateway.http.recordings.source_text import SourceText, keep
from gateway.http.task_endings import cancel_and_wait, run_forever
from seriatim.client.client import Client
from seriatim.client.job import Job
from seriatim.client.user_limits import set_user_limits
from seriatim.errors import JobUnknown, Misconfigured
from seriatim.servers import redis_clients
from seriatim.servers.connection_shares import ConnectionShares
from seriatim.servers.redis_clients import command_client
from seriatim.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 64  #: short calls at once; while Redis is away each of them waits for it
WATCHERS = 4  #: threads for those who watch: they need not wait for those above
ASK_S = 2.0  #: their longest wait: they want to know about this process first, and then about Redis
CLOSE_S = 4.0  #: for what is left to tell Redis, when the process is told to end
QUICK_S = 0.5  #: patience with a Redis that is away
SHARES_S = 3600.0  #: what a key's user may have is told to a pool so often; it forgets after a week


@dataclass(slots=True)
class GatewayContext:
    """One gateway process."""

    settings: Settings
    keys: ApiKeys
    producer: Client
    streams: "AsyncRedis"  #: its reads block
    quick: "Redis"  #: gives up soon: for those who watch this process
    reports: DeliveryReports
    pools: PoolMetricsCollector
    meters: GatewayMetrics
    models: Mapping[str, str]  #: other names of pools
    voices: Mapping[str, str]  #: other names of voices
    readiness: PoolReadiness
    draining: Draining
    crowd: ConcurrencyLimit
    shares: dict[tuple[str, str], float] = field(default_factory=dict)  #: (pool, user) -> when it was told
    stuck: bool = False  #: closed, and some threads still wait for a Redis that does not answer
    watching: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WATCHERS, "watch"))

    @classmethod
    def of(cls, settings: Settings, keys: ApiKeys) -> "GatewayContext":
        """As the settings say.

        Raises:
            Misconfigured: a setting cannot be read.
        """
        models, voices = aliases("HTTP_MODELS", settings.http_models), aliases("HTTP_VOICES", settings.http_voices)
        producer = Client(settings=settings)
        shares = ConnectionShares.of(settings.redis_connections)
        streams = redis_clients.streams(settings.redis_url, most=shares.reads)
        quick = command_client(settings.redis_url, outage_s=QUICK_S, most=shares.watching)
        reports, pools = (
            DeliveryReports(producer.redis),
            PoolMetricsCollector(quick, Path(settings.store_dir), _configured(settings, models)),
        )
        readiness = PoolReadiness(producer, quick, settings.http_probe_s)
        meters = GatewayMetrics(settings.first_audio_ms / 1000)
        draining = Draining(settings.http_drain_s)
        return cls(
            settings, keys, producer, streams, quick, reports, pools, meters, models, voices, readiness, draining,
            ConcurrencyLimit(settings.http_max_concurrency),
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """While the process serves."""
        calls = ThreadPoolExecutor(THREADS, "call")
        asyncio.get_running_loop().set_default_executor(calls)
        reporting = asyncio.create_task(run_forever(self.reports.run, "reports"))
        try:
            yield
        finally:
            self.stuck = not await self._closed(reporting, calls)

    async def _closed(self, reporting: "asyncio.Task[None]", calls: ThreadPoolExecutor) -> bool:
        """End what was begun; returns whether that went well, and no thread waits for Redis any more."""
        last = ThreadPoolExecutor(1, "close")
        try:
            async with asyncio.timeout(CLOSE_S):
                await cancel_and_wait(reporting)
                await self.reports.flush()
                await self.streams.aclose()
                await asyncio.to_thread(self.producer.close)
                self.quick.close()
                for threads in (calls, self.watching):
                    await asyncio.get_running_loop().run_in_executor(last, threads.shutdown)
        except TimeoutError:
            return False
        return True

    async def watch(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What somebody who watches wants to know: not behind all others, and not for long.

        Raises:
            TimeoutError: it took longer than ASK_S.
        """
        async with asyncio.timeout(ASK_S):
            asked = functools.partial(call, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(self.watching, asked)

    async def admit(self, pool: str, caller: Caller) -> None:
        """Tell the pool what the caller's key says that its user may have."""
        known = self.shares.get((pool, caller.user))
        if caller.caps and (known is None or time.monotonic() - known > SHARES_S):
            await asyncio.to_thread(set_user_limits, self.producer.redis, pool, caller.user, dict(caller.caps))
            self.shares[pool, caller.user] = time.monotonic()

    async def note(self, job: Job, caller: Caller, source: SourceText | None = None) -> None:
        """Remember whose a job is, and what it was asked to say if that is recorded, where every gateway looks."""
        await asyncio.to_thread(write_down, self.producer.redis, job, caller.user)
        if source is not None:
            await asyncio.to_thread(keep, job, source)

    async def own(self, job_id: str, caller: Caller) -> Job:
        """A handle on a job of the caller's.

        Raises:
            Problem: there is none, or it is somebody else's: nobody learns which.
        """

        def found() -> Job | None:
            try:
                job = self.producer.attach(job_id)
            except JobUnknown:
                return None
            return job if owner_of(self.producer.redis, job) == caller.user else None

        job = await asyncio.to_thread(found) if JOB_ID.fullmatch(job_id) else None
        if job is None:
            raise not_found(f"no job {job_id[:64]!r}: it was never accepted, or it ended and its life is over")
        return job


def _configured(settings: Settings, models: Mapping[str, str]) -> frozenset[str]:
    """The pools that the settings name: they are shown before a worker has ever come, so that a typo there is seen."""
    return frozenset(filter(None, (settings.http_pool, settings.engine, *models.values())))


def aliases(setting: str, text: str) -> dict[str, str]:
    """Read `name=meaning,name=meaning`.

    Raises:
        Misconfigured: it is something else.
    """
    found = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, equals, meaning = pair.partition("=")
        if not (name.strip() and equals and meaning.strip()):
            raise Misconfigured(f"SERIATIM_{setting}: {pair!r}; expected name=meaning, with commas between")
        found[name.strip()] = meaning.strip()
    return found
