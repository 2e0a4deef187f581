"""The device name: what speed an engine has here depends on it, so that it is a part of what is tuned."""

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

from seriatim.process.process_range import usable_cores
from workers.engines.engine_catalogue import EngineProfile, engine_profiles
from workers.gpu_pinning import gpu_names

CPU_INFO = Path("/proc/cpuinfo")
MODEL_NAME = re.compile(r"^model name\s*:\s*(.+)$", re.MULTILINE)


def device_name(engine: str, options: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> str:
    """The first GPU that this process may use, for an engine that uses one, or else the processor and its cores."""
    runs_on = engine_profiles().get(engine, EngineProfile()).facts.runs_on
    if "GPU" in runs_on and options.get("device", "auto") != "cpu" and (names := gpu_names(environ)):
        return names[0]
    return processor_name(_read_cpu_info(), usable_cores())


def processor_name(cpu_info: str, cores: int) -> str:
    """The model of the processor, of /proc/cpuinfo, and how many cores of it may be used."""
    found = MODEL_NAME.search(cpu_info)
    model = found.group(1).strip() if found else platform.processor() or platform.machine()
    return f"{model}, {cores} core{'s' * (cores != 1)}"


def _read_cpu_info() -> str:
    try:
        return CPU_INFO.read_text("utf-8", errors="replace")
    except OSError:
        return ""
