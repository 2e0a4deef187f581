"""RabbitMQ as the broker: its restarts cost time, no sentence and no loaded engine."""

import os
import socket
from collections.abc import Callable, Iterator

import pytest

from seriatim.celery_app import make_app
from seriatim.client.job_options import JobRequest
from seriatim.keys import pool_prefix, queue
from seriatim.servers.tcp_keepalive import OPTIONS
from tests.support import rabbitmq_server
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, wait_until
from tests.support.rabbitmq_server import PrivateRabbit

WHY = "Debian's rabbitmq-server is not installed"
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not rabbitmq_server.installed() and not os.environ.get("CI"), reason=WHY),
]


@pytest.fixture(scope="module")
def broker() -> Iterator[PrivateRabbit]:
    with PrivateRabbit() as broker:
        yield broker


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem], broker: PrivateRabbit) -> RealSystem:
    made = new_system(broker_url=broker.url, lease_ms=60_000)  # its worker is there, however busy the machine is
    made.reassembler()
    made.workers(1, slots=2, options={"fixed_ms": 100})
    return made


def test_a_busy_worker_outlives_restarts_of_its_broker(system: RealSystem, broker: PrivateRabbit) -> None:
    """Each would cost a GPU the loading of its model."""
    pids = system.worker_pids()
    for name in ("first", "second"):
        text = system.held(sentences(10, f"{name} restart"))
        listener = Listener(system.producer().enqueue(text, JobRequest.of({"engine": "tone"})))
        wait_until(lambda listener=listener: listener.job.status().emitted > 2)  # type: ignore[misc]  # bound now
        broker.kill()
        broker.start()
        system.gate.touch()
        assert listener.pcm(120) == stream_of(text)
        assert system.worker_pids() == pids, system.log("workers")


def test_a_message_that_is_not_confirmed_is_sent_again(
    new_system: Callable[..., RealSystem], broker: PrivateRabbit
) -> None:
    """RabbitMQ refuses a message after it was sent: without confirms it would be lost, and no one would know."""
    system = new_system(broker_url=broker.url, lease_ms=60_000, message_timeout_ms=60_000)
    system.reassembler()
    system.workers(1, pool="unconfirmed")
    wait_until(lambda: queue("unconfirmed") in broker.queues(), "its queue is there")
    broker.refuse_messages(queue("unconfirmed"))
    texts = sentences(3, "unconfirmed")
    listener = Listener(system.producer().enqueue(texts, JobRequest.of({"engine": "tone", "pool": "unconfirmed"})))
    assert system.redis.zcard(f"{pool_prefix('unconfirmed')}:outbox") == 1, "there is one slot"
    wait_until(lambda: "the broker refused a message" in system.log("workers"), "a worker tries again")
    broker.take_messages()
    assert listener.pcm(120) == stream_of(texts)
    assert system.count("lost_messages", "unconfirmed") == 0


def test_a_broker_that_ran_out_of_memory_costs_time_only(
    new_system: Callable[..., RealSystem], broker: PrivateRabbit
) -> None:
    """It reads nothing from those who publish: not from the caller, nor from a worker that sends events for Flower."""
    system = new_system(broker_url=broker.url, lease_ms=60_000, message_timeout_ms=60_000)
    system.reassembler()
    system.workers(1, pool="blocked")
    pids = system.worker_pids()
    with make_app(system.settings.broker) as app:
        app.control.enable_events()
    texts = sentences(3, "blocked")
    broker.run_out_of_memory()
    try:
        listener = Listener(system.producer().enqueue(texts, JobRequest.of({"engine": "tone", "pool": "blocked"})))
        assert system.redis.zcard(f"{pool_prefix('blocked')}:outbox") == 1, "there is one slot"
        wait_until(lambda: "the broker does not answer" in system.log("workers"), "a worker tries again", 60)
    finally:
        broker.find_memory()
    assert listener.pcm(120) == stream_of(texts)
    assert system.worker_pids() == pids, system.log("workers")


def test_every_queue_is_one_that_newer_servers_accept(system: RealSystem, broker: PrivateRabbit) -> None:
    """From 4.3 on RabbitMQ refuses queues that are neither durable nor exclusive."""
    with (
        make_app(system.settings.broker) as app,
        app.connection_for_read() as connection,
        app.events.Receiver(connection).consumer_context(),
    ):
        wait_until(lambda: app.control.broadcast("ping", reply=True, limit=1, timeout=1), "the worker answers")
        queues = broker.queues()
    assert {"seriatim.tone"} < set(queues)
    assert any(name.endswith(".celery.pidbox") for name in queues)
    assert any(name.startswith("celeryev.") for name in queues)
    assert not {name for name, (durable, exclusive) in queues.items() if not durable and not exclusive}


def test_its_connections_are_kept_alive(system: RealSystem) -> None:
    """A consumer sends nothing while there is nothing to do."""
    with make_app(system.settings.broker).connection_for_read() as connection:
        connection.ensure_connection()
        sock = connection.connection.transport.sock
        for option, value in OPTIONS.items():
            assert sock.getsockopt(socket.IPPROTO_TCP, option) == value
