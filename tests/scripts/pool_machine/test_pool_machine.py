"""The pool's state machine: after any operations its scripts and their model give the same answers and state."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from redis import Redis

from seriatim.engine import ServerLimits
from seriatim.lua.pool_records import RetryPolicy, Submission
from seriatim.records import DrainMode, GapPolicy, JobKind
from tests.scripts.pool_machine.pool_and_model import PREFIX
from tests.scripts.pool_machine.pool_handover import KNOWN
from tests.scripts.pool_machine.rules_processes import House
from tests.scripts.pool_machine.rules_sentences import Voices
from tests.scripts.pool_machine.rules_shared import LIFE_MS, OWNERS
from tests.scripts.pool_machine.rules_submission import SPEC, SubmissionRules


class PoolMachine(House, SubmissionRules, Voices):
    """All of it."""

    @initialize(
        slots=st.integers(1, 4), most=st.integers(1, 2), rtf=st.sampled_from([0.25, 0.25, 1.0, 3.0]),
        gap=st.sampled_from(list(GapPolicy)), closed=st.booleans(), theta=st.sampled_from([None, 3_000, 200]),
        reserve=st.sampled_from([0.05, 0.6]), handovers=st.sampled_from([0, 1, 5]), known=st.booleans(),
        late=st.sampled_from([1, 1, 1.2]), continuity=st.sampled_from(["exact", "resumable"]),
    )  # fmt: skip
    def begin(
        self, slots: int, most: int, rtf: float, gap: GapPolicy, closed: bool, theta: int | None, reserve: float,
        handovers: int, known: bool, late: float, continuity: str,
    ) -> None:  # fmt: skip
        """A house at work: a talk, a book, and two processes."""
        self.retry = RetryPolicy(max_failures=most, backoff_ms=300, ended_life_ms=600_000)
        self.rtf, self.reserve, self.continuity = rtf, reserve, continuity
        self.restart(restarted=False)
        self.register("w1", slots, LIFE_MS, 22_050)
        self.register("w2", 1, LIFE_MS, 22_050)
        if theta:
            self.redis.hset(f"{PREFIX}:m", "theta", theta)
        self.pool.theta = theta
        self.redis.hset(f"{PREFIX}:m", mapping={"handovers_left": handovers, "silences": KNOWN * known, "silence": 200})
        self.pool.handovers_left, self.pool.silences, self.pool.silence = handovers, KNOWN * known, 200
        self.redis.hset(f"{PREFIX}:m", mapping={"late": late, "late_at": self.raw})
        self.pool.late, self.pool.late_at = late, self.raw
        session = Submission(
            "talk", "ann", JobKind.LIVE, SPEC, closed=closed, gap=gap, producer_ms=5_000, queue_limit_ms=4_000
        )
        book = Submission("book", "bob", JobKind.BATCH, SPEC, gap=gap, drain=DrainMode.STORE, timeout_ms=20_000)
        self.hand_in(session, [1_000, 2_000])
        self.hand_in(book, [1_500, 500, 4_000])

    @precondition(lambda self: any(len(worker.speaking) > 1 for worker in self.pool.workers.values()))
    @rule()
    def a_batch_crashes(self) -> None:
        """And its process is started again, and takes work."""
        owner = next(name for name, worker in self.pool.workers.items() if len(worker.speaking) > 1)
        self.leave(owner, died=True)
        self.register(owner, 2, LIFE_MS, 22_050)
        self.a_process_gets_all(owner)

    @precondition(lambda self: self.pool.running and self.pool.paused <= (self.pool.now or 0))
    @rule(
        ms=st.sampled_from([0, 0, 500, 2_000]), n=st.integers(1, 3), most=st.integers(1, 4), owner=OWNERS,
        event=st.sampled_from(["none", "few requests", "drain", "end"]), seldom=st.sampled_from([True, False, False]),
    )  # fmt: skip
    def a_listener_comes_to_slots_that_wait(
        self, ms: int, n: int, most: int, owner: str, event: str, seldom: bool
    ) -> None:
        """All other jobs are over; the process may have gone, or the engine's server accepts one request more."""
        if not seldom:
            return
        for name in self.pool.running:
            self.cancel_job(name, "enough")
        self.register(owner, 3, LIFE_MS, 22_050)
        self.hand_in(Submission(f"last{len(self.submissions)}", "reader", JobKind.LIVE, SPEC), [300] * n)
        self.a_process_gets_all(owner)
        self.all_is_spoken_and_slots_wait(1.0, owner)
        self.there_is_a_slot_for_each_sentence_in_flight()
        self.raw += ms
        if event == "few requests":
            self.report_limits(ServerLimits(1, 2.0))
        elif event == "drain" and owner in self.pool.workers:
            self.beat_for(owner, self.spoken_by(owner), slots=0)
        elif event == "end":
            self.leave(owner, died=False)
        self.slots_take_what_they_are_given()
        self.hand_in(Submission(f"new{len(self.submissions)}", "listener", JobKind.LIVE, SPEC), [300] * 4)
        self.pick(most, 4_000)

    @precondition(lambda self: self.continuity == "resumable")
    @rule(owner=OWNERS, ms=st.sampled_from([700, 1_500, 3_000]), again=st.booleans())
    def one_waits_behind_long_sentences(self, owner: str, ms: int, again: bool) -> None:
        """All slots speak long live sentences, and another listener comes; what is displaced goes on later."""
        for n in range(3):
            self.hand_in(Submission(f"long{len(self.submissions)}", f"reader{n}", JobKind.LIVE, SPEC), [30_000])
        self.a_process_gets_all(owner)
        self.raw += ms
        self.hand_in(Submission(f"short{len(self.submissions)}", "listener", JobKind.LIVE, SPEC), [300])
        self.a_process_gets_all(owner)
        if again:
            self.all_is_spoken(1.0)
            self.a_process_gets_all(owner)


@pytest.mark.timeout(3_600)  # the thorough profile, and finding the smallest example
def test_the_pool_is_its_model(redis: Redis) -> None:
    """Verdicts, tags, eligibility, leases, counts: after every step of any sequence of operations."""
    PoolMachine.redis = redis
    run_state_machine_as_test(PoolMachine)
