"""Any sequence of operations: the pool's scripts and their model give the same answers and hold the same state."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from redis import Redis

from seriatim import pool as scripts
from seriatim.pool import Claim, Facts, Retry, Submission, Submit
from seriatim.records import Doorbell, Drain, GapPolicy, Kind
from seriatim.scripts import run
from tests.scripts import pool_jobs, pool_speech, pool_workers
from tests.scripts.contents import contents
from tests.scripts.pool_and_model import POOL, PREFIX, Both

USERS, OWNERS = st.sampled_from(["ann", "bob", "c|d,e:f"]), st.sampled_from(["w1", "w2"])
LEASE_MS = 3_000
SHARES = st.sampled_from([1.0, 0.5, 0.9, 1.1, 1.5, 0.0])  #: of the estimate: what it came to
DURATIONS = st.lists(st.integers(100, 4_000), max_size=8)
SPANS = st.sampled_from([0, 1, 40, 250, 300, 700, 1_500, 3_000, 3_001, 9_000])
SELDOM = st.sampled_from([True] + [False] * 5)  #: operations that end much, lest nothing ever gets far


class PoolMachine(RuleBasedStateMachine):
    """Every rule is one operation, done on both; some are done twice, which must change nothing."""

    redis: Redis

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.two = Both(self.redis)
        self.pool = self.two.pool
        self.raw = 1_000_000  #: the server's clock, ms
        self.bells: list[Doorbell] = []
        self.epochs: dict[Doorbell, str] = {}
        self.submissions: dict[str, Submission] = {}

    def bell(self, index: int) -> Doorbell:
        """A token: mostly one that counts, sometimes any that was ever issued."""
        counting = [bell for bell in self.bells if self.counts(bell)]
        chosen = counting if counting and index < 6 else self.bells
        return chosen[-1 - index % len(chosen)]

    def counts(self, bell: Doorbell) -> bool:
        sentence = self.pool.jobs[bell.job].begun.get(bell.seq)
        return sentence is not None and sentence.in_flight and sentence.attempt == bell.attempt

    def job(self, index: int) -> str:
        """A job: mostly one that runs."""
        chosen = list(self.pool.running if self.pool.running and index < 4 else self.pool.jobs)
        return chosen[-1 - index % len(chosen)]

    # the house

    @initialize(slots=st.integers(1, 4), most=st.integers(1, 2), rtf=st.sampled_from([0.25, 1.0, 3.0]))
    def begin(self, slots: int, most: int, rtf: float) -> None:
        self.retry = Retry(max_failures=most, backoff_ms=300, ended_life_ms=600_000)
        self.rtf = rtf
        self.restart(restarted=False)
        self.register("w1", slots, 4_000, 22_050)

    @rule(ms=SPANS)
    def time_passes(self, ms: int) -> None:
        self.raw += ms

    @rule(ms=st.sampled_from([-3_600_000, 3_600_000, -5_000]))
    def the_clock_is_set(self, ms: int) -> None:
        self.raw += ms

    @rule(owner=OWNERS, slots=st.integers(1, 3), life_ms=st.sampled_from([2_500, 4_000]), rate_hz=st.just(22_050))
    def register(self, owner: str, slots: int, life_ms: int, rate_hz: int) -> None:
        facts = Facts(slots, rate_hz, "exact", self.rtf, 1.0, 0.05, "[]", "tone", "here", 1, 0)
        self.two.do(
            scripts.register(POOL, owner, life_ms, facts, self.raw),
            lambda: pool_workers.register(self.pool, owner, life_ms, facts, self.raw),
            twice=True,
        )

    @rule(owner=OWNERS, seldom=SELDOM)
    def another_rate(self, owner: str, seldom: bool) -> None:
        if seldom and (self.pool.act or set(self.pool.workers) - {owner}):
            self.register(owner, 1, 4_000, 24_000)

    @precondition(lambda self: self.bells)
    @rule(owner=OWNERS, slots=st.integers(0, 3), named=st.lists(st.integers(0, 6), max_size=4))
    def beat(self, owner: str, slots: int, named: list[int]) -> None:
        running = list({self.bell(index) for index in named})
        self.two.do(
            scripts.beat(POOL, owner, 4_000, slots, LEASE_MS, running, self.raw),
            lambda: pool_workers.beat(self.pool, owner, 4_000, slots, LEASE_MS, running, self.raw),
            twice=True,
        )

    @precondition(lambda self: self.pool.workers)
    @rule()
    def everybody_beats(self) -> None:
        for owner, worker in list(self.pool.workers.items()):
            running = [Doorbell(n.rpartition("|")[0], int(n.rpartition("|")[2]), a) for n, a in worker.speaking.items()]
            self.two.do(
                scripts.beat(POOL, owner, 4_000, worker.slots, LEASE_MS, running, self.raw),
                lambda o=owner, w=worker, r=running: pool_workers.beat(  # type: ignore[misc]  # bound at once
                    self.pool, o, 4_000, w.slots, LEASE_MS, r, self.raw
                ),
            )

    @precondition(lambda self: any(worker.speaking for worker in self.pool.workers.values()))
    @rule(owner=OWNERS, died=st.booleans())
    def leave(self, owner: str, died: bool) -> None:
        self.two.do(
            scripts.leave(POOL, owner, self.retry, died=died, now_ms=self.raw),
            lambda: pool_workers.leave(self.pool, owner, self.retry, self.raw, died=died),
        )

    @rule(interval_ms=st.sampled_from([0, 400]), patience_ms=st.sampled_from([0, 1_000]))
    def sweep(self, interval_ms: int, patience_ms: int) -> None:
        self.two.do(
            scripts.sweep(POOL, interval_ms, patience_ms, self.retry, self.raw),
            lambda: pool_workers.sweep(self.pool, interval_ms, patience_ms, self.retry, self.raw),
            lambda s: (s.ran, tuple(scripts.outbox_entry(bell) for bell in s.outbox), s.todo),
        )

    @rule(restarted=SELDOM)
    def restart(self, restarted: bool) -> None:
        """A restart is a run id that the pool does not know: here an older one is written in its place."""
        if restarted:
            self.redis.hset(f"{PREFIX}:m", "epoch", "0123456789abcdef")
            self.pool.epoch = "0123456789abcdef"
        before = self.pool.fence
        reply = run(self.redis, scripts.rebase(POOL, self.raw))
        m = contents(self.redis, PREFIX)[":m"]
        assert reply == pool_workers.rebase(self.pool, int(m["fence"]), m["epoch"], self.raw)
        assert int(m["fence"]) > before or not reply
        self.two.compare()
        assert run(self.redis, scripts.rebase(POOL, self.raw)) == 0

    # producers and readers

    @rule(
        user=USERS, live=st.booleans(), closed=st.booleans(), estimates=DURATIONS, priority=st.integers(-1, 1),
        weight=st.sampled_from([0.5, 1.0, 4.0]), cap_infl=st.sampled_from([None, None, 1, 2]),
        cap_jobs=st.sampled_from([None, None, 2]), cap_queued=st.sampled_from([None, None, 9_000]),
        window_ms=st.sampled_from([1_500, 5_000, 20_000]), gap=st.sampled_from(list(GapPolicy)),
        drain=st.sampled_from(list(Drain)), key=st.sampled_from(["", "", "k"]), times=st.sampled_from([9_000, 30_000]),
    )  # fmt: skip
    def submit(
        self, user: str, live: bool, closed: bool, estimates: list[int], priority: int, weight: float,
        cap_infl: int | None, cap_jobs: int | None, cap_queued: int | None, window_ms: int, gap: GapPolicy,
        drain: Drain, key: str, times: int,
    ) -> None:  # fmt: skip
        s = Submission(
            f"j{len(self.submissions)}", user, Kind.LIVE if live else Kind.BATCH, '{"v":1}', closed=closed,
            idempotency_key=key, priority=priority, weight=weight, gap=gap, drain=drain, window_ms=window_ms,
            timeout_ms=times, grace_ms=times - 2_000, producer_ms=0 if closed else times // 2, queue_limit_ms=8_000,
            cap_infl=cap_infl, cap_jobs=cap_jobs, cap_queued_ms=cap_queued, speed=2.0 if priority else 1.0,
        )  # fmt: skip
        self.submissions[s.job] = s
        rows = [scripts.sentence_argument(ms, f'{{"text":"{seq}"}}') for seq, ms in enumerate(estimates)]
        reply = self.two.do(
            scripts.submit(POOL, s, rows, self.raw), lambda: pool_jobs.submit(self.pool, s, estimates, self.raw)
        )
        if reply.verdict is Submit.ACCEPTED:
            again = run(self.redis, scripts.submit(POOL, s, rows, self.raw))
            assert again.verdict is Submit.DUPLICATE
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
        call = scripts.extend(POOL, name, first, rows, close=close, producer_ms=producer_ms, now_ms=self.raw)
        self.two.do(
            call,
            lambda: pool_jobs.extend(self.pool, name, first, estimates, self.raw, close=close, producer_ms=producer_ms),
            twice=True,
        )

    @precondition(lambda self: self.pool.running)
    @rule(index=st.integers(0, 3), delivered=st.integers(-500, 3_000), unheard=st.sampled_from([None, 0, 400, 5_000]))
    def ack(self, index: int, delivered: int, unheard: int | None) -> None:
        name = self.job(index)
        ms = max(0, self.pool.jobs[name].acked + delivered)
        heard = -1 if unheard is None else max(0, ms - unheard)
        self.two.do(
            scripts.ack(POOL, name, ms, heard, self.raw),
            lambda: pool_jobs.ack(self.pool, name, ms, heard, self.raw),
            twice=True,
        )

    @precondition(lambda self: self.pool.jobs)
    @rule(index=st.integers(0, 5), reason=st.sampled_from(["enough", "a|b"]), seldom=SELDOM)
    def cancel(self, index: int, reason: str, seldom: bool) -> None:
        if not seldom:
            return
        name = self.job(index)
        self.two.do(
            scripts.cancel(POOL, name, "cancelled", reason, now_ms=self.raw),
            lambda: pool_jobs.cancel(self.pool, name, "cancelled", reason, self.raw),
            twice=True,
        )

    @precondition(lambda self: self.pool.jobs)
    @rule(index=st.integers(0, 5), priority=st.sampled_from([None, -9, 9]), weight=st.sampled_from([None, 2.0]))
    def tune(self, index: int, priority: int | None, weight: float | None) -> None:
        name = self.job(index)
        self.two.do(
            scripts.tune(POOL, name, priority=priority, weight=weight, now_ms=self.raw),
            lambda: pool_jobs.tune(self.pool, name, priority, weight, self.raw),
            twice=True,
        )

    # sentences

    @rule(most=st.integers(1, 4), publish_ms=st.sampled_from([500, 4_000]))
    def pick(self, most: int, publish_ms: int) -> None:
        bells = self.two.do(
            scripts.pick(POOL, most, publish_ms, self.raw),
            lambda: pool_speech.pick(self.pool, most, publish_ms, self.raw),
        )
        assert all(bell.attempt > max((b.attempt for b in self.bells), default=0) for bell in bells), (
            "attempts only rise"
        )
        self.bells += bells
        tagged = [user for user in self.pool.users.values() if user.tag]
        idle = self.pool.slots + self.pool.slack > self.pool.in_flight()
        assert not (len(bells) < most and idle and tagged), "a slot is free while somebody has something to say"

    @precondition(lambda self: self.pool.outbox)
    @rule()
    def publish(self) -> None:
        entry = next(iter(self.pool.outbox))
        self.redis.zrem(f"{PREFIX}:outbox", entry)
        del self.pool.outbox[entry]
        self.two.compare()

    @precondition(lambda self: self.bells)
    @rule(index=st.integers(0, 6), owner=OWNERS)
    def claim(self, index: int, owner: str) -> None:
        self.take(self.bell(index), owner)

    def take(self, bell: Doorbell, owner: str) -> None:
        spec, said = self.submissions[bell.job].spec, f'{{"text":"{bell.seq}"}}'
        reply = self.two.do(
            scripts.claim(POOL, bell, owner, LEASE_MS, self.raw),
            lambda: pool_speech.claim(self.pool, bell, owner, LEASE_MS, spec, said, self.raw),
        )
        if reply.verdict is Claim.CLAIMED:
            self.epochs[bell] = reply.epoch
        if reply.verdict in (Claim.WAIT, Claim.CLAIMED):
            again = run(self.redis, scripts.claim(POOL, bell, owner, LEASE_MS, self.raw))
            assert again.verdict is (Claim.WAIT if reply.verdict is Claim.WAIT else Claim.STALE)
            self.two.compare()

    @rule(owner=OWNERS)
    def a_process_gets_all(self, owner: str) -> None:
        self.pick(4, 4_000)
        for bell in [bell for bell in self.bells if self.counts(bell)]:
            self.take(bell, owner)

    @precondition(lambda self: any(map(self.counts, self.bells)))
    @rule(share=SHARES)
    def all_is_spoken(self, share: float) -> None:
        for bell in [bell for bell in self.bells if self.counts(bell)]:
            self.speak(bell, share, 300, None)

    @precondition(lambda self: self.bells)
    @rule(
        index=st.integers(0, 6), share=SHARES,
        wall_ms=st.sampled_from([0, 120, 300, 2_000]), epoch=st.sampled_from([None, None, None, "other"]),
    )  # fmt: skip
    def finish(self, index: int, share: float, wall_ms: int, epoch: str | None) -> None:
        self.speak(self.bell(index), share, wall_ms, epoch)

    def speak(self, bell: Doorbell, share: float, wall_ms: int, epoch: str | None) -> None:
        audio_ms = round(self.pool.jobs[bell.job].estimates[bell.seq] * share)
        token = epoch or self.epochs.get(bell, self.pool.epoch)
        reply = self.two.do(
            scripts.finish(POOL, bell, token, wall_ms, audio_ms, now_ms=self.raw),
            lambda: pool_speech.finish(self.pool, bell, token, wall_ms, audio_ms, self.raw),
        )
        again = run(self.redis, scripts.finish(POOL, bell, token, wall_ms, audio_ms, now_ms=self.raw))
        assert again is not scripts.Done.OK, f"{reply} and then {again}"
        self.two.compare()

    @precondition(lambda self: self.bells)
    @rule(index=st.integers(0, 6), blame=st.booleans())
    def fail(self, index: int, blame: bool) -> None:
        bell = self.bell(index)
        token = self.epochs.get(bell, self.pool.epoch)
        self.two.do(
            scripts.fail(POOL, bell, token, "broken|badly", self.retry, blame=blame, now_ms=self.raw),
            lambda: pool_speech.fail(self.pool, bell, token, "broken|badly", self.retry, self.raw, blame=blame),
        )
        again = run(
            self.redis, scripts.fail(POOL, bell, token, "broken|badly", self.retry, blame=blame, now_ms=self.raw)
        )
        assert again is not scripts.Done.OK
        self.two.compare()

    @precondition(lambda self: self.pool.todo)
    @rule(ms=st.integers(0, 2_000), index=st.integers(0, 3))
    def carry_out(self, ms: int, index: int) -> None:
        entries = list(self.pool.todo)
        entry = entries[index % len(entries)]
        verb, job, rest = [*entry.split("|", 2), ""][:3]
        if verb == "fill":
            seq = int(rest.split("|", 1)[0])
            self.two.do(
                scripts.fill_done(POOL, job, seq, entry, ms, now_ms=self.raw),
                lambda: pool_speech.fill_done(self.pool, job, seq, entry, ms, self.raw),
            )
            assert not run(self.redis, scripts.fill_done(POOL, job, seq, entry, ms, now_ms=self.raw))
        else:
            self.redis.zrem(f"{PREFIX}:todo", entry)
            del self.pool.todo[entry]
        self.two.compare()


def test_the_pool_is_its_model(redis: Redis) -> None:
    """Verdicts, tags, eligibility, leases, counts: after every step of any sequence of operations."""
    PoolMachine.redis = redis
    run_state_machine_as_test(PoolMachine, settings=settings(max_examples=settings().max_examples * 2))
