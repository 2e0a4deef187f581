"""A limit on what is spoken at once on one GPU, over all processes of this machine: so many lock files, one per place.

The kernel gives a lock back when its process dies, whatever killed it, so nothing is ever to be tidied up. Pure
POSIX: no torch, no Redis.
"""

import fcntl
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GpuLock:
    """At most `places` sentences at once on `device`; 0 is without limit."""

    device: str  #: a name that all processes on the GPU share, such as its UUID
    places: int
    folder: Path

    @classmethod
    def of_this_machine(cls, device: str, places: int) -> "GpuLock":
        """The limit that every process of this user on this machine shares."""
        folder = Path(tempfile.gettempdir()) / f"seriatim-gpu-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        return cls(re.sub(r"[^A-Za-z0-9-]", "_", device), places, folder)

    def place(self) -> "GpuLockPlace | None":
        """A free place, taken; None if there is none now. It is held until it is closed."""
        if not self.places:
            return GpuLockPlace(None)
        for number in range(self.places):
            file = self.folder / f"{self.device}.{number}"
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            return GpuLockPlace(descriptor)
        return None


@dataclass(frozen=True, slots=True)
class GpuLockPlace:
    """A place that is held."""

    descriptor: int | None  #: of its locked file; None: there is no limit

    def close(self) -> None:
        """Give it back."""
        if self.descriptor is not None:
            os.close(self.descriptor)
