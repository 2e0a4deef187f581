"""Follow plain Redis clients: the window of a job moves with what its readers have taken, without a word of ours.

Three traces say how far a reader is, and the furthest counts: the position of any consumer group on the ordered
stream (XREADGROUP, or XGROUP SETID after an XREAD), and what was deleted from its front (XTRIM MINID after an
XREAD).
"""

from typing import Any, cast

from redis import Redis
from redis.exceptions import ResponseError

from seriatim import job as job_calls
from seriatim import pool as pool_calls
from seriatim.keys import GAP, Position, job_prefix, ordered_stream
from seriatim.pcm import ms_of_bytes
from seriatim.scripts import run_many


def follow(redis: "Redis", job: str, alive_within_ms: float) -> Position:
    """Move the window of a job to its furthest plain reader; a consumer that was here lately keeps it alive."""
    stream = ordered_stream(job)
    try:
        groups = redis.xinfo_groups(stream)
        info = redis.xinfo_stream(stream)
    except ResponseError:  # its life was over
        return Position()
    traces = [Position.parse(_text(group["last-delivered-id"])) for group in groups]
    traces.append(Position.parse(_text(info["max-deleted-entry-id"])))
    furthest = max(traces)
    if furthest == Position():
        return furthest
    alive = any(_seen(redis, stream, _text(group["name"]), alive_within_ms) for group in groups if group["consumers"])
    _report(redis, job, furthest, alive=alive)
    return furthest


def _report(redis: "Redis", job: str, furthest: Position, *, alive: bool) -> None:
    fields = ["pool", "rate", "at", "cur", "off", "followed"]
    pool, rate, at, cur, off, followed = cast("list[Any]", redis.hmget(f"{job_prefix(job)}:c:{job}", fields))
    if not pool or not rate or not (alive or _text(followed or b"0-0") != str(furthest)):
        return
    redis.hset(f"{job_prefix(job)}:c:{job}", "followed", str(furthest))
    n_bytes = _bytes_before(redis, job, furthest, Position(int(cur) + 1, int(off)), int(at))
    delivered_ms = ms_of_bytes(n_bytes, int(rate))
    calls: list[Any] = [pool_calls.ack(pool.decode(), job, delivered_ms), job_calls.heard(job, furthest)]
    run_many(redis, calls)


def _bytes_before(redis: "Redis", job: str, position: Position, cursor: Position, at: int) -> int:
    """Bytes of the job up to `position`: its sentence's marker says where it begins, or the emit cursor does."""
    offset = position.offset - position.offset % 2 if position.offset < GAP else 0
    if position.sentence >= cursor.sentence:
        return at + min(offset, cursor.offset)
    marker = f"{position.sentence}-0"
    found = cast("list[Any]", redis.xrange(ordered_stream(job), marker, marker))
    return int(found[0][1][b"at"]) + offset if found else 0


def _seen(redis: "Redis", stream: str, group: str, within_ms: float) -> bool:
    return any(consumer["idle"] <= within_ms for consumer in redis.xinfo_consumers(stream, group))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
