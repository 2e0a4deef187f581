"""Verdicts on jobs, by their events: bytes, order, marks, one end."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from seriatim.records import DrainMode, GapPolicy
from tests.chaos.client import CANCELLED
from tests.chaos.history import Event, fingerprint
from tests.chaos.job_plans import ChaosPlan, truth

LOST, TWICE, ORDER, FOREIGN, END, GAP = "lost", "twice", "out of order", "foreign", "end", "gap"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A promise that was not kept."""

    kind: str
    job: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: job {self.job}: {self.what}"


@dataclass(slots=True)
class HeardJob:
    """One job as it was heard, event by event."""

    job: str
    plan: ChaosPlan
    shaken: bool  #: the server may have lost some of what was acknowledged while the job ran
    seq: int = -1
    have: int = 0
    n_bytes: int = 0
    gap: bool = False  #: of sentence `seq`
    ends: list[Event] = field(default_factory=list)

    def take(self, event: Event) -> Iterator[Wrong]:
        """The next event of the job."""
        kind = event["kind"] if event["e"] == "mark" else event["e"]
        test = {
            "sentence": self._sentence, "heard": self._on_audio, "jump": self._jump, "gap": self._gap,
            "discontinuity": self._discontinuity,
        }.get(kind)  # fmt: skip
        if event["e"] == "end":
            self.ends.append(event)
            yield from self._whole()
        elif test:
            yield from test(event)

    def _wrong(self, kind: str, what: str) -> Wrong:
        return Wrong(kind, self.job, f"sentence {self.seq} at {self.have}: {what} ({self.plan.key}, {self.plan.style})")

    def _sentence(self, event: Event) -> Iterator[Wrong]:
        if event["seq"] == self.seq and self.have == 0:  # written down by one that was killed, and again by the next
            return
        yield from self._whole()
        if event["seq"] != self.seq + 1:
            yield self._wrong(ORDER, f"sentence {event['seq']} follows")
        if event["at"] != self.n_bytes:
            yield self._wrong(LOST if event["at"] > self.n_bytes else TWICE, f"{event['at']} follows {self.n_bytes}")
        self.seq, self.have, self.gap = event["seq"], 0, False
        if self.seq >= len(self.plan.texts) or event["text"] not in (self.plan.texts[self.seq], ""):
            yield self._wrong(FOREIGN, f"its text is {event['text']!r}")

    def _whole(self) -> Iterator[Wrong]:
        """Is the sentence that was heard last complete?"""
        if 0 <= self.seq < len(self.plan.texts) and not self._stopped_early():
            length = len(truth(self.plan, self.seq))
            if not self.gap and self.have < length:
                yield self._wrong(LOST, f"it has {length} bytes")

    def _stopped_early(self) -> bool:
        return bool(self.ends) and self.ends[-1]["state"] != "done"

    def _on_audio(self, event: Event) -> Iterator[Wrong]:
        at, n = event["at"], event["n"]
        if event["seq"] != self.seq or at != self.have:
            behind = (event["seq"], at) < (self.seq, self.have)
            yield self._wrong(TWICE if behind else LOST, f"bytes {at} of sentence {event['seq']} follow")
        self.have = at + n
        self.n_bytes += n
        yield from self._true(event)

    def _true(self, event: Event) -> Iterator[Wrong]:
        if not 0 <= self.seq < len(self.plan.texts):
            return
        sound, at, n = truth(self.plan, self.seq), event["at"], event["n"]
        poisoned = self.plan.poisoned(self.seq)
        if fingerprint(sound[at : at + n]) == event["sha"] or (poisoned and event["zero"]):
            return
        if not self.plan.varies(self.seq):
            yield self._wrong(FOREIGN, f"bytes {at} to {at + n} are others than without faults")
        elif at + n > len(sound):
            yield self._wrong(FOREIGN, f"bytes up to {at + n} of {len(sound)}")

    def _jump(self, event: Event) -> Iterator[Wrong]:
        seq, have = event["had"]
        if (event["seq"], event["at"]) > (seq, have):
            yield self._wrong(LOST, f"bytes {event['at']} of sentence {event['seq']} came")
        elif not self.shaken:  # a server that lost some of its log may say again what a reader has
            yield self._wrong(TWICE, f"bytes {event['at']} of sentence {event['seq']} came")

    def _gap(self, event: Event) -> Iterator[Wrong]:
        self.gap = True
        if not self.plan.poisoned(event["seq"]) or self.plan.gap is GapPolicy.FAIL:
            yield self._wrong(GAP, f"a gap for no cause: {event['reason']}")

    def _discontinuity(self, event: Event) -> Iterator[Wrong]:
        if not self.plan.varies(event["seq"]):
            yield self._wrong(GAP, f"a discontinuity at {event['at']} for no cause")


def of_the_end(job_log: HeardJob, events: list[Event], final: Event | None) -> Iterator[Wrong]:
    """Did the job end once, as its plan and those who touched it say, and as its slot says?"""
    plan, job = job_log.plan, job_log.job
    states = {event["state"] for event in job_log.ends}
    vanished = any(event["e"] == "vanished" for event in events)
    if len(states) > 1:
        yield Wrong(END, job, f"its readers heard {states}")
    if not states and not vanished and not job_log.shaken:
        yield Wrong(END, job, f"no reader heard its end ({plan.key}, {plan.style})")
    if states:
        yield from _true_end(job_log, events, job_log.ends[0])
    if final is not None:
        yield from _of_the_slot(job_log, final, states)


def _true_end(job_log: HeardJob, events: list[Event], end: Event) -> Iterator[Wrong]:
    plan, state, reason = job_log.plan, end["state"], end["reason"]
    wrong = Wrong(END, job_log.job, f"{state} ({reason}), {plan.key}, {plan.style}")
    if state == "done":
        n_sent = max((event["n"] for event in events if event["e"] in ("said", "closed")), default=0)
        expected = n_sent if plan.written else len(plan.texts)
        if job_log.seq + 1 < expected and not job_log.shaken:
            yield Wrong(LOST, job_log.job, f"done after {job_log.seq + 1} of {expected} sentences ({plan.key})")
        if plan.gap is GapPolicy.FAIL and any(plan.poisoned(seq) for seq in range(len(plan.texts))):
            yield wrong
    elif state == "cancelled":
        cancelled = any(event["e"] == "cancelling" for event in events) and reason == CANCELLED
        lost = reason.startswith("the server lost") and job_log.shaken
        gone = plan.style == "vanishes" and reason.startswith("no reader")  # its client was killed before it vanished
        if not (cancelled or lost or gone):
            yield wrong
    elif not (plan.gap is GapPolicy.FAIL and any(map(plan.poisoned, range(len(plan.texts))))):
        yield wrong


def _of_the_slot(job_log: HeardJob, final: Event, states: set[str]) -> Iterator[Wrong]:
    job, plan = job_log.job, job_log.plan
    if not final["state"]:
        if not job_log.shaken:
            yield Wrong(LOST, job, f"accepted, and its slot is gone ({plan.key})")
        return
    if final["ends"] != 1 or not final["last"]:
        yield Wrong(END, job, f"{final['ends']} terminal entries: {final['said']} ({plan.key}, {plan.drain})")
    if states and final["state"] not in states and not job_log.shaken:
        yield Wrong(END, job, f"readers heard {states}, its slot says {final['state']}: {final['reason']}")
    gone = plan.style == "vanishes" and plan.drain is DrainMode.WINDOW and final["reason"].startswith("no reader")
    if not states and final["state"] != "done" and not (gone or job_log.shaken):
        yield Wrong(END, job, f"{final['state']}: {final['reason']} ({plan.key}, {plan.style})")
