"""The dead-letter list: what was given up stands in it until it is taken out."""

from redis import Redis

from seriatim import dead_letters
from seriatim.lua.pool_records import FinishVerdict
from seriatim.lua.script_calls import run
from seriatim.records import Sentence
from tests.scripts.pool.pool_driver import POOL, PoolDriver


def give_up(stage: PoolDriver, job: str, *, gap: str = "skip") -> None:
    """One sentence of a new job fails until it is given up."""
    stage.accept(job, 1_000, gap=gap)
    for _ in range(stage.retry.max_failures):
        stage.now += 2_000
        message = stage.pick_one()
        stage.takes("w1", message)
        assert stage.fail(message, "no voice") is FinishVerdict.OK
        stage.beat("w1")


def test_what_is_given_up_can_be_read_and_taken_out_once(redis: Redis) -> None:
    stage = PoolDriver(redis)
    give_up(stage, "j")
    give_up(stage, "k")
    first, second = dead_letters.read_dead_letters(redis, POOL)
    assert (first.job, first.seq, first.reason, first.failures) == ("j", 0, "no voice", 3)
    assert first.sentence == Sentence("said")
    assert first.at_ms < second.at_ms
    assert dead_letters.pools_with_dead_letters(redis) == [POOL]
    assert run(redis, dead_letters.forget_dead_letters(POOL, ["j|0", "k|9"])) == 1
    assert run(redis, dead_letters.forget_dead_letters(POOL, ["j|0"])) == 0, "it may run twice"
    assert [each.entry for each in dead_letters.read_dead_letters(redis, POOL)] == ["k|0"]


def test_a_sentence_of_a_job_that_is_there_knows_its_voice_and_its_user(redis: Redis) -> None:
    stage = PoolDriver(redis)
    give_up(stage, "j")
    (found,) = dead_letters.read_dead_letters(redis, POOL)
    assert found.user == "ann"
    assert found.spec is not None
