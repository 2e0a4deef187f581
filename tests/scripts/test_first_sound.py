"""The round trips between a text and the message for its first sentence: each is silence for its listener."""

import json
import time
from collections.abc import Callable

from redis import Redis

from seriatim.celery_app import make_app
from seriatim.client.admission import make_submission, submit
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.client.sentence_rows import FIRST_CHARS, SHARED_FIRST_CHARS
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


def test_a_sentence_is_published_behind_one_round_trip(redis: Redis) -> None:
    """Then its outbox entry goes, for which no listener waits."""
    PoolDriver(redis, slots=4)
    redis.hdel(f"{P}:m", "now")  # the server's own clock from here on
    pool_client = PoolClient(redis, make_app("memory://", POOL), POOL, Settings())
    request = JobRequest(pool=POOL)

    def enqueue() -> None:
        s = make_submission(request, Settings(), closed=True, producer_ms=0, queue_limit_ms=10**9, cut="")
        assert submit(pool_client, request, s, rows([1_000])).verdict is SubmitVerdict.ACCEPTED

    enqueue()  # the server knows all scripts from here on
    assert commands_sent(redis, enqueue) == ["EVALSHA", "ZREM"]
    assert redis.zcard(f"{P}:todo") == 0, "the jobs' keys have their whole life"
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


def first_part(redis: Redis, job: str) -> str:
    row = redis.hget(f"{P}:jt:{job}", "0")
    assert isinstance(row, bytes)
    return str(json.loads(row.partition(b"|")[2])["text"])


def test_listeners_who_come_at_the_same_moment_get_short_first_parts(redis: Redis) -> None:
    """The pool's record is read once a second: a producer counts those that it has brought since."""
    PoolDriver(redis, slots=2)
    redis.hdel(f"{P}:m", "now")
    socket = redis.connection_pool.connection_kwargs["path"]
    producer = Producer(Settings(redis_url=f"unix://{socket}", broker_url="memory://"))
    producer.pool_cache.refresh(POOL)
    producer.pool_cache.known[POOL] = (time.monotonic() + 3_600, producer.pool_cache.known[POOL][1])  # none is newer
    text = "He went along the river, and in the old mill at its end he saw a light, which was that of a lantern."
    jobs = [producer.enqueue(text, JobRequest(pool=POOL, user=f"user{n}")) for n in range(3)]
    first_parts = [first_part(redis, job.id) for job in jobs]
    producer.close()
    assert first_parts[0] == first_parts[1]
    assert len(first_parts[2]) <= SHARED_FIRST_CHARS < len(first_parts[0]) <= FIRST_CHARS
