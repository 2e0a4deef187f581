"""The list of GPUs that NVML sees: `python -m workers.gpu_list`, a process that `seriatim doctor` can give up on.

One line of JSON: `{"gpus": [{"name", "bytes", "used"}, ...], "why": ""}`; `used` is 0..1, `why` there are none.
"""

import importlib
import json
import sys
from types import ModuleType
from typing import Any


def list_gpus() -> dict[str, Any]:
    """Every GPU that NVML sees, in the order of the PCI bus. May take seconds, or never return."""
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        return {"gpus": [], "why": "nvidia-ml-py is not installed (the gpu extra)"}
    try:
        nvml.nvmlInit()
        return {"gpus": [_described(nvml, i) for i in range(nvml.nvmlDeviceGetCount())], "why": "NVML lists none"}
    except nvml.NVMLError as error:
        return {"gpus": [], "why": str(error)}


def _described(nvml: ModuleType, index: int) -> dict[str, Any]:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return {"name": nvml.nvmlDeviceGetName(handle), "bytes": memory.total, "used": memory.used / memory.total}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(list_gpus()) + "\n")
