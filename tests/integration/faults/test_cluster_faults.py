"""A Redis Cluster under a whole system: slots move and masters die in mid-job, and every process goes on."""

from pathlib import Path

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.keys import ordered_stream, pool_prefix
from seriatim.settings import Settings
from seriatim.stream_entries import Audio
from tests.conftest import binary_of
from tests.http.gateways import clear, start
from tests.support.cluster_servers import ClusterServers
from tests.support.expected_audio import Listener, pcm_of, sentences, stream_of
from tests.support.process_system import ALWAYS, QUICK, RealSystem, running, wait_until
from tests.support.redis_servers import SERVER_KINDS

TONE = JobRequest(engine="tone")
POOL = pool_prefix("tone")


@pytest.fixture(params=SERVER_KINDS)
def system(request: pytest.FixtureRequest, tmp_path: Path) -> RealSystem:
    """A reassembler and two workers whose jobs and audio are in a cluster, and whose broker is a server beside it."""
    servers = ClusterServers(binary_of(request.param), *ALWAYS).start()
    urls = {"redis_url": servers.url, "broker_url": servers.broker_url, "store_dir": str(tmp_path / "store")}
    settings = Settings(**QUICK, **urls)  # type: ignore[arg-type]  # numbers and text
    running.append(RealSystem(tmp_path, servers, settings))
    running[-1].reassembler()
    running[-1].workers(2, options={"rtf": 0.02})
    return running[-1]


def servers_of(system: RealSystem) -> ClusterServers:
    assert isinstance(system.server, ClusterServers)
    return system.server


def assert_all_go_on(system: RealSystem, before: dict[str, int]) -> None:
    """No process was started anew."""
    wait_until(lambda: system.worker_pids() == before, "all workers are registered as they were")
    assert all(child.poll() is None for child in system.children.values())


def test_slots_move_while_a_job_is_spoken(system: RealSystem) -> None:
    """Those of its pool and of its audio, and back again: it is heard whole, each byte once, and so is the next."""
    servers, producer, workers = servers_of(system), system.producer(), system.worker_pids()
    text = system.held(sentences(3, "during"))
    job = producer.enqueue(text, TONE)
    entries = job.audio()
    first = [next(entry for entry in entries if isinstance(entry, Audio))]
    for key in (POOL, ordered_stream(job.id), POOL):
        servers.move(key)
    system.gate.touch()
    assert pcm_of([*first, *entries]) == stream_of(text)
    later = sentences(6, "after")
    assert Listener(producer.enqueue(later, TONE)).pcm() == stream_of(later)
    assert_all_go_on(system, workers)


@pytest.mark.thorough
@pytest.mark.parametrize(("system", "of"), [("valkey", "pool"), ("redis", "audio")], indirect=["system"])
def test_a_master_that_dies_in_mid_job_is_replaced(system: RealSystem, of: str) -> None:
    """The one that has the job's pool, or its audio; over HTTP as well."""
    servers, producer, workers = servers_of(system), system.producer(), system.worker_pids()
    gateway = start(system)
    request = {"input": " ".join(clear(3)), "response_format": "pcm"}
    with gateway.client() as client:
        before = client.post("/v1/audio/speech", json=request).raise_for_status().content
        text = system.held(sentences(3, "during"))
        job: Job = producer.enqueue(text, TONE)
        entries = job.audio()
        first = [next(entry for entry in entries if isinstance(entry, Audio))]
        servers.replicate()  # what is acknowledged and not yet replicated may be lost (guarantees.md)
        servers.kill_master(servers.owner(POOL if of == "pool" else ordered_stream(job.id)))
        system.gate.touch()
        assert pcm_of([*first, *entries]) == stream_of(text)
        later = sentences(6, "after")
        assert Listener(producer.enqueue(later, TONE)).pcm() == stream_of(later)
        assert client.post("/v1/audio/speech", json=request).raise_for_status().content == before
    assert_all_go_on(system, workers)
