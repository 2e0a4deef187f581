"""Rules of the pool's machine: producers and readers."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from seriatim.lua import pool_scripts as scripts
from seriatim.lua.pool_records import Submission, SubmitResult, SubmitVerdict
from seriatim.lua.script_calls import run
from seriatim.records import DrainMode, GapPolicy, JobKind, Play, TaskMessage
from seriatim.user_limits import UserLimits
from tests.scripts.pool_machine import pool_jobs, pool_speech
from tests.scripts.pool_machine.pool_and_model import POOL
from tests.scripts.pool_machine.rules_shared import PoolRules

USERS = st.sampled_from(["ann", "bob", "c|d,e:f"])
DURATIONS = st.lists(st.integers(100, 4_000), max_size=8)
SPEC = '{"v":1}'


class SubmissionRules(PoolRules):
    """Who wants something said, and who hears it."""

    @rule(
        user=USERS, live=st.booleans(), closed=st.booleans(), estimates=DURATIONS, priority=st.integers(-1, 1),
        weight=st.sampled_from([0.5, 1.0, 4.0]), cap_infl=st.sampled_from([None, None, 1, 2]),
        cap_jobs=st.sampled_from([None, None, 2]), cap_queued=st.sampled_from([None, None, 9]),
        characters_day=st.sampled_from([None, None, 4, 12]),
        window_ms=st.sampled_from([1_500, 5_000, 20_000]), gap=st.sampled_from(list(GapPolicy)),
        drain=st.sampled_from(list(DrainMode)), key=st.sampled_from(["", "", "k"]),
        times=st.sampled_from([9_000, 30_000]), spec_digest=st.sampled_from(["", "", "else"]),
        cut=st.sampled_from(["", "[1]", "[2]"]),
        play=st.sampled_from([Play.STREAM, Play.STREAM, Play.WHOLE]),
    )  # fmt: skip
    def submit(
        self, user: str, live: bool, closed: bool, estimates: list[int], priority: int, weight: float,
        cap_infl: int | None, cap_jobs: int | None, cap_queued: int | None, characters_day: int | None, window_ms: int,
        gap: GapPolicy, drain: DrainMode, key: str, times: int, spec_digest: str, cut: str,
        play: Play,
    ) -> None:  # fmt: skip
        s = Submission(
            f"j{len(self.submissions)}", user, JobKind.LIVE if live else JobKind.BATCH, SPEC, closed=closed,
            idempotency_key=key, priority=priority, weight=weight, gap=gap, drain=drain, window_ms=window_ms,
            timeout_ms=times, grace_ms=times - 2_000, producer_ms=0 if closed else times // 2, queue_limit_ms=8_000,
            limits=UserLimits(jobs=cap_jobs, queued_s=cap_queued, in_flight=cap_infl, characters_day=characters_day),
            speed=2.0 if priority else 1.0,
            spec_digest=spec_digest, cut=cut, play=play,
        )  # fmt: skip
        self.hand_in(s, estimates)

    def hand_in(self, s: Submission, estimates: list[int]) -> None:
        self.submissions[s.job] = s
        rows = [scripts.sentence_argument(ms, f'{{"text":"{seq}"}}') for seq, ms in enumerate(estimates)]
        if s.priority:
            self.hand_in_and_pick(s, rows, estimates)
            return
        reply = self.two.do(
            scripts.submit(POOL, s, rows).at(self.raw), lambda: pool_jobs.submit(self.pool, s, estimates, self.raw)
        )
        if reply.verdict is SubmitVerdict.ACCEPTED:
            again = run(self.redis, scripts.submit(POOL, s, rows).at(self.raw))
            assert again.verdict is SubmitVerdict.DUPLICATE
            self.two.compare()

    def hand_in_and_pick(self, s: Submission, rows: list[str], estimates: list[int]) -> None:
        """The same, with what is due picked in the same step."""
        call = scripts.submit_and_pick(POOL, s, rows, 2, 4_000).at(self.raw)

        def expected() -> tuple[SubmitResult, tuple[TaskMessage, ...]]:
            answer = pool_jobs.submit(self.pool, s, estimates, self.raw)
            accepted = answer.verdict is SubmitVerdict.ACCEPTED
            return answer, pool_speech.pick(self.pool, 2, 4_000, self.raw) if accepted else ()

        reply, picked = self.two.do(call, expected)
        self.messages += picked
        if reply.verdict is SubmitVerdict.ACCEPTED:
            again, picked = run(self.redis, call)
            assert (again.verdict, picked) == (SubmitVerdict.DUPLICATE, ())
            self.two.compare()

    @precondition(lambda self: self.pool.jobs)
    @rule(
        index=st.integers(0, 3), shift=st.sampled_from([0, 0, 0, 1, -1, -2]), estimates=DURATIONS, close=st.booleans(),
        producer_ms=st.sampled_from([0, 2_000]),
    )  # fmt: skip
    def extend(self, index: int, shift: int, estimates: list[int], close: bool, producer_ms: int) -> None:
        name = self.job(index)
        first = max(0, len(self.pool.jobs[name].estimates) + shift)
        rows = [scripts.sentence_argument(ms, f'{{"text":"{first + i}"}}') for i, ms in enumerate(estimates)]
        call = scripts.extend(POOL, name, first, rows, close=close, producer_ms=producer_ms).at(self.raw)
        self.two.do(
            call,
            lambda: pool_jobs.extend(self.pool, name, first, estimates, self.raw, close=close, producer_ms=producer_ms),
            twice=True,
        )

    @precondition(lambda self: self.pool.running)
    @rule(index=st.integers(0, 3), delivered=st.integers(-500, 3_000), unheard=st.sampled_from([None, 0, 400, 5_000]))
    def ack(self, index: int, delivered: int, unheard: int | None) -> None:
        name = self.job(index)
        self.report(name, max(0, self.pool.jobs[name].acked + delivered), unheard)

    def report(self, name: str, ms: float, unheard: int | None) -> None:
        heard_ms = -1 if unheard is None else max(0, ms - unheard)
        self.two.do(
            scripts.ack(POOL, name, ms, heard_ms).at(self.raw),
            lambda: pool_jobs.ack(self.pool, name, ms, heard_ms, self.raw),
            twice=True,
        )

    @precondition(lambda self: len(self.pool.running) > 2 or len(self.pool.jobs) > 4)
    @rule(index=st.integers(0, 5), reason=st.sampled_from(["enough", "a|b"]))
    def cancel(self, index: int, reason: str) -> None:
        self.cancel_job(self.job(index), reason)

    def cancel_job(self, name: str, reason: str) -> None:
        self.two.do(
            scripts.cancel(POOL, name, "cancelled", reason).at(self.raw),
            lambda: pool_jobs.cancel(self.pool, name, "cancelled", reason, self.raw),
            twice=True,
        )

    @precondition(lambda self: self.pool.jobs)
    @rule(index=st.integers(0, 5), priority=st.sampled_from([None, -9, 9]), weight=st.sampled_from([None, 2.0]))
    def tune(self, index: int, priority: int | None, weight: float | None) -> None:
        name = self.job(index)
        self.two.do(
            scripts.tune(POOL, name, priority=priority, weight=weight).at(self.raw),
            lambda: pool_jobs.tune(self.pool, name, priority, weight, self.raw),
            twice=True,
        )

    @rule(
        user=USERS, weight=st.sampled_from([None, 3.0]), in_flight=st.sampled_from([None, 1]),
        queued_s=st.sampled_from([None, 20]), characters_day=st.sampled_from([None, 6]),
        named=st.sets(st.sampled_from(["weight", "in_flight", "characters_day"])),
    )  # fmt: skip
    def tune_user(
        self, user: str, weight: float | None, in_flight: int | None, queued_s: int | None,
        characters_day: int | None, named: set[str],
    ) -> None:  # fmt: skip
        changes = {
            "weight": weight, "in_flight": in_flight, "queued_s": queued_s, "characters_day": characters_day,
        }  # fmt: skip
        chosen = {name: value for name, value in changes.items() if name in named or name == "queued_s"}
        self.two.do(
            scripts.tune_user(POOL, user, chosen).at(self.raw),
            lambda: pool_jobs.tune_user(self.pool, user, chosen, self.raw),
            twice=True,
        )

    @precondition(lambda self: self.pool.running)
    @rule(unheard=st.sampled_from([None, 0, 2_000]))
    def readers_keep_up(self, unheard: int | None) -> None:
        for name, job in self.pool.running.items():
            self.report(name, job.dispatched, unheard)
