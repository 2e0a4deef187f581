"""An engine whose server limits its open requests: sentences are postponed, none fails."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from tests.integration.engines.limited_server import ENGINE, LimitedServer
from tests.support.process_system import RealSystem, wait_until

POOL = "limited.engine"


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
    system = new_system()
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
    assert counts["postponed_concurrency"] == server.refused > 0
    assert not [name for name in counts if name.startswith("failed:")]
    assert limited.count("given_up", POOL) == 0
