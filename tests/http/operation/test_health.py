"""Health of a gateway, for machines that watch it: /healthz, /readyz, /metrics."""

from collections.abc import Callable

import httpx2
import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from gateway.http.metrics.metrics_table import METRICS
from gateway.http.playback_model import PlaybackModel
from tests.http.gateways import start
from tests.support.process_system import RealSystem, wait_until

#: a gateway's patch: a call waits an hour for a server that is away, unless it says otherwise
PATIENT = """
from seriatim.servers import redis_clients
redis_clients.command_client.__kwdefaults__["outage_s"] = 3600.0
"""


def test_health_says_how_much_there_is_to_do(client: httpx2.Client) -> None:
    client.post("/v1/audio/speech", json={"input": "Good morning."})
    found = client.get("/healthz").json()
    assert (found["status"], found["redis"]) == ("alive", "answers")
    pool = next(p for p in found["pools"] if p["pool"] == "tone")
    assert pool["slots"] == 8, "of two processes with four each"
    assert {"waiting", "in_flight", "load", "wait_p95_ms", "refusing"} <= set(pool)


def test_ready_means_that_a_sentence_was_spoken(client: httpx2.Client) -> None:
    wait_until(lambda: client.get("/readyz").json() == {"status": "ready"}, "a sentence was spoken in time")
    wait_until(lambda: client.get("/readyz?model=tone").status_code == 200, "likewise")
    assert client.get("/readyz?model=none").status_code == 404


@pytest.mark.thorough
def test_an_engine_that_hangs_is_not_ready(new_system: Callable[..., RealSystem]) -> None:
    """The worker beats, holds its slots and has taken the sentence; nothing is heard."""
    system = new_system()
    system.reassembler()
    system.expect_reassembler()
    system.workers(1, options={"stuck_on": "Ready"})
    gateway = start(system, http_probe_s=1)
    with gateway.client() as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "has not spoken a probe sentence" in answer.json()["error"]["message"]
        assert client.get("/healthz").status_code == 200, "this process is alive all the same"


@pytest.mark.thorough
def test_a_gateway_whose_reassembler_has_gone_is_not_ready(new_system: Callable[..., RealSystem]) -> None:
    """Sentences are spoken, and no client hears them."""
    system = new_system()
    system.reassembler()
    system.workers(1)
    gateway = start(system, http_probe_s=3600)
    with gateway.client() as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        system.end("reassembler")
        answer = wait_until(lambda: a if (a := client.get("/readyz")).status_code == 503 else None)
        assert "seriatim reassemble" in answer.json()["error"]["message"]
        system.reassembler("another")
        wait_until(lambda: client.get("/readyz").status_code == 200)


def test_a_gateway_without_redis_is_alive_and_not_ready(new_system: Callable[..., RealSystem]) -> None:
    system = new_system()
    system.reassembler()
    system.workers(1)
    gateway = start(system, patch=PATIENT, http_probe_s=1)
    with gateway.client() as client:
        wait_until(lambda: client.get("/readyz").status_code == 200, "a sentence was spoken")
        system.server.kill()
        found = client.get("/healthz").json()  # long before an hour is over
        assert found["redis"] == "does not answer", "a probe is not kept waiting, as calls of those at work are"
        wait_until(lambda: client.get("/readyz").status_code == 503, "what was proven is old")
    system.close()


def test_metrics_are_prometheus_and_every_one_of_the_table_is_there(client: httpx2.Client) -> None:
    client.post("/v1/audio/speech", json={"input": "Good morning."})
    text = wait_until(lambda: t if _is_counted(t := client.get("/metrics").text) else "", "it is counted")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    exported = {name + ("_total" if f.type == "counter" else "") for name, f in families.items()}
    assert {name for name in exported if name.startswith("seriatim_")} == {m.exported_name for m in METRICS}
    assert value(families["seriatim_slots"], pool="tone") == 8
    ttfa = families["seriatim_http_first_audio_seconds"]
    assert next(s.value for s in ttfa.samples if s.name.endswith("_count")) >= 1


def _is_counted(text: str) -> bool:
    """Are the answer, and the sentence of it, which its worker reports behind its sound?"""
    families = {family.name: family for family in text_string_to_metric_families(text)}
    answers = value(families["seriatim_http_requests"], route="/v1/audio/speech", code="200")
    return answers >= 1 and value(families["seriatim_sentences_spoken"], pool="tone") >= 1


def value(family: Metric, **labels: str) -> float:
    return float(next((s.value for s in family.samples if labels.items() <= s.labels.items()), 0))


@pytest.mark.parametrize(
    ("came", "silent_s", "longest_s"),
    [
        ([(0, 1), (0.5, 1), (1.9, 1)], 0, 0),
        ([(0, 1), (1.5, 1), (2.5, 1)], 0.5, 0.5),
        ([(0, 1), (1.05, 1), (3, 1)], 1.0, 0.95),
        ([], 0, 0),
    ],
)
def test_a_player_is_silent_when_it_has_played_all_that_came(
    came: list[tuple[float, float]], silent_s: float, longest_s: float
) -> None:
    playback = PlaybackModel()
    for at_s, sound_s in came:
        playback.feed(at_s, sound_s)
    assert playback.silent_s == pytest.approx(silent_s)
    assert playback.longest_s == pytest.approx(longest_s)
