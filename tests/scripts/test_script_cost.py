"""The cost of the smallest pool script: little more than that of any script, since it loads only the parts it needs."""

from math import inf

import pytest
from redis import Redis

from seriatim.lua.pool_scripts import strike
from seriatim.lua.script_calls import run
from tests.scripts.pool.pool_driver import POOL

PLAIN = "return redis.call('HGET', KEYS[1], 'epoch') and 1 or 0"
ROUNDS, CALLS = 60, 100  #: at least so many rounds, and ten times as many before it fails


def cost_us(redis: Redis, sha: str, *arguments: str) -> float:
    """Microseconds of the server for one call."""
    redis.config_resetstat()
    pipeline = redis.pipeline(transaction=False)
    for _ in range(CALLS):
        pipeline.evalsha(sha, 1, *arguments)
    pipeline.execute()
    return float(redis.info("commandstats")["cmdstat_evalsha"]["usec_per_call"])


def test_the_smallest_script_costs_little_more_than_any(redis: Redis) -> None:
    """By the fastest round of each, in turns: what else the machine does only makes rounds slower."""
    call = strike(POOL, "0", [])
    assert run(redis, call) == 0
    any_sha = redis.script_load(PLAIN)
    ours = plain = inf
    for round_no in range(10 * ROUNDS):
        ours = min(ours, cost_us(redis, call.script.sha, call.key, *map(str, call.args)))
        plain = min(plain, cost_us(redis, any_sha, call.key))
        if round_no >= ROUNDS and ours <= max(4.0, 3 * plain):
            return
    pytest.fail(f"{ours:.2f} µs; a script of one command takes {plain:.2f}")
