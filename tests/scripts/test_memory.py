"""Memory: what a full server still does, and what a cancel costs (docs/explanation/architecture.md)."""

from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from seriatim.errors import MemoryFull
from seriatim.keys import END, ordered_stream, shard_of
from seriatim.lua import job_scripts, pool_scripts
from seriatim.lua.job_scripts import AppendVerdict
from seriatim.lua.pool_records import FinishVerdict, RetryPolicy, SubmitVerdict
from seriatim.records import JobKind
from seriatim.state.stream_record import shards_with_audio
from tests.scripts.job.slot_driver import Slot, pcm
from tests.scripts.pool.pool_driver import POOL, PoolDriver
from tests.support.process_system import wait_until

LONG = 1_000_000  #: bytes of sound: more than all else that a test leaves on its server


@pytest.fixture(autouse=True)
def settled(redis: Redis) -> None:
    """What earlier tests left is freed in the background, and would give a full server room."""
    wait_until(lambda: redis.info("memory")["lazyfree_pending_objects"] == 0)


@pytest.fixture
def fill_up(redis: Redis) -> Iterator[Callable[[], None]]:
    """Makes the server full; afterwards it has room again."""
    yield lambda: set_limit(redis, redis.info("memory")["used_memory"] // 2)
    set_limit(redis, 0)


def set_limit(redis: Redis, n_bytes: int) -> None:
    redis.config_set("maxmemory", n_bytes)
    redis.config_set("maxmemory-policy", "noeviction")


def test_near_the_limit_nothing_new_is_accepted_with_the_time_at_which_memory_is_freed(
    redis: Redis, fill_up: Callable[[], None]
) -> None:
    """A listener hears a second, from half a second from now on; then its job's sound goes within a second."""
    stage = PoolDriver(redis)
    assert refused_for(stage) == 5_000, "nothing is known to end"
    stage.accept("running", 1_000)
    assert refused_for(stage) == 2_000
    assert stage.pick_one().job == "running", "what runs goes on"


def refused_for(stage: PoolDriver) -> int:
    """How long a new job is refused for want of memory: by admission, and where the server has none at all."""
    set_limit(stage.redis, int(stage.redis.info("memory")["used_memory"] * 1.1))
    refused = stage.submit("more", 1_000, kind=JobKind.BATCH)
    assert refused.verdict is SubmitVerdict.MEMORY
    set_limit(stage.redis, stage.redis.info("memory")["used_memory"] // 2)
    wait_ms: int = stage.do(pool_scripts.memory_wait(POOL, 0.8).at(stage.now))
    set_limit(stage.redis, 0)
    assert abs(wait_ms - refused.retry_after_ms) <= 1
    return refused.retry_after_ms


def test_what_was_spoken_holds_memory_until_its_end_was_read(redis: Redis, fill_up: Callable[[], None]) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.finish(message, 1_000)
    assert refused_for(stage) == 2_000, "a listener hears it"
    stage.passes(3_000)
    stage.sweep()
    assert refused_for(stage) == 598_000, "none did: it may be read as long as its stream lives"
    stage.ack("j", 500)
    assert refused_for(stage) == 598_000
    stage.ack("j", 1_000)
    assert refused_for(stage) == 5_000


def test_what_was_not_read_to_its_end_expires(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000)
    message = stage.pick_one()
    stage.takes("w1", message)
    stage.finish(message, 1_000)
    assert ":rest" in stage.held()
    for _ in range(61):
        stage.passes(10_000)
        stage.sweep()
    assert ":rest" not in stage.held()


def slot_heard_to_its_end(redis: Redis, name: str, n_bytes: int = LONG) -> Slot:
    """A job whose reader has its end."""
    slot = Slot(redis, 1, name)
    slot.says(0, 1, pcm(0, n_bytes), piece=n_bytes)
    assert slot.emit().state == "done"
    slot.mark_heard(f"2-{END}")
    return slot


def look(slot: Slot, after_ms: int) -> None:
    slot.do(job_scripts.due(shard_of(slot.name)).at(slot.now + after_ms))


def test_the_sound_of_a_job_goes_a_minute_after_its_end_was_read(redis: Redis) -> None:
    """Until then a reader that lost its connection there goes on; how it ended is said as long as the job is known."""
    slot = slot_heard_to_its_end(redis, "j")
    look(slot, 59_000)
    assert len(slot.sound()) == LONG
    slot.now += 30_000
    slot.mark_heard(f"2-{END}")
    slot.now -= 30_000
    look(slot, 61_000)
    assert slot.markers() == ["End 2"], "reading it again keeps it no longer"
    assert slot.sound() == b""
    assert redis.pttl(ordered_stream("j")) > 300_000
    look(slot, 61_000)
    assert not redis.exists(f"{slot.prefix}:over")


def test_after_the_clock_was_set_back_the_sound_stays_for_a_minute_again(redis: Redis) -> None:
    """A reader that stood still when its job was cancelled hears what was emitted for it."""
    slot, hour = Slot(redis, 2), 3_600_000
    slot.says(0, 1, pcm(0))
    slot.emit()
    slot.end("cancelled")
    look(slot, -hour)
    assert slot.sound() == pcm(0)
    look(slot, 59_000 - hour)
    assert slot.sound() == pcm(0)
    look(slot, 61_000 - hour)
    assert slot.sound() == b""


def test_the_sound_of_a_job_whose_end_was_not_read_stays(redis: Redis) -> None:
    slot = Slot(redis, 1)
    slot.says(0, 1, pcm(0))
    slot.emit()
    slot.mark_heard("1-1000")
    look(slot, 61_000)
    assert slot.sound() == pcm(0)


def test_the_sound_of_a_cancelled_job_goes_and_that_of_a_failed_one_waits_for_its_reader(redis: Redis) -> None:
    for state, left in (("cancelled", 0), ("failed", 1_000)):
        slot = Slot(redis, 2, state)
        slot.says(0, 1, pcm(0))
        slot.emit()
        slot.end(state)
        look(slot, 61_000)
        assert len(slot.sound()) == left


def test_where_memory_is_short_the_sound_that_was_heard_goes_at_once_the_oldest_first(
    redis: Redis, fill_up: Callable[[], None]
) -> None:
    name = next(name for n in range(1_000) if shard_of(name := f"k{n}") == shard_of("j"))
    first, second = slot_heard_to_its_end(redis, "j"), slot_heard_to_its_end(redis, name)
    redis.zadd(f"{first.prefix}:over", {first.name: first.now + 59_000})
    look(first, 0)
    assert len(first.sound()) == len(second.sound()) == LONG
    set_limit(redis, int((redis.info("memory")["used_memory"] - LONG / 2) / 0.6))
    look(first, 0)
    assert (len(first.sound()), len(second.sound())) == (0, LONG), "there was room enough behind the first"
    set_limit(redis, 0)
    third = Slot(redis, 1, "z")
    third.says(0, 1, pcm(0))
    third.emit()
    fill_up()
    third.mark_heard(f"2-{END}")
    assert third.markers() == ["End 2"]
    assert third.sound() == b""


def test_a_full_server_refuses_what_would_fill_it_more(redis: Redis, fill_up: Callable[[], None]) -> None:
    stage, slot = PoolDriver(redis), Slot(redis, 2)
    stage.accept("j", 1_000, closed=False)
    slot.open(0, 1)
    fill_up()
    for refused in (
        lambda: stage.submit("k", 1_000),
        lambda: stage.extend("j", 1, 1_000),
        lambda: slot.append(0, 1, 0, pcm(0)),
        lambda: slot.open(1, 1),
        stage.pick,
    ):
        with pytest.raises(MemoryFull):
            refused()


def test_a_full_server_does_all_that_frees_memory(redis: Redis, fill_up: Callable[[], None]) -> None:
    """Else it would stay full for ever: emit, heard, finish, fail, fill, ack, cancel, the end, the sweep."""
    stage, slot = PoolDriver(redis, slots=8), Slot(redis, -1)
    stage.retry = RetryPolicy(max_failures=1)
    stage.accept("j", *[1_000] * 4, gap="silence")
    stage.accept("k", *[1_000] * 2, user="bob")
    messages = stage.pick()
    stage.takes("w1", *messages)
    slot.says(0, messages[0].attempt, pcm(0))
    slot.says(1, messages[1].attempt, pcm(1))
    fill_up()
    assert slot.emit().moved > 0
    assert slot.mark_heard("2-400") >= 0
    theirs = [message for message in messages if message.job == "j"]
    assert stage.finish(theirs[0], 1_000) is FinishVerdict.OK
    assert stage.ack("j", 500, heard_ms=100)
    assert stage.fail(theirs[2]) is FinishVerdict.OK
    assert slot.fill(2, 2_000) == (True, 2_000)
    (entry,) = [entry for entry in stage.sweep().todo if entry.startswith("fill")]
    assert stage.do(pool_scripts.fill_done(POOL, "j", 2, entry, 125).at(stage.now))
    assert stage.beat("w1", *messages, slots=8)[0]
    assert stage.cancel("k")
    assert slot.do(job_scripts.recorded("j", "1-0", 0, end=False)) == 0
    assert slot.do(job_scripts.life("j", accepted=True))
    assert slot.close(4)
    assert slot.end()
    assert stage.leave("w1", died=True) > 0
    assert stage.rebase() == 0


def test_when_there_is_room_again_all_goes_on(redis: Redis, fill_up: Callable[[], None]) -> None:
    slot = Slot(redis, 1)
    slot.open(0, 1)
    fill_up()
    with pytest.raises(MemoryFull):
        slot.append(0, 1, 0, pcm(0), final=True)
    set_limit(redis, 0)
    assert slot.append(0, 1, 0, pcm(0), final=True) == (AppendVerdict.OK, 1_000)
    slot.emit()
    assert slot.sound() == pcm(0)


def commands_of(redis: Redis, action: Callable[[], object]) -> int:
    """How many commands a call makes inside the server."""
    redis.config_resetstat()
    action()
    stats = redis.info("commandstats")
    assert "cmdstat_unlink" in stats, "what is large is freed in the background"
    return sum(int(stat["calls"]) for stat in stats.values())


def test_a_cancel_costs_what_is_in_flight_and_not_what_is_left(redis: Redis) -> None:
    """A book of 20,000 sentences is cancelled in as many commands as one of 20; its text goes in the background."""
    costs = []
    for n in (20, 20_000):
        redis.flushall()
        stage = PoolDriver(redis, slots=4)
        stage.accept("book", *[1_000] * n, kind=JobKind.BATCH)
        stage.takes("w1", *stage.pick(3))
        stage.cancel("never")  # now the server knows the script
        costs.append(commands_of(redis, lambda s=stage: s.cancel("book")))  # type: ignore[misc]  # called at once
        assert stage.in_flight() == 0
    assert costs[0] == costs[1]


def test_bookkeeping_is_small(redis: Redis) -> None:
    """At most 400 bytes a sentence, its text apart, while it waits; 500 of batch in flight, one a slot."""
    stage = PoolDriver(redis, slots=2_000)
    before = redis.info("memory")["used_memory_dataset"]
    stage.accept("book", *[1_000] * 2_000, kind=JobKind.BATCH, window_ms=10_000_000)
    assert (redis.info("memory")["used_memory_dataset"] - before) / 2_000 <= 400 + 30
    messages = stage.pick(2_000)
    stage.takes("w1", *messages)
    assert (redis.info("memory")["used_memory_dataset"] - before) / 2_000 <= 500 + 30
    for message in messages[1:]:
        stage.finish(message, 1_000)
    assert len(stage.held()[":js:book"]) == len(stage.held()[":jt:book"]) == 1


def test_only_shards_with_audio_are_looked_at(redis: Redis) -> None:
    """An idle reassembler runs no script for a shard without jobs, and one for a job that only waits to be deleted."""
    assert shards_with_audio(redis) == []
    slot = slot_heard_to_its_end(redis, "j", n_bytes=1_000)
    assert shards_with_audio(redis) == [shard_of("j")]
    redis.delete(f"{slot.prefix}:live")
    assert shards_with_audio(redis) == [shard_of("j")]
    look(slot, 61_000)
    assert shards_with_audio(redis) == []
