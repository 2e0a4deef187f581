"""A separate broker: Celery's messages may go through another server than jobs and audio, also after an outage."""

from collections.abc import Callable, Iterator

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.exit_codes import ExitCode
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded


@pytest.fixture(scope="module")
def broker() -> Iterator[PrivateServer]:
    with PrivateServer(embedded()) as server:
        yield server


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem], broker: PrivateServer) -> RealSystem:
    # Its workers are there, and the held sentence stays where it is, however busy the machine is.
    system = new_system(broker=broker, lease_ms=60_000, handover_ms=0)
    system.reassembler()
    system.workers(2, options={"fixed_ms": 100})
    return system


def test_messages_and_audio_have_a_server_each(system: RealSystem, broker: PrivateServer) -> None:
    text = sentences(6, "two servers")
    assert Listener(system.producer().enqueue(text, JobRequest(engine="tone"))).pcm() == stream_of(text)
    with system.redis as data, broker.client() as messages:
        assert {key for key in data.scan_iter("*") if not key.startswith(b"seriatim:")} == set()
        assert [key for key in messages.scan_iter("*") if key.startswith(b"seriatim:")] == []
        assert list(messages.scan_iter("_kombu.binding.seriatim.tone*")), "the queue is bound there"


def test_a_producer_that_is_closed_takes_nothing_from_the_others_of_its_process(system: RealSystem) -> None:
    """Kombu's pools belong to the whole process."""
    closed, other = Producer(system.settings), system.producer()
    for producer in (closed, other):
        assert Listener(producer.enqueue(["Yes."], JobRequest(engine="tone"))).pcm() == stream_of(["Yes."])
    closed.close()
    for producer in (other, system.producer()):
        assert Listener(producer.enqueue(["No."], JobRequest(engine="tone"))).pcm() == stream_of(["No."])


def test_a_broker_that_lost_everything_costs_time_and_no_sentence(system: RealSystem, broker: PrivateServer) -> None:
    """It has no log: its messages are gone. What was picked is rung for again, from the outbox or by its lease."""
    text = system.held(sentences(8, "broker restarts"))
    listener = Listener(system.producer().enqueue(text, JobRequest(engine="tone")))
    wait_until(lambda: listener.job.status().emitted > 2)
    broker.kill()
    broker.start()
    system.gate.touch()
    assert listener.pcm(60) == stream_of(text)


@pytest.mark.thorough
@pytest.mark.parametrize("module", ["workers", "workers.worker_process"])
@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://guest:secret@127.0.0.1:1//"])
def test_a_worker_that_no_message_can_reach_offers_no_slots(system: RealSystem, module: str, url: str) -> None:
    """It says so before it loads its engine, and not that it is ready."""
    child = system.start("lost", "-m", module, "--engine", "tone", "--pool", "lost", broker_url=url)
    assert child.wait(PATIENCE_S) == ExitCode.UNAVAILABLE
    log = system.log("lost")
    assert f"seriatim worker: no broker at {url.replace('guest:secret@', '')}: " in log
    assert "start one, or set SERIATIM_BROKER_URL" in log
    assert "ready" not in log
    assert "secret" not in log
    assert not system.worker_pids("lost")
    (system.folder / "lost.log").unlink()
