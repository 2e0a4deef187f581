"""Problems: error responses in OpenAI's format, {"error": {"message", "type", "param", "code"}}.

`TABLE` maps every error of `seriatim.errors`. The `code` is the error's name, such as `unknown_voice`: it stays the
same when the wording of a message changes.
"""

import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import JSONResponse

from seriatim import errors
from seriatim.client.voice_names import VOICES

log = logging.getLogger(__name__)

#: error, status, OpenAI's type; the first match counts
TABLE: tuple[tuple[type[errors.SeriatimError], int, str], ...] = (
    (errors.TextTooLarge, 413, "invalid_request_error"),
    (errors.IdempotencyConflict, 409, "invalid_request_error"),
    (errors.BadInput, 400, "invalid_request_error"),
    (errors.JobUnknown, 404, "invalid_request_error"),
    (errors.JobNotOpen, 409, "invalid_request_error"),
    (errors.JobCancelled, 409, "invalid_request_error"),
    (errors.PositionLost, 410, "invalid_request_error"),
    (errors.CapReached, 429, "rate_limit_error"),
    (errors.Refused, 503, "overloaded_error"),
    (errors.Unavailable, 503, "server_error"),
    (errors.TimedOut, 504, "server_error"),
)
#: the field that an error is about
PARAMS = {errors.UnknownVoice: "voice", errors.UnknownLanguage: "language"}
RETRY_S = 5.0  #: Retry-After when no better time is known: about the duration of a restart of Redis


@dataclass(eq=False)  # an exception: Python sets its traceback
class HttpProblem(Exception):
    """An error response, raised as an exception."""

    status: int
    code: str
    message: str
    kind: str = "invalid_request_error"  #: OpenAI's type
    param: str | None = None  #: the field at fault
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        """The JSON body in OpenAI's format."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The response with status, headers and body."""
        return JSONResponse(self.body, self.status, dict(self.headers))


def problem_of(error: errors.SeriatimError) -> HttpProblem:
    """Convert an error of `seriatim.errors`. What Redis or a bucket refuses, and where they are, is in the log only."""
    if isinstance(error, errors.CommandRefused):
        log.error("redis refused a command", extra={"error": str(error)})
        error = errors.Unavailable("Redis refused a command; see the gateway's log")
    elif isinstance(error, errors.StoreRefused | errors.StoreUnavailable):
        log.error("bucket refused or did not answer", extra={"error": str(error)})
        error = type(error)("the store of recordings cannot be used now; see the gateway's log")
    status, kind = next(((s, k) for cls, s, k in TABLE if isinstance(error, cls)), (500, "server_error"))
    headers: dict[str, str] = {}
    if error.retryable:
        headers = retry_after(error.retry_after_s if isinstance(error, errors.Refused) else RETRY_S)
    elif status in (409, 500, 504):
        headers["x-should-retry"] = "false"  # OpenAI's client would otherwise send the text again, with the same result
    param = next((name for kind, name in PARAMS.items() if isinstance(error, kind)), None)
    message = str(error).replace(VOICES, "GET /v1/voices")  # HTTP clients have no command line
    return HttpProblem(status, code_of(type(error)), message, kind, param, headers)


def internal_error(error: Exception) -> HttpProblem:
    """Convert an unexpected error; its message may contain anything, and goes to the log only."""
    message = f"internal error: {type(error).__name__}; see the gateway's log"
    return HttpProblem(500, "internal_error", message, "server_error")


def retry_after(seconds: float) -> dict[str, str]:
    """Retry-After headers: whole seconds for RFC 9110, and milliseconds, which OpenAI's clients prefer."""
    return {"retry-after": str(max(1, math.ceil(seconds))), "retry-after-ms": str(max(1, math.ceil(seconds * 1000)))}


def code_of(error: type[errors.SeriatimError]) -> str:
    """The code of an error: `UnknownVoice` is `unknown_voice`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__).lower()


def not_found(message: str) -> HttpProblem:
    """A 404 for something that does not exist, or that the caller may not know of."""
    return HttpProblem(404, "not_found", message)
