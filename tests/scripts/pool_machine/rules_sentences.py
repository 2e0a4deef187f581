"""Rules of the pool's machine: a sentence's way through it."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from seriatim.engine import ServerLimits
from seriatim.errors import BUSY_SCOPES, BusyScope
from seriatim.keys import EARLY_SLOT
from seriatim.lua import pool_scripts as scripts
from seriatim.lua.pool_records import ClaimVerdict, FinishedSentence, FinishVerdict
from seriatim.lua.script_calls import run
from seriatim.records import TaskMessage
from tests.scripts.pool_machine import pool_governor, pool_handover, pool_speech
from tests.scripts.pool_machine.pool_and_model import POOL, PREFIX
from tests.scripts.pool_machine.pool_state import LIVE
from tests.scripts.pool_machine.rules_shared import LEASE_MS, OWNERS, PoolRules

STANDBY_MS = 2_000
SHARES = st.sampled_from([1.0, 0.5, 0.9, 1.1, 1.5, 0.0])  #: of the estimate: what it came to


class Voices(PoolRules):
    """What is spoken."""

    @rule(most=st.integers(1, 4), message_timeout_ms=st.sampled_from([500, 4_000]))
    def pick(self, most: int, message_timeout_ms: int) -> None:
        messages = self.two.do(
            scripts.pick(POOL, most, message_timeout_ms).at(self.raw),
            lambda: pool_speech.pick(self.pool, most, message_timeout_ms, self.raw),
        )
        assert all(message.attempt > max((b.attempt for b in self.messages), default=0) for message in messages), (
            "attempts only rise"
        )
        self.messages += messages
        tagged = [user for user in self.pool.users.values() if user.tag]
        now = self.pool.now or 0
        idle = self.pool.room > 0 and self.pool.paused <= now and (self.pool.left > 0 or self.pool.metered <= now)
        idle = idle and pool_governor.within_rates(self.pool, now)
        assert not (len(messages) < most and idle and tagged), "a slot is free while a sentence waits"

    @precondition(lambda self: self.pool.outbox)
    @rule()
    def publish(self) -> None:
        entry = next(iter(self.pool.outbox))
        self.redis.zrem(f"{PREFIX}:outbox", entry)
        del self.pool.outbox[entry]
        self.two.compare()

    @precondition(lambda self: self.messages)
    @rule(index=st.integers(0, 6), owner=OWNERS, idle_ms=st.sampled_from([None, 0, 40, 5_000]))
    def claim(self, index: int, owner: str, idle_ms: int | None) -> None:
        self.take(self.message(index), owner, idle_ms)

    def take(self, message: TaskMessage, owner: str, idle_ms: int | None = None) -> None:
        spec, spoken_text = self.submissions[message.job].spec, f'{{"text":"{message.seq}"}}'
        reply = self.two.do(
            scripts.claim(POOL, message, owner, LEASE_MS, idle_ms).at(self.raw),
            lambda: pool_speech.claim(self.pool, message, owner, LEASE_MS, spec, spoken_text, self.raw, idle_ms),
        )
        if reply.verdict is ClaimVerdict.CLAIMED:
            self.epochs[message] = reply.epoch
        if reply.verdict in (ClaimVerdict.WAIT, ClaimVerdict.CLAIMED):  # a doubled message, here and elsewhere
            again = run(self.redis, scripts.claim(POOL, message, owner, LEASE_MS, idle_ms).at(self.raw))
            assert again.verdict is (ClaimVerdict.WAIT if reply.verdict is ClaimVerdict.WAIT else ClaimVerdict.STALE)
            self.two.compare()

    @rule(owner=OWNERS)
    def a_process_gets_all(self, owner: str) -> None:
        self.pick(4, 4_000)
        for message in [message for message in self.messages if self.counts(message)]:
            self.take(message, owner)

    @precondition(lambda self: any(map(self.counts, self.messages)))
    @rule(share=SHARES)
    def all_is_spoken(self, share: float) -> None:
        for message in [message for message in self.messages if self.counts(message)]:
            self.speak(message, share, 300, None)

    @precondition(lambda self: self.messages)
    @rule(
        index=st.integers(0, 6), share=SHARES,
        wall_ms=st.sampled_from([0, 120, 300, 2_000]), epoch=st.sampled_from([None, None, None, "other"]),
    )  # fmt: skip
    def finish(self, index: int, share: float, wall_ms: int, epoch: str | None) -> None:
        self.speak(self.message(index), share, wall_ms, epoch)

    def speak(self, message: TaskMessage, share: float, wall_ms: int, epoch: str | None) -> None:
        audio_ms = round(self.pool.jobs[message.job].estimates[message.seq] * share)
        token = epoch or self.epochs.get(message, self.pool.epoch)
        finished = FinishedSentence(token, wall_ms, audio_ms, silence_ms=wall_ms / 2)
        call = scripts.finish(POOL, message, finished).at(self.raw)
        reply = self.two.do(call, lambda: pool_speech.finish(self.pool, message, finished, self.raw))
        again = run(self.redis, call)
        assert again is not FinishVerdict.OK, f"{reply} and then {again}"
        self.two.compare()

    @precondition(lambda self: self.messages)
    @rule(
        index=st.integers(0, 6), share=SHARES, wall_ms=st.sampled_from([0, 120, 300]), owner=OWNERS,
        most=st.integers(1, 4), epoch=st.sampled_from([None, None, None, "other"]),
        slot=st.sampled_from(["", "1", f"2{EARLY_SLOT}"]), own=st.sampled_from([1, 2]),
        ahead_ms=st.sampled_from([0, 0, 40, 5_000]),
    )  # fmt: skip
    def finish_and_take_the_next(
        self, index: int, share: float, wall_ms: int, owner: str, most: int, epoch: str | None, slot: str, own: int,
        ahead_ms: int,
    ) -> None:  # fmt: skip
        message = self.message(index)
        audio_ms = round(self.pool.jobs[message.job].estimates[message.seq] * share)
        token = epoch or self.epochs.get(message, self.pool.epoch)
        finished = FinishedSentence(token, wall_ms, audio_ms, ahead_ms=ahead_ms)
        self.take_the_next(message, finished, owner, most, slot, own)

    @precondition(lambda self: any(map(self.counts, self.messages)))
    @rule(share=SHARES, owner=OWNERS)
    def all_is_spoken_and_slots_wait(self, share: float, owner: str) -> None:
        """Those that find no next sentence."""
        for n, message in enumerate([message for message in self.messages if self.counts(message)]):
            audio_ms = round(self.pool.jobs[message.job].estimates[message.seq] * share)
            finished = FinishedSentence(self.epochs.get(message, self.pool.epoch), 300, audio_ms)
            self.take_the_next(message, finished, owner, 4, f"{n % 3}{EARLY_SLOT}")
            self.slots_take_what_they_are_given()

    def take_the_next(
        self, message: TaskMessage, finished: FinishedSentence, owner: str, most: int, slot: str, own: int = 1
    ) -> None:
        arguments = (POOL, message, finished, 600_000, owner, LEASE_MS, most, 4_000, slot, STANDBY_MS, own)
        call = scripts.finish_and_claim(*arguments).at(self.raw)
        reply = self.two.do(
            call, lambda: pool_speech.finish_and_claim(
                self.pool, message, finished, owner, LEASE_MS, most, self.raw, slot, STANDBY_MS, own
            ),
            lambda found: replace(found, claimed=found.claimed and replace(found.claimed, spec="", sentence="")),
        )  # fmt: skip
        if reply.message is not None and reply.claimed is not None:
            assert reply.claimed.spec == self.submissions[reply.message.job].spec
            assert reply.claimed.sentence == f'{{"text":"{reply.message.seq}"}}'
            self.epochs[reply.message] = reply.claimed.epoch
            self.messages.append(reply.message)
        self.messages += [*reply.picked, *filter(None, [reply.ahead])]
        again = run(self.redis, call)
        assert again.verdict is not FinishVerdict.OK
        assert (again.message, again.picked) == (None, ()), "a repeated call must not take another sentence"
        self.two.compare()

    @precondition(lambda self: any(map(self.counts, self.messages)))
    @rule(index=st.integers(0, 4), blame=st.sampled_from([True, True, False]))
    def fail(self, index: int, blame: bool) -> None:
        message = self.message(index)
        token = self.epochs.get(message, self.pool.epoch)
        self.two.do(
            scripts.fail(POOL, message, token, "broken|badly", self.retry, blame=blame).at(self.raw),
            lambda: pool_speech.fail(self.pool, message, token, "broken|badly", self.retry, self.raw, blame=blame),
        )
        again = run(
            self.redis, scripts.fail(POOL, message, token, "broken|badly", self.retry, blame=blame).at(self.raw)
        )
        assert again is not FinishVerdict.OK
        self.two.compare()

    @precondition(lambda self: any(map(self.counts, self.messages)))
    @rule(index=st.integers(0, 4), retry_ms=st.sampled_from([50, 1_000, 60_000]), scope=st.sampled_from(BUSY_SCOPES))
    def postpone(self, index: int, retry_ms: int, scope: BusyScope) -> None:
        message = self.message(index)
        token = self.epochs.get(message, self.pool.epoch)
        call = scripts.postpone(POOL, message, token, retry_ms, scope).at(self.raw)
        self.two.do(call, lambda: pool_speech.postpone(self.pool, message, token, retry_ms, scope, self.raw))
        assert run(self.redis, call) is not FinishVerdict.OK
        self.two.compare()

    @precondition(lambda self: self.pool.handovers_left > 0.5 and self.live_running())
    @rule(index=st.integers(0, 3), silent_ms=st.sampled_from([300, 3_000, 9_000]), owner=st.none() | OWNERS)
    def hand_over(self, index: int, silent_ms: int, owner: str | None) -> None:
        """Mostly by the process that speaks it."""
        running = self.live_running()
        message = running[-1 - index % len(running)]
        chosen = owner or self.pool.jobs[message.job].unfinished[message.seq].owner
        token = self.epochs.get(message, self.pool.epoch)
        self.two.do(
            scripts.handover(POOL, message, chosen, token, silent_ms).at(self.raw),
            lambda: pool_handover.hand_over(self.pool, message, chosen, token, silent_ms, self.raw), twice=True,
        )  # fmt: skip

    @precondition(lambda self: self.pool.handovers_left > 0.999)
    @rule(silent_ms=st.sampled_from([300, 3_000]), owner=OWNERS)
    def a_process_hangs(self, silent_ms: int, owner: str) -> None:
        """It gets all that is due, hands a live sentence over, and is sent it again."""
        self.a_process_gets_all(owner)
        if self.live_running():
            self.hand_over(0, silent_ms, None)
            self.a_process_gets_all(owner)

    def live_running(self) -> list[TaskMessage]:
        """Attempts that speak a live sentence now."""
        live = [m for m in self.messages if self.pool.jobs[m.job].kind == LIVE and self.counts(m)]
        return [m for m in live if self.pool.jobs[m.job].unfinished[m.seq].state == "R"]

    @rule(
        limits=st.builds(
            ServerLimits, st.sampled_from([None, 0, 2, 5]), st.sampled_from([None, 2.0]), st.sampled_from([None, 4]),
            st.sampled_from([None, 0, 3]),
        )
    )  # fmt: skip
    def report_limits(self, limits: ServerLimits) -> None:
        self.two.do(
            scripts.report_limits(POOL, limits).at(self.raw), lambda: pool_governor.report(self.pool, limits, self.raw)
        )

    @rule(allowed=st.sampled_from([None, None, 1, 3]))
    def limit(self, allowed: int | None) -> None:
        self.two.do(
            scripts.limit_pool(POOL, allowed).at(self.raw),
            lambda: pool_governor.limit(self.pool, allowed, self.raw), twice=True,
        )  # fmt: skip

    @rule(changes=st.dictionaries(st.sampled_from(["requests", "characters"]), st.sampled_from([None, None, 7, 40])))
    def limit_rates(self, changes: dict[str, int | None]) -> None:
        self.two.do(
            scripts.limit_rates(POOL, changes).at(self.raw),
            lambda: pool_governor.limit_rates(self.pool, changes, self.raw), twice=True,
        )  # fmt: skip

    @precondition(lambda self: self.pool.todo)
    @rule(ms=st.integers(0, 2_000), index=st.integers(0, 3))
    def carry_out(self, ms: int, index: int) -> None:
        entries = list(self.pool.todo)
        entry = entries[index % len(entries)]
        verb, job, rest = [*entry.split("|", 2), ""][:3]
        if verb == "fill":
            seq = int(rest.split("|", 1)[0])
            self.two.do(
                scripts.fill_done(POOL, job, seq, entry, ms).at(self.raw),
                lambda: pool_speech.fill_done(self.pool, job, seq, entry, ms, self.raw),
            )
            assert not run(self.redis, scripts.fill_done(POOL, job, seq, entry, ms).at(self.raw))
        else:
            self.redis.zrem(f"{PREFIX}:todo", entry)
            del self.pool.todo[entry]
        self.two.compare()
