"""Gateway errors as LiveKit's exceptions, which say whether an attempt may be repeated."""

from typing import Any

from livekit.agents import APIError, APIStatusError

#: codes of errors that pass by themselves (docs/reference/http.md)
RETRYABLE = {"busy", "cap_reached", "memory_full", "no_workers", "unavailable", "draining", "too_many_clients"}


def error_of_body(body: dict[str, Any], status: int = -1) -> APIError:
    """The exception for an error body, `{"error": {"message": ..., "code": ...}}`."""
    error = body.get("error")
    message = error.get("message", "unknown error") if isinstance(error, dict) else str(body)
    code = error.get("code") if isinstance(error, dict) else None
    if status >= 400:
        return APIStatusError(message, status_code=status, body=body, retryable=code in RETRYABLE)
    return APIError(message, body=body, retryable=code in RETRYABLE)
