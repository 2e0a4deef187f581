"""Follow plain Redis clients: the window of a job moves with what its readers have taken, without a word of ours.

Three traces say how far a reader is, and the furthest counts: the position of any consumer group on the ordered
stream (XREADGROUP, or XGROUP SETID after an XREAD), and what was deleted from its front (XTRIM MINID after an
XREAD).
"""

from typing import Any, cast

from redis import Redis

from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import CommandRefused
from seriatim.keys import GAP, StreamPosition, ordered_stream
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.script_calls import run_many, translate_redis_errors
from seriatim.state.stream_record import note_plain_reader, read_stream_record


def follow_plain_readers(redis: "Redis", job: str, alive_within_ms: float) -> StreamPosition:
    """Move the window of a job to its furthest plain reader; a consumer that was here lately keeps it alive.

    So does a reader that has everything there is: it may wait for sound that is late, and nothing could show that. One
    that is gone is found out when there is more to take.
    """
    stream = ordered_stream(job)
    try:
        groups, info = _traces(redis, stream)
    except CommandRefused as error:
        if error.code != "ERR":
            raise
        return StreamPosition()  # its life was over
    traces = [StreamPosition.parse(_text(group["last-delivered-id"])) for group in groups]
    traces.append(_deleted(info))
    furthest = max(traces)
    alive = _waits(furthest, info) or any(
        _seen(redis, stream, _text(group["name"]), alive_within_ms) for group in groups if group["consumers"]
    )
    if alive or furthest != StreamPosition():
        _report(redis, job, furthest, alive=alive)
    return furthest


def _waits(furthest: StreamPosition, info: "dict[str, Any]") -> bool:
    """Has the reader everything? XTRIM with the last id leaves that last entry."""
    trimmed_to_one = info["length"] <= 1 < info["entries-added"]
    return furthest != StreamPosition() and (
        trimmed_to_one or furthest >= StreamPosition.parse(_text(info["last-generated-id"]))
    )


def _traces(redis: "Redis", stream: str) -> "tuple[list[dict[str, Any]], dict[str, Any]]":
    pipe = redis.pipeline(transaction=False)
    pipe.xinfo_groups(stream)
    pipe.xinfo_stream(stream)
    with translate_redis_errors():
        groups, info = pipe.execute()
    return groups, info


def _deleted(info: "dict[str, Any]") -> StreamPosition:
    """Up to where the front of the stream was deleted: to the first entry's beginning. XTRIM leaves no other trace."""
    if info["length"] == info["entries-added"]:
        return StreamPosition()
    if not info["first-entry"]:
        return StreamPosition.parse(_text(info["last-generated-id"]))
    entry_id, fields = info["first-entry"]
    first = StreamPosition.parse(_text(entry_id))
    return StreamPosition(first.sentence, first.offset - len(fields.get(b"d", b"")))


def _report(redis: "Redis", job: str, furthest: StreamPosition, *, alive: bool) -> None:
    known = read_stream_record(redis, job)
    if known is None or not known.pool or not (alive or (known.followed or "0-0") != str(furthest)):
        return
    note_plain_reader(redis, job, furthest)
    n_bytes = _bytes_before(redis, job, furthest, known.cursor, known.at)
    delivered_ms = ms_of_bytes(n_bytes, known.rate_hz) if known.rate_hz else 0.0
    calls: list[Any] = [pool_calls.ack(known.pool, job, delivered_ms), job_calls.heard(job, furthest)]
    run_many(redis, calls)


def _bytes_before(redis: "Redis", job: str, position: StreamPosition, cursor: StreamPosition, at: int) -> int:
    """Bytes of the job up to `position`: its sentence's marker says where it begins, or the emit cursor does.

    A reader that deletes what it has deletes the marker, too. What is left of the sentence, and where the next one
    begins, say the same.
    """
    offset = _audio_offset(position, None)
    if position.sentence >= cursor.sentence:
        return at + min(offset, cursor.offset)
    begins = _begins(redis, job, position.sentence)
    if begins is not None:
        return begins + offset
    following = _begins(redis, job, position.sentence + 1)
    left = redis.xrevrange(ordered_stream(job), f"({position.sentence + 1}-0", f"{position.sentence}-0", count=1)
    rows = cast("list[Any]", left)
    length = _audio_offset(StreamPosition.parse(_text(rows[0][0])), rows[0][1]) if rows else offset
    return (at if following is None else following) - max(0, length - offset)


def _begins(redis: "Redis", job: str, sentence: int) -> int | None:
    """The byte of the job at which a sentence begins, if the stream still has its marker."""
    marker = f"{sentence}-0"
    found = cast("list[Any]", redis.xrange(ordered_stream(job), marker, marker))
    return int(found[0][1][b"at"]) if found else None


def _audio_offset(position: StreamPosition, fields: "dict[bytes, bytes] | None") -> int:
    """Bytes of the sentence at a position; a gap marker says it in its fields."""
    if position.offset < GAP:
        return position.n_bytes
    return int((fields or {}).get(b"offset", 0))


def _seen(redis: "Redis", stream: str, group: str, within_ms: float) -> bool:
    return any(consumer["idle"] <= within_ms for consumer in redis.xinfo_consumers(stream, group))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
