"""A report of the process that runs it, as JSON on standard output: what a forked child has of its own."""

import atexit
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Report; with `wait` among the arguments, stay until a signal comes. Returns 7."""
    report = {
        "arguments": arguments,
        "argv": sys.argv,
        "environment": dict(os.environ),
        "files": sorted(str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if os.path.lexists(file)),
        "session": os.getsid(0),
        "pid": os.getpid(),
        "threads": threading.active_count(),
        "handlers": [signal.getsignal(number).name for number in (signal.SIGTERM, signal.SIGHUP)],  # type: ignore[union-attr]
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    }
    atexit.register(lambda: sys.stdout.write("its own exit handler\n"))
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()
    if "wait" in arguments:
        signal.pause()
    return 7


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
