"""The context that all requests of a gateway process share: Redis clients, callers, counters.

With a route table there is one context for each server, with clients of its own; all else they share. A request begins
with that of `main`, and goes on with that of the server that has its model, or its job (`at`).
"""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import ParamSpec, TypeVar

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from gateway.book.making.book_cost import PoolPrice, pool_prices
from gateway.http.api_keys import ApiKeys, Caller
from gateway.http.books.book_keeper import BookKeeper
from gateway.http.concurrency_limit import ConcurrencyLimit
from gateway.http.document_reader import DocumentReader
from gateway.http.draining import Draining
from gateway.http.encoding.sample_cache import SampleCache
from gateway.http.metrics.gateway_metrics import GatewayMetrics
from gateway.http.metrics.pool_metrics_collector import PoolMetricsCollector
from gateway.http.problems import not_found
from gateway.http.readiness import PoolReadiness
from gateway.http.reading.delivery_reports import DeliveryReports
from gateway.http.recordings.job_owners import JOB_ID, owner_of, store_owner
from gateway.http.recordings.source_text import SourceText, store_source_text
from gateway.http.routing.route_table import MAIN, PoolPlace, RouteTable, job_suffix, read_routes
from gateway.http.routing.server_outage import ServerOutage
from gateway.http.routing.server_threads import SERVER, ServerThreads
from gateway.http.task_endings import cancel_and_wait, finish_kept, run_forever
from seriatim.client.job import Job
from seriatim.client.operator_limits import set_user_limits
from seriatim.client.producer import Producer
from seriatim.errors import JobUnknown
from seriatim.servers import redis_clients
from seriatim.servers.connection_shares import ConnectionShares
from seriatim.servers.redis_clients import command_client
from seriatim.setting_pairs import setting_pairs
from seriatim.settings import Settings
from seriatim.text.language_detector import load_detector_ahead

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 64  #: for short calls to one server; while it does not answer, each of them waits
MONITORING_THREADS = 4  #: for health checks and metrics, which must not wait for the calls above
MONITORING_TIMEOUT_S = 2.0  #: of health checks and metrics: this process must answer even if Redis does not
CLOSE_S = 4.0  #: for the last reports to Redis when the process ends
FINISH_S = 2.0  #: of that, for texts that are still being sent
QUICK_S = 0.5  #: timeout of Redis calls for monitoring
LIMITS_S = 3600.0  #: how often a user's limits are sent to a pool; the pool drops them after a week


@dataclass(slots=True)
class GatewayContext:
    """The shared state of one gateway process, for the requests of one server."""

    settings: Settings
    keys: ApiKeys
    producer: Producer
    streams: "AsyncRedis"  #: its reads block
    quick: "Redis"  #: with a short timeout, for monitoring
    reports: DeliveryReports
    pools: PoolMetricsCollector
    meters: GatewayMetrics
    models: Mapping[str, str]  #: alias -> pool
    voices: Mapping[str, str]  #: alias -> voice
    readiness: PoolReadiness
    draining: Draining
    concurrency: ConcurrencyLimit
    documents: DocumentReader
    books: BookKeeper
    prices: Mapping[str, PoolPrice]  #: of a million characters, by the names of pools
    #: (pool, user) -> monotonic time at which its limits were sent
    limits_sent_s: dict[tuple[str, str], float] = field(default_factory=dict)
    samples: SampleCache = field(default_factory=SampleCache)  #: of voices
    server: str = MAIN
    outage: ServerOutage = field(default_factory=lambda: ServerOutage(MAIN))
    routes: RouteTable = field(default_factory=RouteTable)
    contexts: "dict[str, GatewayContext]" = field(default_factory=dict)  #: of each server, by its name
    report_task: "asyncio.Task[None] | None" = None  #: sends the reports
    stuck: bool = False  #: closed while threads still wait for a Redis that does not answer
    monitoring_threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MONITORING_THREADS, "monitoring")
    )

    @classmethod
    def of(cls, settings: Settings, keys: ApiKeys) -> "GatewayContext":
        """Build the context of `main` from the settings, and with it those of the other servers.

        Raises:
            Misconfigured: a setting is invalid.
        """
        routes = read_routes(settings.http_routes_file, settings)
        main = cls._of_server(MAIN, settings, keys, routes)
        main.contexts = {MAIN: main}
        shared = ("meters", "draining", "concurrency", "documents", "books", "contexts")
        for name, own_settings in routes.servers.items():
            own = cls._of_server(name, own_settings, keys, routes)
            main.contexts[name] = replace(own, **{each: getattr(main, each) for each in shared})
        return main

    @classmethod
    def _of_server(cls, server: str, settings: Settings, keys: ApiKeys, routes: RouteTable) -> "GatewayContext":
        models = setting_pairs("HTTP_MODELS", settings.http_models)
        voices = setting_pairs("HTTP_VOICES", settings.http_voices)
        producer = Producer(settings, job_suffix(server))
        connection_shares = ConnectionShares.of(settings.redis_connections)
        streams = redis_clients.streams(settings.redis_url, max_connections=connection_shares.reads)
        quick = command_client(settings.redis_url, outage_s=QUICK_S, max_connections=connection_shares.watching)
        reports, pools = (
            DeliveryReports(producer.redis),
            PoolMetricsCollector(quick, settings.store_dir, _configured_pools(server, settings, models, routes)),
        )
        readiness = PoolReadiness(producer, quick, streams, reports, settings.http_probe_s)
        meters = GatewayMetrics(settings.first_audio_ms / 1000)
        draining = Draining(settings.http_drain_s)
        return cls(
            settings, keys, producer, streams, quick, reports, pools, meters, models, voices, readiness, draining,
            ConcurrencyLimit(settings.http_max_concurrency), DocumentReader(settings), BookKeeper(producer, keys),
            pool_prices(settings.pool_prices), server=server, outage=ServerOutage(server), routes=routes,
        )  # fmt: skip

    def at(self, server: str) -> "GatewayContext":
        """The context of a server, for which the current task works from now on."""
        SERVER.set(server)
        return self.contexts[server]

    def known_server(self, server: str) -> str:
        """A server of the route table, or MAIN."""
        return server if server in self.contexts else MAIN

    def shown_pool(self, pool: str) -> str:
        """The name under which clients find a pool of this server."""
        return str(PoolPlace(pool, self.server)) if pool else ""

    async def of_each_server(self, call: "Callable[[GatewayContext], Awaitable[T]]") -> "dict[str, T | BaseException]":
        """The result of a call with the context of each server, or its error; at the same time."""

        async def call_at(server: str) -> T:
            return await call(self.at(server))

        tasks = [asyncio.create_task(call_at(server)) for server in self.contexts]  # each with a copy of this context
        return dict(zip(self.contexts, await asyncio.gather(*tasks, return_exceptions=True), strict=True))

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Run the background tasks while the process serves, and load what the first texts will need."""
        load_detector_ahead()
        call_threads = ServerThreads(self.contexts, THREADS)
        asyncio.get_running_loop().set_default_executor(call_threads)
        await self.of_each_server(GatewayContext._start_reports)
        books_task = asyncio.create_task(run_forever(self.books.run, "books"))
        try:
            yield
        finally:
            self.stuck = not await self._shut_down(books_task, call_threads)

    async def _start_reports(self) -> None:
        self.report_task = asyncio.create_task(run_forever(self.reports.run, "reports"))

    async def _shut_down(self, books_task: "asyncio.Task[None]", call_threads: ThreadPoolExecutor) -> bool:
        """Stop tasks and threads of all servers; returns False if threads still wait for one of them."""
        closing_thread = ThreadPoolExecutor(1, "close")
        try:
            async with asyncio.timeout(CLOSE_S):
                await finish_kept(FINISH_S)
                await cancel_and_wait(books_task)
                await asyncio.to_thread(self.books.close)
                for error in (await self.of_each_server(GatewayContext._close)).values():
                    if error is not None:
                        raise error
                for threads in (call_threads, *(each.monitoring_threads for each in self.contexts.values())):
                    await asyncio.get_running_loop().run_in_executor(closing_thread, threads.shutdown)
        except TimeoutError:
            return False
        return True

    async def _close(self) -> None:
        """Send the last reports to this server, and close the connections to it."""
        await cancel_and_wait(*filter(None, [self.report_task]))
        await self.reports.flush(moved=True)
        await self.streams.aclose()
        await asyncio.to_thread(self.producer.close)
        self.quick.close()

    async def watch(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a monitoring call in a thread of its own pool, so that it does not wait for other calls.

        Raises:
            TimeoutError: it took longer than MONITORING_TIMEOUT_S.
        """
        async with asyncio.timeout(MONITORING_TIMEOUT_S):
            bound_call = functools.partial(call, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(self.monitoring_threads, bound_call)

    async def admit(self, pool: str, caller: Caller) -> None:
        """Send the limits of the caller's key to the pool, unless that was done recently."""
        sent_s = self.limits_sent_s.get((pool, caller.user))
        limits = caller.limits.as_dict()
        if limits and (sent_s is None or time.monotonic() - sent_s > LIMITS_S):
            await asyncio.to_thread(set_user_limits, self.producer.redis, pool, caller.user, limits)
            self.limits_sent_s[pool, caller.user] = time.monotonic()

    async def note(self, job: Job, caller: Caller, source: SourceText | None = None) -> None:
        """Store the owner of a job, and the text of a recorded one, where every gateway finds them."""
        await asyncio.to_thread(store_owner, self.producer.redis, job, caller.user)
        if source is not None:
            await asyncio.to_thread(store_source_text, job, source)

    async def own(self, job_id: str, caller: Caller) -> Job:
        """Attach to a job of the caller.

        Raises:
            HttpProblem: not found; also for jobs of other users, so that the answer does not reveal that they exist.
        """

        def attach_if_owned() -> Job | None:
            try:
                job = self.producer.attach(job_id)
            except JobUnknown:
                return None
            return job if owner_of(self.producer.redis, job) == caller.user else None

        job = await asyncio.to_thread(attach_if_owned) if JOB_ID.fullmatch(job_id) else None
        if job is None:
            raise not_found(f"no job {job_id[:64]!r}: it was never accepted, or it has expired")
        return job


def _configured_pools(server: str, settings: Settings, models: Mapping[str, str], routes: RouteTable) -> frozenset[str]:
    """The pools that the settings name: they are listed even without workers, so that a typo is visible."""
    own = (settings.http_pool, settings.engine, *models.values()) if server == MAIN else ()
    return frozenset(filter(None, own)) - frozenset(routes.models) | routes.pools_of(server)
