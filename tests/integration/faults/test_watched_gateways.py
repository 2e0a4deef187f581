"""Background tasks of a gateway are watched: an unexpected error restarts them, or ends what waits for them.

As in tests/integration/faults/test_watched.py, each test plants such an error into a real process.
"""

import contextlib
import json
from collections.abc import Callable, Iterator

import httpx2
import pytest
from websockets.sync.client import connect

from tests.http.gateways import ADDRESS, Gateway
from tests.support.expected_audio import sentences
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

AGAIN = "background task failed; restarting"
TEXT = sentences(4, "watched")  #: longer than the window below
HALVES = [f"gateway.http.streaming.text_session:TextSession.{name}" for name in ("add_text", "_message_of")]


@pytest.fixture(scope="module")
def shared(new_system: Callable[..., RealSystem]) -> RealSystem:
    """A system for all tests."""
    system = new_system()
    system.reassembler()
    system.workers()
    return system


@contextlib.contextmanager
def gateway(system: RealSystem, place: str, name: str = "") -> Iterator[Gateway]:
    """A gateway with an error planted, ended at the end; its log has the name, or that of the place."""
    name = name or place
    command = ("-m", "tests.support.planted_errors", place, "1", "2", "gateway.cli.main", "serve", "--port", "0")
    system.start(name, *command, http_pool="tone", http_pcm_hz=0, live_window_ms=3_000)
    port = wait_until(lambda: ADDRESS.search(system.log(name)), "it serves")
    yield Gateway(system, name, int(port.group(1)))
    system.end(name)


@pytest.mark.thorough
def test_a_gateway_reports_on(shared: RealSystem) -> None:
    place = "gateway.http.reading.delivery_reports:DeliveryReports.flush"
    with gateway(shared, place) as planted_gateway, planted_gateway.client() as client:
        for _ in range(2):
            answer = client.post("/v1/audio/speech", json={"input": " ".join(TEXT), "response_format": "pcm"})
            answer.raise_for_status()
            assert len(answer.content) > 16_000 * 3
    assert shared.log(place).count(AGAIN) == 2


@pytest.mark.thorough
def test_a_probe_that_breaks_leaves_readiness_to_the_next(shared: RealSystem) -> None:
    place = "gateway.http.readiness:PoolReadiness._run_probe"
    with gateway(shared, place) as planted_gateway, planted_gateway.client() as client:
        assert [client.get("/readyz").status_code for _ in range(2)] == [500, 500]
        wait_until(lambda: client.get("/readyz").status_code == 200, "the probe of one that is not broken")


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.thorough
def test_a_connection_of_which_one_half_fails_is_ended(shared: RealSystem, half: str) -> None:
    """Its client would wait for ever for the sound of a text that was not taken, or for sound that is not sent."""
    with gateway(shared, half) as planted_gateway:
        port = planted_gateway.port
        for kind in ("error", "error", "end"):
            with connect(f"ws://127.0.0.1:{port}/v1/stream", proxy=None, close_timeout=0.2) as socket:
                for message in ({"type": "start"}, {"type": "text", "text": TEXT[0]}, {"type": "close"}):
                    socket.send(json.dumps(message))
                last: dict[str, object] = {}
                while last.get("type") not in ("error", "end"):
                    reply = socket.recv(PATIENCE_S)
                    last = json.loads(reply) if isinstance(reply, str) else last
                assert last["type"] == kind, last
                assert kind == "end" or "internal_error" in str(last)


@pytest.mark.thorough
def test_half_a_text_does_not_pass_for_a_whole_one(shared: RealSystem) -> None:
    long = " ".join(sentences(80, "the rest of it"))
    place = "seriatim.client.partial_submission:PartialSubmission.read_batch"
    with gateway(shared, place) as planted_gateway, planted_gateway.client() as client:
        for state in ("cancelled", "cancelled", "done"):
            cut = contextlib.nullcontext() if state == "done" else contextlib.suppress(httpx2.TransportError)
            with cut:
                client.post("/v1/audio/speech", json={"input": long, "response_format": "pcm"})
            wait_until(lambda state=state: client.get("/v1/jobs").json()["data"][0]["state"] == state, state)  # type: ignore[misc]  # called at once


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.thorough
def test_an_elevenlabs_connection_of_which_one_half_fails_is_ended(shared: RealSystem, half: str) -> None:
    with gateway(shared, half, f"eleven {half}") as planted_gateway:
        url = f"ws://127.0.0.1:{planted_gateway.port}/v1/text-to-speech/alloy/stream-input?output_format=pcm_8000"
        for kind in ("internal_error", "internal_error", "final"):
            with connect(url, proxy=None, close_timeout=0.2) as socket:
                for text in (" ", TEXT[0], ""):
                    socket.send(json.dumps({"text": text}))
                reply: dict[str, object] = {}
                while not reply.get("error") and not reply.get("isFinal"):
                    reply = json.loads(socket.recv(PATIENCE_S))
                assert kind == (reply.get("error") or "final"), reply


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.thorough
def test_an_answer_with_times_of_which_one_half_fails_is_an_error(shared: RealSystem, half: str) -> None:
    """Its client would wait for ever for the sound of a text that was not taken."""
    with gateway(shared, half, f"times {half}") as planted_gateway, planted_gateway.client() as client:
        path, body = "/v1/text-to-speech/alloy/with-timestamps", {"text": " ".join(TEXT)}
        statuses = [client.post(path, json=body).status_code for _ in range(3)]
    assert [status < 400 for status in statuses] == [False, False, True], statuses
