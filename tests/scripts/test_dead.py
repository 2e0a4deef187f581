"""The dead-letter list: what was given up stands in it until it is taken out."""

from redis import Redis

from seriatim import dead
from seriatim.pool import Done
from seriatim.records import Sentence
from seriatim.scripts import run
from tests.scripts.stage import POOL, Stage


def give_up(stage: Stage, job: str, *, gap: str = "skip") -> None:
    """One sentence of a new job fails until it is given up."""
    stage.accept(job, 1_000, gap=gap)
    for _ in range(stage.retry.max_failures):
        stage.now += 2_000
        bell = stage.pick_one()
        stage.takes("w1", bell)
        assert stage.fail(bell, "no voice") is Done.OK
        stage.beat("w1")


def test_what_is_given_up_can_be_read_and_taken_out_once(redis: Redis) -> None:
    stage = Stage(redis)
    give_up(stage, "j")
    give_up(stage, "k")
    first, second = dead.read(redis, POOL)
    assert (first.job, first.seq, first.reason, first.failures) == ("j", 0, "no voice", 3)
    assert first.sentence == Sentence("said")
    assert first.at_ms < second.at_ms
    assert dead.pools(redis) == [POOL]
    assert run(redis, dead.forget(POOL, ["j|0", "k|9"])) == 1
    assert run(redis, dead.forget(POOL, ["j|0"])) == 0, "it may run twice"
    assert [each.entry for each in dead.read(redis, POOL)] == ["k|0"]


def test_a_sentence_of_a_job_that_is_there_knows_its_voice_and_its_user(redis: Redis) -> None:
    stage = Stage(redis)
    give_up(stage, "j")
    (found,) = dead.read(redis, POOL)
    assert found.user == "ann"
    assert found.spec is not None
