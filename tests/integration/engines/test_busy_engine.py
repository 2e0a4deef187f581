"""An engine whose server limits its open requests: sentences are postponed, none fails."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from seriatim.records import DrainMode, JobKind
from tests.integration.engines.limited_server import ENGINE, LimitedServer
from tests.support.process_system import RealSystem, wait_until

POOL = "limited.engine"
SLOTS = 12  #: of two worker processes


@pytest.fixture
def server() -> Iterator[LimitedServer]:
    server = LimitedServer(limit=2)
    server.start()
    yield server
    server.close()


@pytest.fixture
def limited(
    new_system: Callable[..., RealSystem], server: LimitedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RealSystem:
    """Two worker processes with six slots each, in front of the server."""
    (tmp_path / "limited").mkdir()
    (tmp_path / "limited" / "__init__.py").touch()
    (tmp_path / "limited" / "engine.py").write_text(ENGINE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    # No request is made twice because a process gets no turn on a busy machine.
    system = new_system(lease_ms=60_000, message_timeout_ms=20_000)
    system.reassembler()
    for name in ("first", "second"):
        system.start(
            name, "-m", "workers", "--engine", POOL, "--engine-option", f"port={server.port}",
            "--engine-option", "slots=6",
        )  # fmt: skip
    wait_until(lambda: len(system.worker_pids(POOL)) == 2, "both offer their slots")
    return system


def text_of(n: int) -> str:
    return " ".join(f"This is sentence number {i}." for i in range(n))


def test_more_slots_than_the_server_allows_fail_no_sentence(limited: RealSystem, server: LimitedServer) -> None:
    """Twelve slots, two requests: every sentence is spoken, and none counts as failed."""
    jobs = [limited.producer().enqueue(text_of(10), JobRequest(engine=POOL, user=f"u{i}")) for i in range(2)]
    for job in jobs:
        assert len(b"".join(job.pcm())) > 0
        assert job.status().state == "done"
    counts = run(limited.redis, signals(POOL)).counts
    assert counts["postponed_concurrency"] == server.n_refused > 0
    assert not [name for name in counts if name.startswith("failed:")]
    assert limited.count("given_up", POOL) == 0


@pytest.mark.parametrize("reports", [False, True], ids=["refusals alone", "reported limits"])
@pytest.mark.thorough
def test_a_limit_that_falls_and_comes_back_is_followed_by_all_workers(
    limited: RealSystem, server: LimitedServer, reports: bool
) -> None:
    """From 10 requests to 3 and back: no sentence fails, and few requests are refused."""
    server.reports, server.limit, server.observe = reports, 10, partial(allowed, limited)
    jobs = [
        limited.producer().enqueue(
            text_of(200), JobRequest(engine=POOL, user=f"u{i}", kind=JobKind.BATCH, drain=DrainMode.STORE)
        )
        for i in range(3)
    ]
    assert_followed(server, 40)
    server.limit = 3
    assert_followed(server, 10)
    answered = server.n_answered
    wait_until(lambda: server.n_answered >= answered + 50, "it goes on at the lower limit")
    assert_followed(server, 10)
    server.limit = 10
    assert_followed(server, 10 if reports else 80)
    wait_until(lambda: all(job.status().state == "done" for job in jobs), "all is spoken")
    assert not [name for name in run(limited.redis, signals(POOL)).counts if name.startswith("failed:")]
    assert limited.count("given_up", POOL) == 0
    assert server.n_refused <= 0.05 * len(server.answers), server.history


def allowed(system: RealSystem) -> int:
    """The sentences that all workers may speak at once."""
    return run(system.redis, signals(POOL)).allowed


def assert_followed(server: LimitedServer, requests: int) -> None:
    """Within so many requests the pool speaks as many sentences at once as the server allows, give or take one.

    Those whose end the workers had not yet reported to the pool do not count: as many as there are slots.
    """
    answered = server.n_answered

    def followed() -> int | None:
        """The number of the first request by whose end the limit was followed."""
        later = enumerate(server.observed[answered + 3 :], answered + 4)
        return next((number for number, n_allowed in later if abs(n_allowed - server.limit) <= 1), None)

    number = wait_until(followed, "it is followed")
    assert number - answered <= requests + SLOTS, server.history
