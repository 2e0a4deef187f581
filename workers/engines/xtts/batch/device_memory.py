"""Memory of the device: how many sentences fit, and whether it is getting full."""

import logging
import time
from dataclasses import dataclass, field

import torch

log = logging.getLogger(__name__)

CPU_SLOTS = 8  #: on a CPU memory is not what limits: more rows than these hardly speak faster (docs/how-to/xtts.md)
MOST_SLOTS = 256  #: one row more costs less than a tenth of a percent by then
SPARE_BYTES = 2 << 30  #: for activations: about 1.6 GB for the vocoder's largest pass, and the transformer's
FULL = 0.9  #: a GPU with more of its memory used has no room for a burst
LOOK_S = 1.0  #: between two looks
FRESH_S = 15.0  #: an engine that does not speak does not look: what others hold of the GPU is not known by then


def slots_that_fit(device: torch.device, slot_bytes: int, share: float) -> int:
    """How many slots of `slot_bytes` there is memory for, at least 1.

    Args:
        device: on a CPU the answer does not depend on memory.
        slot_bytes: keys and values of one row.
        share: of the device's memory, for this process and what it holds already; 0 is 90 % of what is free.
    """
    if device.type != "cuda":
        return CPU_SLOTS
    free, total = torch.cuda.mem_get_info(device)
    held = torch.cuda.memory_reserved(device)
    return fitting(free, total, held, slot_bytes, share)


def fitting(free: int, total: int, held: int, slot_bytes: int, share: float) -> int:
    """As `slots_that_fit`, from bytes: free and in total on the device, and held by this process."""
    room = min(share * total - held, free) if share else FULL * free
    return max(1, min(MOST_SLOTS, int((room - SPARE_BYTES) // slot_bytes)))


@dataclass(slots=True)
class DeviceMemoryWatch:
    """Looks now and then how full the device is; says so once each time that it becomes too full."""

    device: torch.device
    seen: dict[str, float] = field(default_factory=dict)  #: last; replaced, never changed: other threads read it
    seen_s: float = 0.0
    looked_s: float = 0.0
    full: bool = False

    @property
    def gauges(self) -> dict[str, float]:
        """`gpu` (which one, of those that this process sees), gpu_memory_bytes, and the last gpu_memory_used, 0..1."""
        fresh = time.monotonic() - self.seen_s <= FRESH_S
        return {name: value for name, value in self.seen.items() if fresh or name != "gpu_memory_used"}

    def look(self) -> None:
        """Look, if it is time to."""
        if self.device.type != "cuda" or time.monotonic() - self.looked_s < LOOK_S:
            return
        self.looked_s = time.monotonic()
        free, total = torch.cuda.mem_get_info(self.device)
        self.note(free, total, torch.cuda.memory_reserved(self.device))

    def note(self, free: int, total: int, held: int) -> None:
        """Take note of free, total and held bytes."""
        used = 1 - free / total
        gpu, self.seen_s = self.device.index or 0, time.monotonic()
        self.seen = {"gpu": gpu, "gpu_memory_used": round(used, 4), "gpu_memory_bytes": held}
        if used > FULL and not self.full:
            log.warning(
                "GPU memory over 90 % full; use fewer slots or processes",
                extra={"device": str(self.device), "used": round(used, 3), "held_mb": held >> 20},
            )
        self.full = used > FULL
