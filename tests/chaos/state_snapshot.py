"""Snapshots of the state in Redis: the pool's at any moment, and every job's at the end. Written into the history."""

import contextlib
import time
from typing import Any, cast

from redis import Redis

from seriatim import recording_store
from seriatim.keys import job_prefix, ordered_stream, pool_prefix
from seriatim.servers.cluster_client import ClusterClient
from seriatim.stream_entries import End, decode
from tests.chaos.cluster import Cluster
from tests.chaos.history import Event
from tests.chaos.job_plans import USERS, VENOM_POOL
from tests.simulator import state_audit
from tests.simulator.scheduler import POOL, Violation
from tests.support.ttl_check import immortal_keys

PAUSE_MS = 3_000  #: no process writes for so long at most while the state is read; less than a lease
TRIES = 20  #: at reading the state within that time, where this process, or the server, does not get a turn
COUNTS = ("retries", "lost_messages", "given_up", "done", "restarts", "fence")
ENDED = ("done", "cancelled", "failed", "timed_out")


def accepted(events: list[Event]) -> list[str]:
    """All jobs that a client knows to be accepted."""
    return list(dict.fromkeys(event["job"] for event in events if event["e"] == "accepted"))


def books(stage: Cluster, events: list[Event]) -> None:
    """Read the pool's state while no process can write it, and note whether it agrees."""
    for _ in range(TRIES):
        found, whole = _read_paused(stage, events)
        if whole:
            with stage.system.redis as client:
                immortal = immortal_keys(client)
            stage.history.note("books", wrong=_wrong(found), immortal=immortal, **counts(found))
            return
    stage.history.note("broken", client="books", error=f"not read within {PAUSE_MS} ms, {TRIES} times")


def _read_paused(stage: Cluster, events: list[Event]) -> tuple[state_audit.Books, bool]:
    """The pool's state, and whether no process could write in between.

    Only reads may stand here: a script, even one that writes nothing, is not answered before the pause is over.
    """
    with stage.system.redis as system_client:
        client = _pool_client(system_client)
        began_s = time.monotonic()
        client.execute_command("CLIENT", "PAUSE", str(PAUSE_MS), "WRITE")
        try:
            running = [job.decode() for job in cast("list[bytes]", client.zrange(f"{pool_prefix(POOL)}:act", 0, -1))]
            mine = [job for job in accepted(events)[-200:] if client.exists(f"{pool_prefix(POOL)}:j:{job}")]
            found = state_audit.read(client, sorted({*running, *mine}), list(USERS))
            whole = time.monotonic() - began_s < PAUSE_MS / 1000
        finally:
            client.execute_command("CLIENT", "UNPAUSE")
    return found, whole


def _pool_client(client: "Redis") -> "Redis":
    """A client of the server that has all that is read of the pool."""
    return client.node(pool_prefix(POOL)) if isinstance(client, ClusterClient) else client


def counts(found: state_audit.Books) -> dict[str, float]:
    """What the history keeps of the books."""
    leases = len(found.zsets["lease"])
    return {name: found.number(name) for name in COUNTS} | {"infl": found.number("infl"), "leases": leases}


def _wrong(found: state_audit.Books) -> str:
    try:
        state_audit.check(found)
    except Violation as violation:
        return str(violation)[:2000]
    return ""


def running_jobs(client: "Redis", events: list[Event]) -> list[str]:
    """Jobs that have not ended: those that clients know, and those that only a pool knows."""
    known = accepted(events)
    pipe = client.pipeline(transaction=False)
    for job in known:
        pipe.hmget(f"{job_prefix(job)}:c:{job}", ["state", "drain", "stored_all"])
    rows = cast("list[list[bytes | None]]", pipe.execute())
    found = [
        job for job, row in zip(known, rows, strict=True) if row[0] == b"run" or (row[1] == b"store" and not row[2])
    ]
    for pool in (POOL, VENOM_POOL):
        found += [job.decode() for job in cast("list[bytes]", client.zrange(f"{pool_prefix(pool)}:act", 0, -1))]
    return sorted(set(found))


def left_behind(client: "Redis") -> dict[str, Any]:
    """What no pool may have when all is over."""
    found: dict[str, Any] = {}
    for pool in (POOL, VENOM_POOL):
        prefix = pool_prefix(pool)
        for name in ("lease", "outbox", "todo", "act", "delay", "shut", "tag:L", "tag:B"):
            members = client.zrange(f"{prefix}:{name}", 0, 9)
            found |= {f"{pool}:{name}": str(members)} if members else {}
        for name in ("infl", "jobs", "demand"):
            number = float(cast("bytes | None", client.hget(f"{prefix}:m", name)) or 0)
            found |= {f"{pool}:m:{name}": number} if number else {}
    return found


def wait_for_the_end(stage: Cluster, events: list[Event], patience_s: float) -> list[str]:
    """Wait until every job has ended and no step is left to be made; returns the jobs that have not."""
    until_s = time.monotonic() + patience_s
    with stage.system.redis as client:
        while time.monotonic() < until_s:
            running = running_jobs(client, events)
            if not running and not left_behind(client):
                return []
            time.sleep(0.2)
        return running_jobs(client, events)


def everything(stage: Cluster, events: list[Event], running: list[str]) -> None:
    """Write down how every job ended, and what is left."""
    with stage.system.redis as client:
        for job in accepted(events):
            stage.history.note("final", **_job(stage, client, job))
        stage.history.note("left_behind", running=running, immortal=immortal_keys(client), **left_behind(client))


def _job(stage: Cluster, client: "Redis", job: str) -> dict[str, Any]:
    slot = cast("dict[bytes, bytes]", client.hgetall(f"{job_prefix(job)}:c:{job}"))
    rows = cast("list[Any]", client.xrange(ordered_stream(job)))
    entries: list[Any] = [decode(entry_id, fields) for entry_id, fields in rows]
    if slot.get(b"drain") == b"store":
        with contextlib.suppress(OSError):
            entries = list(recording_store.events(stage.system.folder / "store", job))
    ends = [entry for entry in entries if isinstance(entry, End)]
    return {
        "job": job, "state": slot.get(b"state", b"").decode(), "reason": slot.get(b"reason", b"").decode(),
        "ends": len(ends), "last": bool(ends) and entries[-1] is ends[-1],
        "said": [(end.state, end.n_bytes, end.n_sentences) for end in ends],
    }  # fmt: skip
