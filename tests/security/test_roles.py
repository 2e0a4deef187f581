"""Each role does its whole work with its own user of the server, and is refused beyond it."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.operator_limits import set_user_limits
from seriatim.keys import pool_prefix
from seriatim.lua.pool_scripts import scale, signals
from seriatim.lua.script_calls import run
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import read_workers
from seriatim.stream_entries import Gap
from tests.conftest import binary_of
from tests.security.roles import Guarded, Roles
from tests.support.command_line import seriatim
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import ALWAYS, PATIENCE_S, RealSystem, wait_until
from tests.support.redis_servers import SERVER_KINDS

COSTS = {"crash_on": "venom", "fixed_ms": 60, "chunk_ms": 100}
POISON = "This sentence is venom to every process."


@pytest.fixture(scope="module", params=SERVER_KINDS)
def guarded(
    request: pytest.FixtureRequest, new_system: Callable[..., RealSystem], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    roles = Roles.made(tmp_path_factory.mktemp("roles"))
    system = new_system(
        *ALWAYS, "--aclfile", str(roles.acl_file), binary=binary_of(request.param), max_failures=2,
        reader_grace_s=600.0,  # no job of these tests ends by itself, but the one that says so
        lease_ms=15_000,  # a killed worker's sentence waits for it only where its supervisor cannot report the death
    )  # fmt: skip
    made = Guarded(system, roles)
    made.start(**COSTS)
    yield made
    assert made.denied() == []


def request_of(**options: object) -> JobRequest:
    return JobRequest.of({"engine": "tone"} | options)


def test_a_live_job_is_enqueued_by_one_role_and_heard_by_another(guarded: Guarded) -> None:
    text = sentences(6, "live roles")
    job = guarded.producer().enqueue(text, request_of(user="ann", webhook="https://example.org/"))
    assert Listener(guarded.producer("reader").attach(job.id)).pcm() == stream_of(text)
    assert guarded.producer("reader").attach(job.id).wait(PATIENCE_S).state == "done"
    assert guarded.producer("operator").attach(job.id).status().state == "done"
    assert guarded.denied() == []


def test_the_turns_of_a_session_and_a_users_budget_are_within_the_roles(guarded: Guarded) -> None:
    producer = guarded.producer()
    with guarded.system.redis as client:
        set_user_limits(client, "tone", "frugal", {"characters_day": 10_000})
    for turn in range(2):
        text = sentences(2, f"turn {turn}")
        assert Listener(producer.enqueue(text, request_of(user="frugal", session="talk"))).pcm() == stream_of(text)
    with guarded.system.redis as client:
        assert list(client.scan_iter(f"{pool_prefix('tone')}:spent:*"))
    assert guarded.denied() == []


def test_a_book_is_recorded_and_an_open_job_is_closed(guarded: Guarded) -> None:
    text = sentences(40, "a book of roles", 3)
    book = guarded.producer().enqueue(text, request_of(kind="batch", idempotency_key="roles"))
    assert guarded.producer().enqueue(text, request_of(kind="batch", idempotency_key="roles")).id == book.id
    session = guarded.producer().open(request_of())
    listener = Listener(session.job)
    for part in ("One thing is said. ", "Then another. ", "That is all."):
        session.say(part)
    session.close()
    assert listener.pcm() == stream_of(["One thing is said.", "Then another.", "That is all."])
    assert Listener(book).pcm() == stream_of(text)
    assert guarded.denied() == []


def test_jobs_are_cancelled_adjusted_and_given_up(guarded: Guarded) -> None:
    system, producer = guarded.system, guarded.producer()
    gaps = Listener(
        producer.enqueue([*sentences(2, "roles"), POISON], request_of(kind="batch", drain="window", gap="silence"))
    )
    left = producer.enqueue(sentences(50, "no listener"), request_of(user="bob"))
    assert left.tune(priority=3)
    left.report_played(10)
    assert [entry.seq for entry in gaps.all() if isinstance(entry, Gap)] == [2]
    assert left.cancel()
    unread = producer.enqueue(sentences(50, "nobody comes"), request_of(user="bob", reader_grace_s=0.1))
    wait_until(lambda: unread.status().ended, "a job without a reader is cancelled")
    assert unread.status().reason.startswith("no reader for")
    with system.redis as client:
        assert client.hlen(f"{pool_prefix('tone')}:dead") >= 1
    assert guarded.denied() == []


@pytest.mark.thorough
def test_the_first_process_recovers_killed_workers_and_restarted_servers(guarded: Guarded) -> None:
    system = guarded.system
    text = system.held(sentences(12, "roles under faults"))
    job = guarded.producer().enqueue(text, request_of(kind="batch", drain="window"))
    listener = Listener(guarded.producer("reader").attach(job.id))
    os.kill(system.stopped_half_spoken(), signal.SIGKILL)
    system.gate.touch()
    with system.redis as client:
        client.script_flush()
    system.server.kill()
    system.server.start()
    assert listener.pcm() == stream_of(text)
    assert system.end("reassembler", signal.SIGKILL) == -signal.SIGKILL
    system.reassembler(**guarded.of("reassembler"))
    again = sentences(3, "after it")
    assert Listener(guarded.producer().enqueue(again, request_of())).pcm() == stream_of(again)
    assert guarded.denied() == []


def test_a_supervisor_looks_at_its_pool_and_takes_the_lease_of_a_change(guarded: Guarded) -> None:
    with guarded.roles.client("worker", guarded.system.server) as client:
        wait_until(lambda: run(client, signals("tone")).slots == 2, "both are back, if a test has killed one")
        assert run(client, scale("tone", "one:1", 1, 60_000))
        assert run(client, scale("tone", "one:1", 0, 1))
        assert len(read_workers(client, [read_pool(client, "tone")])[0]) == 2
    assert guarded.denied() == []


def test_an_operator_looks_and_steers_from_the_command_line(guarded: Guarded, tmp_path: Path) -> None:
    settings = guarded.roles.settings("operator", guarded.system.settings).to_env()
    job = guarded.producer().enqueue(sentences(60, "steered"), request_of(user="cleo"))
    for words in (
        ["status"], ["status", job.id], ["set", job.id, "--priority", "2"],
        ["set", "--user", "cleo", "--pool", "tone", "--jobs", "9"],
        ["set", "--user", "cleo", "--pool", "tone", "--jobs", "none"],
        ["voices", "--engine", "tone", "--redis", settings["SERIATIM_REDIS_URL"]],
        ["timeline", job.id, "-o", str(tmp_path / "t.svg")], ["cancel", job.id], ["dead-letters"],
    ):  # fmt: skip
        done = seriatim(*words, settings=settings)
        assert done.returncode == 0, done.stderr.decode()
    assert guarded.denied() == []
