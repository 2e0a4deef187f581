"""A reader that knows the public contract of the ordered stream and redis-py, and nothing of ours.

    python -I plain_reader.py SOCKET STREAM HOW

writes the job's sound to standard output. HOW says how the stream learns what this reader has: `xreadgroup` reads
through the consumer group `reader`; `setid` reads with XREAD and moves the group by hand; `trim` reads with XREAD and
deletes what it has; `xread` only reads.
"""

import sys
from typing import Any

import redis

ENDED = {"done": 0, "failed": 1, "cancelled": 1, "timed_out": 1}


def read(client: "redis.Redis", stream: str, how: str, last: bytes) -> Any:
    reply: Any
    if how == "xreadgroup":
        reply = client.xreadgroup("reader", "me", {stream: ">"}, count=5, block=1000)
    else:
        reply = client.xread({stream: last}, count=5, block=1000)
    return reply[0][1] if reply else []


def have(client: "redis.Redis", stream: str, how: str, last: bytes) -> None:
    if how == "setid":
        client.xgroup_setid(stream, "reader", last)
    elif how == "trim":
        client.xtrim(stream, minid=last, approximate=False)


def main(socket: str, stream: str, how: str) -> int:
    client = redis.Redis(unix_socket_path=socket)
    last = b"0-0"
    while True:
        for entry_id, fields in read(client, stream, how, last):
            last = entry_id
            sys.stdout.buffer.write(fields.get(b"d", b""))
            if fields.get(b"t") == b"end":
                return ENDED[fields[b"state"].decode()]
        have(client, stream, how, last)


if __name__ == "__main__":
    status = main(*sys.argv[1:])
    ours = {"seriatim", "tasks", "workers", "reassembler", "gateway"} & set(sys.modules)
    assert not ours, ours
    sys.exit(status)
