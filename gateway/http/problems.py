"""Problems: errors in OpenAI's shape, {"error": {"message", "type", "param", "code"}}.

Every error of our tree has its line in `TABLE`. A `code` is the error's name, such as `unknown_voice`: it stays the
same when a message is worded anew.
"""

import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import JSONResponse

from seriatim import errors
from seriatim.client.job_options import VOICES

log = logging.getLogger(__name__)

#: error, status, OpenAI's type; the first that fits counts
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
AGAIN_S = 5.0  #: when to come back if nobody can say: about what a restart of Redis takes


@dataclass(eq=False)  # an exception: Python writes its traceback into it
class HttpProblem(Exception):
    """What a request is answered with that cannot be done."""

    status: int
    code: str
    message: str
    kind: str = "invalid_request_error"  #: OpenAI's type
    param: str | None = None  #: the field that is to blame
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, dict[str, str | None]]:
        """As OpenAI's clients read it."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The whole answer."""
        return JSONResponse(self.body, self.status, dict(self.headers))


def problem_of(error: errors.SeriatimError) -> HttpProblem:
    """The answer to an error of ours. What Redis refuses for good is the operator's to read, in the log."""
    if isinstance(error, errors.CommandRefused):
        log.error("redis refused a command", extra={"error": str(error)})
        error = errors.Unavailable("Redis does not do what it was asked for; the gateway's log says more")
    status, kind = next(((s, k) for cls, s, k in TABLE if isinstance(error, cls)), (500, "server_error"))
    headers: dict[str, str] = {}
    if error.retryable:
        headers = retry_after(error.retry_after_s if isinstance(error, errors.Refused) else AGAIN_S)
    elif status in (409, 500, 504):
        headers["x-should-retry"] = "false"  # OpenAI's client would send the text again, to be spoken in vain again
    param = next((name for kind, name in PARAMS.items() if isinstance(error, kind)), None)
    said = str(error).replace(VOICES, "GET /v1/voices")  # who calls from elsewhere has no command line
    return HttpProblem(status, code_of(type(error)), said, kind, param, headers)


def fault(error: Exception) -> HttpProblem:
    """The answer to an error that nobody expected; what it says may be anything, and stays in the log."""
    said = f"a fault of the gateway's: {type(error).__name__}; its log says more"
    return HttpProblem(500, "internal_error", said, "server_error")


def retry_after(seconds: float) -> dict[str, str]:
    """When to come back: whole seconds as RFC 9110 wants them, and exactly for clients that read it (OpenAI's do)."""
    return {"retry-after": str(max(1, math.ceil(seconds))), "retry-after-ms": str(max(1, math.ceil(seconds * 1000)))}


def code_of(error: type[errors.SeriatimError]) -> str:
    """`UnknownVoice` is `unknown_voice`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", error.__name__).lower()


def not_found(message: str) -> HttpProblem:
    """There is no such thing, or not for this caller: nobody learns which."""
    return HttpProblem(404, "not_found", message)
