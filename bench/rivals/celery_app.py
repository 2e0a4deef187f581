"""The Celery application of the rivals: its settings, its tasks, and a worker process that is up and has spoken.

Settings: JSON for messages and pickle for results, which would be a third larger as JSON (base64). The chord's callback
gets the audio in its message all the same; pickled messages made it 1.4 times as fast, but a worker that accepts them
runs whatever is put into its queue, so use it for this alone. One task at a time per process, acknowledged when it
is done, because that is what Celery's documentation asks of long tasks that must not be lost.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from celery import Celery

import bench.work
from bench.broker import BenchBroker
from bench.rivals.process import running, wait_until_warm
from bench.work import Work

app = Celery("bench.rivals")
app.conf.update(
    task_serializer="json",
    result_serializer="pickle",
    accept_content=["json"],
    result_accept_content=["json", "pickle"],
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    result_expires=600,
    broker_connection_retry_on_startup=True,
)


@app.task(name="bench.speak")
def speak(seq: int, text: str, cost_s: float, n_bytes: int) -> bytes:
    """Speak one sentence."""
    return bench.work.speak(seq, text, cost_s, n_bytes)


@app.task(name="bench.gather")
def gather(sentences: list[bytes]) -> list[bytes]:
    """Return what a chord's header returned: its sentences in order."""
    return sentences


@app.task(name="bench.tick", ignore_result=True)
def tick(n: int) -> None:
    """Count, and say so when it is the n-th."""
    client = app.backend.client  # type: ignore[attr-defined]  # the stubs know the base class alone
    if client.incr("ticks") == n:
        client.lpush("ticked", n)


@contextmanager
def workers(work: Work, broker: BenchBroker) -> Iterator[None]:
    """Run one Celery worker with as many processes as the work asks for; inside, each is up and the client connected.

    Raises:
        WorkerFailed: it did not come up.
    """
    app.conf.update(broker_url=broker.celery_url, result_backend=broker.celery_url)
    server = ("-b", broker.celery_url, "--result-backend", broker.celery_url)
    arguments = [
        *("celery", "-q", "-A", "bench.rivals.celery_app", *server),
        *("worker", "--pool", "prefork", "--concurrency", str(work.workers), "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    with running("the celery worker", arguments, broker.folder) as process:
        # Long enough that every process gets some of them; the client's connections are made, too.
        first = [speak.delay(0, "", 0.05, 1000) for _ in range(4 * work.workers)]
        wait_until_warm(process, lambda: all(result.ready() for result in first))
        for result in first:
            result.get()
            result.forget()
        yield
        gc.collect()  # results that end later would try for a minute to reach a server that is gone
