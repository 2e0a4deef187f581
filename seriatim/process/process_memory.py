"""The memory of a child process with all its descendants, as Linux accounts for it.

A page that several processes share is divided among them (PSS), so that the figures of several children may be added.
"""

import re
from pathlib import Path

PROC = Path("/proc")
PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def tree_memory(pid: int) -> int:
    """The bytes held by a process and its descendants; 0 where the system does not say, or the process has ended."""
    try:
        found = PSS.search((PROC / str(pid) / "smaps_rollup").read_text())
        below = [path.read_text() for path in (PROC / str(pid) / "task").glob("*/children")]
    except OSError:
        return 0
    own = int(found.group(1)) * 1024 if found else 0
    return own + sum(tree_memory(int(child)) for child in " ".join(below).split())
