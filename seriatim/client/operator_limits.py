"""Operator limits: set the limits and weights of users in a pool, and the limit of a pool itself."""

from collections.abc import Mapping

from redis import Redis

from seriatim.client.job_options import POOL_NAME, POOL_RULE
from seriatim.client.option_checks import check_named, check_range, check_user
from seriatim.errors import UnknownOption
from seriatim.keys import pool_prefix, user_tag
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import run, translate_redis_errors
from seriatim.records import RATES
from seriatim.user_limits import LIMITS, MAX_LIMIT, UserLimits

DAY_S = 86_400


def set_user_limits(redis: "Redis", pool: str, user: str, changes: Mapping[str, float | None]) -> UserLimits:
    """Set what a user gets of a pool, for its running jobs at once and for those to come; returns all that is set.

    `changes` has names of `UserLimits`'s fields; None takes a setting back, and without any it only asks. What was set
    is forgotten after a week in which nothing was set or asked.

    Raises:
        UnknownOption: another name, or a value outside its range.
        Unavailable: Redis does not answer.
    """
    pool = check_named("pool", pool, POOL_NAME, POOL_RULE)
    check_user(user)
    for name, value in changes.items():
        if name not in LIMITS:
            raise UnknownOption(f"unknown setting {name!r} of a user; there are: {', '.join(LIMITS)}")
        if value is not None:
            check_range(name, value, LIMITS[name].low, LIMITS[name].high)
    return run(redis, pool_calls.tune_user(pool, user_tag(user), changes))


def characters_of_today(redis: "Redis", pool: str, user: str) -> int:
    """The characters that a pool's engines were sent today (UTC) for a user with a budget.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        day = redis.time()[0] // DAY_S
        spent = redis.hget(f"{pool_prefix(pool)}:spent:{day}", user_tag(user))
    return int(spent or 0)


def set_pool_limit(redis: "Redis", pool: str, allowed: int | None) -> int:
    """Set how many sentences all workers of a pool speak at once, from now on; None removes the limit.

    Sentences that are being spoken are not interrupted. Returns the slots that the pool may use now.

    Raises:
        UnknownOption: fewer than one.
        Unavailable: Redis does not answer.
    """
    pool = check_named("pool", pool, POOL_NAME, POOL_RULE)
    if allowed is not None:
        check_range("allowed", allowed, 1, MAX_LIMIT)
    return run(redis, pool_calls.limit_pool(pool, allowed))[1]


def set_pool_rates(redis: "Redis", pool: str, changes: Mapping[str, int | None]) -> dict[str, int]:
    """Set the `requests` and `characters` that all workers of a pool send in a minute; None removes a limit.

    Five seconds' worth may come at once. Returns all that is set.

    Raises:
        UnknownOption: another name, or fewer than one.
        Unavailable: Redis does not answer.
    """
    pool = check_named("pool", pool, POOL_NAME, POOL_RULE)
    for name, most in changes.items():
        if name not in RATES:
            raise UnknownOption(f"unknown rate {name!r} of a pool; there are: {', '.join(RATES)}")
        if most is not None:
            check_range(f"{name}_minute", most, 1, MAX_LIMIT)
    return run(redis, pool_calls.limit_rates(pool, changes))
