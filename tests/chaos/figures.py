"""Figures of a history: how much was killed, and how long listeners heard nothing afterwards."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.chaos.history import Event
from tests.chaos.job_plans import EAGER, ChaosPlan
from tests.support.expected_audio import RATE_HZ

FLOWING_S = 1.0  #: a listener that heard something so lately is in the middle of hearing
TARGET_P95_S = {
    "worker": 4.0, "reassembler": 1.0, "redis": 5.0, "failover": 8.0, "slots": 8.0, "broker": 8.0,
}  # fmt: skip
SILENT = ("none", *TARGET_P95_S)
OF_TOPOLOGIES = ("failover", "slots", "broker")  #: a line of the table only where they happened


@dataclass(frozen=True, slots=True)
class Silence:
    """Times for which listeners waited for the next byte after a kill."""

    component: str
    seconds: float
    alone: bool  #: nothing else failed meanwhile


def silences(events: list[Event]) -> list[Silence]:
    """One for each kill and each eager listener whose job it touched."""
    listeners = _listeners(events)
    faults = sorted(event["t"] for event in events if event["e"] == "fault")
    answers = sorted(event["t"] for event in events if event["e"] == "answers")
    found: list[Silence] = []
    for event in events:
        if event["e"] != "kill" or event.get("signal") not in ("SIGKILL", "none"):
            continue
        component = _component(event)
        at_s = event["t"]
        since_s = next(iter(answers[bisect_left(answers, at_s) :]), at_s) if component == "redis" else at_s
        for times_s in _touched(event, component, listeners):
            next_s = next(iter(times_s[bisect_left(times_s, since_s) :]), None)
            if next_s is not None and component in SILENT:
                found.append(Silence(component, next_s - since_s, _alone(faults, at_s, next_s)))
    return found


def _component(kill: Event) -> str:
    """What was killed, as the table names it. A failover counts from the kill, and not from the first answer."""
    if kill["component"] == "supervisor":
        return "worker"
    return "failover" if kill.get("failover") else str(kill["component"])


def _touched(event: Event, component: str, listeners: Mapping[str, list[float]]) -> Iterator[list[float]]:
    if component == "worker":
        yield from (listeners[job] for job in event.get("jobs", ()) if job in listeners)
        return
    for times_s in listeners.values():
        before = bisect_left(times_s, event["t"])
        if 0 < before < len(times_s) and event["t"] - times_s[before - 1] < FLOWING_S:
            yield times_s


def _listeners(events: list[Event]) -> dict[str, list[float]]:
    """When each eager listener heard something, by job."""
    plans = {e["plan"]["key"]: ChaosPlan.from_event(e["plan"]) for e in events if e["e"] == "wanted"}
    eager = {e["job"] for e in events if e["e"] == "accepted" and plans[e["key"]].style in EAGER}
    times_s: dict[str, list[float]] = {}
    for event in events:
        if event["e"] == "heard" and event["job"] in eager:
            times_s.setdefault(event["job"], []).append(event["s"])
    return {job: sorted(times) for job, times in times_s.items()}


def _alone(faults_s: list[float], at_s: float, until_s: float) -> bool:
    """Did no other fault begin within the second before, or until the next byte? Its own began right before it."""
    mine = bisect_left(faults_s, at_s) - 1
    before = faults_s[mine - 1] if mine > 0 else -1e9
    after = faults_s[mine + 1] if mine + 1 < len(faults_s) else 1e18
    return before < at_s - FLOWING_S and after > until_s


def quantile(values: list[float], share: float) -> float:
    """The nearest-rank quantile."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def summary(events: list[Event], wrong: Counter[str]) -> dict[str, object]:
    """All figures, for machines."""
    pieces = [event for event in events if event["e"] == "heard"]
    ends = Counter(event["state"] for event in {e["job"]: e for e in events if e["e"] == "end"}.values())
    return {
        "wrong": dict(wrong),
        "jobs": dict(ends),
        "audio_s": round(sum(event["n"] for event in pieces) / 2 / RATE_HZ, 1),
        "seconds": round(events[-1]["t"] - events[0]["t"], 1),
        "kills": _kills(events),
        "faults": dict(Counter(event["name"] for event in events if event["e"] == "fault").most_common()),
        "skipped": {event["name"]: event["why"] for event in events if event["e"] == "skipped"},
        "books_read": sum(event["e"] == "books" for event in events),
        "silence_s": {name: _row(events, name) for name in SILENT},
        "rival": next((event for event in events if event["e"] == "rival"), None),
        "calm": next((_cost(event) for event in events if event["e"] == "calm"), None),
    }


def _kills(events: list[Event]) -> dict[str, int]:
    kills = [e for e in events if e["e"] == "kill" and e.get("signal") in ("SIGKILL", "by itself")]
    return dict(Counter(event["component"] for event in kills if event.get("reached", True)).most_common())


def _row(events: list[Event], component: str) -> dict[str, float]:
    mine = [silence for silence in silences(events) if silence.component == component]
    alone = [silence.seconds for silence in mine if silence.alone]
    row: dict[str, float] = {"n": len(mine), "alone": len(alone)}
    for name, values in (("", [silence.seconds for silence in mine]), ("alone_", alone)):
        if values:
            row |= {f"{name}p50": round(quantile(values, 0.5), 3), f"{name}p95": round(quantile(values, 0.95), 3)}
    return row


def _cost(calm: Event) -> dict[str, object]:
    cost, wall_us = calm["cost_us"], calm["wall_s"] * 1e6
    done = max(1, calm["done"])
    shares = {name: round(us / wall_us, 5) for name, us in cost.items()}
    return {"sentences": calm["done"], "again": calm["retries"], "us_a_sentence": round(sum(cost.values()) / done),
            "share_of_the_server": shares}  # fmt: skip


def table(events: list[Event], wrong: Counter[str]) -> str:
    """All figures, for people."""
    facts = summary(events, wrong)
    lines = [
        ", ".join(f"{wrong[kind]} {kind}" for kind in ("lost", "twice", "out of order", "foreign"))
        + f"; {sum(wrong.values())} violations in all",
        f"{facts['seconds']} s, jobs {facts['jobs']}, {facts['audio_s']} s of audio",
        f"books read {facts['books_read']} times",
        f"kills: {facts['kills']}",
        f"faults: {facts['faults']}",
        "from kill to next byte heard, s           n     p50     p95   alone     p50     p95  target p95",
    ]
    rows = {name: _row(events, name) for name in SILENT}
    lines += [_line(name, row) for name, row in rows.items() if row["n"] or name not in OF_TOPOLOGIES]
    if facts["calm"]:
        lines.append(f"while nothing failed: {facts['calm']}")
    lines += [
        f"plain Celery beside it, {e['kills']} kills of its own: of {e['published']} tasks {e['lost']} never ran, "
        f"{e['twice']} ran more than once"
        for e in events
        if e["e"] == "rival"
    ]
    lines += [f"not inflicted: {e['name']}: {e['why']}" for e in events if e["e"] == "skipped"]
    return "\n".join(lines)


def _line(name: str, row: dict[str, float]) -> str:
    def number(key: str) -> str:
        return f"{row[key]:8.3f}" if key in row else "       -"

    target = f"{TARGET_P95_S[name]:12.1f}" if name in TARGET_P95_S else ""
    return (
        f"  {name:34} {row['n']:7.0f}{number('p50')}{number('p95')} {row['alone']:7.0f}"
        f"{number('alone_p50')}{number('alone_p95')}{target}"
    )
