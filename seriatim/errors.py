"""Every error that Seriatim raises on purpose; anything else is a bug and may crash.

    SeriatimError                 retryable  when
    ├── BadInput                  no         text, voice, option or file cannot be used as it is
    │   ├── EmptyText             no         nothing to speak
    │   ├── TextTooLarge          no         more text than the limit allows
    │   │   ├── TooManySentences  no         more sentences
    │   │   └── SentenceTooLong   no         a sentence that the caller cut has more characters
    │   ├── UnknownVoice          no         the pool has no such voice
    │   ├── UnknownLanguage       no         the pool's engine speaks others
    │   ├── UnknownOption         no         a parameter or engine option outside its range
    │   ├── UnknownFormat         no         no encoder for that file name or format
    │   ├── IdempotencyConflict   no         an idempotency key that stands for another text or other options
    │   └── Unwritable            no         the output cannot be written: no directory, a full disk, a reader that left
    ├── Misconfigured             no         settings or the Redis server are not fit for use
    │   ├── CommandRefused        no         the Redis server refuses a command: a missing right, or a foreign key
    │   └── StoreRefused          no         the bucket of recordings refuses a request: keys, rights, region, clock
    ├── EngineUnavailable         no         the engine's package, model or library is missing
    ├── EngineFailed              yes        the engine could not speak this sentence this time
    │   └── UpstreamFailed        yes        the server behind an engine failed, or cannot be reached
    ├── EngineBusy                yes        the engine takes no request now: the sentence is postponed
    ├── Refused                   yes        admission refused for now; retry after `retry_after_s`
    │   ├── Busy                  yes        one more live job would cause gaps for listeners
    │   ├── CapReached            yes        the user's own cap on jobs or queued audio
    │   ├── MemoryFull            yes        the Redis memory budget is used up
    │   └── NoWorkers             yes        no worker of the pool is alive
    ├── Unavailable               yes        Redis or the broker cannot be reached
    │   └── StoreUnavailable      yes        the bucket of recordings cannot be reached, or is overloaded
    ├── JobUnknown                no         no such job, or it has expired
    ├── JobNotOpen                no         text for a job that is closed or has ended
    ├── JobEnded                  no         the job ended without being done
    │   ├── JobFailed             no         with the reason
    │   │   └── BudgetSpent       no         the user's characters of this day are spent
    │   ├── JobCancelled          no         with the reason
    │   └── TimedOut              no         it was not spoken within its `timeout_s`
    └── PositionLost              no         that part of the ordered stream is no longer stored

A message gives what was found, what was expected, where, and what to do.
"""

from typing import Literal, get_args

BusyScope = Literal["concurrency", "rate", "system"]  #: the limit that an engine has reached
BUSY_SCOPES: tuple[BusyScope, ...] = get_args(BusyScope)


class SeriatimError(Exception):
    """The root of the tree."""

    retryable = False  #: may the same call succeed later, unchanged?


class BadInput(SeriatimError):
    """What the caller gave cannot be used as it is."""


class EmptyText(BadInput):
    """The text has nothing to speak."""


class TextTooLarge(BadInput):
    """More text than the limit allows."""


class TooManySentences(TextTooLarge):
    """More sentences in one job than the limit allows."""


class SentenceTooLong(TextTooLarge):
    """A sentence that the caller cut has more characters than the limit allows."""


class UnknownVoice(BadInput):
    """The pool has no such voice."""


class UnknownLanguage(BadInput):
    """The pool's engine does not speak that language."""


class UnknownOption(BadInput):
    """A parameter or an engine option is outside its range."""


class UnknownFormat(BadInput):
    """There is no encoder for that file name or format."""


class IdempotencyConflict(BadInput):
    """The idempotency key stands for another text, or for the same text with other options."""


class Unwritable(BadInput):
    """The output cannot be written: no such directory, no permission, a full disk, a reader that left."""


class Misconfigured(SeriatimError):
    """Settings or the Redis server are not fit for use."""


class CommandRefused(Misconfigured):
    """The Redis server refuses a command, and a retry does not help: a missing right, or a foreign key."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code  #: code of the error reply, such as NOPERM; "" if it had none


class StoreRefused(Misconfigured):
    """The bucket of recordings refuses a request, and a retry does not help: keys, rights, region or clock."""


class EngineUnavailable(SeriatimError):
    """The engine's package, model or library is missing."""


class EngineFailed(SeriatimError):
    """The engine could not speak this sentence this time."""

    retryable = True


class EngineBusy(SeriatimError):
    """The engine takes no request now, as a server that answers 429 or 503: the sentence is postponed.

    An engine raises it from `speak`. Another attempt follows after `retry_after_s` (with jitter), nothing is blamed,
    nothing counts towards giving the sentence up, and all workers of the pool send fewer requests. Only the job's own
    timeout ends it. `scope` names the limit that was reached:

    - "concurrency": as many requests are open as the server allows. The pool speaks fewer sentences at once.
    - "rate": too many requests or characters in an interval. The pool sends none until `retry_after_s` is over.
    - "system": the server is overloaded. The same, and fewer sentences at once afterwards.
    """

    retryable = True

    def __init__(self, message: str, retry_after_s: float, scope: BusyScope = "concurrency") -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s  #: seconds from now; the worker keeps it within 0.05..3600
        self.scope = scope


class UpstreamFailed(EngineFailed):
    """The server behind an engine failed, or cannot be reached; a worker that starts tries again."""


class Refused(SeriatimError):
    """Admission refused the job for now."""

    retryable = True

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(f"{message}; retry after {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s  #: seconds after which to retry


class Busy(Refused):
    """One more live job would cause gaps for listeners."""


class CapReached(Refused):
    """The user's own cap on jobs or queued audio."""


class MemoryFull(Refused):
    """The Redis memory budget is used up: running jobs continue, new ones must wait."""


class NoWorkers(Refused):
    """No worker of the pool is alive."""


class Unavailable(SeriatimError):
    """Redis or the broker cannot be reached."""

    retryable = True


class StoreUnavailable(Unavailable):
    """The bucket of recordings cannot be reached, or is overloaded."""


#: errors of a command that Redis did not execute
UNDONE = (Unavailable, MemoryFull, CommandRefused)


class JobUnknown(SeriatimError):
    """No such job, or it has expired."""


class JobNotOpen(SeriatimError):
    """Text for a job that is closed or has ended."""


class JobEnded(SeriatimError):
    """The job ended without being done."""


class JobFailed(JobEnded):
    """The job failed; the message carries its reason."""


class BudgetSpent(JobFailed):
    """The user's budget of characters was spent before the job was: it goes on the next day (UTC), as a new job."""


class JobCancelled(JobEnded):
    """The job was cancelled; the message carries its reason."""


class TimedOut(JobEnded):
    """The job was not spoken within its `timeout_s`."""


class PositionLost(SeriatimError):
    """That part of the ordered stream is no longer stored."""


def forbidden(error: PermissionError) -> BadInput:
    """The error for a file or a folder that this user may not use."""
    return BadInput(f"cannot use {error.filename}: permission denied; name another, or run as a user who may")


def error_of_end(job: str, state: str, reason: str) -> JobEnded:
    """The error for a job that ended in another state than done."""
    kinds = {"failed": JobFailed, "cancelled": JobCancelled, "timed_out": TimedOut}
    outcome = {"cancelled": "was cancelled", "timed_out": "timed out"}.get(state, state)
    kind = BudgetSpent if state == "failed" and "BudgetSpent: " in reason else kinds.get(state, JobEnded)
    return kind(f"job {job} {outcome}: {reason}")


def refused_input(reason: str) -> BadInput | None:
    """The input error behind a failed job, from its reason; None if it failed for another cause.

    Workers write `sentence 3: UnknownVoice: unknown voice ...`: the class goes before its message.
    """
    for kind in (EmptyText, TextTooLarge, UnknownVoice, UnknownLanguage, UnknownOption, BadInput):
        before, named, message = reason.partition(f"{kind.__name__}: ")
        if named and (not before or before.endswith(": ")):
            return kind(message)
    return None
