"""The budget of a user: characters a day that engines may be sent for it."""

from redis import Redis

from seriatim.errors import BudgetSpent, error_of_end
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import ClaimVerdict, SubmitVerdict
from seriatim.user_limits import UserLimits
from tests.scripts.pool.pool_driver import POOL, PoolDriver
from tests.support.ttl_check import assert_every_key_expires

DAY_MS = 86_400_000
CHARS = 4  #: of each sentence of the driver
BUDGET = UserLimits(characters_day=3 * CHARS)


def test_a_job_that_its_users_budget_does_not_cover_is_refused_until_the_next_day(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("first", 1_000, 1_000, limits=BUDGET)
    for _ in range(2):
        stage.speaks(stage.pick_one(), 1_000)
    refused = stage.submit("second", 1_000, 1_000, limits=BUDGET)
    assert (refused.verdict, refused.retry_after_ms) == (SubmitVerdict.CAP_CHARS, DAY_MS - stage.now % DAY_MS)
    stage.accept("small", 1_000, limits=BUDGET)
    stage.accept("other", 1_000, 1_000, user="bob", limits=BUDGET)
    assert_every_key_expires(redis)


def test_what_is_sent_again_is_paid_again_and_the_end_of_the_budget_ends_the_job(redis: Redis) -> None:
    """A sentence that fails for ever may not empty an account: the third attempt would be beyond the budget."""
    stage = PoolDriver(redis)
    stage.accept("j", 1_000, limits=UserLimits(characters_day=2 * CHARS))
    for _ in range(2):
        message = stage.pick_one()
        stage.takes("w1", message)
        stage.fail(message)
        stage.passes(2_000)
    assert stage.claim(stage.pick_one()).verdict is ClaimVerdict.GONE
    assert stage.job("j", "state") == "failed"
    error = error_of_end("j", "failed", stage.job("j", "reason"))
    assert isinstance(error, BudgetSpent)
    assert str(error).endswith("the user has spent the 8 characters of this day (UTC)")
    assert stage.in_flight() == 0
    assert any(entry.startswith("end|j|failed|") for entry in stage.held()[":todo"])


def test_an_operators_budget_counts_for_what_runs(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000, 1_000)
    stage.do(pool_scripts.tune_user(POOL, "ann", {"characters_day": CHARS}).at(stage.now))
    stage.speaks(stage.pick_one(), 1_000)
    stage.do(pool_scripts.tune_user(POOL, "ann", {"characters_day": None}).at(stage.now))
    stage.speaks(stage.pick_one(), 1_000)
    assert stage.job("j", "state") == "spoken"
