"""A separate broker: Celery's messages may go through another server than jobs and audio, also after an outage."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seriatim.celery_app import make_app, publish
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import Unavailable
from seriatim.exit_codes import ExitCode
from seriatim.records import TaskMessage
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


def test_listeners_do_not_notice_that_the_broker_is_away(system: RealSystem, broker: PrivateServer) -> None:
    """Slots take what is dispatched from Redis itself; each sentence is a task all the same."""
    pids = system.worker_pids()
    broker.kill()
    text = sentences(6, "no broker")
    assert Listener(system.producer().enqueue(text, JobRequest(engine="tone"))).pcm() == stream_of(text)
    texts = [system.held(["One."]), system.held(["Two."])]
    listeners = [Listener(system.producer().enqueue(text, JobRequest(engine="tone"))) for text in texts]
    for listener in listeners:
        wait_until(lambda listener=listener: listener.job.status().emitted > 0)  # type: ignore[misc]  # bound now
    broker.start()
    with make_app(system.settings.broker) as app:
        answer: Any = wait_until(
            lambda: _two_active(app.control.inspect(limit=2, timeout=5)), "both workers show a task"
        )
    assert {task["id"].split(":")[0] for tasks in answer.values() for task in tasks} == {
        one.job.id for one in listeners
    }
    system.gate.touch()
    assert [listener.pcm() for listener in listeners] == [stream_of(text) for text in texts]
    assert system.worker_pids() == pids


def _two_active(inspect: Any) -> Any:
    """The tasks by worker, once each of the two has one."""
    found = inspect.active() or {}
    return found if len([tasks for tasks in found.values() if tasks]) == 2 else None


def test_a_message_is_published_at_once_or_kept() -> None:
    """Celery would try again behind 2 and 4 s, and the caller, who has only to leave the message, would wait for it."""
    n_tries = 0
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        make_app(f"amqp://127.0.0.1:{server.getsockname()[1]}//") as app,
    ):

        def refuse() -> None:
            nonlocal n_tries
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                n_tries += 1
                client.close()

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        with pytest.raises(Unavailable, match="the broker does not answer"):
            publish(app, "tone", [TaskMessage("a" * 32, 0, 1)])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE_S)
    assert n_tries == 1


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
