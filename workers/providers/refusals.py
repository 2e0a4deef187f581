"""Refusals of a server: each status, with the reason that its body gives, is one kind of error.

`EngineBusy` is "not now": the sentence waits, and was not at fault. `BadInput` is "never this text". The rest may
succeed at another attempt. Messages show the server's reason, cut, and never the key.
"""

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from seriatim.errors import BadInput, BusyScope, EngineBusy, EngineFailed, SeriatimError, UpstreamFailed
from workers.providers.api_key import ApiKey
from workers.providers.request_loop import ResponseHead

REASON_CHARS = 200  #: of a server's reason, in a message
#: reasons beside 429 and 401 that no waiting helps: the account has no more
SPENT = ("insufficient_quota", "quota_exceeded", "billing_hard_limit_reached", "credit", "payment")
#: ElevenLabs: too many requests of this account at once; the next may start as one ends, without a back-off
TOO_MANY_AT_ONCE = ("too_many_concurrent_requests", "concurrent_limit_exceeded")
REJECTED_TEXT = (400, 406, 413, 422)
ADVICE = {
    401: "the key is refused; put a valid one into the engine's key_file",
    402: "the account must be paid",
    403: "the key may not do this",
    404: "there is no such address, model or voice; look at base_url, model and voice",
    405: "there is no such address; look at base_url",
}
SPENT_ADVICE = "the account has no more: raise its limit, or put another key into the engine's key_file"
TEXT_ADVICE = "look at the text, its voice and its options, or at those of the engine"
QUEUE_S = 0.25  #: wait before another request where the server has too many at once and says no time
BUSY_S = 1.0  #: where it is overloaded, or the rate is too high, and it says no time
MOST_WAIT_S = 600.0  #: whatever a server says: an operator should not wait a day for a wrong clock


def error_of(head: ResponseHead, host: str, key: ApiKey) -> SeriatimError:
    """The error for an answer other than 200."""
    code, reason = _reason_of(head.refusal)
    shown = key.hide(f"{code} {reason}".strip())[:REASON_CHARS] or "no reason given"
    message = f"{host} answered {head.status}: {shown}"
    spent = any(word in code for word in SPENT)
    if head.status in (429, 503, 529) and not spent:
        return _busy(head, code, message)
    if head.status == 401 and not spent:
        return EngineFailed(f"{host} answered 401: {ADVICE[401]}")  # some servers repeat most of the key
    if head.status in REJECTED_TEXT:
        return BadInput(f"{message}; {TEXT_ADVICE}")
    if 300 <= head.status < 400:
        return EngineFailed(f"{host} answered {head.status}: it moved to {key.hide(_moved_to(head))}; set base_url")
    kind = EngineFailed if 400 <= head.status < 500 else UpstreamFailed
    return kind(f"{message}; {SPENT_ADVICE if spent else _advice(head.status)}")


def wait_of(headers: Mapping[str, str], now_s: float) -> float | None:
    """The wait that a server asks for, in s; None if it says nothing, or nothing that is a time.

    A time of day counts from the answer's own date, where it has one: the clocks of two hosts may differ.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    if seconds is not None:
        return seconds
    until_s, answered_s = _time(value), _time(headers.get("date", ""))
    return None if until_s is None else max(0.0, until_s - (now_s if answered_s is None else answered_s))


def _time(text: str) -> float | None:
    """The seconds since 1970 of an HTTP date."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _busy(head: ResponseHead, code: str, message: str) -> SeriatimError:
    scope: BusyScope = "system"
    default_s = BUSY_S
    if any(word in code for word in TOO_MANY_AT_ONCE):
        scope, default_s = "concurrency", QUEUE_S
    elif head.status == 429 and "system_busy" not in code:
        scope = "rate"
    wait_s = wait_of(head.headers, time.time())
    return EngineBusy(message, min(default_s if wait_s is None else wait_s, MOST_WAIT_S), scope)


def _advice(status: int) -> str:
    if status >= 500:
        return "an error of the server, whose log may say more"
    if status < 300:
        return "expected 200 with sound: look at base_url"
    return ADVICE.get(status, "look at base_url, and at what the server's documentation says of this status")


def _reason_of(body: bytes) -> tuple[str, str]:
    """(code, message) of a body: as of OpenAI, ElevenLabs, FastAPI, or RFC 9457; of another one its beginning."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except ValueError:
        return "", " ".join(text.split()) if not text.lstrip().startswith("<") else "an HTML page"
    for name in ("error", "detail"):
        if isinstance(found, dict) and found.get(name):
            found = found[name]
            break
    return _code_and_message(found)


def _code_and_message(found: Any) -> tuple[str, str]:
    if isinstance(found, list):
        found = found[0] if found else ""
    if not isinstance(found, dict):
        return "", str(found)
    names = [str(found[name]) for name in ("code", "status", "type", "error") if isinstance(found.get(name), str)]
    message = next((str(found[name]) for name in ("message", "msg", "title") if found.get(name)), "")
    return " ".join(dict.fromkeys(names)), message


def _moved_to(head: ResponseHead) -> str:
    return str(head.headers.get("location", "no address")).partition("?")[0][:REASON_CHARS]


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 10**9 else None
