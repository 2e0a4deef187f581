"""The same API for asyncio programs.

    from tasks.aio import enqueue_job

    job = await enqueue_job(text)
    async for entry in job.audio():
        ...

Short calls run in a thread of the executor: each is one or two round trips. Reading is different: a reader waits for
minutes, so each has a thread of its own, which fetches an entry when one is asked for; what is reported as taken is
what the program really took.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar, Unpack

from seriatim.entries import Audio
from tasks import Options, Text, default_producer
from tasks.handle import Job, Status
from tasks.open_job import OpenJob
from tasks.open_job import open_job as _open_job
from tasks.reading import Heard
from tasks.request import Request

T = TypeVar("T")


async def enqueue_job(text: Text, **options: Unpack[Options]) -> "AsyncJob":
    """`tasks.enqueue_job` for asyncio.

    Raises:
        as `tasks.enqueue_job`.
    """
    request = Request.of(options)
    return AsyncJob(await asyncio.to_thread(lambda: default_producer().enqueue(text, request)))


async def open_job(**options: Unpack[Options]) -> "AsyncOpenJob":
    """`tasks.open_job` for asyncio.

    Raises:
        as `tasks.open_job`.
    """
    request = Request.of(options)
    return AsyncOpenJob(await asyncio.to_thread(lambda: _open_job(default_producer(), request)))


async def attach(job_id: str) -> "AsyncJob":
    """`tasks.attach` for asyncio.

    Raises:
        JobUnknown: no such job, or its life is over.
    """
    return AsyncJob(await asyncio.to_thread(lambda: default_producer().attach(job_id)))


@dataclass(frozen=True, slots=True)
class AsyncJob:
    """A handle on a job, as `tasks.Job`."""

    job: Job

    @property
    def id(self) -> str:
        """The job's id."""
        return self.job.id

    async def audio(self, after: str = "0-0") -> AsyncGenerator[Heard, None]:
        """What is heard, in order, as `Job.audio`."""
        relay = _Relay(lambda stopped: self.job.audio(after, stopped), asyncio.get_running_loop())
        relay.start()
        try:
            while (entry := await relay.next()) is not None:
                yield entry
        finally:
            relay.stop()

    async def pcm(self, after: str = "0-0") -> AsyncGenerator[bytes, None]:
        """Only the sound: s16le mono."""
        async for entry in self.audio(after):
            if isinstance(entry, Audio):
                yield entry.pcm

    async def wait(self, timeout_s: float | None = None) -> Status:
        """Wait for the end, as `Job.wait`."""
        return await asyncio.to_thread(self.job.wait, timeout_s)

    async def status(self) -> Status:
        """The job as it stands."""
        return await asyncio.to_thread(self.job.status)

    async def cancel(self, reason: str = "cancelled by its user") -> bool:
        """End the job now."""
        return await asyncio.to_thread(self.job.cancel, reason)

    async def heard(self, heard_ms: float) -> None:
        """Tell how much of the job has really been played."""
        await asyncio.to_thread(self.job.heard, heard_ms)

    async def tune(self, *, priority: int | None = None, weight: float | None = None) -> bool:
        """Change the job's priority among its user's, or the user's weight, as `Job.tune`."""
        return await asyncio.to_thread(lambda: self.job.tune(priority=priority, weight=weight))

    async def save(self, path: str | Path) -> Status:
        """Write the whole job to a file."""
        return await asyncio.to_thread(self.job.save, path)


@dataclass(frozen=True, slots=True)
class AsyncOpenJob:
    """A job whose text is still being generated, as `tasks.OpenJob`."""

    open: OpenJob

    @property
    def job(self) -> AsyncJob:
        """Its handle."""
        return AsyncJob(self.open.job)

    async def say(self, text: str, timeout_s: float | None = None) -> None:
        """Say more."""
        await asyncio.to_thread(self.open.say, text, timeout_s)

    async def flush(self, timeout_s: float | None = None) -> None:
        """Say what waits as it is."""
        await asyncio.to_thread(self.open.flush, timeout_s)

    async def close(self, timeout_s: float | None = None) -> None:
        """Say the rest; no more will come."""
        await asyncio.to_thread(self.open.close, timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        await asyncio.to_thread(self.open.__exit__, kind, error, at)


class _Relay:
    """Hands entries from a reading thread to one coroutine, one at a time."""

    def __init__(self, entries: Callable[[threading.Event], Iterator[Heard]], loop: asyncio.AbstractEventLoop) -> None:
        self._entries, self._loop = entries, loop
        self._wanted = threading.Semaphore(0)
        self._stopped = threading.Event()
        self._answer: asyncio.Future[Heard | None] = loop.create_future()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    async def next(self) -> Heard | None:
        """The next entry; None at the end."""
        self._answer = self._loop.create_future()
        self._wanted.release()
        return await self._answer

    def stop(self) -> None:
        """The coroutine wants no more; the thread ends with its next entry, or within two seconds."""
        self._stopped.set()
        self._wanted.release()

    def _run(self) -> None:
        try:
            self._wanted.acquire()
            for entry in self._entries(self._stopped):
                self._give(entry, None)
                self._wanted.acquire()
                if self._stopped.is_set():
                    return
            self._give(None, None)
        except BaseException as error:  # noqa: BLE001  # the thread's outermost call: it is raised in the coroutine
            self._give(None, error)

    def _give(self, entry: Heard | None, error: BaseException | None) -> None:
        def answer() -> None:
            if self._answer.done():
                return
            if error is not None:
                self._answer.set_exception(error)
            else:
                self._answer.set_result(entry)

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(answer)
