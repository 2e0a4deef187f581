"""A check of one listener's stream, entry by entry: order, contiguity, and that no byte is another's.

The bytes are checked against the takes that were spoken. Between two discontinuity markers a sentence comes from one
take; of an exact engine there is one take only, so that its bytes are those of a run without faults.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from seriatim.audio.pcm import part_beyond
from seriatim.records import GapPolicy
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, SentenceStart
from tests.simulator.fake_engine import Studio
from tests.simulator.plan import RATE_HZ, JobPlan
from tests.simulator.scheduler import Violation


@dataclass(slots=True)
class StreamCheck:
    """A listener's copy of a job."""

    job: str
    plan: JobPlan
    studio: Studio
    sentences: dict[int, bytearray] = field(default_factory=dict)
    cuts: dict[int, list[int]] = field(default_factory=dict)  #: seq -> byte offsets of discontinuities
    gaps: dict[int, str] = field(default_factory=dict)  #: seq -> reason
    end: End | None = None
    trimmed: bool = False  #: the job was cancelled, and its audio gone, before all of it was heard
    forgotten: bool = False  #: the server lost the tail of its log: the job may end once more, and otherwise
    loose: bool = (
        False  #: the server forgot what was heard, and the engine will not say it again: order alone is checked
    )

    @property
    def n_bytes(self) -> int:
        """Bytes of the job."""
        return sum(map(len, self.sentences.values()))

    def comes_again(self) -> bool:
        """Would a server that forgot it give the same? Not where takes differ, nor where a gap was put."""
        whole = all(self.studio.truth(self.plan, seq).startswith(bytes(have)) for seq, have in self.sentences.items())
        return self.plan.exact and not self.gaps and whole

    def take(self, entry: Entry) -> None:
        """The next entry; one that is known already changes nothing.

        Raises:
            Violation: it should not be there, or not like this.
        """
        if isinstance(entry, SentenceStart):
            self._start(entry)
        elif isinstance(entry, Audio):
            self._audio(entry)
        elif isinstance(entry, Discontinuity):
            self._cut(entry)
        elif isinstance(entry, Gap):
            self._gap(entry)
        else:
            self._end(entry)

    def _start(self, entry: SentenceStart) -> None:
        if entry.seq in self.sentences:
            return
        if entry.seq != len(self.sentences):
            self._wrong(f"sentence {entry.seq} begins behind {len(self.sentences) - 1}")
        if entry.seq:
            self.whole(entry.seq - 1)
        if entry.at != self.n_bytes and not self.loose:
            self._wrong(f"sentence {entry.seq} says that it begins at {entry.at}; {self.n_bytes} bytes were heard")
        if entry.text != f"{entry.seq}" or entry.rate_hz not in (RATE_HZ, 0):
            self._wrong(f"a sentence marker of another sentence: {entry}")
        self.sentences[entry.seq] = bytearray()

    def _audio(self, entry: Audio) -> None:
        if entry.seq not in self.sentences:
            self._wrong(f"sound of sentence {entry.seq} without its marker")
        have, end = self.sentences[entry.seq], entry.position.offset
        start = end - len(entry.pcm)
        if start > len(have):
            self._wrong(f"sentence {entry.seq}: bytes {len(have)} to {start} are missing")
        if self.forgotten and start < len(have) and not any(entry.pcm):
            self.loose = True  # the silence of a gap, in place of what the server forgot (`_gap`)
        if have[start:end] != entry.pcm[: len(have) - start] and not self.loose:
            self._wrong(f"sentence {entry.seq}: bytes {start} to {len(have)} were heard differently")
        have += part_beyond(entry.pcm, end, len(have)) if end > len(have) else b""
        self._consistent(entry.seq)

    def _cut(self, entry: Discontinuity) -> None:
        if entry.offset in self.cuts.setdefault(entry.seq, []):
            return
        have = self.sentences.get(entry.seq, b"")
        if entry.offset != len(have) and not self.loose:
            self._wrong(f"sentence {entry.seq}: a discontinuity at {entry.offset} of {len(have)} bytes")
        if self.plan.exact or self.plan.held:
            self._wrong(f"sentence {entry.seq}: a discontinuity where none can be")
        self.cuts[entry.seq].append(entry.offset)

    def _gap(self, entry: Gap) -> None:
        if self.plan.gap is GapPolicy.FAIL:
            self._wrong(f"sentence {entry.seq}: a gap in a job that allows none")
        have = len(self.sentences.get(entry.seq, b"-"))
        if self.forgotten and entry.offset < have:
            self.loose = True  # what the server forgot of a sentence that it gave up then does not come again
        if entry.offset != have and not self.loose:
            self._wrong(f"sentence {entry.seq}: a gap that says {entry.offset} bytes")
        self.gaps[entry.seq] = entry.reason

    def _end(self, entry: End) -> None:
        if self.end is not None and self.end != entry and not self.forgotten:
            self._wrong(f"ended twice: {self.end}, {entry}")
        self.end = entry
        if entry.state == "done" and entry.n_sentences != len(self.sentences):
            self._wrong(f"{entry.n_sentences} sentences are said to be done, {len(self.sentences)} were heard")
        ahead = (
            self.forgotten and entry.state != "done" and entry.n_bytes <= self.n_bytes
        )  # heard what the server forgot
        if entry.n_bytes != self.n_bytes and not self.loose and not ahead and not self.trimmed:
            self._wrong(f"{entry.n_bytes} bytes are said to be all, {self.n_bytes} were heard")
        if entry.state == "done" and entry.n_sentences:
            self.whole(entry.n_sentences - 1)

    def whole(self, seq: int) -> None:
        """Sentence `seq` is over: is it one whole take, or a marked gap?"""
        have = bytes(self.sentences[seq])
        if self.loose or seq in self.gaps:
            return
        takes = self.studio.of(self.plan, seq)
        if self.plan.exact:
            complete = have == self.studio.truth(self.plan, seq)
        else:
            begin = self._needed_cuts(seq, have, takes)
            complete = any(pcm[begin:] == have[begin:] for pcm in takes) or self._shortened(have, takes, begin)
        if not complete:
            self._wrong(f"sentence {seq} is over after {len(have)} bytes; its takes have {[len(t) for t in takes]}")

    def _needed_cuts(self, seq: int, have: bytes, takes: list[bytes]) -> int:
        """Is what lies on both sides of each cut really of two takes? Returns the last cut, 0 for none."""
        edges = [0, *self.cuts.get(seq, ()), len(have)]
        for start, cut, end in zip(edges, edges[1:], edges[2:], strict=False):
            several = (
                len(takes) > 1 and self.plan.varied
            )  # those of machines begin alike: no byte tells which was heard
            if cut < end and not several and any(pcm[start:end] == have[start:end] for pcm in takes):
                self._wrong(f"sentence {seq}: a discontinuity at {cut} in the midst of one take")
        return int(edges[-2])

    @staticmethod
    def _shortened(have: bytes, takes: list[bytes], begin: int) -> bool:
        """From `begin` on the beginning of a take, behind which a later and shorter one had nothing to add."""
        possible = [n for n, pcm in enumerate(takes) if pcm[begin : len(have)] == have[begin:]]
        return any(len(later) <= len(have) for n in possible for later in takes[n + 1 :])

    def _consistent(self, seq: int) -> None:
        """Between two cuts, one take; a given-up sentence may end in silence."""
        have, takes = bytes(self.sentences[seq]), [*self.studio.of(self.plan, seq), b""]
        edges = [0, *self.cuts.get(seq, ()), len(have)]
        for start, end in pairwise(edges):
            last = end == len(have)
            if not self.loose and not any(self._matches(have, pcm, start, end, last) for pcm in takes):
                self._wrong(f"sentence {seq}: bytes {start} to {end} are of no single take")

    def _matches(self, have: bytes, pcm: bytes, start: int, end: int, last: bool) -> bool:
        kept = have[start:end]
        if last and self.plan.gap is GapPolicy.SILENCE:
            kept = kept.rstrip(b"\0")
            kept += bytes(len(kept) % 2)
        return pcm[start : start + len(kept)] == kept

    def _wrong(self, what: str) -> None:
        raise Violation(f"job {self.job}: {what}")
