"""Reader state: where one reader of a job is, which source it reads next, what it reports, and how it ends. No I/O.

The readers (seriatim/client/stream_reader.py, gateway/http/reading/async_stream_reader.py) read entries, wait and send
calls. They work in rounds: `begin_round`, `feed` for each entry of the source until `round_over`, `end_round`; if that
says that nothing came, `next_source` with the job's record.

A job that drains by window has one source, its ordered stream. A job that drains to the store has two, and what its
recorder has stored is gone from the stream: when one source gives nothing more, the other one is next. Bytes that the
stream misses must be in the recording; if they are in neither, the recording is elsewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import JobUnknown, PositionLost
from seriatim.keys import StreamPosition
from seriatim.lua import job_scripts as job_calls
from seriatim.lua import pool_scripts as pool_calls
from seriatim.lua.pool_records import ReaderTerms
from seriatim.lua.script_calls import ScriptCall
from seriatim.records import DrainMode
from seriatim.state.stream_record import StreamRecord
from seriatim.stream_entries import Audio, Discontinuity, End, Entry, Gap, ReaderCursor, SentenceStart

SOON_S = 0.001  #: least wait for entries: 0 would be for ever
REPORT_S = 4.0  #: after so long what was taken is reported; docs/explanation/decisions/0071
REPORT_MS = 5_000  #: or when it is so much audio: a reader that is faster than speech must not wait for its reports,
WINDOW_SHARE = 1 / 4  #: or this share of its job's window, which opens so much later;
PLAYED_MARGIN_S = 1.0  #: or so long before all that was reported is played: the pool would take it for a pause,
LEAST_REPORT_S = 0.1  #: but at least so long after the last report
ALIVE_S = 5.0  #: between two reports of a reader that takes nothing, at most,
ALIVE = 1 / 3  #: or this share of its job's grace
PlayableEntry = SentenceStart | Audio | Discontinuity | Gap  #: what is heard before the end


@dataclass(slots=True)
class ReaderState:
    """One reader of one job."""

    job: str
    drain: DrainMode
    observes: bool = False  #: it only watches: it skips audio that is gone, and no sentence that the recording has
    cursor: ReaderCursor = field(default_factory=ReaderCursor)
    recording: bool = field(init=False)  #: the recording is read next, and not the stream
    lost: bool = False  #: the source of this round misses bytes behind the cursor
    missed: bool = False  #: the stream missed bytes, so that the recording must have them
    sentences_missed: bool = False  #: the stream missed whole sentences, so that the recording was asked for them
    ended: bool = False  #: the job had ended when the stream gave nothing: so it has no more
    over: bool = False  #: the end of the job was read
    began: StreamPosition = field(default_factory=StreamPosition)  #: the cursor at the beginning of this round

    def __post_init__(self) -> None:
        self.recording = self.drain is DrainMode.STORE

    def begin_round(self) -> None:
        """Begin to read what one source has behind the cursor."""
        self.began, self.lost = self.cursor.position, False

    def round(self, source: Iterable[Entry]) -> Iterator[PlayableEntry | End]:
        """What is new in a source: a round without its end.

        Raises:
            PositionLost: as `feed`.
        """
        self.begin_round()
        for entry in source:
            if (new := self.feed(entry)) is not None:
                yield new
            if self.round_over:
                return

    @property
    def round_over(self) -> bool:
        """Is the rest of the source of no use?"""
        return self.lost or self.over

    def feed(self, entry: Entry) -> PlayableEntry | End | None:
        """Take the next entry of the source; returns what is new in it, None for nothing.

        Raises:
            PositionLost: they are missing, and there is no other source.
        """
        try:
            new = self.cursor.feed(entry)
        except PositionLost:
            if self._may_skip(entry):
                new = self._skip(entry)
            elif self.drain is DrainMode.WINDOW:
                raise
            else:
                self.lost, self.sentences_missed = True, self._misses_markers(entry)
                return None
        self.over = isinstance(new, End)
        return new

    def _may_skip(self, entry: Entry) -> bool:
        """Does an observer go on behind what is missing here? Not behind markers that the recording may have by now."""
        if self.recording or self.drain is DrainMode.WINDOW:
            return self.observes
        return self.observes and self.missed and (self.sentences_missed or not self._misses_markers(entry))

    def _misses_markers(self, entry: Entry) -> bool:
        """Is the beginning of a sentence missing before this entry, and not audio alone?"""
        following = isinstance(entry, SentenceStart | End)
        return entry.position.sentence > self.cursor.position.sentence + following

    def _skip(self, entry: Entry) -> Entry:
        self.cursor.position, self.cursor.have = entry.position, entry.position.n_bytes
        if isinstance(entry, SentenceStart):
            self.cursor.at, self.cursor.rate_hz = entry.at, entry.rate_hz or self.cursor.rate_hz
        return entry

    def end_round(self) -> bool:
        """Finish a round; returns whether nothing came in it, so that `next_source` must be asked."""
        if self.cursor.position == self.began:
            return True
        if self.recording or self.observes:
            self.missed = self.sentences_missed = False  # what the stream missed was there, or was skipped
        return False

    def next_source(self, record: StreamRecord | None) -> bool:
        """Choose the source of the next round by the job's record, after a round in which nothing came.

        False: neither source has what is missing, because the recording is gone or elsewhere.

        Raises:
            JobUnknown: the job is unknown, and there is no recording of it either.
            PositionLost: it has ended, and nothing is left of it behind the cursor.
        """
        window = self.drain is DrainMode.WINDOW
        if record is None and (self.recording or window):
            raise JobUnknown(f"job {self.job} is unknown: it was never accepted, or it has ended and expired")
        if window:
            if self.ended:
                left = f"what follows position {self.cursor.position} is not held any more"
                raise PositionLost(f"job {self.job} has ended, and {left}")
            self.ended = record is not None and record.state != "run"
            return True
        if self.recording and self.missed:
            self.recording = False  # only audio is missing, which an observer skips in the stream
            return self.observes
        self.missed = self.lost
        self.recording = not self.recording
        return True


@dataclass(slots=True, eq=False)
class DeliveryState:
    """What a reader of a job that drains by window has, what of it was reported, and when the next report is due.

    A report opens the job's window and releases what was read; without any, the job is cancelled after its grace.

    From reports the pool knows how far playback is: it begins with the first one, and pauses where all that was
    reported is played. So a reader that has much ahead of playback reports every few seconds, and one that has little
    with each piece. `played_s` is reckoned as the pool does (seriatim/lua/pool/ack.lua), or earlier.
    """

    job: str
    pool: str
    position: StreamPosition = field(default_factory=StreamPosition)  #: of the last entry that the reader has
    delivered_ms: float = 0.0  #: of the job, up to there
    reported: StreamPosition | None = None  #: None: nothing yet
    reported_ms: float = 0.0
    reported_s: float = float("-inf")  #: monotonic time
    played_s: float = float("-inf")  #: monotonic time at which all that was reported is played
    unreported_ms: float = 0.0  #: of audio, at which a report is due; 0: the job's window is not known yet
    alive_s: float = ALIVE_S  #: after so long a report is due though nothing moved

    @property
    def moved(self) -> bool:
        """Is there something to report?"""
        return self.position != self.reported

    def move(self, cursor: ReaderCursor) -> None:
        """The reader has everything up to `cursor`."""
        self.position = cursor.position
        self.delivered_ms = ms_of_bytes(cursor.n_bytes, cursor.rate_hz) if cursor.rate_hz else 0.0

    @property
    def due_s(self) -> float:
        """Monotonic time of the next report if the reader takes nothing more until then."""
        if not self.moved:
            return self.reported_s + self.alive_s
        new_ms, wait_s = self.delivered_ms - self.reported_ms, REPORT_S
        if self.reported is None or new_ms >= self.unreported_ms:
            return self.reported_s
        if new_ms:
            wait_s = max(LEAST_REPORT_S, min(wait_s, self.played_s - PLAYED_MARGIN_S - self.reported_s))
        return self.reported_s + min(self.alive_s, wait_s)

    def due(self, now_s: float) -> bool:
        """Is it time for a report?"""
        return now_s >= self.due_s

    def wait_s(self, now_s: float) -> float:
        """How long the reader may wait for entries before it has to report."""
        return min(self.alive_s, max(SOON_S, self.due_s - now_s)) if self.moved else self.alive_s

    def report(self, now_s: float) -> list[ScriptCall[Any]]:
        """The calls of a report, which counts as made; the reply to the first is for `granted`."""
        if self._knows_what_is_new:
            self.played_s = max(self.played_s, now_s) + (self.delivered_ms - self.reported_ms) / 1000
        self.reported, self.reported_ms, self.reported_s = self.position, self.delivered_ms, now_s
        return [pool_calls.ack(self.pool, self.job, self.delivered_ms), job_calls.mark_heard(self.job, self.position)]

    def failed(self) -> None:
        """The report did not reach Redis: there is something to report again."""
        self.reported = None

    @property
    def _knows_what_is_new(self) -> bool:
        """Whether all audio since the last report is new to the listener: a resumed reader begins behind some."""
        return self.reported is not None and (self.reported_ms > 0 or self.reported == StreamPosition())

    def granted(self, terms: ReaderTerms) -> None:
        """Follow what the job wants of its reader; one that is over wants nothing."""
        self.alive_s = min(ALIVE_S, ALIVE * terms.grace_ms / 1000) if terms.grace_ms else ALIVE_S
        self.unreported_ms = min(REPORT_MS, WINDOW_SHARE * terms.window_ms) if terms.grace_ms else REPORT_MS
