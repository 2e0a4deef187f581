"""Failover by Sentinels: the master is killed, a replica is promoted, and every process goes on with it."""

from pathlib import Path

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.settings import Settings
from seriatim.stream_entries import Audio
from tests.conftest import binary_of
from tests.http.gateways import clear, start
from tests.support.expected_audio import Listener, pcm_of, sentences, stream_of
from tests.support.process_system import QUICK, RealSystem, running
from tests.support.redis_servers import SERVER_KINDS
from tests.support.sentinel_servers import SentinelServers

SECRET, SENTINEL_SECRET = "keep.this", "and.this"
TONE = JobRequest(engine="tone")


@pytest.fixture(params=SERVER_KINDS)
def system(request: pytest.FixtureRequest, tmp_path: Path) -> RealSystem:
    """A system whose Redis and broker are the master of a group of Sentinels.

    The servers' password is in a file, that of the Sentinels in the URL.
    """
    servers = SentinelServers(binary_of(request.param), password=SECRET, sentinel_password=SENTINEL_SECRET).start()
    (tmp_path / "password").write_text(SECRET)
    usual = Settings(**QUICK, redis_url=servers.url_without_password, store_dir=str(tmp_path / "store"))  # type: ignore[arg-type]  # numbers
    settings = Settings.from_env(usual.to_env() | {"SERIATIM_REDIS_PASSWORD_FILE": str(tmp_path / "password")})
    running.append(RealSystem(tmp_path, servers, settings))
    return running[-1]


def test_every_process_goes_on_with_the_server_that_takes_over(system: RealSystem) -> None:
    """A job is half heard when the master dies: it and the next ones are heard whole, by the same processes."""
    servers = system.server
    assert isinstance(servers, SentinelServers)
    system.reassembler()
    system.workers(2, options={"rtf": 0.02})
    gateway, producer, workers = start(system), system.producer(), system.worker_pids()
    request = {"input": " ".join(clear(3)), "response_format": "pcm"}
    with gateway.client() as client:
        before = client.post("/v1/audio/speech", json=request).raise_for_status().content
        text = system.held(sentences(3, "during"))
        entries = producer.enqueue(text, TONE).audio()
        first = [next(entry for entry in entries if isinstance(entry, Audio))]
        servers.replicate()  # what is acknowledged and not yet replicated may be lost (guarantees.md)
        servers.kill_master()
        system.gate.touch()
        assert pcm_of([*first, *entries]) == stream_of(text)
        later = sentences(6, "after")
        assert Listener(producer.enqueue(later, TONE)).pcm() == stream_of(later)
        assert client.post("/v1/audio/speech", json=request).raise_for_status().content == before
    assert system.worker_pids() == workers
    assert all(child.poll() is None for child in system.children.values())
    logs = system.new_log_lines()
    assert SECRET not in logs
    assert SENTINEL_SECRET not in logs
