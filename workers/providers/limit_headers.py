"""Limit headers of an answer: what a server says of its account's limits, in the spellings that providers document.

OpenAI: `x-ratelimit-remaining-requests` and `x-ratelimit-reset-requests` (such as `1s`, `6m0s`, `20ms`). ElevenLabs:
`current-concurrent-requests` and `maximum-concurrent-requests`. Others: `ratelimit-remaining` and `ratelimit-reset`
(seconds, or a time since 1970), with and without `x-`.
"""

import re
from collections.abc import Mapping

from seriatim.engine import ServerLimits

REMAINING = ("x-ratelimit-remaining-requests", "ratelimit-remaining", "x-ratelimit-remaining")
RESET = ("x-ratelimit-reset-requests", "ratelimit-reset", "x-ratelimit-reset")
CONCURRENT = ("current-concurrent-requests",)
MAX_CONCURRENT = ("maximum-concurrent-requests",)
UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)")
EPOCH_FROM_S = 10**9  #: larger numbers are times since 1970


def limits_of(headers: Mapping[str, str], now_s: float) -> ServerLimits | None:
    """The limits that an answer reports; None if it reports none."""
    reset = _first(headers, RESET)
    limits = ServerLimits(
        _count(_first(headers, REMAINING)),
        None if reset is None else duration_s(reset, now_s),
        _count(_first(headers, CONCURRENT)),
        _count(_first(headers, MAX_CONCURRENT)),
    )
    return None if limits == ServerLimits() else limits


def duration_s(text: str, now_s: float) -> float | None:
    """The seconds of `6m0s`, `20ms`, `12`, or until a time since 1970; None for anything else."""
    text = text.strip().lower()
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    seconds = sum(float(number) * UNITS_S[unit] for number, unit in parts)
    return max(0.0, seconds - now_s) if seconds > EPOCH_FROM_S else seconds


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((headers[name] for name in names if name in headers), None)


def _count(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdecimal() and len(text) < 10 else None
