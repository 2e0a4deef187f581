"""Renewal of worker processes that have lived long enough: fresh ones take their places, and no listener notices."""

import re
from collections.abc import Callable
from itertools import count

import pytest

from seriatim.errors import Misconfigured
from seriatim.exit_codes import ExitCode
from seriatim.keys import pool_prefix
from tests.integration.operation.test_workers import enqueue, spoken_by
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from workers.worker_lifetime import Lifetime, parse_size

LONG_S = 180.0  #: several processes start after one another, on a busy machine
GOES, COMES = "worker process exits for renewal", "ready owner="


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # What a process has of the broker's goes back when it has ended; none is taken for dead, however busy the machine.
    system = new_system(message_timeout_ms=20_000, lease_ms=60_000)
    system.reassembler()
    return system


def goings(log: str) -> list[str]:
    """Which processes made room and came, in order."""
    return re.findall(f"{GOES}|{COMES}", log)


def trouble(system: RealSystem, pool: str) -> dict[str, int]:
    """Counts of what is lost, doubled or blamed on a sentence."""
    with system.redis as client:
        record = client.hgetall(f"{pool_prefix(pool)}:m")
        dead = client.zcard(f"{pool_prefix(pool)}:dead:at")
    names = ("retries", "fenced", "given_up", "lost_messages")
    return {name: int(record.get(name.encode(), 0)) for name in names} | {"dead": dead}


CALM = dict.fromkeys(("retries", "fenced", "given_up", "lost_messages", "dead"), 0)


def test_processes_are_renewed_one_at_a_time_and_every_byte_is_heard_once(system: RealSystem) -> None:
    pool, most = "renewed", 6
    child = system.workers(2, name=pool, pool=pool, options={"fixed_ms": 20}, worker_max_sentences=most)

    def is_renewed() -> bool:
        """Speaks one more text. Have three successors come?"""
        text = sentences(12, f"renewed {next(rounds)}")
        job = enqueue(system, pool, text)
        assert Listener(job).pcm(LONG_S) == stream_of(text)
        wait_until(lambda: sum(spoken_by(system, job).values()) == len(text), "each is finished once")
        return system.log(pool).count(COMES) >= 2 + 3

    rounds = count(1)
    wait_until(is_renewed, "three are renewed", LONG_S)
    assert trouble(system, pool) == CALM
    log = system.log(pool)
    assert f"sentences={most}" in log, "at its last sentence, not at some later beat"
    assert "worker process exited" not in log, "none of them is mourned"
    gone = 0
    for event in goings(log)[2:]:
        gone += 1 if event == GOES else -1
        assert gone <= 1, "one speaks while the other is renewed"
    assert child.poll() is None


@pytest.mark.thorough
def test_a_lonely_process_is_renewed_too_by_an_option(system: RealSystem) -> None:
    pool = "lonely"
    command = ["worker", "--engine", "tone", "--pool", pool, "--max-sentences", "5", "--engine-option", "rate_hz=8000"]
    system.start(pool, "-m", "gateway.cli.main", *command)
    text = sentences(8, "lonely")
    job = enqueue(system, pool, text)
    assert Listener(job).pcm(LONG_S) == stream_of(text)
    wait_until(lambda: sum(spoken_by(system, job).values()) == len(text), "the last is reported, behind its sound")
    assert max(spoken_by(system, job).values()) >= 5
    waited = {"lost_messages": 0, "retries": 0}  # a message that arrives while it starts is published again
    assert trouble(system, pool) | waited == CALM
    wait_until(lambda: GOES in system.log(pool), "it is renewed")


def test_what_a_process_speaks_is_finished_before_it_goes(system: RealSystem) -> None:
    """However long that takes: no process waits for its end."""
    pool = "busy"
    system.workers(1, name=pool, pool=pool, slots=2, worker_max_sentences=3, worker_drain_s=0.1)
    text = [*system.held([]), *sentences(3, "busy")]
    job = enqueue(system, pool, text)
    wait_until(lambda: GOES in system.log(pool) and system.slots(pool) == 0, "it takes no more")
    assert system.speaking_pids(pool), "and speaks on"
    system.gate.touch()
    assert Listener(job).pcm() == stream_of(text)
    assert len(spoken_by(system, job)) == 1
    assert trouble(system, pool) == CALM


@pytest.mark.thorough
def test_a_process_that_holds_too_much_memory_is_renewed(system: RealSystem) -> None:
    pool = "leaky"
    system.workers(1, name=pool, pool=pool, options={"leak_mb": 50}, worker_max_memory="300M")
    first = system.worker_pids(pool)
    text = [*system.held(sentences(6, "leaky")), *sentences(2, "after that")]
    job = enqueue(system, pool, text)
    wait_until(lambda: GOES in system.log(pool), "it goes once its sentence is over")
    system.gate.touch()
    assert Listener(job).pcm(LONG_S) == stream_of(text)
    assert len(spoken_by(system, job)) > 1
    assert re.search(rf"{GOES} owner='{next(iter(first))}' memory_mb=\d+", system.log(pool))
    assert trouble(system, pool) == CALM


@pytest.mark.thorough
def test_a_process_that_can_never_be_small_enough_says_so_and_does_not_start_for_ever(system: RealSystem) -> None:
    command = ["worker", "--engine", "tone", "--pool", "large", "--max-memory", "20M"]
    child = system.start("large", "-m", "gateway.cli.main", *command)
    assert child.wait(PATIENCE_S) == ExitCode.CANNOT_START
    assert "more than SERIATIM_WORKER_MAX_MEMORY allows (20M); raise it" in system.log("large")


@pytest.mark.parametrize(
    ("size", "n_bytes"), [("", 0), ("1000", 1000), ("2k", 2048), ("2G", 2**31), ("1.5 MiB", 1_572_864), ("1TB", 2**40)]
)
def test_sizes_as_people_write_them(size: str, n_bytes: int) -> None:
    assert parse_size(size) == n_bytes


@pytest.mark.parametrize("size", ["much", "-1G", "2 apples", "G"])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(Misconfigured, match="expected a size, such as 800M or 2G"):
        parse_size(size)


def test_a_process_that_has_spoken_nothing_is_not_renewed() -> None:
    """It would never speak anything."""
    lifetime = Lifetime(sentences=2, memory_bytes=100, group="g")
    assert lifetime.exceeded_limit(0, 200) == {}
    assert lifetime.exceeded_limit(1, 99) == {}
    assert lifetime.exceeded_limit(1, 2**20) == {"memory_mb": 1}
    assert lifetime.exceeded_limit(2, 0) == {"sentences": 2}
