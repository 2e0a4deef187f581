"""The ordered stream as readers see it: entries decoded, and a reader's bookkeeping without any I/O.

The public contract of the stream `seriatim:1:{k:NN}:o:<job>` (docs/reference/ordered-stream.md): every entry has an id
`<sentence + 1>-<sub-id>`, strictly increasing, and either a field `d` (audio, s16le mono) or a field `t`:

    t=sentence       seq, at (byte of the job at which it begins), rate (Hz), text, and words where the engine knows
                     their times (seriatim/text/word_times.py)
    t=discontinuity  seq, offset: what follows does not continue what was heard
    t=gap            seq, offset, reason: the sentence, or its rest, is missing
    t=end            state (done, cancelled, failed, timed_out), reason, at (bytes in all), n (sentences in all)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seriatim.audio.pcm import part_beyond
from seriatim.errors import PositionLost
from seriatim.keys import GAP, StreamPosition


@dataclass(frozen=True, slots=True)
class SentenceStart:
    """A sentence begins."""

    position: StreamPosition
    seq: int  #: 0-based
    at: int  #: bytes of the job before it
    rate_hz: int  #: 0 if nothing was spoken yet
    text: str
    words: str = ""  #: times of its words, as of `seriatim.text.word_times`; "" if the engine does not know them


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound."""

    position: StreamPosition  #: its offset is the end of this chunk in its sentence
    pcm: bytes  #: s16le mono

    @property
    def seq(self) -> int:
        """The sentence it belongs to, 0-based."""
        return self.position.sentence - 1


@dataclass(frozen=True, slots=True)
class Discontinuity:
    """The rest of a sentence is another take of it."""

    position: StreamPosition
    seq: int
    offset: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence, or its rest, is missing."""

    position: StreamPosition
    seq: int
    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class End:
    """The one terminal entry."""

    position: StreamPosition
    state: str  #: done, cancelled, failed, timed_out
    reason: str
    n_bytes: int
    n_sentences: int


Entry = SentenceStart | Audio | Discontinuity | Gap | End


def decode(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    """Read one entry of an ordered stream.

    Raises:
        ValueError: it is not one of ours.
    """
    try:
        return _decode_fields(entry_id, fields)
    except KeyError as missing:
        raise ValueError(f"an entry {entry_id!r:.60} without its {missing}") from None


def _decode_fields(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    position = StreamPosition.parse(entry_id.decode())
    if b"d" in fields:
        return Audio(position, fields[b"d"])
    kind = fields.get(b"t")
    if kind == b"sentence":
        number = {name: int(fields[name]) for name in (b"seq", b"at", b"rate")}
        words = fields.get(b"words", b"").decode()
        return SentenceStart(position, number[b"seq"], number[b"at"], number[b"rate"], fields[b"text"].decode(), words)
    if kind == b"discontinuity":
        return Discontinuity(position, int(fields[b"seq"]), int(fields[b"offset"]))
    if kind == b"gap":
        return Gap(position, int(fields[b"seq"]), int(fields[b"offset"]), fields[b"reason"].decode())
    if kind == b"end":
        state, reason = fields[b"state"].decode(), fields[b"reason"].decode()
        return End(position, state, reason, int(fields[b"at"]), int(fields[b"n"]))
    raise ValueError(f"an entry {position} of unknown kind {kind!r}; is the stream of a newer version?")


@dataclass(slots=True)
class ReaderCursor:
    """What one reader has: feeds on entries, drops bytes it knows, notices bytes that are missing."""

    position: StreamPosition = field(default_factory=StreamPosition)
    at: int = 0  #: bytes of the job before the sentence of `position`
    have: int = 0  #: bytes of that sentence
    rate_hz: int = 0
    sure: bool = True  #: is `have` known? Not behind a gap that this reader did not read itself

    @classmethod
    def behind(cls, position: StreamPosition, at: int, rate_hz: int) -> "ReaderCursor":
        """A reader that has everything up to `position`, in a sentence that begins at byte `at` of the job."""
        if position.offset >= GAP:
            return cls(position, at, 0, rate_hz, sure=False)
        return cls(position, at, position.n_bytes, rate_hz)

    @property
    def n_bytes(self) -> int:
        """Bytes of the job that this reader has."""
        return self.at + self.have

    def feed(self, entry: Entry) -> Entry | None:
        """Take the next entry; returns what is new in it, None for audio that is known already.

        Raises:
            PositionLost: bytes between this reader's position and the entry are not held any more.
        """
        if isinstance(entry, Audio):
            return self._feed_audio(entry)
        if isinstance(entry, SentenceStart):
            self._check_reached(entry.at)
            self._check_next(entry.position)
            self.at, self.have, self.sure = entry.at, 0, True
            self.rate_hz = entry.rate_hz or self.rate_hz
        elif isinstance(entry, End):
            if entry.state != "cancelled":  # a cancelled job's audio may be gone
                self._check_reached(entry.n_bytes)
                self._check_next(entry.position)
        elif entry.seq + 1 == self.position.sentence:
            self._check_reached(self.at + entry.offset)
        else:
            raise PositionLost(f"the beginning of sentence {entry.seq} is not held any more")
        self.position = entry.position
        return entry

    def _check_reached(self, n_bytes: int) -> None:
        if self.sure and n_bytes > self.n_bytes:
            raise PositionLost(f"bytes {self.n_bytes} to {n_bytes} of the job are not held any more")

    def _check_next(self, position: StreamPosition) -> None:
        """Notice sentences without audio that are missing: they leave no gap in the bytes."""
        if position.sentence > self.position.sentence + 1:
            raise PositionLost(f"the beginning of sentence {self.position.sentence} is not held any more")

    def _feed_audio(self, entry: Audio) -> Audio | None:
        end = entry.position.offset
        if entry.position.sentence != self.position.sentence:  # its marker, and with it `at`, was trimmed away
            raise PositionLost(f"the beginning of sentence {entry.seq} is not held any more")
        try:
            pcm = part_beyond(entry.pcm, end, self.have)
        except ValueError as error:
            raise PositionLost(f"sentence {entry.seq}: {error}") from None
        self.position, self.have = entry.position, max(self.have, end)
        return Audio(entry.position, pcm) if pcm else None
