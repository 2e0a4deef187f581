"""GPU metrics of this process: use and memory, from NVIDIA's management library (NVML).

`nvidia-ml-py` binds that library, which comes with the driver. Where either is missing there is nothing to see, and the
log says so once. NVML answers within a millisecond or so, and, when a GPU fell off its bus or a driver sleeps, late or
never: a thread of its own asks, and what it saw counts for FRESH_S. Nobody waits for it.
"""

import importlib
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from workers.gpu_pinning import ORDER, uuid_of

log = logging.getLogger(__name__)

LOOK_S = 5.0  #: between two looks; the driver's own window for a GPU's use is 1/6 to 1 s
FRESH_S = 15.0  #: three looks: what is older says nothing of now
WHOLE = re.compile(r"GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|MIG-.+")  #: names that NVML itself knows


@dataclass(slots=True)
class GpuWatch:
    """Looks at one GPU. `run` is a thread's; `gauges` are for others."""

    own: Callable[[], str | None]  #: which GPU, as CUDA_VISIBLE_DEVICES names it
    environ: Mapping[str, str]
    _seen: Mapping[str, float] = field(default_factory=dict)
    _seen_s: float = float("-inf")  #: monotonic time of that
    _handles: dict[str, Any] = field(default_factory=dict)
    _complaint: str = ""  #: the last one: each is logged once

    def gauges(self) -> Mapping[str, float]:
        """gpu_utilization and gpu_memory_used, 0..1 each; what was not seen of late is left out."""
        return self._seen if time.monotonic() - self._seen_s <= FRESH_S else {}

    def run(self, ended: threading.Event) -> None:
        """Look until `ended`, from when this process is on a GPU."""
        while self.own() is None:
            if ended.wait(LOOK_S):
                return
        nvml = nvml_library()
        while nvml is not None and not ended.is_set():
            self._look(nvml)
            ended.wait(LOOK_S)

    def _look(self, nvml: ModuleType) -> None:
        try:
            handle = self._handle(nvml, self.own() or "")
            self._seen = gpu_figures(nvml, handle) if handle is not None else {}
        except nvml.NVMLError as error:  # the driver was reloaded, the GPU is gone: it may come back
            self._handles.clear()
            self._complain(str(error))
        else:
            self._seen_s = time.monotonic()

    def _handle(self, nvml: ModuleType, name: str) -> Any:
        """NVML's handle of the GPU; None if nobody can say which it is."""
        if name not in self._handles:
            by_bus = self.environ.get(ORDER) == "PCI_BUS_ID"
            uuid = name if WHOLE.fullmatch(name) else uuid_of(name, _listed(nvml), by_bus=by_bus)
            if uuid is None:
                self._complain(f"which GPU is {name!r}? name it by its UUID, or set {ORDER}=PCI_BUS_ID")
            self._handles[name] = None if uuid is None else nvml.nvmlDeviceGetHandleByUUID(uuid)
        return self._handles[name]

    def _complain(self, what: str) -> None:
        if what != self._complaint:
            log.warning("the GPU does not say how busy it is", extra={"gpu": self.own(), "why": what})
        self._complaint = what


def nvml_library() -> ModuleType | None:
    """The library, ready to be asked; None where there is none, or no driver. May take seconds."""
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        log.info("without nvidia-ml-py (the gpu extra) nobody sees how busy the GPU is")
        return None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        log.warning("NVML cannot be used: nobody sees how busy the GPU is", extra={"why": str(error)})
        return None
    return nvml


def _listed(nvml: ModuleType) -> list[tuple[str, str]]:
    """UUID and model of every GPU that NVML sees, in the order of the PCI bus."""
    handles = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
    return [(nvml.nvmlDeviceGetUUID(handle), nvml.nvmlDeviceGetName(handle)) for handle in handles]


def gpu_figures(nvml: ModuleType, handle: Any) -> dict[str, float]:
    """What a GPU, or a part of one, says of itself. A part (MIG) does not say how busy it is.

    Raises:
        NVMLError: NVML's own; it is lost.
    """
    found: dict[str, float] = {}
    untold = (nvml.NVMLError_NotSupported, nvml.NVMLError_NoPermission)
    with suppress(*untold):
        found["gpu_utilization"] = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    with suppress(*untold):  # a GPU that shares the machine's memory has none of its own
        filled = nvml.nvmlDeviceGetMemoryInfo(handle)
        found["gpu_memory_used"] = round(filled.used / filled.total, 4)
    return found
