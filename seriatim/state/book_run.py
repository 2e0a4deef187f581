"""The run of a book: the progress that the gateway has reported which works on it."""

from typing import cast

from redis import Redis

from seriatim.keys import book_prefix
from seriatim.lua.script_calls import translate_redis_errors


def read_book_run(redis: "Redis", book: str) -> str | None:
    """The progress of the gateway that works on a book, as JSON; None: none does.

    Raises:
        Unavailable: Redis does not answer.
    """
    with translate_redis_errors():
        progress = cast("bytes | None", redis.hget(f"{book_prefix(book)}:run", "progress"))
    return None if progress is None else progress.decode()
