"""Validation problems: what pydantic and FastAPI found wrong with a request or message, as an error response.

The input itself is never shown: that may be a user's text.
"""

from collections.abc import Sequence
from json import JSONDecodeError
from typing import Any

from gateway.http.problems import HttpProblem

#: where FastAPI found a field; its callers know that
_PLACES = ("body", "query", "path", "header")
_JSON_TYPE = "application/json"
#: pydantic's types of errors: the whole is no object, or has no kind that is known
_NO_OBJECT = ("model_attributes_type", "model_type", "dict_type")
_NO_KIND = ("union_tag_not_found", "union_tag_invalid")


def validation_problem(
    errors: Sequence[Any], whole: str = "the body", content_type: str = _JSON_TYPE, example: str = '{"input": "Hello."}'
) -> HttpProblem:
    """The first of pydantic's validation errors as a response with status 400.

    `whole` is what was validated, for an error that has no field; `content_type` is the request's; `example` is what
    would have been accepted.
    """
    first = errors[0]
    location = [str(step) for step in first["loc"] if step not in _PLACES]
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error") or message
        return unreadable(reason, whole, int(location[0]) if location and location[0].isdigit() else None)
    if first["type"] == "missing" and not location:
        return HttpProblem(400, "bad_input", f"{whole} is empty; send {_expected_object(_JSON_TYPE, example)[9:]}")
    if first["type"] in _NO_OBJECT and not location:
        return HttpProblem(400, "bad_input", f"{whole}: {_expected_object(content_type, example)}")
    if first["type"] in _NO_KIND:
        kinds = first.get("ctx", {}).get("expected_tags")
        expected = f"expected one of {kinds}" if kinds else f"it is missing; send for example {example}"
        return HttpProblem(400, "bad_input", f"type: {expected}", param="type")
    param = ".".join(location) or None
    return HttpProblem(400, "bad_input", f"{param or whole}: {message}", param=param)


def unreadable(reason: str, whole: str = "the body", character: int | None = None) -> HttpProblem:
    """The error of what is no JSON, for a reason that the parser gives."""
    at = f" at character {character}" if character is not None else ""
    return HttpProblem(400, "bad_input", f"{whole} is no JSON: {reason.removesuffix(' at') if at else reason}{at}")


def unreadable_json(error: ValueError, whole: str = "the body") -> HttpProblem:
    """The same, for the error of Python's parser. Its text is not shown where it may repeat what was sent."""
    if isinstance(error, JSONDecodeError):
        return unreadable(error.msg, whole, error.pos)
    reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
    return unreadable(reason, whole)


def _expected_object(content_type: str, example: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _JSON_TYPE:
        return f"expected a JSON object, such as {example}"
    return f"its content type is {kind or 'missing'}; send JSON with the header `Content-Type: {_JSON_TYPE}`"
