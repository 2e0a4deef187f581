"""A driver of a pool on a real server: a clock of its own, workers that are mere names, examples that read as prose."""

from collections.abc import Sequence
from typing import Any

from redis import Redis

from seriatim.errors import BusyScope
from seriatim.keys import pool_prefix
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import (
    ClaimResult,
    ClaimVerdict,
    ExtendVerdict,
    FinishedSentence,
    FinishVerdict,
    ReaderTerms,
    RetryPolicy,
    Submission,
    SubmitResult,
    SubmitVerdict,
    SweepResult,
    WorkerRegistration,
)
from seriatim.lua.script_calls import ScriptCall, run
from seriatim.records import JobKind, TaskMessage
from tests.scripts.server_contents import contents

POOL = "p"
P = pool_prefix(POOL)
LEASE_MS = 3_000


class PoolDriver:
    """Calls with their usual arguments filled in. Times in ms; sentences are given as their estimates."""

    def __init__(self, redis: Redis, *, slots: int = 1, rtf: float = 0.25, reserve: float = 0.05) -> None:
        self.redis, self.now = redis, 1_000_000
        self.retry = RetryPolicy(max_failures=3, backoff_ms=200)
        self.rtf, self.reserve = rtf, reserve
        self.epochs: dict[TaskMessage, str] = {}
        self.rebase()
        if slots:
            self.hire("w1", slots)

    def do(self, call: ScriptCall[Any]) -> Any:
        return run(self.redis, call)

    # workers

    def rebase(self) -> int:
        return int(self.do(pool_scripts.rebase(POOL).at(self.now)))

    def hire(
        self, owner: str, slots: int = 1, fingerprint: str = "", *, hot: bool = False, ahead: bool = False
    ) -> None:
        facts = WorkerRegistration(
            slots,
            8_000,
            "exact",
            self.rtf,
            1.0,
            self.reserve,
            "[]",
            "tone",
            "here",
            1,
            0,
            fingerprint=fingerprint,
            hot=hot,
            ahead=ahead,
        )
        assert self.do(pool_scripts.register(POOL, owner, LEASE_MS, facts).at(self.now)).rate_hz == 0

    def beat(self, owner: str, *running: TaskMessage, slots: int = 1) -> tuple[bool, frozenset[TaskMessage]]:
        reply: tuple[bool, frozenset[TaskMessage]] = self.do(
            pool_scripts.beat(POOL, owner, LEASE_MS, slots, LEASE_MS, running).at(self.now)
        )
        return reply

    def leave(self, owner: str, *, died: bool) -> int:
        return int(self.do(pool_scripts.leave(POOL, owner, self.retry, died=died).at(self.now)))

    def sweep(self, pending_step_grace_ms: int = 0) -> SweepResult:
        swept: SweepResult = self.do(pool_scripts.sweep(POOL, 0, pending_step_grace_ms, self.retry).at(self.now))
        return swept

    def passes(self, ms: int) -> None:
        """Time passes, with a call at its end: only a silent pool's clock stands still."""
        for _ in range(ms // 5_000):
            self.now += 5_000
            self.do(pool_scripts.ack(POOL, "unknown", 0).at(self.now))
        self.now += ms % 5_000

    # jobs

    def submit(
        self, job: str, *estimates: int, user: str = "ann", kind: JobKind = JobKind.LIVE, **options: Any
    ) -> SubmitResult:
        s = Submission(job, user, kind, '{"v":1}', **options)
        submitted: SubmitResult = self.do(pool_scripts.submit(POOL, s, rows(estimates)).at(self.now))
        return submitted

    def accept(self, job: str, *estimates: int, **options: Any) -> None:
        assert self.submit(job, *estimates, **options).verdict is SubmitVerdict.ACCEPTED

    def extend(self, job: str, first: int, *estimates: int, **options: Any) -> tuple[ExtendVerdict, int]:
        reply: tuple[ExtendVerdict, int] = self.do(
            pool_scripts.extend(POOL, job, first, rows(estimates), **options).at(self.now)
        )
        return reply

    def ack(self, job: str, delivered: float, heard_ms: float = -1) -> bool:
        terms: ReaderTerms = self.do(pool_scripts.ack(POOL, job, delivered, heard_ms).at(self.now))
        return bool(terms.grace_ms)

    def cancel(self, job: str, reason: str = "enough") -> str:
        return str(self.do(pool_scripts.cancel(POOL, job, "cancelled", reason).at(self.now)))

    # sentences

    def pick(self, most: int = 99) -> list[TaskMessage]:
        return list(self.do(pool_scripts.pick(POOL, most, 4_000).at(self.now)))

    def pick_one(self) -> TaskMessage:
        (message,) = self.pick(1)
        return message

    def claim(self, message: TaskMessage, owner: str = "w1", idle_ms: int | None = None) -> ClaimResult:
        claimed: ClaimResult = self.do(pool_scripts.claim(POOL, message, owner, LEASE_MS, idle_ms).at(self.now))
        self.epochs[message] = claimed.epoch
        return claimed

    def takes(self, owner: str, *messages: TaskMessage) -> None:
        """A worker process begins to speak these."""
        for message in messages:
            assert self.claim(message, owner).verdict is ClaimVerdict.CLAIMED

    def finish(
        self, message: TaskMessage, audio_ms: float, wall_ms: float | None = None, silence_ms: float | None = None
    ) -> FinishVerdict:
        wall = audio_ms * self.rtf if wall_ms is None else wall_ms
        finished = FinishedSentence(self.epochs[message], wall, audio_ms, silence_ms=silence_ms)
        done: FinishVerdict = self.do(pool_scripts.finish(POOL, message, finished).at(self.now))
        return done

    def handover(self, message: TaskMessage, silent_ms: float = 3_000, owner: str = "w1") -> bool:
        call = pool_scripts.handover(POOL, message, owner, self.epochs[message], silent_ms)
        return bool(self.do(call.at(self.now)))

    def fail(self, message: TaskMessage, reason: str = "broken") -> FinishVerdict:
        done: FinishVerdict = self.do(
            pool_scripts.fail(POOL, message, self.epochs[message], reason, self.retry).at(self.now)
        )
        return done

    def postpone(self, message: TaskMessage, retry_ms: int = 1_000, scope: BusyScope = "concurrency") -> FinishVerdict:
        call = pool_scripts.postpone(POOL, message, self.epochs[message], retry_ms, scope)
        done: FinishVerdict = self.do(call.at(self.now))
        return done

    def speaks(self, message: TaskMessage, audio_ms: float, owner: str = "w1") -> None:
        """A sentence's whole way."""
        self.takes(owner, message)
        assert self.finish(message, audio_ms) is FinishVerdict.OK

    # looking

    def held(self) -> dict[str, Any]:
        return contents(self.redis, P)

    def m(self, field: str) -> float:
        return float(self.redis.hget(f"{P}:m", field) or 0)

    def job(self, job: str, field: str) -> str:
        raw = self.redis.hget(f"{P}:j:{job}", field)
        return raw.decode() if isinstance(raw, bytes) else ""

    def record(self, message: TaskMessage) -> list[str]:
        """state, attempt, failures, cost, ms, position, at/slot_at[/spent], suspect, owner; [] when it is over."""
        raw = self.redis.hget(f"{P}:js:{message.job}", str(message.seq))
        return raw.decode().split(",", 8) if isinstance(raw, bytes) else []

    def tag(self, user: str, kind: str = "L") -> float | None:
        return self.redis.zscore(f"{P}:tag:{kind}", user)

    def in_flight(self) -> int:
        """As counted in every place where it is kept: they must agree."""
        keys = self.held()
        infl = int(self.m("infl"))
        assert infl == len(keys.get(":lease", {}))
        assert {*keys.get(":yields", {}), *keys.get(":resumes", {})} <= set(keys.get(":lease", {}))
        assert infl == sum(int(h.get("infl", 0)) for name, h in keys.items() if name.startswith(":u:"))
        return infl


def rows(estimates: Sequence[int]) -> list[str]:
    return [pool_scripts.sentence_argument(ms, '{"text":"said"}') for ms in estimates]
