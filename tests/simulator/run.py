"""One run from its seed: set the world up, let it go until everything has ended, check what is left."""

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from redis.exceptions import RedisError

from seriatim.errors import SeriatimError
from seriatim.keys import pool_prefix
from seriatim.lua import job_scripts as slot
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import ClaimVerdict, ExtendVerdict, NextSentence, SubmitResult, SubmitVerdict
from seriatim.records import DrainMode
from tests.simulator import check, faults, joint_calls, state_audit
from tests.simulator.dispatch import SimulatedBroker, picked
from tests.simulator.ledger import Ledger
from tests.simulator.listeners import Reader
from tests.simulator.plan import JobPlan, RunPlan, restarts_of
from tests.simulator.producers import Canceller, SimulatedProducer
from tests.simulator.reassemblers import SimulatedReassembler
from tests.simulator.scheduler import POOL, Violation, World
from tests.simulator.sweepers import Sweeper
from tests.simulator.workers import SimulatedWorker
from tests.support.redis_servers import PrivateServer, debian

AUDIT_EVERY = 40  #: steps
TAIL = 40  #: lines of history in a report
MOST_STEPS = 40_000  #: ten times what the longest run takes
MOST_MS = 3_600_000  #: of virtual time after the faults stopped


class Failed(AssertionError):
    """A run in which something did not hold; says how to see it again. `steps` is the whole history, a line a step."""

    def __init__(self, report: str, steps: list[str]) -> None:
        super().__init__(report)
        self.steps = steps


@dataclass(slots=True)
class Run:
    """A world, its broker, and what the checks know."""

    world: World
    broker: SimulatedBroker = field(default_factory=SimulatedBroker)
    ledger: Ledger = field(default_factory=Ledger)
    awaited: list[str] = field(default_factory=list)  #: calls; behind the first of them the server is killed

    def watch(self, make: object, args: tuple[Any, ...], named: dict[str, Any], reply: Any) -> None:
        """What the server did, also where its reply was lost."""
        now = int(self.world.now)
        self._watch_flight(make, args, reply)
        if make is pool_scripts.sweep and reply.ran:
            state_audit.nothing_overdue(self.world.redis)
        elif make is slot.life and named["accepted"]:
            self.ledger.confirmed.add(args[0])
        elif make is pool_scripts.ack and reply:
            self.ledger.sign(args[1], now)
        elif make is pool_scripts.submit and reply.verdict is SubmitVerdict.ACCEPTED:
            self.ledger.sign(args[1].job, now)
            self.ledger.utter(args[1].job, now)
        elif make is joint_calls.init_and_submit:
            self._watch_joint_submission(args[0], reply[0], now)
        elif make is pool_scripts.extend and reply[0] in (ExtendVerdict.OK, ExtendVerdict.GAP, ExtendVerdict.FULL):
            self.ledger.utter(args[1], now)

    def _watch_joint_submission(self, job: str, answer: SubmitResult, now: int) -> None:
        if answer.verdict is SubmitVerdict.ACCEPTED:
            self.ledger.sign(job, now)
            self.ledger.utter(job, now)
        if answer.job == job and answer.verdict in (SubmitVerdict.ACCEPTED, SubmitVerdict.DUPLICATE):
            self.ledger.confirmed.add(job)

    def _watch_flight(self, make: object, args: tuple[Any, ...], reply: Any) -> None:
        if make is pool_scripts.pick and reply:
            picked(self, reply)
        elif make is joint_calls.init_and_submit and reply[1]:
            picked(self, reply[1])
        elif make in (pool_scripts.claim, joint_calls.claim_and_open) and reply.verdict is ClaimVerdict.CLAIMED:
            self.ledger.claims[args[1].job, args[1].seq] += 1
        elif make is pool_scripts.finish_and_claim:
            self._watch_next(reply)
        elif make is joint_calls.append_and_take and reply.following:
            self.world.tally["finished with the last chunk"] += 1
            self._watch_next(reply.following)

    def _watch_next(self, reply: NextSentence) -> None:
        own = (reply.message,) if reply.message else ()
        ahead = (reply.ahead,) if reply.ahead else ()
        if all_picked := own + reply.picked + ahead:
            picked(self, all_picked)
        for message in own:
            self.world.tally["taken without a message"] += 1
            self.ledger.claims[message.job, message.seq] += 1

    def accepted(self, plan: JobPlan, job: str) -> None:
        """A producer learned that its job is accepted: it hands the job to a listener."""
        if job in self.ledger.accepted:
            return
        self.ledger.accepted.add(job)
        self.world.tally["jobs"] += 1
        if plan.drain is DrainMode.WINDOW:
            self.world.spawn(Reader(self, plan, job), self.world.rng.randint(0, 500))
        if plan.cancel_ms is not None:
            self.world.spawn(Canceller(self, job, plan.cancel_ms))

    def settled(self) -> bool:
        """Are all processes done, and nothing left that would go on by itself?"""
        ledger = self.ledger
        if ledger.waiting or ledger.reading:
            return False
        prefix = pool_prefix(POOL)
        pipe = self.world.redis.pipeline(transaction=False)
        for name in ("lease", "outbox", "todo", "act"):
            pipe.zcard(f"{prefix}:{name}")
        return not any(pipe.execute()) and check.all_ended(self)


def play(plan: RunPlan, server: PrivateServer) -> World:
    """One run.

    Raises:
        Failed: an invariant broke, or not everything ended; with the seed, the facts and the last steps.
    """
    redis = server.client()
    redis.config_set("maxmemory", 0)
    redis.flushall()
    redis.hset(f"{pool_prefix(POOL)}:m", "handovers_left", 10_000)  # a pool allows them once it has spoken for a while
    if plan.redis_kills:
        faults.rewrite(redis)
    run = Run(World(redis, plan, Random(f"run {plan.seed}")))
    run.world.watch = run.watch
    try:
        _populate(run)
        _go(run, server)
        check.final(run)
    except (Violation, SeriatimError, RedisError) as error:
        steps = history(run.world)
        raise Failed(report(run, error, server, steps), steps) from error
    finally:
        redis.close()
    return run.world


def _populate(run: Run) -> None:
    plan = run.world.plan
    for machine, slots in enumerate(plan.slots):
        run.world.spawn(SimulatedWorker(run, slots, machine))
    for _ in range(plan.sweepers):
        run.world.spawn(Sweeper(run))
    for _ in range(plan.reassemblers):
        run.world.spawn(SimulatedReassembler(run))
    for job in plan.jobs:
        run.world.spawn(SimulatedProducer(run, job))


def _go(run: Run, server: PrivateServer) -> None:
    world, plan = run.world, run.world.plan
    healed = None
    while not (world.steps % 25 == 0 and run.settled()):
        world.faulty = world.steps < plan.fault_steps
        faults.apply(run, server)
        if not world.faulty and healed is None:
            healed = world.now
        world.step()
        if world.steps % AUDIT_EVERY == 0:
            inspect(run)
        if world.steps > MOST_STEPS or (healed is not None and world.now > healed + MOST_MS):
            raise Violation(f"not everything ended: {check.unfinished(run)}")
    world.tally["runs"] += 1
    world.tally["steps"] += world.steps


def inspect(run: Run) -> None:
    """Read the pool's books."""
    jobs = list(run.world.plans)
    books = state_audit.read(run.world.redis, jobs, sorted({plan.user for plan in run.world.plan.jobs}))
    state_audit.check(books)
    if not run.world.rolled_back:
        state_audit.only_rises(books, run.ledger.acked_ms)


def report(run: Run, error: Exception, server: PrivateServer, lines: list[str]) -> str:
    """What went wrong, how to see it again, what the plan was, what happened to the job, and the last steps."""
    plan = run.world.plan
    seed, kills = plan.seed, len(plan.redis_kills)
    more = f" --redis-crashes {kills}" * (kills != restarts_of(seed)) + " --redis" * (server.binary == debian())
    make = "" if more else f"   (or make sim SEEDS=1 FIRST={seed})"
    about = next((job for job in run.world.plans if re.search(rf"\b{job}\b", str(error))), None)
    its_own = [line for line in lines[:-TAIL] if about and re.search(rf"\b{about}\b|  !  ", line)]
    return "\n".join([
        f"seed {seed}: {error}",
        f"see it again: python -m tests.simulator --first {seed} --seeds 1{more} --history{make}",
        f"{plan.rates}, {plan.slots} slots, {len(plan.jobs)} jobs",
        *([f"what happened to {about}, and faults, before the last steps:", *its_own[-TAIL:]] if its_own else []),
        f"the last of {len(lines)} steps:",
        *lines[-TAIL:],
    ])  # fmt: skip


def history(world: World) -> list[str]:
    """One line a step: number, virtual ms since the start, who, what."""
    return [f"{line[0]:6d} {line[1]:8d}  " + "  ".join(_brief(fact) for fact in line[2:]) for line in world.history]


def _brief(fact: object) -> str:
    if isinstance(fact, tuple) and fact and isinstance(fact[-1], frozenset):
        fact = (*fact[:-1], sorted(fact[-1], key=repr))  # sets have no order that a seed could say
    text = fact if isinstance(fact, str) else repr(fact)
    return text if len(text) <= 160 else text[:157] + "..."
