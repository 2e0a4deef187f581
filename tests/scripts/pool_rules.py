"""What all rules of the pool's machine share: the two pools, a clock that may be set, and what was handed out."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from redis import Redis

from seriatim.pool import Retry, Submission
from seriatim.records import Doorbell
from tests.scripts.pool_and_model import Both

OWNERS = st.sampled_from(["w1", "w2"])
LEASE_MS = 3_000
LIFE_MS = 4_000


class PoolRules(RuleBasedStateMachine):
    """Every rule is one operation, done on both; some are done twice, which must change nothing."""

    redis: Redis
    retry: Retry
    rtf: float
    reserve: float
    policy: str

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
