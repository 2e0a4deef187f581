"""Listeners: readers that follow the ordered stream and report, recorders that drain it into a file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from seriatim.audio.pcm import ms_of_bytes
from seriatim.errors import PositionLost
from seriatim.keys import END, GAP, StreamPosition, job_prefix, ordered_stream, pool_prefix
from seriatim.lua import job_scripts as slot
from seriatim.lua import pool_scripts
from seriatim.stream_entries import End, ReaderCursor, decode
from tests.simulator.plan import RATE_HZ, JobPlan, Memory
from tests.simulator.scheduler import POOL, Process, Steps, Violation
from tests.simulator.stream_check import StreamCheck

if TYPE_CHECKING:
    from tests.simulator.run import Run

UNCONFIRMED_MS = 60_000  #: what a slot has to live until the pool has accepted its job
#: after which the audio of a cancelled job is gone (lua/job/shared/ending.lua); sooner, where memory is short (due.lua)
CANCELLED_MS = 60_000
PATIENCE = 12  #: looks at nothing before a listener asks whether the job is there at all


def heard_of(run: "Run", job: str) -> StreamCheck:
    """A job's listener's copy; it outlives the processes that bring it."""
    if job not in run.ledger.streams:
        run.ledger.streams[job] = StreamCheck(job, run.world.plans[job], run.world.studio)
    return run.ledger.streams[job]


class SimulatedListener(Process):
    """What readers and recorders have in common: reading on from a cursor, and the checks."""

    def __init__(self, run: "Run", name: str) -> None:
        super().__init__(run.world, name)
        self.run = run
        self.seen: dict[str, int] = {}  #: job -> what the world had emitted when there was nothing to read

    def read(self, job: str, cursor: ReaderCursor) -> Steps[int]:
        """The next entries, fed to the cursor and to the job's copy. Returns how many there were.

        Raises:
            PositionLost: the stream does not hold any more what comes next.
        """
        yield 0
        if self.seen.get(job) == self.world.emitted[job]:
            return 0
        now = self.world.emitted[job]
        streams: dict[Any, Any] = {ordered_stream(job): str(cursor.position)}
        reply = cast("list[Any]", self.world.redis.xread(streams, count=self.world.rng.randint(1, 6)))
        entries = reply[0][1] if reply else []
        if not entries:
            self.seen[job] = now
        stream = heard_of(self.run, job)
        for entry_id, fields in entries:
            entry = decode(entry_id, fields)
            self.world.note(self.name, "hears", job, entry_id)
            if entry.position <= cursor.position:
                raise Violation(f"job {job}: {entry.position} behind {cursor.position}")
            self.world.tally["entries"] += 1
            known = cursor.feed(entry)
            if known is not None:
                stream.trimmed = isinstance(known, End) and self._late(job, known)
                stream.take(known)
        return len(entries)

    def _late(self, job: str, end: End) -> bool:
        """Did a listener come so late to a cancelled job that its audio is gone, but for the entry that says so?"""
        short = any(self.world.tally[f"memory {room}"] for room in Memory if room is not Memory.AMPLE)
        late = short or self.world.blackout_ms >= CANCELLED_MS or self.world.tally["clock jumps"] > 0
        return late and end.state == "cancelled" and self.world.redis.xlen(ordered_stream(job)) == 1

    def ack(self, job: str, n_bytes: int, heard_ms: float = -1) -> Steps[None]:
        """Report to the pool. An older report may come late."""
        if self.world.dice("delayed"):
            older = n_bytes // 4 * 2
            yield from self.world.ask(self.name, pool_scripts.ack, POOL, job, ms_of_bytes(n_bytes, RATE_HZ), heard_ms)
            n_bytes = older
        yield from self.world.ask(self.name, pool_scripts.ack, POOL, job, ms_of_bytes(n_bytes, RATE_HZ), heard_ms)

    def exists(self, job: str) -> Steps[bool]:
        """Is the job's slot there, and will it be? One that the pool does not know has a minute to live."""
        known = yield from self.world.plain(self.name, "EXISTS", f"{pool_prefix(POOL)}:j:{job}")
        slot_life = self.world.redis.pttl(f"{job_prefix(job)}:c:{job}")  # real time: nothing for the history
        return slot_life > UNCONFIRMED_MS or (slot_life > 0 and bool(known))


class Reader(SimulatedListener):
    """A window job's reader. It goes on where it stopped, after a crash too, unless it vanishes."""

    def __init__(self, run: "Run", plan: JobPlan, job: str) -> None:
        super().__init__(run, run.world.name(f"reader-{job}-"))
        self.plan, self.job = plan, job
        self.began: float | None = None  #: virtual time of the first sound
        run.ledger.reading.add(job)

    def begin(self) -> Iterator[tuple[str, Steps[None]]]:
        yield "", self._work()

    def died(self) -> Process | None:
        return Reader(self.run, self.plan, self.job)

    def _work(self) -> Steps[None]:
        rng, ledger = self.world.rng, self.run.ledger
        cursor = self._reconnect()
        nothing = 0
        while True:
            try:
                found = yield from self.read(self.job, cursor)
            except PositionLost:
                if not heard_of(self.run, self.job).loose:
                    raise
                cursor = yield from self._resynchronise(cursor)
                continue
            nothing = 0 if found else nothing + 1
            if found or rng.random() < 0.2:
                yield from self._report(cursor)
            if heard_of(self.run, self.job).end is not None or (yield from self._stops(nothing)):
                ledger.reading.discard(self.job)
                return
            yield rng.randint(0, self.plan.slow_ms) if found else rng.randint(50, 400)

    def _reconnect(self) -> ReaderCursor:
        """A new connection knows the last position, and where its sentence began."""
        last = self.run.ledger.cursors.get(self.job, ReaderCursor())
        cursor = ReaderCursor.behind(last.position, last.n_bytes if last.position.offset >= GAP else last.at, RATE_HZ)
        self.run.ledger.cursors[self.job] = cursor
        return cursor

    def _resynchronise(self, cursor: ReaderCursor) -> Steps[ReaderCursor]:
        """The server forgot other sounds than it makes now; a client would begin with the next sentence."""
        yield 0
        moved = ReaderCursor(StreamPosition(cursor.position.sentence, GAP), cursor.at, cursor.have, RATE_HZ, sure=False)
        self.run.ledger.cursors[self.job] = moved
        return moved

    def _report(self, cursor: ReaderCursor) -> Steps[None]:
        if self.began is None and cursor.n_bytes:
            self.began = self.world.now
        playing = 0.0 if self.began is None else self.world.now - self.began
        heard_ms = min(playing, ms_of_bytes(cursor.n_bytes, RATE_HZ)) if self.world.rng.random() < 0.4 else -1
        if self.world.rng.random() < 0.5:
            yield from self.world.ask(self.name, slot.mark_heard, self.job, cursor.position)
        yield from self.ack(self.job, cursor.n_bytes, heard_ms)

    def _stops(self, nothing: int) -> Steps[bool]:
        if self.plan.vanish and self.world.rng.random() < 0.1:
            self.world.count("vanished", self.job)
            self.run.ledger.vanished.add(self.job)
            return True
        if nothing < PATIENCE:
            return False
        if not (yield from self.exists(self.job)):
            self.run.ledger.unknown.add(self.job)
            return True
        return self.world.rolled_back and (yield from self._ended_behind())

    def _ended_behind(self) -> Steps[bool]:
        """A server that lost its tail may end a job behind a reader that had heard more."""
        last = yield from self.world.plain(self.name, "XREVRANGE", ordered_stream(self.job), "+", "-", "COUNT", 1)
        if last and last[0][0].endswith(b"-%d" % END):
            self.run.ledger.unknown.add(self.job)
            return True
        return False


class SimulatedRecorder(SimulatedListener):
    """Drains store jobs into files, at absolute offsets; what is stored is marked in the job's slot.

    It knows of a job only by notifications since it began: a job without one is never stored.
    """

    def __init__(self, run: "Run", name: str) -> None:
        super().__init__(run, name)
        self.cursors: dict[str, ReaderCursor | None] = {}  #: job -> how far it is stored; None: to be asked
        self.nothing: dict[str, int] = {}

    def tell(self, job: str) -> None:
        """A store job lives, or has ended and is not stored whole."""
        self.cursors.setdefault(job, None)

    def record(self) -> Steps[None]:
        """The thread that stores."""
        while True:
            for job in list(self.cursors):
                yield from self._drain(job)
            yield self.world.rng.randint(20, 250)

    def _drain(self, job: str) -> Steps[None]:
        cursor = self.cursors[job] or (yield from self._stored(job))
        self.cursors[job] = cursor
        try:
            found = yield from self.read(job, cursor)
        except PositionLost:  # another recorder is ahead, and the stream was trimmed up to there
            self.cursors[job] = None
            return
        if found and self.world.dice("disk"):
            self.world.count("disk full", job)
            self.cursors[job] = None  # what was written beyond the mark is written again
            yield 500
        elif found:
            yield from self._mark(job, cursor)
        elif self.world.rng.random() < 0.05:  # what was stored and not acknowledged would keep the window shut for ever
            yield from self.ack(job, cursor.n_bytes)
        self.nothing[job] = 0 if found else self.nothing.get(job, 0) + 1
        if cursor.position.offset == END or self.nothing[job] >= PATIENCE:
            del self.cursors[job], self.nothing[job]  # it will be notified again of what lives

    def _stored(self, job: str) -> Steps[ReaderCursor]:
        stored, place = yield from self.world.plain(
            self.name, "HMGET", f"{job_prefix(job)}:c:{job}", "stored", "stored_id"
        )
        if place is None:
            return ReaderCursor()
        position = StreamPosition.parse(place.decode())
        offset = position.offset - position.offset % 2 if position.offset < GAP else 0
        return ReaderCursor.behind(position, int(stored) - offset, RATE_HZ)

    def _mark(self, job: str, cursor: ReaderCursor) -> Steps[None]:
        whole = cursor.position.offset == END
        yield from self.world.ask(self.name, slot.recorded, job, str(cursor.position), cursor.n_bytes, end=whole)
        yield from self.ack(job, cursor.n_bytes)
