"""The job submitter: sends the listeners' requests in a few threads; the clients' clock must not wait for admission."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from bench.load.plan import Ask, RequestResult, text_of
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import Refused, SeriatimError
from seriatim.settings import Settings

THREADS = 4  #: a wish is some five round trips to the server

Answer = tuple[Ask, RequestResult, Job | None]  #: the job, if it was accepted


@dataclass(slots=True)
class JobSubmitter:
    """Submits requests and returns their jobs; answers come as they come."""

    settings: Settings
    producer: Producer = field(init=False)
    threads: ThreadPoolExecutor = field(init=False)
    answers: "SimpleQueue[Answer]" = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self.producer = Producer(self.settings)
        self.threads = ThreadPoolExecutor(THREADS, "submitter")

    def ask(self, ask: Ask, result: RequestResult, seed: int) -> None:
        """Submit a request; its answer will be among `answered`."""
        self.threads.submit(self._ask, ask, result, seed)

    def answered(self) -> list[Answer]:
        """The answers since the last call."""
        found = []
        with suppress(Empty):
            while True:
                found.append(self.answers.get_nowait())
        return found

    def drop(self, job: Job) -> None:
        """Cancel a job."""
        self.threads.submit(job.cancel)

    def _ask(self, ask: Ask, result: RequestResult, seed: int) -> None:
        job = None
        try:
            job = self.producer.enqueue(" ".join(text_of(result.text_s, seed)), request_of(ask))
            result.job = job.id
        except Refused as error:
            result.refused, result.retry_after_s = type(error).__name__, error.retry_after_s
        except SeriatimError as error:  # a row of the table, not the end of the run
            result.refused = type(error).__name__
        except Exception as error:  # noqa: BLE001  # the thread's outermost call: a fault of ours, which the table shows
            result.refused = f"{type(error).__name__}: {error}"
        self.answers.put((ask, result, job))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.threads.shutdown(wait=True)
        self.producer.close()


def request_of(ask: Ask) -> JobRequest:
    """How a wish is asked for."""
    options: dict[str, Any] = {"engine": "tone", "user": ask.user, "kind": ask.kind}
    return JobRequest.of(options | {"drain": "window" if ask.listens else "store"})
