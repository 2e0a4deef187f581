"""The log of a reader: what one client hears of one job, written as it comes, so that another client can go on."""

from dataclasses import dataclass, field

from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, SentenceStart
from tests.chaos.history import Event, History, fingerprint, now_s

TOGETHER_S = 0.03  #: sound that comes within so long is one event


@dataclass(slots=True)
class Ear:
    """Takes entries in the order in which they come. What was not written down yet was not heard."""

    job: str
    history: History
    position: str = "0-0"  #: of the last entry that is written down
    seq: int = -1
    have: int = 0  #: bytes of sentence `seq`
    n_bytes: int = 0  #: of the job, from the first on
    end: tuple[str, str] | None = None  #: the job's state and reason, if an earlier reader heard the end
    _last: str = ""  #: position of the last entry that was taken
    _sound: bytearray = field(default_factory=bytearray)
    _since_s: float = 0.0  #: when the first of `_sound` came
    _noted_s: float = 0.0

    def take(self, entry: Entry) -> None:
        """Hear an entry."""
        if isinstance(entry, Audio):
            self._hear(entry)
        else:
            self.flush()
            self._mark(entry)
        self._last = str(entry.position)
        if not self._sound or now_s() - self._noted_s > TOGETHER_S:
            self.flush()

    def flush(self) -> None:
        """Write down what was heard."""
        if self._sound:
            start = self.have - len(self._sound)
            self.history.note(
                "heard", job=self.job, seq=self.seq, at=start, n=len(self._sound), sha=fingerprint(bytes(self._sound)),
                zero=not any(self._sound), s=self._since_s, id=self._last,
            )  # fmt: skip
            self._sound.clear()
            self._noted_s = now_s()
        self.position = self._last or self.position

    def _hear(self, entry: Audio) -> None:
        start = entry.position.offset - len(entry.pcm)
        if start != self.have or entry.seq != self.seq:  # the checker says whether that may be
            self.flush()
            self.history.note("jump", job=self.job, seq=entry.seq, at=start, had=[self.seq, self.have])
            self.seq = entry.seq
        new = entry.pcm[self.have - start :] if start < self.have else entry.pcm
        if self._sound and any(self._sound) != any(new):  # silence in place of what is missing is distinguished
            self.flush()
        if new:
            self._since_s = self._since_s if self._sound else now_s()
            self._sound += new
            self.have = entry.position.offset
            self.n_bytes += len(new)

    def _mark(self, entry: SentenceStart | Gap | Discontinuity | End) -> None:
        if isinstance(entry, SentenceStart):
            self.seq, self.have = entry.seq, 0
            facts = {"kind": "sentence", "seq": entry.seq, "at": entry.at, "text": entry.text}
        elif isinstance(entry, Gap):
            facts = {"kind": "gap", "seq": entry.seq, "at": entry.offset, "reason": entry.reason}
        elif isinstance(entry, Discontinuity):
            facts = {"kind": "discontinuity", "seq": entry.seq, "at": entry.offset}
        else:
            facts = {"kind": "end", "state": entry.state, "at": entry.n_bytes, "reason": entry.reason}
        self.history.note("mark", job=self.job, id=str(entry.position), **facts)


def resumed(job: str, history: History, events: list[Event]) -> Ear:
    """An ear that goes on where another one's `events` of the job end."""
    ear = Ear(job, history)
    for event in events:
        ear.position = event.get("id", ear.position)
        if event["e"] == "heard":
            ear.seq, ear.have, ear.n_bytes = event["seq"], event["at"] + event["n"], ear.n_bytes + event["n"]
        elif event["e"] == "mark" and event["kind"] == "sentence":
            ear.seq, ear.have = event["seq"], 0
        elif event["e"] == "mark" and event["kind"] == "end":
            ear.end = event["state"], event["reason"]
    return ear
