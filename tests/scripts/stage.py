"""A pool on a real server with a clock of its own and workers that are only names: examples that read as sentences."""

from collections.abc import Sequence
from typing import Any

from redis import Redis

from seriatim import pool
from seriatim.keys import pool_prefix
from seriatim.pool import Claim, Claimed, Done, Extend, Facts, Retry, Submission, Submit, Submitted, Swept
from seriatim.records import Doorbell, Kind
from seriatim.scripts import Call, run
from tests.scripts.contents import contents

POOL = "p"
P = pool_prefix(POOL)
LEASE_MS = 3_000


class Stage:
    """Calls with their usual arguments filled in. Times in ms; sentences are given as their estimates."""

    def __init__(self, redis: Redis, *, slots: int = 1, rtf: float = 0.25, reserve: float = 0.05) -> None:
        self.redis, self.now = redis, 1_000_000
        self.retry = Retry(max_failures=3, backoff_ms=200)
        self.rtf, self.reserve = rtf, reserve
        self.epochs: dict[Doorbell, str] = {}
        self.rebase()
        if slots:
            self.hire("w1", slots)

    def do(self, call: Call[Any]) -> Any:
        return run(self.redis, call)

    # workers

    def rebase(self) -> int:
        return int(self.do(pool.rebase(POOL, self.now)))

    def hire(self, owner: str, slots: int = 1) -> None:
        facts = Facts(slots, 8_000, "exact", self.rtf, 1.0, self.reserve, "[]", "tone", "here", 1, 0)
        assert self.do(pool.register(POOL, owner, LEASE_MS, facts, self.now)) == 0

    def beat(self, owner: str, *running: Doorbell, slots: int = 1) -> tuple[bool, frozenset[Doorbell]]:
        reply: tuple[bool, frozenset[Doorbell]] = self.do(
            pool.beat(POOL, owner, LEASE_MS, slots, LEASE_MS, running, self.now)
        )
        return reply

    def leave(self, owner: str, *, died: bool) -> int:
        return int(self.do(pool.leave(POOL, owner, self.retry, died=died, now_ms=self.now)))

    def sweep(self, patience_ms: int = 0) -> Swept:
        swept: Swept = self.do(pool.sweep(POOL, 0, patience_ms, self.retry, self.now))
        return swept

    def passes(self, ms: int) -> None:
        """Time passes, in which somebody calls: only a silent pool's clock stands still."""
        for _ in range(ms // 5_000):
            self.now += 5_000
            self.do(pool.ack(POOL, "nobody", 0, now_ms=self.now))
        self.now += ms % 5_000

    # jobs

    def submit(self, job: str, *estimates: int, user: str = "ann", kind: Kind = Kind.LIVE, **options: Any) -> Submitted:
        s = Submission(job, user, kind, '{"v":1}', **options)
        submitted: Submitted = self.do(pool.submit(POOL, s, rows(estimates), self.now))
        return submitted

    def accept(self, job: str, *estimates: int, **options: Any) -> None:
        assert self.submit(job, *estimates, **options).verdict is Submit.ACCEPTED

    def extend(self, job: str, first: int, *estimates: int, **options: Any) -> tuple[Extend, int]:
        reply: tuple[Extend, int] = self.do(pool.extend(POOL, job, first, rows(estimates), now_ms=self.now, **options))
        return reply

    def ack(self, job: str, delivered: float, heard: float = -1) -> bool:
        return bool(self.do(pool.ack(POOL, job, delivered, heard, self.now)))

    def cancel(self, job: str, reason: str = "enough") -> str:
        return str(self.do(pool.cancel(POOL, job, "cancelled", reason, now_ms=self.now)))

    # sentences

    def pick(self, most: int = 99) -> list[Doorbell]:
        return list(self.do(pool.pick(POOL, most, 4_000, self.now)))

    def pick_one(self) -> Doorbell:
        (bell,) = self.pick(1)
        return bell

    def claim(self, bell: Doorbell, owner: str = "w1") -> Claimed:
        claimed: Claimed = self.do(pool.claim(POOL, bell, owner, LEASE_MS, self.now))
        self.epochs[bell] = claimed.epoch
        return claimed

    def takes(self, owner: str, *bells: Doorbell) -> None:
        """A worker process begins to speak these."""
        for bell in bells:
            assert self.claim(bell, owner).verdict is Claim.CLAIMED

    def finish(self, bell: Doorbell, audio_ms: float, wall_ms: float | None = None) -> Done:
        wall = audio_ms * self.rtf if wall_ms is None else wall_ms
        done: Done = self.do(pool.finish(POOL, bell, self.epochs[bell], wall, audio_ms, now_ms=self.now))
        return done

    def fail(self, bell: Doorbell, reason: str = "broken") -> Done:
        done: Done = self.do(pool.fail(POOL, bell, self.epochs[bell], reason, self.retry, now_ms=self.now))
        return done

    def speaks(self, bell: Doorbell, audio_ms: float, owner: str = "w1") -> None:
        """A sentence's whole way."""
        self.takes(owner, bell)
        assert self.finish(bell, audio_ms) is Done.OK

    # looking

    def held(self) -> dict[str, Any]:
        return contents(self.redis, P)

    def m(self, field: str) -> float:
        return float(self.redis.hget(f"{P}:m", field) or 0)

    def job(self, job: str, field: str) -> str:
        raw = self.redis.hget(f"{P}:j:{job}", field)
        return raw.decode() if isinstance(raw, bytes) else ""

    def record(self, bell: Doorbell) -> list[str]:
        """state, attempt, failures, cost, ms, position, at, suspect, owner; [] when the sentence is over."""
        raw = self.redis.hget(f"{P}:js:{bell.job}", str(bell.seq))
        return raw.decode().split(",", 8) if isinstance(raw, bytes) else []

    def tag(self, user: str, kind: str = "L") -> float | None:
        return self.redis.zscore(f"{P}:tag:{kind}", user)

    def in_flight(self) -> int:
        """As counted in every place where it is kept: they must agree."""
        keys = self.held()
        infl = int(self.m("infl"))
        assert infl == len(keys.get(":lease", {}))
        assert set(keys.get(":yields", {})) <= set(keys.get(":lease", {}))
        assert infl == sum(int(h.get("infl", 0)) for name, h in keys.items() if name.startswith(":u:"))
        return infl


def rows(estimates: Sequence[int]) -> list[str]:
    return [pool.sentence_argument(ms, '{"text":"said"}') for ms in estimates]
