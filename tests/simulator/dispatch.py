"""Dispatch, as every process does it: pick, publish, strike out of the outbox. And the broker, which loses messages."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seriatim.errors import MemoryFull
from seriatim.keys import pool_prefix
from seriatim.lua import pool_scripts
from seriatim.records import TaskMessage
from tests.simulator.scheduler import POOL, Steps, Violation

if TYPE_CHECKING:
    from tests.simulator.run import Run

PUBLISH_MS = 1_500  #: until a picked sentence that was not claimed counts as a lost message
REST = 1e-9  #: slots: what a sum of floats may leave where nothing is needed
MOST = 4


@dataclass(slots=True)
class SimulatedBroker:
    """A plain list that stands for the pool's Celery queue."""

    queue: list[tuple[float, TaskMessage]] = field(
        default_factory=list
    )  #: virtual time at which it can be had, message


def publish(run: "Run", message: TaskMessage) -> None:
    """Put a message into the queue: it may be lost, doubled, or come late."""
    world = run.world
    if world.dice("lost"):
        return world.count("lost", message)
    copies = 1
    if world.dice("doubled"):
        world.count("doubled", message)
        copies = 2
    for _ in range(copies):
        late = world.rng.randint(200, 6_000) if world.dice("delayed") else 0
        world.tally["delayed"] += late > 0
        run.broker.queue.append((world.now + late, message))
    return None


def receive(run: "Run") -> TaskMessage | None:
    """Take the first message that can be had. What was popped and not received is lost, as with kombu's BRPOP."""
    for place, (when, message) in enumerate(run.broker.queue):
        if when <= run.world.now:
            del run.broker.queue[place]
            if run.world.dice("lost"):
                run.world.count("lost", message)
                return None
            return message
    return None


def dispatch(run: "Run", who: str) -> Steps[None]:
    """Pick what should be spoken now and publish it. Where memory is full nothing is: the sweep asks again."""
    try:
        messages = yield from run.world.ask(who, pool_scripts.pick, POOL, run.world.rng.randint(1, MOST), PUBLISH_MS)
    except MemoryFull:
        return
    yield from publish_picked(run, who, messages)


def publish_picked(run: "Run", who: str, messages: tuple[TaskMessage, ...]) -> Steps[None]:
    """Publish what was picked, and strike it out of the outbox."""
    for message in messages:
        yield 0
        publish(run, message)
        yield from run.world.plain(who, "ZREM", f"{pool_prefix(POOL)}:outbox", pool_scripts.outbox_entry(message))


def picked(run: "Run", messages: tuple[TaskMessage, ...]) -> None:
    """What must hold right behind a pick."""
    prefix = pool_prefix(POOL)
    pipe: Any = run.world.redis.pipeline(transaction=False)
    pipe.hmget(f"{prefix}:m", "infl", "slots", "slack", "ahead", "demand").zcard(f"{prefix}:lease")
    pipe.hmget(f"{prefix}:n", "made_way", "displaced")
    for message in messages:
        pipe.hmget(f"{prefix}:j:{message.job}", "dispatched", "acked", "window", "next")
        pipe.hget(f"{prefix}:jt:{message.job}", str(message.seq))
        pipe.hget(f"{prefix}:u:{run.world.plans[message.job].user}", "infl")
    counts, leases, gave_way, *rows = pipe.execute()
    infl, slots, slack, ahead = (int(n or 0) for n in counts[:4])
    most = slots + slack + (0 if float(counts[4] or 0) > REST else ahead)  # none is ahead while there are listeners
    # Where one makes way, or is displaced, there are no more than before; before, workers may have died.
    gave_way = sum(int(n or 0) for n in gave_way)
    instead, run.ledger.gave_way = gave_way - run.ledger.gave_way, gave_way
    run.world.tally["gave way"] += max(0, instead)
    if infl != leases or (infl > most and instead < len(messages)):  # others may be given to slots on standby
        raise Violation(f"{infl} in flight with {leases} leases; {slots} slots, {slack} slack, {most} at most")
    for message, job, sentence, flying in zip(messages, rows[0::3], rows[1::3], rows[2::3], strict=True):
        first_time = _attempted(run, message)
        if first_time and message.seq == int(job[3]) - 1:
            _in_window(message, job, int(sentence.split(b"|")[0]))
        cap = run.world.plans[message.job].cap_infl
        if cap is not None and int(flying) > cap:
            raise Violation(f"{int(flying)} in flight of the user of {message}; the cap is {cap}")


def _attempted(run: "Run", message: TaskMessage) -> bool:
    """Attempts only rise. Returns whether this is the sentence's first."""
    if message.attempt <= run.ledger.fence:
        raise Violation(f"{message}; {run.ledger.fence} was handed out before")
    first = (message.job, message.seq) not in run.ledger.attempts
    run.ledger.fence = run.ledger.attempts[message.job, message.seq] = message.attempt
    run.world.tally["picks"] += 1
    run.world.tally["retries"] += not first
    return first


def _in_window(message: TaskMessage, job: list[bytes], estimate_ms: int) -> None:
    dispatched, acked, window = map(float, job[:3])
    if dispatched - estimate_ms - acked >= window:
        raise Violation(f"{message} lies {dispatched - estimate_ms - acked} ms ahead; the window has {window} ms")
