"""The lifetime of a worker process: how much it may speak, and hold in memory, before it is renewed. Pure."""

import re
from dataclasses import dataclass

from seriatim.errors import Misconfigured
from seriatim.settings import Settings

SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE | re.ASCII)
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Of one process; without a group it is never renewed: nobody would start another."""

    sentences: int = 0  #: that it speaks; 0: any number
    memory_bytes: int = 0  #: that it may hold; 0: any amount
    group: str = ""  #: its supervisor
    index: str = "0"  #: which of the supervisor's processes it is

    @classmethod
    def of(cls, settings: Settings, group: str, index: str) -> "Lifetime":
        """As the settings say.

        Raises:
            Misconfigured: SERIATIM_WORKER_MAX_MEMORY is no size.
        """
        return cls(settings.worker_max_sentences, bytes_of(settings.worker_max_memory), group, index)

    def over(self, spoken: int, held_bytes: float) -> dict[str, object]:
        """The figure that has reached its limit, for the log; empty if none has."""
        if self.sentences and spoken >= self.sentences:
            return {"sentences": spoken}
        if self.memory_bytes and spoken and held_bytes >= self.memory_bytes:
            return {"memory_mb": round(held_bytes / 2**20)}
        return {}


def bytes_of(size: str) -> int:
    """Bytes of a size such as 800M or 2.5G (powers of 1,024); 0 for none.

    Raises:
        Misconfigured: it is no size.
    """
    if not size:
        return 0
    found = SIZE.fullmatch(size.strip())
    if found is None:
        raise Misconfigured(f"SERIATIM_WORKER_MAX_MEMORY={size!r}: expected a size, such as 800M or 2G")
    return round(float(found.group(1)) * UNITS[found.group(2).upper()])
