"""The lease of a book: of all gateways one works on it, and another one may once it is over or given back."""

from redis import Redis

from seriatim.keys import book_prefix
from seriatim.lua import book_scripts
from seriatim.lua.script_calls import run
from seriatim.state.book_run import read_book_run

BOOK, LEASE_MS = "b" * 32, 60_000


def hold(redis: Redis, token: str, progress: str = "{}") -> int:
    return run(redis, book_scripts.hold(BOOK, token, LEASE_MS, progress))


def test_one_run_has_a_book_and_renews_its_lease(redis: Redis) -> None:
    assert hold(redis, "a") == 1
    assert hold(redis, "b", '{"of": "b"}') == 0
    redis.pexpire(f"{book_prefix(BOOK)}:run", LEASE_MS // 2)
    assert hold(redis, "a", '{"of": "a"}') == 1
    assert read_book_run(redis, BOOK) == '{"of": "a"}'
    assert redis.pttl(f"{book_prefix(BOOK)}:run") > LEASE_MS // 2


def test_a_lease_that_is_given_back_or_over_is_taken_by_another_run(redis: Redis) -> None:
    hold(redis, "a")
    assert run(redis, book_scripts.release(BOOK, "a")) == 1
    assert read_book_run(redis, BOOK) is None
    assert hold(redis, "b") == 1
    redis.delete(f"{book_prefix(BOOK)}:run")  # as when it is over
    assert hold(redis, "c") == 1


def test_a_run_that_lost_its_lease_does_not_end_that_of_another(redis: Redis) -> None:
    hold(redis, "b")
    assert run(redis, book_scripts.release(BOOK, "a")) == 0
    assert hold(redis, "a") == 0
    assert hold(redis, "b") == 1
