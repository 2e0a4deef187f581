"""Calls of scripts: one, several in one round trip, from asyncio; on a server that knows them or not."""

import threading

import pytest
from redis import Redis

from seriatim.errors import CommandRefused
from seriatim.lua import job_scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, OpenVerdict
from seriatim.lua.script_calls import ScriptCall, load, run, run_many


def append(seq: int, attempt: int, pcm: bytes) -> ScriptCall[tuple[AppendVerdict, int]]:
    return job_scripts.append("j", seq, attempt, ChunkAppend(0, pcm, final=True, checksum=0))


def test_a_server_that_forgot_the_scripts_is_taught_them_again(redis: Redis) -> None:
    redis.script_flush()
    assert run(redis, job_scripts.init("j", 2)) is True
    redis.script_flush()
    calls = [job_scripts.open_sentence("j", seq, 1, "exact", 8_000, "said") for seq in range(2)]
    assert [opened.verdict for opened in run_many(redis, calls)] == [OpenVerdict.OPEN, OpenVerdict.OPEN]


def test_scripts_that_are_flushed_again_and_again_are_sent_with_their_text(redis: Redis) -> None:
    """Between a script that was taught and its call, another client may flush them all once more."""
    stopping = threading.Event()

    def flush() -> None:
        with Redis.from_url(f"unix://{redis.connection_pool.connection_kwargs['path']}") as client:
            while not stopping.is_set():
                client.script_flush()

    thread = threading.Thread(target=flush)
    thread.start()
    try:
        for number in range(200):
            assert run_many(redis, [job_scripts.init(f"j{number}", 2), job_scripts.emit(f"j{number}")])[0] is True
    finally:
        stopping.set()
        thread.join()


def test_several_calls_are_answered_in_their_order(redis: Redis) -> None:
    redis.script_flush()  # were some known and some not, those that are would go first: each is a step for itself
    run(redis, job_scripts.init("j", 2))
    opened = job_scripts.open_sentence("j", 0, 5, "exact", 8_000, "said")
    replies = run_many(redis, [opened, append(0, 5, b"abcd"), append(0, 4, b"ab"), job_scripts.emit("j")])
    assert replies[1:3] == [(AppendVerdict.OK, 4), (AppendVerdict.DONE, 4)]
    assert replies[3].moved == 1


def test_an_error_in_one_of_several_is_raised_when_all_are_sent(redis: Redis) -> None:
    run(redis, job_scripts.init("j", 1))
    run(redis, job_scripts.open_sentence("j", 0, 1, "exact", 8_000, "said"))
    with pytest.raises(CommandRefused, match="expected whole 16-bit samples"):
        run_many(redis, [append(0, 1, b"odd"), append(0, 1, b"even")])
    assert run(redis, job_scripts.emit("j")).state == "done"


def test_the_flags_of_a_script_come_first(redis: Redis) -> None:
    """Redis reads them from the first line only, and the shared parts stand behind it."""
    assert load("job", "emit").text.startswith("#!lua flags=allow-oom\n-- A job's keys and the shortest ways")
    assert load("pool", "submit").text.startswith("#!lua\n-- The pool's keys and the shortest ways")
