"""The job's state machine: after any operations its scripts and their model give the same answers and stream."""

import zlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from redis import Redis

from seriatim.keys import PREFIX, job_prefix, ordered_stream
from seriatim.lua import job_scripts as scripts
from seriatim.lua.job_scripts import AppendVerdict, ChunkAppend, JobSlot, OpenVerdict
from seriatim.lua.script_calls import ScriptCall, run
from seriatim.records import HoldPolicy
from seriatim.stream_entries import Audio, Discontinuity, Gap, ReaderCursor, decode
from tests.scripts.job.job_model import FENCED_OUT, ModelJob, ModelTake
from tests.scripts.server_contents import contents

T = TypeVar("T")
JOB, RATE = "k", 8_000
SHARD = job_prefix(JOB)
LENGTHS, HOLDS = st.sampled_from([-1, 6, 3, 1, 0]), st.sampled_from(list(HoldPolicy))
CONTINUITIES = st.sampled_from(["exact", "resumable", "none"])
MACHINES = st.sampled_from(["A", "AB"])  #: fingerprints of the workers
SAME = 6  #: bytes at the start of a sentence that all machines give alike: a checksum of them tells nothing
SELDOM = st.sampled_from([False] * 5 + [True])  #: what ends much, lest nothing ever gets far
AFTERWARDS = 6  #: operations on a job that has ended, before the next job
AHEAD = st.sampled_from([0, 0, 1, 2, -1])  #: of the cursor


def voice(seq: int, attempt: int, continuity: str, fingerprint: str = "A") -> bytes:
    """What an engine says: the same in every attempt of a machine, unless it never says a thing twice."""
    salt = attempt if continuity == "none" else 0
    length = (0, 6, 20, 34)[(seq * 7 + salt) % 4]
    other = 100 if fingerprint == "B" and continuity == "exact" else 0
    return bytes((seq * 50 + salt * 11 + i + other * (i >= SAME)) % 251 for i in range(length))


class JobMachine(RuleBasedStateMachine):
    """Every rule is one operation on both; what the model holds must be in the hash, the chunks and the stream."""

    redis: Redis

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000_000
        self.attempt = 0
        self.afterwards = 0
        self.opened: list[tuple[int, int]] = []
        self.filled: set[int] = set()

    @initialize(n=LENGTHS, hold=HOLDS, continuity=CONTINUITIES, machines=MACHINES)
    def begin(self, n: int, hold: HoldPolicy, continuity: str, machines: str) -> None:
        self.redis.flushall()
        self.machines, self.fingerprints = machines, dict[int, str]()
        self.opened, self.filled, self.trimmed, self.afterwards = [], set(), False, 0
        self.model, self.continuity, self.hold = ModelJob(n, hold), continuity, hold
        call = scripts.init(JOB, n, JobSlot(hold=hold)).at(self.now)
        assert run(self.redis, call) is True
        assert run(self.redis, call) is False, "a second init finds it there"
        assert run(self.redis, scripts.life(JOB, accepted=True).at(self.now)) is True
        self.compare()

    @precondition(lambda self: self.afterwards >= AFTERWARDS)
    @rule(n=LENGTHS, hold=HOLDS, continuity=CONTINUITIES, machines=MACHINES)
    def another_job(self, n: int, hold: HoldPolicy, continuity: str, machines: str) -> None:
        self.begin(n, hold, continuity, machines)

    def both(
        self, call: ScriptCall[T], expected: Callable[[], Any], answer: Callable[[T], Any] = lambda reply: reply
    ) -> T:
        """Do it, compare the answers and what is left behind."""
        reply = run(self.redis, call)
        from_model = expected()
        assert answer(reply) == from_model, f"the model says {from_model}, the server {answer(reply)}"
        self.compare()
        return reply

    def compare(self) -> None:
        self.afterwards += self.model.state != "run"
        found = contents(self.redis, PREFIX)
        found = {key.removeprefix(SHARD.removeprefix(PREFIX)): value for key, value in found.items()}
        stream = [decode(entry_id, fields) for entry_id, fields in found[f":o:{JOB}"]]
        assert stream == self.model.stream
        h = found[f":c:{JOB}"]
        model = self.model
        assert (h["state"], int(h["n"]), int(h["cur"])) == (model.state, model.n, model.seq)
        assert len(found.get(":ntf", [])) == model.notifications
        if model.state == "run":
            assert (int(h["off"]), int(h["at"])) == (model.out, model.at)
            for seq, take in model.takes.items():
                self.compare_take(seq, take, h, found.get(f":b:{JOB}:{seq}", []))
        streams = {key for key in found if key.startswith(":b:") and found[key]}
        assert streams <= {f":b:{JOB}:{seq}" for seq in model.takes}, "chunks of nothing that is still to come"
        self.check_bytes()

    def compare_take(self, seq: int, take: ModelTake, h: dict[str, str], chunks: list[Any]) -> None:
        known = {name: h.get(f"{name}{seq}") for name in "arLxghdqef"}
        out = self.model.out if seq == self.model.seq else 0
        waiting = b"".join(fields[b"d"] for _, fields in chunks)
        assert waiting == take.part(max(out, take.start), take.received)
        assert int(known["a"] or 0) == take.attempt
        assert int(known["r"] or 0) == take.received
        assert known["L"] == (None if take.length is None else str(take.length))
        assert (known["g"], known["h"] == "1") == (take.gap, take.held)
        if take.gap is None:
            assert known["d"] == (None if take.differs_at is None else str(take.differs_at))
            assert (known["q"] or "") == ("" if take.checksum is None else str(take.checksum))
            assert (known["e"] or "").encode() == take.state
            assert (known["f"] or "") == take.fingerprint

    def check_bytes(self) -> None:
        """What a reader hears: contiguous, and of each sentence what its engine said."""
        cursor = ReaderCursor()
        by_seq: dict[int, bytes] = {}
        cuts: dict[int, list[int]] = {}
        if self.trimmed:
            return
        for entry in self.model.stream:
            fresh = cursor.feed(entry)
            assert fresh == entry, "a reader finds nothing twice"
            if isinstance(entry, Audio):
                by_seq[entry.seq] = by_seq.get(entry.seq, b"") + entry.pcm
            elif isinstance(entry, Discontinuity):
                cuts.setdefault(entry.seq, []).append(entry.offset)
        for seq, pcm in by_seq.items():
            if seq not in self.filled and self.continuity != "none":
                self.check_takes(seq, pcm, [0, *cuts.get(seq, []), len(pcm)])
            if seq not in self.filled and self.continuity == "none" and self.hold is not HoldPolicy.NEVER:
                assert any(voice(seq, a, "none").startswith(pcm) for a in range(self.attempt + 1)), "one take"

    def check_takes(self, seq: int, pcm: bytes, edges: list[int]) -> None:
        """Between two marks there is one machine's sound."""
        voices = [voice(seq, 0, self.continuity, machine) for machine in self.machines]
        for start, end in pairwise(edges):
            assert any(each[start:end] == pcm[start:end] for each in voices), "two takes between two marks"

    # workers

    def ahead(self, distance: int) -> int:
        return max(0, self.model.seq + distance)

    @precondition(lambda self: self.afterwards < AFTERWARDS)
    @rule(
        distance=AHEAD, age=st.sampled_from([0, 0, 0, 1, 2]), rate=st.sampled_from([RATE] * 5 + [24_000]),
        machine=st.integers(0, 1),
    )  # fmt: skip
    def open(self, distance: int, age: int, rate: int, machine: int) -> None:
        """A new attempt, or one that is a little late."""
        self.attempt = max(1, self.attempt + (age == 0))
        self.do_open(self.ahead(distance), max(1, self.attempt - age), rate, machine)

    def do_open(self, seq: int, attempt: int, rate: int = RATE, machine: int = 0) -> None:
        fingerprint = self.fingerprints.setdefault(attempt, self.machines[machine % len(self.machines)])
        call = scripts.open_sentence(JOB, seq, attempt, self.continuity, rate, f"s{seq}", fingerprint).at(self.now)
        reply = self.both(call, lambda: self.model.open(seq, attempt, self.continuity, rate, f"s{seq}", fingerprint))
        assert run(self.redis, call) == reply, "a second open finds the same"
        self.compare()
        if reply.verdict is OpenVerdict.OPEN:
            self.opened.append((seq, attempt))

    @precondition(lambda self: self.opened and self.afterwards < AFTERWARDS)
    @rule(
        index=st.integers(0, 4), shift=st.sampled_from([0, 0, 0, -4, -40, 2]), size=st.sampled_from([0, 2, 6, 14, 40]),
        final=st.sampled_from([None, None, True]), twice=st.booleans(), differs=st.booleans(),
        emits=st.booleans(),
    )  # fmt: skip
    def append(
        self, index: int, shift: int, size: int, final: bool | None, twice: bool, differs: bool, emits: bool
    ) -> None:
        seq, attempt = self.opened[-1 - index % len(self.opened)]
        self.do_append(seq, attempt, shift, size, final=final, twice=twice, differs=differs, emits=emits)

    def do_append(
        self, seq: int, attempt: int, shift: int, size: int, *, final: bool | None = None, twice: bool = False,
        differs: bool = False, emits: bool = False,
    ) -> AppendVerdict:  # fmt: skip
        streamed = voice(seq, attempt, self.continuity, self.fingerprints[attempt])
        take = self.model.takes.get(seq, ModelTake())
        offset = max(0, take.received + shift)
        pcm = streamed[offset : offset + size]
        whole = offset + len(pcm) >= len(streamed)
        state = b"%d" % (offset + len(pcm)) if self.continuity == "resumable" and size != 6 else b""
        chunk = ChunkAppend(
            offset, pcm, whole if final is None else final and whole, zlib.crc32(streamed[: offset + len(pcm)]), state,
            differs and self.continuity == "none",
        )  # fmt: skip
        call = scripts.append(JOB, seq, attempt, chunk, emits=emits).at(self.now)
        verdict, _ = self.both(call, lambda: self.model.append(seq, attempt, chunk, emits=emits))
        if twice:
            self.both(call, lambda: self.model.append(seq, attempt, chunk, emits=emits))
        return verdict

    @precondition(lambda self: self.afterwards < AFTERWARDS)
    @rule(size=st.sampled_from([2, 6, 14]), machine=st.integers(0, 1))
    def begin_to_speak(self, size: int, machine: int) -> None:
        """A part of the cursor's sentence is heard."""
        seq = self.model.seq
        self.attempt += 1
        self.do_open(seq, self.attempt, self.model.rate or RATE, machine)
        if (seq, self.attempt) in self.opened:
            self.do_append(seq, self.attempt, 0, size)
            self.emit(3, notified=False)

    @precondition(lambda self: self.afterwards < AFTERWARDS)
    @rule(distance=AHEAD, size=st.sampled_from([2, 14, 40]), emits=st.booleans())
    def speak(self, distance: int, size: int, emits: bool) -> None:
        self.speak_all(self.ahead(distance), size, emits=emits)

    def speak_all(self, seq: int, size: int, *, emits: bool = False) -> None:
        """A whole sentence, by a new attempt."""
        self.attempt += 1
        self.do_open(seq, self.attempt, self.model.rate or RATE)
        while (seq, self.attempt) in self.opened and self.model.length_of(seq) is None and self.model.state == "run":
            if self.do_append(seq, self.attempt, 0, size, emits=emits) is not AppendVerdict.OK:
                break

    # the reassembler

    @precondition(lambda self: self.afterwards < AFTERWARDS)
    @rule(budget=st.integers(1, 6), notified=st.booleans())
    def an_emit(self, budget: int, notified: bool) -> None:
        self.emit(budget, notified=notified)

    def emit(self, budget: int, *, notified: bool) -> None:
        waiting = contents(self.redis, SHARD).get(":ntf", [])
        notification = waiting[0][0].decode() if notified and waiting else ""
        self.model.notifications -= bool(notification)
        self.both(
            scripts.emit(JOB, budget, notification).at(self.now),
            lambda: self.model.emit(budget),
            lambda e: (e.moved, e.more, e.state),
        )

    def emit_all(self) -> None:
        while run(self.redis, scripts.emit(JOB, 3).at(self.now)).more:
            pass
        while self.model.emit(3)[1]:
            pass

    @precondition(lambda self: self.model.stream and self.model.state == "run" and not self.trimmed)
    @rule(index=st.integers(0, 8))
    def a_log_is_cut(self, index: int) -> None:
        """The cursor falls behind the stream, as after a torn tail. The stream was heard: it counts."""
        self.emit_all()
        last = self.model.stream[-1].position
        places = [(seq, off) for seq in range(max(0, self.model.seq - 2), self.model.seq + 1) for off in (0, 2, 6)]
        behind = [place for place in places if (place[0] + 1, place[1]) < (last.sentence, last.offset)]
        if self.model.state != "run" or not behind:
            return
        take = self.model.takes.get(self.model.seq)
        if self.model.out and take and take.fingerprint != self.model.fingerprint_out:
            return  # the log was cut in an emit: no attempt was opened behind it
        cur, off = behind[index % len(behind)]
        self.redis.hset(f"{SHARD}:c:{JOB}", items=["cur", cur, "off", off, "at", 0])
        self.model.checksum_out = None
        self.emit_all()
        self.model.notifications = self.redis.xlen(f"{SHARD}:ntf")
        self.compare()

    @precondition(lambda self: self.afterwards < AFTERWARDS)
    @rule(distance=AHEAD, n_bytes=st.sampled_from([0, 10, 60_000]))
    def fill(self, distance: int, n_bytes: int) -> None:
        seq = self.ahead(distance)
        call = scripts.fill(JOB, seq, n_bytes, "broken", f"s{seq}", RATE).at(self.now)
        changed, length = self.both(call, lambda: self.model.fill(seq, n_bytes, "broken", f"s{seq}", RATE))
        if changed:
            self.filled.add(seq)
            assert self.model.takes[seq].attempt == FENCED_OUT
        if length:
            assert run(self.redis, call) == (False, length), "a second fill says how long it is"

    # producers and readers

    @precondition(lambda self: self.model.n < 0 or self.afterwards == 1)
    @rule(more=st.integers(0, 2), reason=st.sampled_from(["", "the producer is gone"]), seldom=SELDOM)
    def close(self, more: int, reason: str, seldom: bool) -> None:
        if seldom:
            self.do_close(self.first_unknown() + more, reason)

    def do_close(self, n: int, reason: str) -> None:
        self.both(scripts.close(JOB, n, reason).at(self.now), lambda: self.model.close(n, reason))

    def first_unknown(self) -> int:
        return max([self.model.seq, *(seq + 1 for seq in self.model.takes)])

    @precondition(lambda self: self.model.stream and self.afterwards < AFTERWARDS)
    @rule(state=st.sampled_from(["cancelled", "failed", "timed_out"]), seldom=SELDOM)
    def end(self, state: str, seldom: bool) -> None:
        if seldom:
            call = scripts.end(JOB, state, "why").at(self.now)
            self.both(call, lambda: self.model.end(state, "why"))
            assert run(self.redis, call) is False
            self.compare()

    @precondition(lambda self: self.model.stream and self.afterwards < AFTERWARDS)
    @rule(index=st.integers(0, 5), seldom=SELDOM)
    def by_seq(self, index: int, seldom: bool) -> None:
        entry = self.model.stream[index % len(self.model.stream)]
        if seldom:
            self.trimmed |= entry.position.sentence > 2
            call = scripts.mark_heard(JOB, entry.position).at(self.now)
            self.both(call, lambda: self.model.mark_heard(entry.position.sentence))

    @precondition(lambda self: self.model.stream and self.afterwards < AFTERWARDS)
    @rule(index=st.integers(0, 5), seldom=SELDOM)
    def recorded(self, index: int, seldom: bool) -> None:
        entry = self.model.stream[index % len(self.model.stream)]
        if seldom:
            self.trimmed |= index > 0
            call = scripts.recorded(JOB, str(entry.position), 0, end=False).at(self.now)
            self.both(call, lambda: self.model.recorded(entry.position), lambda _: None)

    @precondition(lambda self: self.model.state == "run")
    @rule(seldom=SELDOM)
    def everything_is_spoken(self, seldom: bool) -> None:
        """Whatever was left undone: one voice says it all, and the job comes to its end."""
        if not seldom:
            return
        self.do_close(max(4, self.first_unknown()), "")
        for seq in range(max(self.model.n, 0)):
            self.speak_all(seq, 14)
        self.emit_all()
        assert self.model.state == "done"
        self.model.notifications = self.redis.xlen(f"{SHARD}:ntf")
        self.compare()
        same = len(self.machines) == 1 or self.continuity != "exact"
        if not self.trimmed and not self.filled and self.continuity != "none" and same:
            streamed = b"".join(e.pcm for e in self.model.stream if isinstance(e, Audio))
            assert streamed == b"".join(voice(seq, 0, "exact") for seq in range(self.model.n))
            assert not any(isinstance(e, Gap | Discontinuity) for e in self.model.stream)


@pytest.mark.timeout(3_600)  # the thorough profile, and finding the smallest example
def test_a_jobs_slot_is_its_model(redis: Redis) -> None:
    """Verdicts, bytes, markers, the end: after every step of any sequence of operations."""
    JobMachine.redis = redis
    assert ordered_stream(JOB).startswith(SHARD)
    run_state_machine_as_test(JobMachine, settings=settings(max_examples=settings().max_examples * 2))
