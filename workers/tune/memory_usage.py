"""Memory usage of this process, and the machine's free memory."""

import resource
import sys
from pathlib import Path

STATUS, MEMINFO = Path("/proc/self/status"), Path("/proc/meminfo")
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  #: getrusage(2): bytes there, kilobytes elsewhere


def rss_bytes() -> int:
    """Memory of this process now; where that is not known, at the most."""
    return _kilobytes(STATUS, "VmRSS:") * 1024 or peak_bytes()


def peak_bytes() -> int:
    """Memory of this process at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT


def free_bytes() -> int:
    """Memory that processes may still take without swapping; 0: not known."""
    return _kilobytes(MEMINFO, "MemAvailable:") * 1024


def _kilobytes(file: Path, name: str) -> int:
    try:
        lines = file.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
