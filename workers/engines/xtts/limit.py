"""A limit on what is spoken at once on one GPU, over all processes of this machine: so many lock files, one per place.

The kernel gives a lock back when its process dies, whatever killed it, so nothing is ever to be tidied up. Pure
POSIX: no torch, no Redis.
"""

import fcntl
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.005  #: between two looks for a free place: below what a first chunk takes


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `places` sentences at once on `device`; 0 is without limit."""

    device: str  #: a name that all processes on the GPU share, such as its UUID
    places: int
    folder: Path

    @classmethod
    def of_this_machine(cls, device: str, places: int) -> "Limit":
        """The limit that every process of this user on this machine shares."""
        folder = Path(tempfile.gettempdir()) / f"seriatim-gpu-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        return cls(re.sub(r"[^A-Za-z0-9-]", "_", device), places, folder)

    @contextmanager
    def place(self, waited: Callable[[], None]) -> Iterator[None]:
        """Hold a place; `waited` is called again and again until one is free, and may raise to give up."""
        if not self.places:
            yield
            return
        descriptor = self._taken(waited)
        try:
            yield
        finally:
            os.close(descriptor)

    def _taken(self, waited: Callable[[], None]) -> int:
        while True:
            for number in range(self.places):
                file = self.folder / f"{self.device}.{number}"
                descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(descriptor)
                    continue
                return descriptor
            waited()
            time.sleep(POLL_S)
