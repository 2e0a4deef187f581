"""Error replies of a server, as redis-py reads them, in the words of our own tree."""

import pytest
from redis import RedisError, exceptions
from redis._parsers import BaseParser

from seriatim.errors import CommandRefused, MemoryFull, SeriatimError, Unavailable
from seriatim.servers.redis_errors import translate_error, translate_redis_errors

REPLIES: list[tuple[str, type[SeriatimError], str]] = [
    ("READONLY You can't write against a read only replica.", Unavailable, r"\(READONLY\): it is a replica"),
    ("MISCONF Errors writing to the AOF file: No space left", Unavailable, r"\(MISCONF\): it cannot save"),
    ("NOREPLICAS Not enough good replicas to write.", Unavailable, r"\(NOREPLICAS\): too few replicas"),
    ("LOADING Redis is loading the dataset in memory", Unavailable, r"\(LOADING\): it is loading"),
    ("BUSY Redis is busy running a script.", Unavailable, r"\(BUSY\): a script"),
    ("MASTERDOWN Link with MASTER is down", Unavailable, r"\(MASTERDOWN\): it is a replica"),
    ("TRYAGAIN Multiple keys request during rehashing", Unavailable, r"\(TRYAGAIN\): a slot"),
    ("CLUSTERDOWN Hash slot not served", Unavailable, r"\(CLUSTERDOWN\): no node of the cluster"),
    ("ERR max number of clients reached", Unavailable, "max number of clients reached; raise its maxclients"),
    ("UNBLOCKED the stream key no longer exists", Unavailable, r"\(UNBLOCKED\): what was waited for is gone"),
    ("ERR DB index is out of range", CommandRefused, "no such database: .*name one that it has"),
    ("ERR SELECT is not allowed in cluster mode", CommandRefused, "no such database"),
    ("OOM command not allowed when used memory > 'maxmemory'.", MemoryFull, "no memory left"),
    ("MOVED 3999 127.0.0.1:6381", CommandRefused, r"a node of a cluster: write redis\+cluster://"),
    ("ASK 3999 127.0.0.1:6381", CommandRefused, r"a node of a cluster: write redis\+cluster://"),
    ("ERR This instance has cluster support disabled", CommandRefused, "no node of a cluster: write redis://"),
    ("WRONGPASS invalid username-password pair", CommandRefused, "refused the password: .*SERIATIM_REDIS_PASSWORD"),
    ("NOAUTH Authentication required.", CommandRefused, "refused the password"),
    ("NOPERM this user has no permissions", CommandRefused, r"\(NOPERM\): this user .*its user lacks a right"),
    ("WRONGTYPE Operation against a key", CommandRefused, r"\(WRONGTYPE\): Operation against a key; another program"),
    ("WHATEVER a proxy may say", CommandRefused, r"\(WHATEVER\): a proxy may say; its log"),
    ("no code at all", CommandRefused, "refused a command: no code at all; its log"),
]


@pytest.mark.parametrize(("reply", "kind", "message"), REPLIES, ids=[reply[:16] for reply, _, _ in REPLIES])
def test_each_reply_is_an_error_of_ours(reply: str, kind: type[SeriatimError], message: str) -> None:
    with pytest.raises(kind, match=message):
        raise translate_error(BaseParser.parse_error(reply))


KINDS = [kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, RedisError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_exception_of_the_library_is_left_out(kind: type[RedisError]) -> None:
    """Whatever it may add: those that are not known are refusals."""
    with pytest.raises(SeriatimError), translate_redis_errors():
        raise kind("1 127.0.0.1:1") if issubclass(kind, exceptions.AskError) else kind("said the library")


@pytest.mark.parametrize("error", [OSError(104, "reset"), ConnectionResetError(), TimeoutError(), EOFError()], ids=repr)
def test_a_connection_that_broke_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable, match=r"^Redis does not answer"), translate_redis_errors():
        raise error
