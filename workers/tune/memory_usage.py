"""Memory usage of this process, and the machine's free memory."""

import resource
import sys
from pathlib import Path

STATUS, MEMINFO = Path("/proc/self/status"), Path("/proc/meminfo")
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  #: getrusage(2): bytes there, kilobytes elsewhere


def rss_bytes() -> int:
    """Current memory of this process; its peak where the current figure is unknown."""
    return _read_kilobytes(STATUS, "VmRSS:") * 1024 or peak_bytes()


def peak_bytes() -> int:
    """Peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT


def free_bytes() -> int:
    """Memory that processes can still take without swapping; 0 if unknown."""
    return _read_kilobytes(MEMINFO, "MemAvailable:") * 1024


def _read_kilobytes(file: Path, name: str) -> int:
    try:
        lines = file.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
