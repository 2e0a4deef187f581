"""The plain Celery rival: whenever one of our workers is killed, one of its processes is. Its losses are counted."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from seriatim.process.child_processes import dies_with_parent
from tests.chaos.history import History
from tests.support.process_system import ROOT, descendants
from tests.support.redis_servers import PrivateServer

RATE = 50  #: tasks a second
DRAIN_S = 60.0
COMMAND = "-m celery -A tests.chaos.plain_celery worker -c 2 --without-gossip --without-mingle -l WARNING"


@dataclass(slots=True)
class Rival:
    """A Celery worker, and a thread that gives it work."""

    folder: Path
    server: PrivateServer
    history: History
    app: Celery
    published: int = 0
    kills: int = 0
    child: "subprocess.Popen[bytes] | None" = None
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def running(cls, folder: Path, server: PrivateServer, history: History) -> Iterator[Self]:
        """Run beside ours; at the end what was lost and what ran twice is written down."""
        os.environ["PLAIN_SOCKET"] = str(server.socket)
        from tests.chaos.plain_celery import app  # reads its broker as it is imported

        rival = cls(folder, server, history, app)
        threads = [threading.Thread(target=body, daemon=True) for body in (rival._publish, rival._tend)]
        for thread in threads:
            thread.start()
        try:
            yield rival
        finally:
            rival.stopping.set()
            threads[0].join()
            rival._count()
            with rival.lock:
                rival._end()
            threads[1].join()
            app.close()

    def suffer(self, component: str) -> None:
        """What happened to ours happens to it: a child, or the parent with all its children."""
        with self.lock:
            child = self.child
            if component != "workers" or child is None or child.poll() is not None:
                return
            children = sorted(descendants(child.pid))
            victims = children[:1] if self.kills % 2 and children else [*children, child.pid]
            for pid in victims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.kills += 1

    def _tend(self) -> None:
        while not self.stopping.is_set() or self.child is not None:
            with self.lock:
                if not self.stopping.is_set() and (self.child is None or self.child.poll() is not None):
                    self.child = self._start()
            time.sleep(0.1)

    def _start(self) -> "subprocess.Popen[bytes]":
        with (self.folder / "rival.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *COMMAND.split()], cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=os.environ | {"PLAIN_SOCKET": str(self.server.socket)}, preexec_fn=dies_with_parent(signal.SIGKILL),
            )  # fmt: skip

    def _publish(self) -> None:
        while not self.stopping.is_set():
            try:
                self.app.send_task("plain.say", args=(self.published,), retry=False)
            except (OperationalError, RedisError, OSError):
                time.sleep(0.1)
            else:
                self.published += 1
            time.sleep(1 / RATE)

    def _count(self) -> None:
        """Wait until nothing moves any more, then count."""
        until_s, ran = time.monotonic() + DRAIN_S, dict[bytes, bytes]()
        moved_s, before = time.monotonic(), -1
        with self.server.client() as client:
            while time.monotonic() < until_s and time.monotonic() - moved_s < DRAIN_S / 3:
                with contextlib.suppress(RedisError):
                    ran = cast("dict[bytes, bytes]", client.hgetall("plain:ran"))
                now = sum(map(int, ran.values()))
                moved_s, before = (time.monotonic(), now) if now != before else (moved_s, before)
                time.sleep(0.5)
        facts: dict[str, Any] = {"published": self.published, "kills": self.kills}
        lost = self.published - len(ran)
        self.history.note("rival", **facts, lost=lost, twice=sum(int(n) > 1 for n in ran.values()))

    def _end(self) -> None:
        if self.child is not None:
            for pid in (*descendants(self.child.pid), self.child.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.child.wait()
        self.child = None
