"""GPU metrics of this process: utilization and memory, from NVIDIA's management library (NVML).

`nvidia-ml-py` binds that library, which comes with the driver. Where either is missing there are no metrics, and one
log line says so. NVML answers within about a millisecond, but late or never when a GPU fell off its bus or a driver
sleeps: a thread of its own polls it, and its figures are valid for FRESH_S. No other thread waits for it.
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

POLL_S = 5.0  #: interval; the driver averages a GPU's utilization over 1/6 to 1 s
FRESH_S = 15.0  #: three polls; older figures are left out
FULL_NAME = re.compile(r"GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|MIG-.+")  #: names that NVML accepts as they are


@dataclass(slots=True)
class GpuWatch:
    """Polls one GPU. `run` is the body of a thread; `gauges` may be called from any other."""

    own_gpu_name: Callable[[], str | None]  #: returns the GPU as CUDA_VISIBLE_DEVICES names it
    environ: Mapping[str, str]
    _metrics: Mapping[str, float] = field(default_factory=dict)
    _metrics_s: float = float("-inf")  #: monotonic time of `_metrics`
    _handles: dict[str, Any] = field(default_factory=dict)
    _last_warning: str = ""  #: logged once until it changes

    def gauges(self) -> Mapping[str, float]:
        """gpu_utilization and gpu_memory_used, 0..1 each; empty if they are older than FRESH_S."""
        return self._metrics if time.monotonic() - self._metrics_s <= FRESH_S else {}

    def run(self, ended: threading.Event) -> None:
        """Poll until `ended`, beginning once this process uses a GPU."""
        while self.own_gpu_name() is None:
            if ended.wait(POLL_S):
                return
        nvml = nvml_library()
        while nvml is not None and not ended.is_set():
            self._poll(nvml)
            ended.wait(POLL_S)

    def _poll(self, nvml: ModuleType) -> None:
        try:
            handle = self._gpu_handle(nvml, self.own_gpu_name() or "")
            self._metrics = read_gpu_metrics(nvml, handle) if handle is not None else {}
        except nvml.NVMLError as error:  # the driver was reloaded, or the GPU is gone and may return
            self._handles.clear()
            self._warn_once(str(error))
        else:
            self._metrics_s = time.monotonic()

    def _gpu_handle(self, nvml: ModuleType, name: str) -> Any:
        """NVML's handle of the GPU; None if the name is ambiguous."""
        if name not in self._handles:
            by_bus = self.environ.get(ORDER) == "PCI_BUS_ID"
            uuid = name if FULL_NAME.fullmatch(name) else uuid_of(name, _list_gpus(nvml), by_bus=by_bus)
            if uuid is None:
                self._warn_once(f"which GPU is {name!r}? name it by its UUID, or set {ORDER}=PCI_BUS_ID")
            self._handles[name] = None if uuid is None else nvml.nvmlDeviceGetHandleByUUID(uuid)
        return self._handles[name]

    def _warn_once(self, what: str) -> None:
        if what != self._last_warning:
            log.warning("GPU metrics unavailable", extra={"gpu": self.own_gpu_name(), "why": what})
        self._last_warning = what


def nvml_library() -> ModuleType | None:
    """The initialized library; None without the library or a driver. May take seconds."""
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        log.info("nvidia-ml-py is not installed (extra gpu); no GPU metrics")
        return None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        log.warning("NVML unavailable; no GPU metrics", extra={"why": str(error)})
        return None
    return nvml


def _list_gpus(nvml: ModuleType) -> list[tuple[str, str]]:
    """UUID and model of every GPU that NVML sees, in the order of the PCI bus."""
    handles = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
    return [(nvml.nvmlDeviceGetUUID(handle), nvml.nvmlDeviceGetName(handle)) for handle in handles]


def read_gpu_metrics(nvml: ModuleType, handle: Any) -> dict[str, float]:
    """The metrics of a GPU, or of a part of one. A part (MIG) has no utilization.

    Raises:
        NVMLError: the GPU is lost.
    """
    metrics: dict[str, float] = {}
    unsupported = (nvml.NVMLError_NotSupported, nvml.NVMLError_NoPermission)
    with suppress(*unsupported):
        metrics["gpu_utilization"] = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    with suppress(*unsupported):  # a GPU that shares the machine's memory has none of its own
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        metrics["gpu_memory_used"] = round(memory.used / memory.total, 4)
    return metrics
