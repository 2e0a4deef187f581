"""Roles on the nodes of a cluster: each process does its whole work there, and is refused nothing that it needs."""

from dataclasses import replace
from pathlib import Path

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.keys import ordered_stream, pool_prefix
from seriatim.settings import Settings
from tests.security.roles import Roles, refusals
from tests.support.cluster_servers import ClusterServers
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import ALWAYS, QUICK, RealSystem, running
from tests.support.redis_servers import embedded

TONE = JobRequest(engine="tone")


@pytest.mark.thorough
def test_each_role_may_do_its_work_on_every_node(tmp_path: Path) -> None:
    """While slots are where they were, and after they moved."""
    roles = Roles.made(tmp_path)
    servers = ClusterServers(embedded(), *ALWAYS, "--aclfile", str(roles.acl_file)).start()
    urls = {"redis_url": servers.url, "broker_url": servers.broker_url, "store_dir": str(tmp_path / "store")}
    system = RealSystem(tmp_path, servers, Settings(**QUICK, **urls))  # type: ignore[arg-type]  # numbers and text
    running.append(system)
    system.reassembler(redis_url=roles.url("reassembler", servers.url))
    system.workers(2, options={"rtf": 0.02}, redis_url=roles.url("worker", servers.url))
    producer, reader = (
        Producer(replace(system.settings, redis_url=roles.url(role, servers.url))) for role in ("producer", "reader")
    )
    system._producers.extend((producer, reader))
    for name in ("before", "behind"):
        text = sentences(4, name)
        job = producer.enqueue(text, TONE)
        assert Listener(reader.attach(job.id)).pcm() == stream_of(text)
        for key in (pool_prefix("tone"), ordered_stream(job.id)):
            servers.move(key)
    assert [line for number in range(len(servers.ports)) for line in refusals(servers.ask(number, "ACL LOG"))] == []
