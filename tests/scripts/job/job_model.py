"""A job's own slot as plain Python (docs/explanation/architecture.md): what lua/job is tested against."""

from dataclasses import dataclass, field

from seriatim.keys import END, GAP, StreamPosition
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, OpenResult, OpenVerdict
from seriatim.records import HoldPolicy
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, SentenceStart

FENCED_OUT = END  #: an attempt above every attempt
SILENCE_PIECE = 48_000  #: bytes
LENGTHS_KEPT = 64


@dataclass(slots=True)
class ModelTake:
    """One sentence that is being delivered. Offsets count from the sentence's first byte."""

    attempt: int = 0
    text: str | None = None
    start: int = 0  #: offset of pcm[0]: what lies before it was heard from an older attempt
    pcm: bytearray = field(default_factory=bytearray)
    cuts: list[tuple[int, int | None]] = field(default_factory=list)  #: end of each chunk, checksum of all up to there
    checksum: int | None = None  #: of all received
    state: bytes = b""
    length: int | None = None
    gap: str | None = None
    held: bool = False
    differs_at: int | None = None
    fingerprint: str = ""  #: of the attempt

    @property
    def received(self) -> int:
        return self.start + len(self.pcm)

    def add(self, pcm: bytes, checksum: int | None) -> None:
        self.pcm += pcm
        self.cuts.append((self.received, checksum))
        self.checksum = checksum

    def part(self, begin: int, end: int) -> bytes:
        return bytes(self.pcm[begin - self.start : end - self.start])


@dataclass(slots=True)
class ModelJob:
    """The slot of one job."""

    n: int  #: -1 while open
    hold: HoldPolicy = HoldPolicy.AUTO
    state: str = "run"
    seq: int = 0  #: the cursor: a sentence,
    out: int = 0  #: its bytes that are out,
    at: int = 0  #: and the bytes of the job before it
    rate: int | None = None
    closing: str = ""
    checksum_out: int | None = None  #: of the bytes of the cursor's sentence that are out
    fingerprint_out: str = ""  #: of the last of them
    takes: dict[int, ModelTake] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)  #: of the last sentences that are out
    stream: list[Entry] = field(default_factory=list)
    notifications: int = 0

    def __post_init__(self) -> None:
        self.notifications += self.n == 0

    def length_of(self, seq: int) -> int | None:
        take = self.takes.get(seq)
        return self.lengths.get(seq) if take is None else take.length

    def open(self, seq: int, attempt: int, continuity: str, rate: int, text: str, fingerprint: str = "") -> OpenResult:
        """Begin an attempt; a higher one fences out the lower ones, and what was not heard of them is dropped."""
        if self.state not in ("run", "done"):
            return OpenResult(OpenVerdict.GONE, 0)
        length = self.length_of(seq)
        if self.state == "done" or seq < self.seq or length is not None:
            return OpenResult(OpenVerdict.DONE, length or 0)
        take = self.takes.get(seq, ModelTake())
        if attempt < take.attempt:
            return OpenResult(OpenVerdict.FENCED, take.attempt)
        if self.rate not in (None, rate):
            return OpenResult(OpenVerdict.RATE, self.rate or 0)
        self.rate = rate
        has_output = seq == self.seq and self.out > 0
        other = has_output and continuity == "exact" and fingerprint != self.fingerprint_out
        if attempt > take.attempt:
            take.attempt, take.text, take.fingerprint = attempt, text, fingerprint
            if not (take.state and continuity == "resumable"):
                self._begin_again(seq, take, "none" if other else continuity)
        self.takes[seq] = take
        return OpenResult(OpenVerdict.OPEN, take.received, take.checksum, take.state, other)

    def _begin_again(self, seq: int, take: ModelTake, continuity: str) -> None:
        """From what was heard on. An engine that says it otherwise each time is held back, or its seam is marked."""
        take.start = self.out if seq == self.seq else 0
        take.pcm, take.cuts, take.state = bytearray(), [], b""
        take.checksum = self.checksum_out if take.start else None
        take.held = continuity == "none" and self.hold is not HoldPolicy.NEVER
        take.differs_at = take.start or None if continuity == "none" else None

    def append(self, seq: int, attempt: int, chunk: ChunkAppend, *, emits: bool = False) -> tuple[AppendVerdict, int]:
        """A chunk: overlap is trimmed, a hole refused. With `emits` it is heard at once, if it is the next."""
        if self.state not in ("run", "done"):
            return AppendVerdict.GONE, 0
        length = self.length_of(seq)
        if self.state == "done" or seq < self.seq or length is not None:
            return AppendVerdict.DONE, length or 0
        take = self.takes.get(seq, ModelTake())
        if take.attempt != attempt:
            return AppendVerdict.FENCED, 0
        if chunk.offset > take.received:
            return AppendVerdict.GAP, take.received
        end = chunk.offset + len(chunk.pcm)
        if end < take.received and not chunk.final:
            return AppendVerdict.OK, take.received
        self._receive(take, chunk, end)
        if emits and seq == self.seq:
            self.emit(64, ends=False)
        else:
            self.notifications += seq == self.seq
        return AppendVerdict.OK, take.received

    @staticmethod
    def _receive(take: ModelTake, chunk: ChunkAppend, end: int) -> None:
        if end > take.received:
            if chunk.differs and 0 < take.received == chunk.offset:  # a resend marks nothing
                take.differs_at = take.received
            take.add(chunk.pcm[take.received - chunk.offset :], chunk.checksum)
            take.state = b""
        if end == take.received:
            take.state = chunk.state or take.state
        if chunk.final:
            take.length = take.received

    def emit(self, budget: int, *, ends: bool = True) -> tuple[int, bool, str]:
        """Move what is contiguous to the ordered stream; `ends` False: the end is left to another emit."""
        moved = 0
        while self.state == "run" and budget > 0 and (self.n < 0 or self.seq < self.n):
            take = self.takes.get(self.seq, ModelTake())
            if take.length is None and (self.hold is HoldPolicy.ALWAYS or take.held):
                break
            found = [cut for cut in take.cuts if cut[0] > self.out][:budget]
            for end, checksum in found:
                self._emit_chunk(take, end, checksum)
            moved, budget = moved + len(found), budget - len(found)
            if take.length is not None and self.out >= take.length:
                self._complete(take)
                budget -= 1
            elif not found:
                break
        if self.state == "run" and self.seq == self.n and not ends:
            self.notifications += 1
        elif self.state == "run" and self.seq == self.n:
            self._terminate("done", self.closing, self.at)
        more = self.state == "run" and budget <= 0
        self.notifications += more
        return moved, more, self.state

    def _emit_chunk(self, take: ModelTake, end: int, checksum: int | None) -> None:
        if self.out == 0:
            self._emit_start(take)
        if take.differs_at is not None and 0 < take.differs_at <= self.out:
            self.stream.append(Discontinuity(self._position(self.out + 1), self.seq, self.out))
            take.differs_at = None
        self.stream.append(Audio(self._position(end), take.part(self.out, end)))
        self.out, self.checksum_out, self.fingerprint_out = end, checksum, take.fingerprint

    def _emit_start(self, take: ModelTake) -> None:
        self.stream.append(SentenceStart(self._position(0), self.seq, self.at, self.rate or 0, take.text or ""))

    def _complete(self, take: ModelTake) -> None:
        if self.out == 0:
            self._emit_start(take)
        if take.gap is not None:
            self.stream.append(Gap(self._position(GAP), self.seq, self.out, take.gap))
        self.lengths[self.seq] = take.length or 0
        self.lengths.pop(self.seq - LENGTHS_KEPT, None)
        del self.takes[self.seq]
        self.seq, self.at, self.out, self.checksum_out = self.seq + 1, self.at + self.out, 0, None
        self.fingerprint_out = ""

    def _position(self, sub_id: int) -> StreamPosition:
        return StreamPosition(self.seq + 1, sub_id)

    def _terminate(self, state: str, reason: str, n_bytes: int) -> None:
        self.state = state
        self.stream.append(End(self._position(END), state, reason, n_bytes, self.seq))

    def fill(self, seq: int, n_bytes: int, reason: str, text: str, rate: int) -> tuple[bool, int]:
        """Give a sentence up: what was heard of it stays, silence and a gap marker follow."""
        length = self.length_of(seq)
        if self.state != "run" or seq < self.seq or length is not None:
            return False, length or 0
        old = self.takes.get(seq, ModelTake())
        out = self.out if seq == self.seq else 0
        take = ModelTake(FENCED_OUT, old.text if old.text is not None else text, out, gap=reason)
        while take.received < n_bytes:
            take.add(bytes(min(SILENCE_PIECE, n_bytes - take.received)), None)
        take.length = take.received
        take.checksum = old.checksum
        take.state, take.fingerprint = old.state, old.fingerprint
        self.takes[seq] = take
        self.rate = self.rate or rate or None
        self.notifications += 1
        return True, take.length

    def close(self, n: int, reason: str) -> bool:
        """The number of sentences is known."""
        if self.state != "run" or self.n >= 0:
            return False
        self.n, self.closing = n, reason
        self.notifications += 1
        return True

    def end(self, state: str, reason: str) -> bool:
        """Cancel or fail: the terminal entry follows what was heard."""
        if self.state != "run":
            return False
        self.takes, self.lengths = {}, {}
        self._terminate(state, reason, self.at + self.out)
        return True

    def mark_heard(self, sentence: int) -> int:
        """A reader has all before the sentence with this id: the stream keeps one sentence more."""
        return self._trim(StreamPosition(sentence - 1, 0)) if sentence >= 2 else 0

    def _trim(self, first: StreamPosition) -> int:
        before = len(self.stream)
        self.stream = [entry for entry in self.stream if entry.position >= first]
        return before - len(self.stream)

    def recorded(self, entry: StreamPosition) -> None:
        """Everything up to an entry is in the store."""
        self._trim(entry)
