"""Shared rules of the pool's state machine: two pools, a clock that may be set, and what was handed out."""

from typing import cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from redis import Redis

from seriatim.keys import standby_list
from seriatim.lua.pool_records import RetryPolicy, StandbySentence, Submission
from seriatim.records import TaskMessage
from tests.scripts.pool_machine.pool_and_model import POOL, Both

OWNERS = st.sampled_from(["w1", "w2"])
LEASE_MS = 3_000
LIFE_MS = 4_000


class PoolRules(RuleBasedStateMachine):
    """Every rule is one operation, done on both; some are done twice, which must change nothing."""

    redis: Redis
    retry: RetryPolicy
    rtf: float
    reserve: float
    continuity: str

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.two = Both(self.redis)
        self.pool = self.two.pool
        self.raw = 1_000_000  #: the server's clock, ms
        self.messages: list[TaskMessage] = []
        self.epochs: dict[TaskMessage, str] = {}
        self.submissions: dict[str, Submission] = {}
        self.slots_before, self.are_fewer = 0, False  #: slots of the pool; fewer than when the first went on standby

    @invariant()
    def slots_take_what_they_are_given(self) -> None:
        """Each finds what its list has for it; `compare` has seen that it is what the model gave."""
        for slot in self.pool.slot_entries:
            entries = cast("list[bytes]", self.redis.lpop(standby_list(POOL, slot), 100))
            for entry in filter(None, entries):
                found = StandbySentence.parse(entry.decode())
                self.messages.append(found.message)
                if found.expected:
                    assert found.expected.spec == self.submissions[found.message.job].spec
                    assert found.expected.sentence == f'{{"text":"{found.message.seq}"}}'
        self.pool.slot_entries.clear()

    @invariant()
    def there_is_a_slot_for_each_sentence_in_flight(self) -> None:
        """Beside those on standby, which take no message; a process that went may have taken some with it."""
        n_waiting = sum(until > (self.pool.now or 0) for until in self.pool.standby.values())
        self.are_fewer = n_waiting > 0 and (self.are_fewer or self.pool.slots < self.slots_before)
        self.slots_before = self.pool.slots
        assert not n_waiting or self.are_fewer or self.pool.in_flight() + n_waiting <= self.pool.slots

    def message(self, index: int) -> TaskMessage:
        """A token: mostly one that counts, sometimes any that was ever issued."""
        counting = [message for message in self.messages if self.counts(message)]
        chosen = counting if counting and index < 6 else self.messages
        return chosen[-1 - index % len(chosen)]

    def counts(self, message: TaskMessage) -> bool:
        sentence = self.pool.jobs[message.job].unfinished.get(message.seq)
        return sentence is not None and sentence.in_flight and sentence.attempt == message.attempt

    def job(self, index: int) -> str:
        """A job: mostly one that runs."""
        chosen = list(self.pool.running if self.pool.running and index < 4 else self.pool.jobs)
        return chosen[-1 - index % len(chosen)]
