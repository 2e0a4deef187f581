"""Limits and weights of users in a pool, set by an operator."""

from collections.abc import Mapping

from redis import Redis

from seriatim.client.job_options import POOL_NAME, RANGES, check_named, check_range, check_user
from seriatim.errors import UnknownOption
from seriatim.keys import user_tag
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.pool_records import UserLimits
from seriatim.lua.script_calls import run

MAX_CAP = 10**9
LIMITS: Mapping[str, tuple[float, float]] = {
    "weight": RANGES["weight"],
    "cap_jobs": (1, MAX_CAP),
    "cap_queued_ms": (1, MAX_CAP),
    "cap_infl": (1, MAX_CAP),
}


def set_user_limits(redis: "Redis", pool: str, user: str, changes: Mapping[str, float | None]) -> UserLimits:
    """Set what a user gets of a pool, for its running jobs at once and for those to come; returns all that is set.

    `changes` has names of `UserLimits`'s fields; None takes a setting back, and without any it only asks. What was set
    is forgotten after a week in which nothing was set or asked.

    Raises:
        UnknownOption: another name, or a value outside its range.
        Unavailable: Redis does not answer.
    """
    check_named("pool", pool, POOL_NAME, "letters, digits, dot, dash and underscore")
    check_user(user)
    for name, value in changes.items():
        if name not in LIMITS:
            raise UnknownOption(f"unknown setting {name!r} of a user; there are: {', '.join(LIMITS)}")
        if value is not None:
            check_range(name, value, *LIMITS[name])
    return run(redis, pool_calls.tune_user(pool, user_tag(user), changes))
