"""Rules of the pool's machine: time, worker processes, the sweep, restarts."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from seriatim.lua import pool_scripts as scripts
from seriatim.lua.pool_records import WorkerRegistration
from seriatim.lua.script_calls import run
from seriatim.records import TaskMessage
from tests.scripts.pool_machine import pool_workers
from tests.scripts.pool_machine.pool_and_model import POOL, PREFIX
from tests.scripts.pool_machine.rules_shared import LEASE_MS, LIFE_MS, OWNERS, PoolRules
from tests.scripts.server_contents import contents

SPANS = st.sampled_from([0, 1, 40, 250, 300, 700, 1_500, 3_000, 3_001, 9_000])
SELDOM = st.sampled_from([True] + [False] * 5)  #: what ends much, lest nothing ever gets far


class House(PoolRules):
    """Who speaks, and what time does to it."""

    @rule(ms=SPANS)
    def time_passes(self, ms: int) -> None:
        self.raw += ms

    @rule(ms=st.sampled_from([-3_600_000, 3_600_000, -5_000]))
    def the_clock_is_set(self, ms: int) -> None:
        self.raw += ms

    @rule(
        owner=OWNERS,
        slots=st.integers(1, 3),
        life_ms=st.sampled_from([2_500, LIFE_MS]),
        rate_hz=st.sampled_from([22_050] * 7 + [24_000]),
        fingerprint=st.sampled_from(["", "A", "A", "B", "C"]),
        hot=st.booleans(),
        ahead=st.booleans(),
    )
    def register(
        self, owner: str, slots: int, life_ms: int, rate_hz: int, fingerprint: str = "A", hot: bool = False,
        ahead: bool = False,
    ) -> None:  # fmt: skip
        facts = WorkerRegistration(
            slots, rate_hz, self.continuity, self.rtf, 1.0, self.reserve, "[]", "tone", "here", 1, 0,
            fingerprint=fingerprint, hot=hot, ahead=ahead,
        )  # fmt: skip
        self.two.do(
            scripts.register(POOL, owner, life_ms, facts).at(self.raw),
            lambda: pool_workers.register(self.pool, owner, life_ms, facts, self.raw),
            twice=True,
        )

    @precondition(lambda self: self.messages)
    @rule(owner=OWNERS, slots=st.integers(0, 3), named=st.lists(st.integers(0, 6), max_size=4))
    def beat(self, owner: str, slots: int, named: list[int]) -> None:
        running = list({self.message(index) for index in named})
        self.two.do(
            scripts.beat(POOL, owner, LIFE_MS, slots, LEASE_MS, running).at(self.raw),
            lambda: pool_workers.beat(self.pool, owner, LIFE_MS, slots, LEASE_MS, running, self.raw),
            twice=True,
        )

    @precondition(lambda self: self.pool.workers)
    @rule()
    def all_send_heartbeats(self) -> None:
        for owner in list(self.pool.workers):
            self.beat_for(owner, self.spoken_by(owner))

    @precondition(lambda self: any(worker.speaking for worker in self.pool.workers.values()))
    @rule()
    def a_process_forgets_one(self) -> None:
        """It beats, but one of its sentences it does not name: the answer to its claim was lost."""
        owner = next(name for name, worker in self.pool.workers.items() if worker.speaking)
        named = self.spoken_by(owner)[1:]
        for _ in range(2):
            self.raw += LEASE_MS // 2
            self.beat_for(owner, named)
        self.sweep(0, 0)

    def spoken_by(self, owner: str) -> list[TaskMessage]:
        attempts = self.pool.workers[owner].speaking
        return [
            TaskMessage(name.rpartition("|")[0], int(name.rpartition("|")[2]), att) for name, att in attempts.items()
        ]

    def beat_for(self, owner: str, running: list[TaskMessage], slots: int | None = None) -> None:
        slots = self.pool.workers[owner].slots if slots is None else slots
        self.two.do(
            scripts.beat(POOL, owner, LIFE_MS, slots, LEASE_MS, running).at(self.raw),
            lambda: pool_workers.beat(self.pool, owner, LIFE_MS, slots, LEASE_MS, running, self.raw),
        )

    @precondition(lambda self: any(worker.speaking for worker in self.pool.workers.values()))
    @rule(owner=OWNERS, died=st.booleans())
    def leave(self, owner: str, died: bool) -> None:
        self.two.do(
            scripts.leave(POOL, owner, self.retry, died=died).at(self.raw),
            lambda: pool_workers.leave(self.pool, owner, self.retry, self.raw, died=died),
        )

    @rule(ms=st.sampled_from([4_000, 9_000]))
    def time_passes_unseen(self, ms: int) -> None:
        self.raw += ms
        self.sweep(0, 0)

    @rule(interval_ms=st.sampled_from([0, 400]), pending_step_grace_ms=st.sampled_from([0, 1_000]))
    def sweep(self, interval_ms: int, pending_step_grace_ms: int) -> None:
        self.two.do(
            scripts.sweep(POOL, interval_ms, pending_step_grace_ms, self.retry).at(self.raw),
            lambda: pool_workers.sweep(self.pool, interval_ms, pending_step_grace_ms, self.retry, self.raw),
            lambda s: (s.ran, tuple(scripts.outbox_entry(message) for message in s.outbox), s.todo),
        )

    @precondition(lambda self: self.pool.lease)
    @rule(seldom=SELDOM)
    def a_restart(self, seldom: bool) -> None:
        if seldom:
            self.restart(restarted=True)

    def restart(self, *, restarted: bool) -> None:
        """A restart is a run id that the pool does not know: here an older one is written in its place."""
        if restarted:
            self.redis.hset(f"{PREFIX}:m", "epoch", "0123456789abcdef")
            self.pool.epoch = "0123456789abcdef"
        before = self.pool.fence
        reply = run(self.redis, scripts.rebase(POOL).at(self.raw))
        m = contents(self.redis, PREFIX)[":m"]
        assert reply == pool_workers.rebase(self.pool, int(m["fence"]), m["epoch"], self.raw)
        assert int(m["fence"]) > before
        self.two.compare()
        assert run(self.redis, scripts.rebase(POOL).at(self.raw)) == 0
