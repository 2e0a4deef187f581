"""Validation problems: what pydantic and FastAPI found wrong with a request or message, as an error response.

The input itself is never shown: that may be a user's text.
"""

from collections.abc import Sequence
from typing import Any

from gateway.http.problems import HttpProblem

#: where FastAPI found a field; its callers know that
_PLACES = ("body", "query", "path", "header")
_JSON_TYPE = "application/json"


def validation_problem(errors: Sequence[Any], whole: str = "the body", content_type: str = _JSON_TYPE) -> HttpProblem:
    """The first of pydantic's validation errors as a response with status 400.

    `whole` is what was validated, for an error that has no field; `content_type` is the request's.
    """
    first = errors[0]
    location = [str(step) for step in first["loc"] if step not in _PLACES]
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error") or message
        at = f" at character {location[0]}" if location else ""
        return HttpProblem(400, "bad_input", f"{whole} is no JSON: {reason}{at}")
    if first["type"] in ("model_attributes_type", "model_type") and not location:
        return HttpProblem(400, "bad_input", f"{whole}: {_expected_object(content_type)}")
    param = ".".join(location) or None
    return HttpProblem(400, "bad_input", f"{param or whole}: {message}", param=param)


def _expected_object(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _JSON_TYPE:
        return 'expected a JSON object, such as {"input": "Hello."}'
    return f"its content type is {kind or 'missing'}; send JSON with the header `Content-Type: {_JSON_TYPE}`"
