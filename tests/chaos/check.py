"""The checker: proves from a history alone what may be proven. `python -m tests.chaos.check HISTORY`."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.figures import table
from tests.chaos.history import Event, read
from tests.chaos.job_plans import ChaosPlan
from tests.chaos.job_verdicts import END, LOST, TWICE, HeardJob, Wrong, of_the_end

LOSS_S = 3.0  #: what is acknowledged so shortly before a server loses the end of its log is not promised
BOOKS, KEYS, CLIENTS = "books", "keys", "clients"


@dataclass(slots=True)
class Case:
    """A history, sorted by what it is about."""

    events: list[Event]
    plans: dict[str, ChaosPlan] = field(init=False)  #: by key
    keys: dict[str, list[str]] = field(init=False)  #: key -> the jobs that stood behind it
    of_job: dict[str, list[Event]] = field(init=False)
    losses: list[float] = field(init=False)  #: times at which a server lost some of its log

    def __post_init__(self) -> None:
        self.plans = {e["plan"]["key"]: ChaosPlan.from_event(e["plan"]) for e in self.events if e["e"] == "wanted"}
        self.keys, self.of_job = {}, {}
        for event in self.events:
            if event["e"] == "accepted":
                jobs = self.keys.setdefault(event["key"], [])
                jobs += [event["job"]] if event["job"] not in jobs else []
            if "job" in event:
                self.of_job.setdefault(event["job"], []).append(event)
        self.losses = list(_losses(self.events))

    def shaken(self, job: str) -> bool:
        """Did the server lose some of its log while the job ran, or right after something was acknowledged to it?"""
        of_it = self.of_job[job]
        return any(of_it[0]["t"] - 0.5 <= at_s <= of_it[-1]["t"] + LOSS_S for at_s in self.losses)


def _losses(events: list[Event]) -> Iterator[float]:
    loses = False
    for event in events:
        if event["e"] == "fault":
            loses = event["loses"]
        elif event["e"] == "kill" and event["component"] == "redis" and loses:
            yield event["t"]


def check(events: list[Event]) -> list[Wrong]:
    """Everything that is wrong with a run."""
    case = Case(events)
    return [*_jobs(case), *_keys_of_callers(case), *_clients(case), *_books(case), *_leftovers(case), *_calm(case)]


def _jobs(case: Case) -> Iterator[Wrong]:
    finals = {event["job"]: event for event in case.events if event["e"] == "final"}
    for key, jobs in case.keys.items():
        for job in jobs:
            job_log = HeardJob(job, case.plans[key], case.shaken(job))
            for event in case.of_job[job]:
                yield from job_log.take(event)
            yield from of_the_end(job_log, case.of_job[job], finals.get(job))


def _keys_of_callers(case: Case) -> Iterator[Wrong]:
    for key, jobs in case.keys.items():
        if len(jobs) > 1 and not any(case.shaken(job) for job in jobs):
            yield Wrong(TWICE, jobs[-1], f"behind the key {key!r} stand {jobs}")
    over = {event["key"] for event in case.events if event["e"] == "over"}
    for key, plan in case.plans.items():
        if key not in over and not (plan.written and key not in case.keys):  # a job that was not opened is unknown
            yield Wrong(END, ",".join(case.keys.get(key, ["-"])), f"no reader saw {key!r} to its end ({plan.style})")


def _clients(case: Case) -> Iterator[Wrong]:
    for event in case.events:
        if event["e"] == "missing" and not case.shaken(event["job"]):
            yield Wrong(LOST, event["job"], f"{event['error']} ({event['key']}, {case.plans[event['key']].style})")
        elif event["e"] in ("broken", "accepted_position"):
            yield Wrong(CLIENTS, event.get("job", "-"), str(event))
        elif event["e"] == "left" and event["status"] != 0:
            yield Wrong(CLIENTS, "-", f"{event['role']} left with status {event['status']}")


def _books(case: Case) -> Iterator[Wrong]:
    fence, fence_s = 0.0, 0.0
    for event in case.events:
        if event["e"] != "books":
            continue
        if event["wrong"]:
            yield Wrong(BOOKS, "-", f"after {event['t'] - case.events[0]['t']:.1f} s: {event['wrong']}")
        if event["infl"] != event["leases"]:
            yield Wrong(BOOKS, "-", f"{event['infl']} in flight, {event['leases']} leases")
        if event["fence"] < fence and not any(fence_s - 0.5 <= at_s <= event["t"] for at_s in case.losses):
            yield Wrong(BOOKS, "-", f"the fence fell from {fence} to {event['fence']}")
        fence, fence_s = event["fence"], event["t"]
        if event["immortal"]:
            yield Wrong(KEYS, "-", f"without a life: {event['immortal']}")


def _leftovers(case: Case) -> Iterator[Wrong]:
    left = [event for event in case.events if event["e"] == "left_behind"]
    if not left:
        yield Wrong(END, "-", "the history stops before the end of its run")
    for event in left:
        for job in event["running"]:
            yield Wrong(END, job, "it has not ended, and nothing fails any more")
        if event["immortal"]:
            yield Wrong(KEYS, "-", f"without a life: {event['immortal']}")
        for name in event.keys() - {"e", "t", "running", "immortal"}:
            yield Wrong(BOOKS, "-", f"left in {name}: {event[name]}")


def _calm(case: Case) -> Iterator[Wrong]:
    for event in case.events:
        if event["e"] == "calm" and (event["retries"] or event["lost_messages"] or event["given_up"]):
            yield Wrong(TWICE, "-", f"nothing failed, and yet: {event}")


def verdict(events: list[Event]) -> tuple[str, bool]:
    """The whole report, and whether every promise was kept."""
    wrong = check(events)
    kinds = Counter(each.kind for each in wrong)
    lines = [table(events, kinds)]
    lines += [str(each) for each in wrong[:40]]
    lines += [f"and {len(wrong) - 40} more"] if len(wrong) > 40 else []
    return "\n".join(lines), not wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Check a saved history; 1 if something is wrong."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m tests.chaos.check HISTORY\n")
        return 2
    report, fine = verdict(read(Path(arguments[0])))
    sys.stdout.write(report + "\n")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
