"""Exit codes of all processes, and the error behind each.

Those of the command line are a public contract (README, "Exit codes"); a supervisor reads those of its processes.
"""

from enum import IntEnum

from seriatim.errors import BadInput, EngineUnavailable, JobUnknown, Misconfigured, Refused, SeriatimError, Unavailable


class ExitCode(IntEnum):
    """Exit codes by name."""

    OK = 0
    FAILED = 1  #: the job failed, and its audio is kept for --resume; or it is done with gaps
    BAD_INPUT = 2  #: usage, text, voice, format, output
    CANNOT_START = 3  #: settings, server, engine or model are unusable: a retry does not help
    NOT_NOW = 4  #: admission refused; the message has the time to retry after
    UNAVAILABLE = 5  #: Redis or the broker cannot be reached; retry later
    STUCK = 70  #: a worker ended itself because its engine was stuck (EX_SOFTWARE)
    BROKEN = 69  #: a worker ended itself because its model broke, as after an error of the GPU (EX_UNAVAILABLE)
    RENEWED = 72  #: a worker ended itself so that a fresh one takes its place
    NO_MESSAGES = 71  #: a worker ended itself because its consumer received no messages
    INTERRUPTED = 130  #: Ctrl-C or SIGTERM


def status_of(error: SeriatimError) -> ExitCode:
    """The exit status for an error."""
    table: tuple[tuple[tuple[type[Exception], ...], ExitCode], ...] = (
        ((BadInput, JobUnknown), ExitCode.BAD_INPUT),
        ((Misconfigured, EngineUnavailable), ExitCode.CANNOT_START),
        ((Refused,), ExitCode.NOT_NOW),
        ((Unavailable,), ExitCode.UNAVAILABLE),
    )
    return next((status for kinds, status in table if isinstance(error, kinds)), ExitCode.FAILED)
