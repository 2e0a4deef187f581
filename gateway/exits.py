"""Exit statuses of the command line. They are a public contract (README, "Exit codes")."""

from enum import IntEnum

from redis.exceptions import RedisError

from seriatim.errors import BadInput, EngineUnavailable, JobUnknown, Misconfigured, Refused, SeriatimError, Unavailable


class Exit(IntEnum):
    """What a command says to its caller."""

    OK = 0
    FAILED = 1  #: the job failed or was cancelled; what was spoken is kept for --resume
    BAD_INPUT = 2  #: usage, text, voice, format, output
    CANNOT_START = 3  #: settings, server, engine or model are not fit
    NOT_NOW = 4  #: admission refused; the message says when to try again
    UNAVAILABLE = 5  #: Redis or the broker cannot be reached
    INTERRUPTED = 130  #: Ctrl-C or SIGTERM


def status_of(error: SeriatimError | RedisError) -> Exit:
    """The exit status for an error."""
    table: tuple[tuple[tuple[type[Exception], ...], Exit], ...] = (
        ((BadInput, JobUnknown), Exit.BAD_INPUT),
        ((Misconfigured, EngineUnavailable), Exit.CANNOT_START),
        ((Refused,), Exit.NOT_NOW),
        ((Unavailable, RedisError), Exit.UNAVAILABLE),
    )
    return next((status for kinds, status in table if isinstance(error, kinds)), Exit.FAILED)
