"""A client process: `python -m tests.chaos.client NAME --history FILE --seed S`; settings come from the environment.

Its threads draw one job after another, ask for it, read it, and write down what they saw. SIGTERM: no new jobs, and an
exit status of 0 when all are over. When it was killed, the next process of its name reads the history and goes on.
"""

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AskError, RedisError
from redis.retry import Retry

from seriatim.client.job import Job
from seriatim.client.open_job import OpenJob
from seriatim.client.producer import Producer
from seriatim.errors import (
    BadInput,
    CommandRefused,
    JobNotOpen,
    JobUnknown,
    PositionLost,
    Refused,
    SeriatimError,
    Unavailable,
)
from seriatim.servers.cluster_client import ClusterClient
from seriatim.servers.redis_clients import blocking_client
from seriatim.settings import Settings
from tests.chaos import readers
from tests.chaos.history import Event, History, read
from tests.chaos.job_plans import ChaosPlan, draw
from tests.chaos.reader_log import Ear, resumed

LATER_S = 0.1  #: after an outage or a refusal
CANCELLED = "cancelled by chaos"
AWAY = (RedisError, Unavailable, OSError)


@dataclass(slots=True)
class ChaosClient:
    """What the threads of a client share."""

    name: str
    history: History
    seed: int
    calm: bool
    producer: Producer
    plain: "Redis" = field(repr=False)
    stopping: threading.Event = field(default_factory=threading.Event)
    numbers: "count[int]" = field(default_factory=count)
    unfinished: list["Unfinished"] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def run(self) -> None:
        """One listener: what was left over first, then one job after another."""
        try:
            while self.unfinished:
                self.attend(self.unfinished.pop())
            while not self.stopping.is_set():
                key = f"{self.name} {next(self.numbers)}"
                plan = draw(random.Random(f"{self.seed} {key}"), key, calm=self.calm)
                self.history.note("wanted", client=self.name, plan=plan.to_event())
                self.attend(Unfinished(plan))
        except Exception as error:  # the thread's outermost call: a client that is wrong must not look like a lost job
            self.history.note("broken", client=self.name, error=repr(error))
            self.failed.append(repr(error))
            raise

    def attend(self, work: "Unfinished") -> None:
        """See one job to its end."""
        how = "away"
        while how == "away":
            try:
                how = Attendance(self, work).to_its_end()
            except (*AWAY, Refused) as error:
                self.history.note("away", key=work.plan.key, error=f"{type(error).__name__}: {error}"[:200])
                time.sleep(LATER_S)
            except CommandRefused as error:
                if not isinstance(error.__cause__, AskError):  # which MovedError is, too: the stream is another node's
                    raise
                self.history.note("away", key=work.plan.key, error="its stream has moved")
            except (JobUnknown, PositionLost) as error:
                self.history.note("missing", key=work.plan.key, job=work.job, error=f"{type(error).__name__}: {error}")
                how = "missing"
        self.history.note("over", key=work.plan.key, how=how)


@dataclass(slots=True)
class Unfinished:
    """A job that a client has to see to its end, and what is known of it."""

    plan: ChaosPlan
    job: str = ""
    events: list[Event] = field(default_factory=list)
    ear: Ear | None = None
    writer: "threading.Thread | None" = None


@dataclass(slots=True)
class Attendance:
    """A try at seeing a job to its end."""

    client: ChaosClient
    work: Unfinished

    def to_its_end(self) -> str:
        """Returns what became of it: ended, or vanished."""
        plan, history = self.work.plan, self.client.history
        if any(event["e"] == "end" for event in self.work.events):  # its reader was killed when it had heard everything
            return "ended"
        job = self._job()
        ear = self.work.ear = self.work.ear or resumed(job.id, history, self.work.events)
        how = self._listen(job, ear)
        if how == "ended":
            return how
        if plan.style == "vanishes":
            history.note("vanished", job=job.id)
            return "vanished"
        history.note("cancelling", job=job.id)
        history.note("cancelled", job=job.id, ended=job.cancel(CANCELLED))
        return readers.by_library(job, ear, lambda: True)

    def _job(self) -> Job:
        plan, work, producer = self.work.plan, self.work, self.client.producer
        if work.job:
            return producer.job(work.job, plan.pool, plan.drain)
        job = self._write().job if plan.written else producer.enqueue(list(plan.texts), plan.request)
        work.job = job.id
        self.client.history.note("accepted", key=plan.key, job=job.id)
        return job

    def _listen(self, job: Job, ear: Ear) -> str:
        style = self.work.plan.style
        keep = self._keep(ear)
        if style in ("setid", "xreadgroup", "trim"):
            return readers.plainly(self._plain_client(job.stream), job.stream, ear, keep, style)
        if style == "reconnects":
            return readers.reconnecting(job, ear, keep)
        if style == "wrong":
            return readers.wrongly(job, ear, keep)
        return readers.by_library(job, ear, keep, readers.SIP_S if style == "sips" else 0.0)

    def _plain_client(self, stream: str) -> "Redis":
        """A client of the server that has a stream now."""
        plain = self.client.plain
        if not isinstance(plain, ClusterClient):
            return plain
        plain.nodes()  # reads the map of slots: what moved is found at its new node
        return plain.node(stream)

    def _keep(self, ear: Ear) -> readers.Keep:
        stop_at = self.work.plan.stop_at
        return lambda: not 0 <= stop_at <= ear.n_bytes

    def _write(self) -> OpenJob:
        writer = self.client.producer.open(self.work.plan.request)
        self.work.writer = threading.Thread(target=self._say, args=(writer,), daemon=True)
        self.work.writer.start()
        return writer

    def _say(self, writer: OpenJob) -> None:
        """Write the text, a sentence at a time, with pauses. What is not acknowledged is said again."""
        history, job = self.client.history, writer.job.id
        rng = random.Random(job)
        pieces = [f"{text} " for text in self.work.plan.texts]
        try:
            for piece in pieces:
                self._patiently(writer, piece)
                history.note("said", job=job, n=writer.n)
                time.sleep(rng.choice((0.0, 0.05, 0.4)))
            self._patiently(writer, None)
            history.note("closed", job=job, n=writer.n)
        except (JobNotOpen, BadInput) as error:
            history.note("not_open", job=job, error=str(error))
        except SeriatimError as error:
            history.note("broken", client=self.client.name, error=repr(error))

    @staticmethod
    def _patiently(writer: OpenJob, piece: str | None) -> None:
        """Say a piece, or close; again after an outage: the piece itself was taken, only its sending is repeated."""
        while True:
            try:
                if piece is None:
                    return writer.close()
                return writer.say(piece)
            except (*AWAY, Refused):
                piece = "" if piece is not None else None
                time.sleep(LATER_S)


def left_over(events: list[Event], name: str) -> tuple[list[Unfinished], int]:
    """What earlier processes of a name did not see to its end, and how many jobs they drew."""
    plans = [ChaosPlan.from_event(e["plan"]) for e in events if e["e"] == "wanted" and e["client"] == name]
    over = {e["key"] for e in events if e["e"] == "over"}
    jobs = {e["key"]: e["job"] for e in events if e["e"] == "accepted"}
    of_job: dict[str, list[Event]] = {}
    for event in events:
        of_job.setdefault(event.get("job", ""), []).append(event)
    found = [
        Unfinished(p, jobs.get(p.key, ""), of_job.get(jobs.get(p.key, "-"), [])) for p in plans if p.key not in over
    ]
    return [work for work in found if work.job or not work.plan.written], len(plans)


def _client_without_retries(url: str) -> "Redis":
    """A client for plain readers: a group would not deliver to a retry what a lost reply had."""
    client = blocking_client(url)
    if not isinstance(client, ClusterClient):  # whose nodes' clients have none
        client.set_retry(Retry(NoBackoff(), 0))
    return client


def main(argv: Sequence[str] | None = None) -> int:
    """Run until SIGTERM, and then until all jobs are over."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.client")
    parser.add_argument("name")
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--listeners", type=int, default=3)
    parser.add_argument("--heir", action="store_true", help="draw nothing: only what an earlier process began")
    parser.add_argument("--calm", action="store_true", help="ask for nothing odd")
    options = parser.parse_args(argv)
    settings = Settings.from_env(os.environ)
    client = ChaosClient(
        options.name,
        History(options.history),
        options.seed,
        options.calm,
        Producer(settings),
        _client_without_retries(settings.redis_url),
    )
    if options.heir:
        client.stopping.set()
    signal.signal(signal.SIGTERM, lambda *_: client.stopping.set())
    client.unfinished, n_drawn = left_over(read(options.history), options.name)
    client.numbers = count(n_drawn)
    client.history.note("attends", client=options.name, pid=os.getpid())
    threads = [threading.Thread(target=client.run, daemon=True) for _ in range(options.listeners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)
    return 1 if client.failed else 0


if __name__ == "__main__":
    sys.exit(main())
