"""Every error that Seriatim raises on purpose; anything else is a bug and may crash.

    SeriatimError                 retryable  when
    ├── BadInput                  no         text, voice, option or file cannot be used as it is
    │   ├── EmptyText             no         nothing to say
    │   ├── TextTooLarge          no         more text than the limit allows
    │   │   ├── TooManySentences  no         more sentences
    │   │   └── SentenceTooLong   no         a sentence that the caller cut has more characters
    │   ├── UnknownVoice          no         the pool has no such voice
    │   ├── UnknownLanguage       no         the pool's engine speaks others
    │   ├── UnknownOption         no         a parameter or engine option outside its range
    │   ├── UnknownFormat         no         no encoder for that file name or format
    │   ├── IdempotencyConflict   no         an idempotency key that stands for another text, or another way to say it
    │   └── Unwritable            no         the output cannot be written: no directory, a full disk, a reader that left
    ├── Misconfigured             no         settings or the Redis server are not fit for use
    │   └── CommandRefused        no         the Redis server refuses a command: a missing right, or another's key
    ├── EngineUnavailable         no         the engine's package, model or library is missing
    ├── EngineFailed              yes        the engine could not speak this sentence this time
    ├── Refused                   yes        admission says not now; `retry_after_s` says when
    │   ├── Busy                  yes        a live job would make somebody fall silent
    │   ├── CapReached            yes        the user's own cap on jobs or queued audio
    │   ├── MemoryFull            yes        the Redis memory budget is used up
    │   └── NoWorkers             yes        no worker of the pool is alive
    ├── Unavailable               yes        Redis or the broker cannot be reached
    ├── JobUnknown                no         no such job, or its life is over
    ├── JobNotOpen                no         text for a job that is closed or has ended
    ├── JobEnded                  no         the job ended without being done
    │   ├── JobFailed             no         with the reason
    │   ├── JobCancelled          no         with the reason
    │   └── TimedOut              no         it was not spoken within its `timeout_s`
    └── PositionLost              no         that part of the ordered stream is not held any more

A message gives what was found, what was expected, where, and what to do.
"""


class SeriatimError(Exception):
    """The root of the tree."""

    retryable = False  #: may the same call succeed later, unchanged?


class BadInput(SeriatimError):
    """What the caller gave cannot be used as it is."""


class EmptyText(BadInput):
    """There is nothing to say."""


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
    """The idempotency key stands for another text, or for the same text said otherwise."""


class Unwritable(BadInput):
    """The output cannot be written: no such directory, no permission, a full disk, a reader that left."""


class Misconfigured(SeriatimError):
    """Settings or the Redis server are not fit for use."""


class CommandRefused(Misconfigured):
    """The Redis server refuses a command, and waiting does not help: a missing right, or a key of somebody else's."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code  #: the word that its reply began with, such as NOPERM; "" if it had none


class EngineUnavailable(SeriatimError):
    """The engine's package, model or library is missing."""


class EngineFailed(SeriatimError):
    """The engine could not speak this sentence this time."""

    retryable = True


class Refused(SeriatimError):
    """Admission says: not now."""

    retryable = True

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(f"{message}; retry after {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s  #: seconds until the same call has a fair chance


class Busy(Refused):
    """One more live job would make somebody fall silent."""


class CapReached(Refused):
    """The user's own cap on jobs or queued audio."""


class MemoryFull(Refused):
    """The Redis memory budget is used up: running jobs go on, new ones wait."""


class NoWorkers(Refused):
    """No worker of the pool is alive."""


class Unavailable(SeriatimError):
    """Redis or the broker cannot be reached."""

    retryable = True


#: what a command may end with that Redis did not carry out
UNDONE = (Unavailable, MemoryFull, CommandRefused)


class JobUnknown(SeriatimError):
    """No such job, or its life is over."""


class JobNotOpen(SeriatimError):
    """Text for a job that is closed or has ended."""


class JobEnded(SeriatimError):
    """The job ended without being done."""


class JobFailed(JobEnded):
    """The job failed; the message carries its reason."""


class JobCancelled(JobEnded):
    """The job was cancelled; the message carries its reason."""


class TimedOut(JobEnded):
    """The job was not spoken within its `timeout_s`: it waited, or was spoken, for too long."""


class PositionLost(SeriatimError):
    """That part of the ordered stream is not held any more."""


def forbidden(error: PermissionError) -> BadInput:
    """What a command says of a file or a folder that its user may not use."""
    return BadInput(f"cannot use {error.filename}: permission denied; name another, or run as a user who may")


def error_of_end(job: str, state: str, reason: str) -> JobEnded:
    """The error of a job that ended in another state than done."""
    kinds = {"failed": JobFailed, "cancelled": JobCancelled, "timed_out": TimedOut}
    said = {"cancelled": "was cancelled", "timed_out": "timed out"}.get(state, state)
    return kinds.get(state, JobEnded)(f"job {job} {said}: {reason}")


def refused_input(reason: str) -> BadInput | None:
    """The error of the caller's that a job failed with, from its reason; None if the fault was another's.

    Workers write `sentence 3: UnknownVoice: unknown voice ...`: the class goes before its message.
    """
    for kind in (EmptyText, TextTooLarge, UnknownVoice, UnknownLanguage, UnknownOption, BadInput):
        before, named, message = reason.partition(f"{kind.__name__}: ")
        if named and (not before or before.endswith(": ")):
            return kind(message)
    return None
