"""Views of the pool's model and of the server as the same plain shape, so that a difference names its place."""

import math
from collections.abc import Mapping
from typing import Any

from seriatim.user_limits import UserLimits
from tests.scripts.pool_machine.pool_state import BATCH, LIVE, RANK, Pool, PoolJob, PoolWorker, eligible

CLASSES = (LIVE, BATCH)
COUNTS = (
    "V_L", "V_B", "E_L", "E_B", "theta", "rtf", "cost", "credit", "infl", "demand", "jobs", "sentences", "slots",
    "held", "slack", "ahead", "now", "off", "fence", "kept", "stay", "places",
    "silence", "silences", "handovers_left", "late", "late_at",
)  # fmt: skip
UNSET = {
    "quiet": 0,
    "ceiling": -1,
    "reported": -1,
    "reported_at": 0,
    "left": 0,
    "tried": 0,
    "requests_minute": -1,
    "requests_due": 0,
    "characters_minute": -1,
    "characters_due": 0,
}  #: limits of the governor
ZSETS = ("lease", "outbox", "todo", "delay", "act", "line", "ends", "shut", "resumes", "standby")
JOB_FIELDS = (
    "n", "next", "live", "infl", "dispatched", "acked", "t0", "closed", "producer", "priority", "rate", "seen", "ready",
)  # fmt: skip


def of_model(pool: Pool) -> dict[str, Any]:
    """What the server should hold."""
    return {
        "counts": _counts(pool),
        "tags": {kind: {n: u.tag[kind] for n, u in pool.users.items() if kind in u.tag} for kind in CLASSES},
        "eligible": {kind: eligible(pool, kind) for kind in CLASSES},
        "ranks": {n: job.rank for n, job in pool.running.items() if job.due is not None},
        "users": {name: _user(pool, name) for name in pool.users if pool.of(name)},
        "jobs": {name: _job(pool, job) for name, job in pool.jobs.items()},
        "sentences": {n: _sentences(job) for n, job in pool.jobs.items() if job.unfinished},
        "retries": {n: {str(seq): at for seq, at in j.retries.items()} for n, j in pool.jobs.items() if j.retries},
        "workers": {n: _worker(w) for n, w in pool.workers.items()}, "fingerprint": pool.fingerprint,
        "dead at": {n: w.dead_at for n, w in pool.workers.items()},
        "speaking": {n: dict(w.speaking) for n, w in pool.workers.items() if w.speaking},
        "lease": pool.lease, "outbox": pool.outbox, "todo": pool.todo, "delay": pool.delay, "act": pool.act,
        "standby": pool.standby,
        "slot entries": {n: [entry.encode() for entry in entries] for n, entries in pool.slot_entries.items()},
        "resumes": pool.resumes, "line": pool.line, "ends": pool.ends, "held": pool.held, "shut": pool.shut,
        "own": {n: s for n, s in pool.own.items() if s},
        "numbers": {name: n for name, n in pool.numbers.items() if n},
        "dead": set(pool.dead), "limits": _limits_of(pool),
        "tried": [f"{job}|{failed:d}".encode() for job, failed in pool.tried],
        "spent": {f"{day}:{user}": n for (day, user), n in pool.spent.items()},
        "handed": {f"{owner} {entry}": away for (owner, entry), away in pool.handed.items()},
    }  # fmt: skip


def _limits_of(pool: Pool) -> dict[str, float]:
    known = pool.learned
    limits = {"allowed": -1 if pool.allowed is None else pool.allowed, "paused": pool.paused, "quiet": pool.quiet}
    limits |= {"ceiling": -1 if pool.ceiling is None else pool.ceiling}
    limits |= {"reported": -1 if pool.reported is None else pool.reported, "reported_at": pool.reported_at}
    for name in ("requests", "characters"):
        limits[f"{name}_minute"] = pool.per_minute.get(name, -1)
        limits[f"{name}_due"] = pool.due.get(name, 0)
    limits["rates"] = bool(pool.per_minute)
    limits |= {"left": pool.left, "metered": pool.metered, "tried": pool.tried_since}
    if known is None:
        return limits
    return limits | {
        "level": known.level, "since": known.since, "raised": known.raised, "pace": known.pace, "calm": known.calm,
        "climbing": known.climbing, "proved": known.proved,
    }  # fmt: skip


def _counts(pool: Pool) -> dict[str, float]:
    virtual = {f"V_{kind}": pool.V[kind] for kind in CLASSES} | {f"E_{kind}": pool.E[kind] for kind in CLASSES}
    known = {"theta": pool.theta or 0, "rtf": pool.rtf or 0, "cost": pool.cost or 0, "credit": pool.credit}
    counted = {"infl": pool.in_flight(), "demand": pool.demand, "jobs": len(pool.running)} | {
        "sentences": sum(job.live for job in pool.running.values()), "held": pool.taken - pool.demand,
        "kept": pool.kept, "stay": pool.stay or 0, "places": pool.places,
    }  # fmt: skip
    counted |= {
        "late": pool.late,
        "late_at": pool.late_at,
        "silence": pool.silence,
        "silences": pool.silences,
        "handovers_left": pool.handovers_left,
    }
    room = {"slots": pool.slots, "slack": pool.slack if pool.slots else 0, "ahead": pool.ahead}
    return virtual | known | counted | room | {"now": pool.now or 0, "off": pool.offset, "fence": pool.fence}


def _worker(w: PoolWorker) -> dict[str, Any]:
    return {
        "slots": w.slots, "until": w.until, "alone": w.alone, "fingerprint": w.fingerprint, "since": w.since,
        "waiting": frozenset(w.waiting),
    }  # fmt: skip


def _user(pool: Pool, name: str) -> dict[str, float]:
    theirs, user = pool.of(name), pool.users[name]
    finish = {f"F_{kind}": user.finish[kind] for kind in CLASSES if kind not in user.tag}
    return finish | {
        "jobs": len(theirs), "infl": pool.in_flight(theirs), "queued": sum(job.waiting_ms for job in theirs),
        "weight": user.weight, "cap_infl": -1 if user.cap is None else user.cap,
        "cap_chars": -1 if user.budget is None else user.budget,
    }  # fmt: skip


def _job(pool: Pool, job: PoolJob) -> dict[str, Any]:
    if job.state != "run":
        return {"state": job.state, "reason": job.reason}
    return {
        "state": "run", "n": len(job.estimates), "next": job.next, "live": job.live, "infl": pool.in_flight([job]),
        "dispatched": job.dispatched, "acked": job.acked, "t0": job.t0, "closed": job.closed, "producer": job.producer,
        "priority": job.priority, "rate": job.rate, "seen": job.seen, "texts": job.live,
        "ready": -1 if job.ready is None else job.ready,
    }  # fmt: skip


def _sentences(job: PoolJob) -> dict[str, tuple[Any, ...]]:
    return {
        str(seq): (
            s.state, s.attempt, s.failures, s.cost, s.ms, s.position, s.at, s.slot_at, s.suspect, s.owner,
            -1 if s.spent is None else s.spent,
        )
        for seq, s in job.unfinished.items()
    }  # fmt: skip


def of_server(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the server holds, from `contents`."""
    m = found.get(":m", {})
    zsets = {name: found.get(f":{name}", {}) for name in ZSETS}
    held = {name.partition("|")[0]: at for name, at in found.get(":held", {}).items()}
    return zsets | {
        "held": held,
        "counts": {name: float(m.get(name, name in {"kept", "late"})) for name in COUNTS},
        "numbers": {name: int(n) for name, n in found.get(":n", {}).items() if name != "t" and int(n)},
        "own": {user: _limits(found) for user, found in _under(found, ":set:")},
        "tags": {kind: found.get(f":tag:{kind}", {}) for kind in CLASSES},
        "eligible": {kind: found.get(f":elig:{kind}", {}) for kind in CLASSES},
        "ranks": {job: rank for key, queue in _under(found, ":uq:") for job, rank in queue.items()},
        "users": {name: _user_hash(found, name, u) for name, u in _under(found, ":u:") if int(u.get("jobs", 0))},
        "jobs": {name: _job_hash(found, name, h) for name, h in _under(found, ":j:")},
        "sentences": {name: {seq: _packed(s) for seq, s in h.items()} for name, h in _under(found, ":js:")},
        "retries": dict(_under(found, ":jr:")),
        "slot entries": {slot: [_without_text(e) for e in entries] for slot, entries in _under(found, ":standby:")},
        "workers": {name: _worker_hash(w) for name, w in _under(found, ":w:")},
        "fingerprint": m.get("fingerprint", ""),
        "dead at": found.get(":wk", {}),
        "speaking": {name: {n: int(a) for n, a in run.items()} for name, run in _under(found, ":run:")},
        "dead": set(found.get(":dead", {})),
        "tried": found.get(":tried", []),
        "spent": {f"{day}:{user}": int(n) for day, spent in _under(found, ":spent:") for user, n in spent.items()},
        "handed": {
            f"{owner} {entry}": _away(value) for owner, h in _under(found, ":handed:") for entry, value in h.items()
        },
        "limits": {name: float(n) for name, n in found.get(":lim", {}).items()}
        | {
            name: float(m.get(name, unset))
            for name, unset in (("allowed", -1), ("paused", 0), ("metered", 0), ("rates", 0))
        }
        | {name: float(found.get(":lim", {}).get(name, unset)) for name, unset in UNSET.items()},
    }


def _without_text(entry: bytes) -> bytes:
    """What a slot was given, without the job's spec and the sentence."""
    return b"\n".join(entry.split(b"\n")[:2])


def _away(value: str) -> tuple[int, float]:
    attempt, _, until = value.partition("|")
    return int(attempt), float(until)


def _limits(found: Mapping[str, str]) -> dict[str, float]:
    return UserLimits.from_script({name: float(value) for name, value in found.items()}).as_dict()


def _under(found: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    return [(key.removeprefix(prefix), content) for key, content in found.items() if key.startswith(prefix)]


def _user_hash(found: Mapping[str, Any], name: str, u: Mapping[str, str]) -> dict[str, float]:
    untagged = [kind for kind in CLASSES if name not in found.get(f":tag:{kind}", {})]
    finish = {f"F_{kind}": float(u.get(f"F_{kind}", 0)) for kind in untagged}
    counts = {field: float(u.get(field, 0)) for field in ("jobs", "infl", "queued", "weight")}
    return finish | counts | {name: float(u.get(name, -1)) for name in ("cap_infl", "cap_chars")}


def _job_hash(found: Mapping[str, Any], name: str, h: Mapping[str, str]) -> dict[str, Any]:
    if h["state"] != "run":
        return {"state": h["state"], "reason": h["reason"]}
    texts = len(found.get(f":jt:{name}", {}))
    return {"state": "run", "texts": texts} | {field: float(h.get(field, -1)) for field in JOB_FIELDS}


def _packed(s: str) -> tuple[Any, ...]:
    state, attempt, failures, cost, ms, position, at, suspect, owner = s.split(",", 8)
    since, slot_at, *spent = at.split("/")
    numbers = (int(attempt), int(failures), float(cost), int(ms), float(position), float(since), float(slot_at))
    return state, *numbers, int(suspect), owner, float(spent[0]) if spent else -1


def _worker_hash(w: Mapping[str, str]) -> dict[str, Any]:
    return {
        "slots": int(w["slots"]), "until": float(w.get("until", 0)), "alone": w.get("alone", ""),
        "fingerprint": w["fingerprint"], "since": float(w["since"]),
        "waiting": frozenset(field.removeprefix("waiting|") for field in w if field.startswith("waiting|")),
    }  # fmt: skip


def differences(want: Any, got: Any, path: str = "") -> list[str]:
    """Where two shapes differ. Numbers may differ in their last digits: the server adds in another order."""
    if isinstance(want, dict) and isinstance(got, dict):
        keys = sorted(want.keys() | got.keys())
        return [d for key in keys for d in differences(want.get(key), got.get(key), f"{path}/{key}")]
    if isinstance(want, tuple) and isinstance(got, tuple) and len(want) == len(got):
        return [d for i, pair in enumerate(zip(want, got, strict=True)) for d in differences(*pair, f"{path}[{i}]")]
    if isinstance(want, int | float) and isinstance(got, int | float):
        if math.isclose(want, got, rel_tol=1e-12, abs_tol=1e-6):
            return []
    elif want == got:
        return []
    return [f"{path}: the model says {want!r}, the server {got!r}"]


def invariants(seen: Mapping[str, Any]) -> list[str]:
    """What must hold whatever the model says; `seen` as `of_server` made it."""
    jobs = {n: j for n, j in seen["jobs"].items() if j["state"] == "run"}
    infl = seen["counts"]["infl"]
    leased = {name.rpartition("|")[0] for name in seen["lease"]}
    checks = {
        "in flight = leases": infl == len(seen["lease"]),
        "in flight = sum over users": infl == sum(user["infl"] for user in seen["users"].values()),
        "in flight = sum over jobs": infl == sum(job["infl"] for job in jobs.values()),
        "demand = sum of live rates": math.isclose(
            seen["counts"]["demand"], sum(job["rate"] for job in jobs.values()), abs_tol=1e-9
        ),
        "held are spoken": all(seen["jobs"].get(name, {}).get("state", "spoken") == "spoken" for name in seen["held"]),
        "leases are of running jobs": leased <= jobs.keys(),
        "eligible users have tags": all(seen["eligible"][k].keys() <= seen["tags"][k].keys() for k in CLASSES),
        "priorities never mix with deadlines": all(abs(rank) < 10 * RANK for rank in seen["ranks"].values()),
        "credit is bounded": seen["counts"]["credit"] >= 0,
    }
    return [name for name, holds in checks.items() if not holds]
