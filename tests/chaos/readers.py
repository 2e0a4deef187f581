"""Readers of a job: through our own library, or by a plain client of Redis that drops nothing unseen."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from redis import Redis

from seriatim.client.job import Job
from seriatim.errors import BadInput, JobEnded, JobFailed, PositionLost, TimedOut
from seriatim.stream_entries import End, decode
from tests.chaos.reader_log import Ear

Keep = Callable[[], bool]  #: may the reading go on?
BLOCK_MS = 500
SIP_S = 0.15
WRONG = ("no position", "1--2", "7-99999999999999999999", "4096-2")


def by_library(job: Job, ear: Ear, keep: Keep, pause_s: float = 0.0) -> str:
    """Read with `Job.audio`; returns how the job ended, "" if the reading was stopped."""
    try:
        for entry in job.audio(ear.position):
            ear.take(entry)
            if not keep():
                return ""
            if pause_s:
                time.sleep(pause_s)
    except JobEnded as error:
        ear.flush()
        _end(ear, _state_of(error), str(error).partition(": ")[2])
        return "ended"
    finally:
        ear.flush()  # an outage may have ended it: what was taken was heard
    _end(ear, "done", "")
    return "ended"


def reconnecting(job: Job, ear: Ear, keep: Keep) -> str:
    """Name the position anew behind every entry."""
    while True:
        entries = job.audio(ear.position)
        try:
            entry = next(entries, None)
        except JobEnded as error:
            _end(ear, _state_of(error), str(error).partition(": ")[2])
            return "ended"
        finally:
            entries.close()  # type: ignore[attr-defined]  # a generator
        if entry is None:
            _end(ear, "done", "")
            return "ended"
        ear.take(entry)
        ear.flush()
        if not keep():
            return ""


def wrongly(job: Job, ear: Ear, keep: Keep) -> str:
    """Name positions that are invalid, or of no job: each is refused, and costs nothing."""
    for position in WRONG:
        with contextlib.suppress(BadInput, PositionLost):
            next(iter(job.audio(position)), None)
            ear.history.note("accepted_position", job=job.id, position=position)
    return by_library(job, ear, keep)


def plainly(redis: "Redis", stream: str, ear: Ear, keep: Keep, how: str) -> str:
    """Read with XREAD or XREADGROUP, and say how far it is as docs/reference/ordered-stream.md has it."""
    if ear.end:  # its reader was killed before it said so, and nothing comes behind the end
        _end(ear, *ear.end)
        return "ended"
    if how == "xreadgroup":
        redis.xgroup_setid(stream, "reader", ear.position)  # what an earlier reader took and did not write down
    while keep():
        for entry_id, fields in _next(redis, stream, ear.position, how):
            entry = decode(entry_id, fields)
            ear.take(entry)
            if isinstance(entry, End):
                ear.flush()
                _end(ear, entry.state, entry.reason)
                return "ended"
        ear.flush()
        _report(redis, stream, ear.position, how)
    return ""


def _next(redis: "Redis", stream: str, position: str, how: str) -> list[Any]:
    reply: Any
    if how == "xreadgroup":
        reply = redis.xreadgroup("reader", "plain", {stream: ">"}, 16, BLOCK_MS, noack=True)
    else:
        reply = redis.xread({stream: position}, 16, BLOCK_MS)
    if not reply and not redis.exists(stream):
        raise PositionLost(f"no stream {stream}")
    return reply[0][1] if reply else []


def _report(redis: "Redis", stream: str, position: str, how: str) -> None:
    if position != "0-0" and how == "setid":
        redis.xgroup_setid(stream, "reader", position)
    elif position != "0-0" and how == "trim":
        redis.xtrim(stream, minid=position, approximate=False)


def _state_of(error: JobEnded) -> str:
    states = {JobFailed: "failed", TimedOut: "timed_out"}
    return states.get(type(error), "cancelled")


def _end(ear: Ear, state: str, reason: str) -> None:
    ear.history.note("end", job=ear.job, state=state, reason=reason, seq=ear.seq, have=ear.have, n_bytes=ear.n_bytes)
