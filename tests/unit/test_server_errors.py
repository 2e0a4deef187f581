"""Error replies of a server, as redis-py reads them, in the words of our own tree."""

import pytest
from redis._parsers import BaseParser

from seriatim.errors import MemoryFull, Misconfigured, SeriatimError, Unavailable
from seriatim.server_errors import translated

REPLIES: list[tuple[str, type[SeriatimError], str]] = [
    ("READONLY You can't write against a read only replica.", Unavailable, r"\(READONLY\): it is a replica"),
    ("MISCONF Errors writing to the AOF file: No space left", Unavailable, r"\(MISCONF\): it cannot save"),
    ("NOREPLICAS Not enough good replicas to write.", Unavailable, r"\(NOREPLICAS\): too few replicas"),
    ("LOADING Redis is loading the dataset in memory", Unavailable, r"\(LOADING\): it is loading"),
    ("BUSY Redis is busy running a script.", Unavailable, r"\(BUSY\): a script"),
    ("MASTERDOWN Link with MASTER is down", Unavailable, r"\(MASTERDOWN\): it is a replica"),
    ("TRYAGAIN Multiple keys request during rehashing", Unavailable, r"\(TRYAGAIN\): a slot"),
    ("CLUSTERDOWN Hash slot not served", Unavailable, r"\(CLUSTERDOWN\): its cluster is down"),
    ("ERR max number of clients reached", Unavailable, "max number of clients reached"),
    ("OOM command not allowed when used memory > 'maxmemory'.", MemoryFull, "no memory left"),
    ("MOVED 3999 127.0.0.1:6381", Misconfigured, "a node of a cluster, which is not supported"),
    ("ASK 3999 127.0.0.1:6381", Misconfigured, "a node of a cluster, which is not supported"),
]


@pytest.mark.parametrize(("reply", "kind", "message"), REPLIES, ids=[reply.split()[0] for reply, _, _ in REPLIES])
def test_each_not_now_is_one_of_ours(reply: str, kind: type[SeriatimError], message: str) -> None:
    with pytest.raises(kind, match=message):
        raise translated(BaseParser.parse_error(reply)) or AssertionError(reply)


@pytest.mark.parametrize("reply", ["WRONGTYPE Operation against a key", "NOPERM this user has no permissions"])
def test_what_no_waiting_helps_against_is_not_hidden(reply: str) -> None:
    assert translated(BaseParser.parse_error(reply)) is None
