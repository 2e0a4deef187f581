"""Exit statuses of every process of ours, and which error gives which.

Those of the command line are a public contract (README, "Exit codes"); a supervisor reads those of what it started.
"""

from enum import IntEnum

from seriatim.errors import BadInput, EngineUnavailable, JobUnknown, Misconfigured, Refused, SeriatimError, Unavailable


class ExitCode(IntEnum):
    """What a process says to its caller."""

    OK = 0
    FAILED = 1  #: the job was not done: what was spoken is kept for --resume; or it is whole but for gaps
    BAD_INPUT = 2  #: usage, text, voice, format, output
    CANNOT_START = 3  #: settings, server, engine or model are not fit: it would be the same next time
    NOT_NOW = 4  #: admission refused; the message says when to try again
    UNAVAILABLE = 5  #: Redis or the broker cannot be reached; it may go better later
    STUCK = 70  #: a worker ended itself because its engine was stuck (EX_SOFTWARE)
    BROKEN = 69  #: a worker ended itself because its model broke, as after an error of the GPU (EX_UNAVAILABLE)
    RENEWED = 72  #: a worker ended itself so that a fresh one takes its place
    DEAF = 71  #: a worker ended itself because no message reached it
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
