"""Progress of plain Redis readers: a job's window follows what they have read, without any call of this library.

Three traces show how far a reader is, and the furthest counts: the position of any consumer group on the ordered
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
    """Move the window of a job to its furthest plain reader; one that read within `alive_within_ms` keeps it alive.

    So does a reader that has read everything: it may be waiting for late audio, which leaves no trace. A reader that is
    gone is detected when there is more to read.
    """
    stream = ordered_stream(job)
    try:
        groups, info = _read_traces(redis, stream)
    except CommandRefused as error:
        if error.code != "ERR":
            raise
        return StreamPosition()  # the stream has expired
    traces = [StreamPosition.parse(_decode(group["last-delivered-id"])) for group in groups]
    traces.append(_deleted_up_to(info))
    furthest = max(traces)
    alive = _has_everything(furthest, info) or any(
        _is_active(redis, stream, _decode(group["name"]), alive_within_ms) for group in groups if group["consumers"]
    )
    if alive or furthest != StreamPosition():
        _report_progress(redis, job, furthest, alive=alive)
    return furthest


def _has_everything(furthest: StreamPosition, info: "dict[str, Any]") -> bool:
    """True if the reader has everything. XTRIM with the last id leaves that last entry."""
    trimmed_to_one = info["length"] <= 1 < info["entries-added"]
    return furthest != StreamPosition() and (
        trimmed_to_one or furthest >= StreamPosition.parse(_decode(info["last-generated-id"]))
    )


def _read_traces(redis: "Redis", stream: str) -> "tuple[list[dict[str, Any]], dict[str, Any]]":
    pipe = redis.pipeline(transaction=False)
    pipe.xinfo_groups(stream)
    pipe.xinfo_stream(stream)
    with translate_redis_errors():
        groups, info = pipe.execute()
    return groups, info


def _deleted_up_to(info: "dict[str, Any]") -> StreamPosition:
    """The position up to which the stream was trimmed: the start of its first entry. XTRIM leaves no other trace."""
    if info["length"] == info["entries-added"]:
        return StreamPosition()
    if not info["first-entry"]:
        return StreamPosition.parse(_decode(info["last-generated-id"]))
    entry_id, fields = info["first-entry"]
    first = StreamPosition.parse(_decode(entry_id))
    return StreamPosition(first.sentence, first.offset - len(fields.get(b"d", b"")))


def _report_progress(redis: "Redis", job: str, furthest: StreamPosition, *, alive: bool) -> None:
    known = read_stream_record(redis, job)
    if known is None or not known.pool or not (alive or (known.followed or "0-0") != str(furthest)):
        return
    note_plain_reader(redis, job, furthest)
    n_bytes = _bytes_before(redis, job, furthest, known.cursor, known.at)
    delivered_ms = ms_of_bytes(n_bytes, known.rate_hz) if known.rate_hz else 0.0
    report = job_calls.mark_heard(job, furthest, itself=False)
    calls: list[Any] = [pool_calls.ack(known.pool, job, delivered_ms), report]
    run_many(redis, calls)


def _bytes_before(redis: "Redis", job: str, position: StreamPosition, cursor: StreamPosition, at: int) -> int:
    """Bytes of the job up to `position`, from its sentence's start marker or else from the emit cursor.

    A reader that deletes what it has read deletes the marker, too; the rest of the sentence and the start of the next
    one give the same figure.
    """
    offset = _audio_offset(position, None)
    if position.sentence >= cursor.sentence:
        return at + min(offset, cursor.offset)
    start = _sentence_start(redis, job, position.sentence)
    if start is not None:
        return start + offset
    following = _sentence_start(redis, job, position.sentence + 1)
    remaining = redis.xrevrange(ordered_stream(job), f"({position.sentence + 1}-0", f"{position.sentence}-0", count=1)
    rows = cast("list[Any]", remaining)
    length = _audio_offset(StreamPosition.parse(_decode(rows[0][0])), rows[0][1]) if rows else offset
    return (at if following is None else following) - max(0, length - offset)


def _sentence_start(redis: "Redis", job: str, sentence: int) -> int | None:
    """The byte of the job at which a sentence begins, if the stream still has its marker."""
    marker = f"{sentence}-0"
    found = cast("list[Any]", redis.xrange(ordered_stream(job), marker, marker))
    return int(found[0][1][b"at"]) if found else None


def _audio_offset(position: StreamPosition, fields: "dict[bytes, bytes] | None") -> int:
    """Bytes of the sentence up to a position; a gap marker has them in its fields."""
    if position.offset < GAP:
        return position.n_bytes
    return int((fields or {}).get(b"offset", 0))


def _is_active(redis: "Redis", stream: str, group: str, within_ms: float) -> bool:
    return any(consumer["idle"] <= within_ms for consumer in redis.xinfo_consumers(stream, group))


def _decode(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
