"""Interpreters that this one starts: which code they run is decided here, and never by the folder they start in.

`python -m` alone puts the current folder before all others: a `queue.py`, `redis.py` or `tasks.py` that lies there, in
a folder of downloads for example, would be imported and run in the place of the real one. `-P` leaves the folder out.
"""

import sys

SAFE = "-P"  #: no current folder among the places that modules come from (Python 3.11 and later)


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs `module` of the installed code with this interpreter."""
    return [sys.executable, SAFE, "-m", module, *arguments]
