"""The process age: how long ago this process was started, its interpreter's own start and all imports included."""

import os
import time
from pathlib import Path

STAT = Path("/proc/self/stat")
STARTED = 22 - 3  #: proc(5), field 22 in clock ticks since boot; the third is the first behind the command's name


def process_age_s() -> float | None:
    """Seconds since this process was started, to a hundredth; None where the system does not say (it is Linux's)."""
    try:
        fields = STAT.read_text().rpartition(")")[2].split()
        return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[STARTED]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):
        return None
