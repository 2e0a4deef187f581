"""The lifetime of a worker process: the sentences and the memory after which it is renewed. Pure."""

import re
from dataclasses import dataclass

from seriatim.errors import Misconfigured
from seriatim.settings import Settings

SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE | re.ASCII)
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The limits of one process; without a group it is never renewed, since no supervisor would start another."""

    sentences: int = 0  #: most sentences to speak; 0: no limit
    memory_bytes: int = 0  #: most resident memory; 0: no limit
    group: str = ""  #: name of its supervisor
    index: str = "0"  #: number among the supervisor's processes

    @classmethod
    def of(cls, settings: Settings, group: str, index: str) -> "Lifetime":
        """As the settings say.

        Raises:
            Misconfigured: SERIATIM_WORKER_MAX_MEMORY is not a size.
        """
        return cls(settings.worker_max_sentences, parse_size(settings.worker_max_memory), group, index)

    def exceeded_limit(self, n_finished: int, held_bytes: float) -> dict[str, object]:
        """The figure that has reached its limit, for the log; empty if none has."""
        if self.sentences and n_finished >= self.sentences:
            return {"sentences": n_finished}
        if self.memory_bytes and n_finished and held_bytes >= self.memory_bytes:
            return {"memory_mb": round(held_bytes / 2**20)}
        return {}


def parse_size(size: str) -> int:
    """Bytes of a size such as 800M or 2.5G (powers of 1,024); 0 for none.

    Raises:
        Misconfigured: it is not a size.
    """
    if not size:
        return 0
    size_match = SIZE.fullmatch(size.strip())
    if size_match is None:
        raise Misconfigured(f"SERIATIM_WORKER_MAX_MEMORY={size!r}: expected a size, such as 800M or 2G")
    return round(float(size_match.group(1)) * UNITS[size_match.group(2).upper()])
