"""The entry point of the console script. Until everything is imported, Ctrl-C ends the process without a traceback."""

import signal
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from gateway.cli.interrupts import keep_interrupts
    from gateway.cli.main import main as run  # takes a fraction of a second
    from seriatim.process.forked_process import allow_forks

    allow_forks()

    signal.signal(signal.SIGINT, signal.default_int_handler)
    keep_interrupts()
    sys.exit(run())
