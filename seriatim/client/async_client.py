"""The asynchronous client: `Client`, `Job` and `OpenJob` for asyncio programs, member by member.

    async with AsyncClient() as client:
        job = await client.enqueue_job(text)
        async for entry in job.audio():
            ...

Short calls run in a thread of the executor: each is one or two round trips. A reader waits for minutes, so it has a
thread of its own, which fetches an entry only when one is requested: what is reported as read is what the program has
really taken.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, Unpack

from seriatim.client.client import Client
from seriatim.client.cold_start import await_workers_async
from seriatim.client.job import Job, JobStatus
from seriatim.client.job_options import JobOptions, JobRequest, Text
from seriatim.client.open_job import OpenJob
from seriatim.engine import Voice
from seriatim.reader_state import PlayableEntry
from seriatim.settings import Settings
from seriatim.state import LiveJobState, PoolState
from seriatim.stream_entries import Audio
from seriatim.text.text_files import TextFile

T = TypeVar("T")


class AsyncClient:
    """A `Client` for asyncio: the same members, with the same arguments and errors, as coroutines."""

    def __init__(
        self, redis_url: str = "", *, broker_url: str = "", store_dir: str = "", settings: Settings | None = None
    ) -> None:
        """As `Client`."""
        self.client = Client(redis_url, broker_url=broker_url, store_dir=store_dir, settings=settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def enqueue_job(self, text: Text, **options: Unpack[JobOptions]) -> "AsyncJob":
        """Accept a text as one job, as `Client.enqueue_job`."""
        producer, request = self.client.producer, JobRequest.of(options)
        await await_workers_async(producer, request)
        return AsyncJob(await asyncio.to_thread(producer.enqueue, text, request))

    async def open_job(self, **options: Unpack[JobOptions]) -> "AsyncOpenJob":
        """Open a job for text that is still being generated, as `Client.open_job`."""
        producer, request = self.client.producer, JobRequest.of(options)
        await await_workers_async(producer, request)
        return AsyncOpenJob(await asyncio.to_thread(producer.open, request))

    async def attach(self, job_id: str) -> "AsyncJob":
        """Return a handle on a job from its id, as `Client.attach`."""
        return AsyncJob(await asyncio.to_thread(self.client.attach, job_id))

    async def voices(self, pool: str = "") -> list[Voice]:
        """Return the voices of a pool, as `Client.voices`."""
        return await asyncio.to_thread(self.client.voices, pool)

    async def pools(self) -> list[PoolState]:
        """Return the state of every pool, as `Client.pools`."""
        return await asyncio.to_thread(self.client.pools)

    async def jobs(self, pool: str = "") -> list[LiveJobState]:
        """Return the jobs that are not over, as `Client.jobs`."""
        return await asyncio.to_thread(self.client.jobs, pool)

    async def close(self) -> None:
        """Close all connections, as `Client.close`."""
        await asyncio.to_thread(self.client.close)


@dataclass(frozen=True, slots=True)
class AsyncJob:
    """A handle on a job, as `Job`."""

    job: Job

    @property
    def id(self) -> str:
        """The job's id."""
        return self.job.id

    @property
    def warning(self) -> str:
        """What its submission is warned of, in the process that submitted it; "" if it is not."""
        return self.job.warning

    @property
    def stream(self) -> str:
        """The key of its ordered stream, for plain Redis clients (docs/reference/ordered-stream.md)."""
        return self.job.stream

    async def audio(self, after: str = "0-0") -> AsyncGenerator[PlayableEntry, None]:
        """Iterate over the job's entries in order, as `Job.audio`."""
        relay = _EntryRelay(lambda stopped: self.job.audio(after, stopped), asyncio.get_running_loop())
        relay.start()
        try:
            while (entry := await relay.next()) is not None:
                yield entry
        finally:
            relay.stop()

    async def pcm(self, after: str = "0-0") -> AsyncGenerator[bytes, None]:
        """Iterate over the audio alone: s16le mono."""
        async for entry in self.audio(after):
            if isinstance(entry, Audio):
                yield entry.pcm

    async def wait(self, timeout_s: float | None = None) -> JobStatus:
        """Wait for the end, as `Job.wait`."""
        return await asyncio.to_thread(self.job.wait, timeout_s)

    async def status(self) -> JobStatus:
        """The job as it stands."""
        return await asyncio.to_thread(self.job.status)

    async def marks(self) -> dict[int, tuple[str, ...]]:
        """Return the marks of the job's sentences, as `Job.marks`."""
        return await asyncio.to_thread(self.job.marks)

    async def rate_hz(self) -> int:
        """Samples per second; 0 before anything is spoken."""
        return await asyncio.to_thread(self.job.rate_hz)

    async def silence_hz(self) -> int:
        """Samples per second of the short silence for a job of no sentences, as `Job.silence_hz`."""
        return await asyncio.to_thread(self.job.silence_hz)

    async def recorded(self) -> bool:
        """Return whether this machine's store has a recording of the job."""
        return await asyncio.to_thread(self.job.recorded)

    async def cancel(self, reason: str = "cancelled by its user") -> bool:
        """End the job now."""
        return await asyncio.to_thread(self.job.cancel, reason)

    async def report_played(self, heard_ms: float) -> None:
        """Report how much of the job has really been played."""
        await asyncio.to_thread(self.job.report_played, heard_ms)

    async def tune(self, *, priority: int | None = None, weight: float | None = None) -> bool:
        """Change the job's priority among its user's, or the user's weight, as `Job.tune`."""
        return await asyncio.to_thread(lambda: self.job.tune(priority=priority, weight=weight))

    async def save(self, path: str | Path) -> JobStatus:
        """Write the whole job to a file."""
        return await asyncio.to_thread(self.job.save, path)


@dataclass(frozen=True, slots=True)
class AsyncOpenJob:
    """A job whose text is still being generated, as `OpenJob`."""

    open: OpenJob

    @property
    def job(self) -> AsyncJob:
        """Its handle."""
        return AsyncJob(self.open.job)

    async def say(self, text: str | PathLike[str] | TextFile, timeout_s: float | None = None) -> None:
        """Add text, as `OpenJob.say`."""
        await asyncio.to_thread(self.open.say, text, timeout_s)

    async def flush(self, timeout_s: float | None = None) -> None:
        """Speak pending text as it is, as `OpenJob.flush`."""
        await asyncio.to_thread(self.open.flush, timeout_s)

    async def close(self, timeout_s: float | None = None) -> None:
        """Speak the rest and close the job, as `OpenJob.close`."""
        await asyncio.to_thread(self.open.close, timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        await asyncio.to_thread(self.open.__exit__, kind, error, at)


class _EntryRelay:
    """Passes entries from a reading thread to one coroutine, one at a time."""

    def __init__(
        self, entries: Callable[[threading.Event], Iterator[PlayableEntry]], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._entries, self._loop = entries, loop
        self._requested = threading.Semaphore(0)
        self._stopped = threading.Event()
        self._answer: asyncio.Future[PlayableEntry | None] = loop.create_future()
        self._thread = threading.Thread(target=self._relay_entries, name="reader", daemon=True)

    def start(self) -> None:
        """Start the reading thread."""
        self._thread.start()

    async def next(self) -> PlayableEntry | None:
        """The next entry; None at the end."""
        self._answer = self._loop.create_future()
        self._requested.release()
        return await self._answer

    def stop(self) -> None:
        """Stop reading; the thread ends with its next entry, or within two seconds."""
        self._stopped.set()
        self._requested.release()

    def _relay_entries(self) -> None:
        try:
            self._requested.acquire()
            for entry in self._entries(self._stopped):
                self._deliver(entry, None)
                self._requested.acquire()
                if self._stopped.is_set():
                    return
            self._deliver(None, None)
        except BaseException as error:  # noqa: BLE001  # the thread's outermost call: raised in the coroutine
            self._deliver(None, error)

    def _deliver(self, entry: PlayableEntry | None, error: BaseException | None) -> None:
        def resolve() -> None:
            if self._answer.done():
                return
            if error is not None:
                self._answer.set_exception(error)
            else:
                self._answer.set_result(entry)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(resolve)
