"""The round trips between a text and the message for its first sentence: each is silence for its listener."""

from collections.abc import Callable

from redis import Redis

from seriatim.celery_app import make_app
from seriatim.client.admission import make_submission, submit
from seriatim.client.job_options import JobRequest
from seriatim.dispatch import PoolClient
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import Submission, SubmitVerdict
from seriatim.lua.script_calls import run
from seriatim.records import JobKind
from seriatim.settings import Settings
from tests.scripts.pool.pool_driver import POOL, P, PoolDriver, rows


def commands_sent(redis: Redis, step: Callable[[], object]) -> list[str]:
    """The commands that clients sent meanwhile, without those of scripts."""
    sent: list[str] = []
    with redis.monitor() as monitor:
        redis.echo("begin")  # over a connection that is new
        step()
        redis.echo("end")
        while (command := monitor.next_command())["command"] != "ECHO end":
            if command["client_type"] != "lua":
                sent.append(command["command"].partition(" ")[0].upper())
    return sent[sent.index("ECHO") + 1 :]


def test_a_sentence_is_published_behind_two_round_trips(redis: Redis) -> None:
    """Then what no listener waits for: its outbox entry goes, and the job's keys get their whole life."""
    PoolDriver(redis, slots=4)
    redis.hdel(f"{P}:m", "now")  # the server's own clock from here on
    pool_client = PoolClient(redis, make_app("memory://", POOL), POOL, Settings())
    request = JobRequest(pool=POOL)

    def enqueue() -> None:
        s = make_submission(request, Settings(), closed=True, producer_ms=0, queue_limit_ms=10**9, cut="")
        assert submit(pool_client, request, s, rows([1_000])).verdict is SubmitVerdict.ACCEPTED

    enqueue()  # the server knows all scripts from here on
    assert commands_sent(redis, enqueue) == ["EVALSHA", "EVALSHA", "ZREM", "HGET", "EVALSHA", "EVALSHA"]
    assert redis.zcard(f"{P}:outbox") == 0, "it is published before its entry goes"
    assert redis.zcard(f"{P}:lease") == 2


def test_a_job_that_is_accepted_is_picked_in_the_same_step_and_once(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=2)
    s = Submission("talk", "ann", JobKind.LIVE, '{"v":1}')
    call = pool_scripts.submit_and_pick(POOL, s, rows([1_000] * 3), 1, 4_000).at(stage.now)
    answer, picked = run(redis, call)
    assert answer.verdict is SubmitVerdict.ACCEPTED
    assert [(message.job, message.seq) for message in picked] == [("talk", 0)]
    assert len(stage.held()[":outbox"]) == 1, "it is published again if its producer dies now"
    answer, picked = run(redis, call)
    assert (answer.verdict, picked) == (SubmitVerdict.DUPLICATE, ())


def test_nothing_is_picked_for_a_job_that_is_refused(redis: Redis) -> None:
    stage = PoolDriver(redis, slots=0)
    s = Submission("talk", "ann", JobKind.LIVE, '{"v":1}')
    answer, picked = run(redis, pool_scripts.submit_and_pick(POOL, s, rows([1_000]), 32, 4_000).at(stage.now))
    assert (answer.verdict, picked) == (SubmitVerdict.NO_WORKERS, ())
