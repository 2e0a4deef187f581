"""Error reports of processes that a command starts: a reason on stderr, and an exit status that the command reads."""

import sys

from seriatim.errors import SeriatimError
from seriatim.exit_codes import ExitCode, status_of


def report_error(error: SeriatimError) -> ExitCode:
    """Write the reason to stderr; returns the exit status for it."""
    sys.stderr.write(f"{error}\n")
    return status_of(error)
