"""Metrics of a gateway: their cost, counts as things happen, and no label for each user, job or path."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from openai import APIStatusError
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from redis.connection import AbstractConnection
from websockets.sync.client import ClientConnection, connect

from gateway.http.metrics.gateway_metrics import GatewayMetrics
from gateway.http.metrics.pool_metrics_collector import PoolMetricsCollector, exposition
from gateway.http.playback_model import PlaybackModel
from gateway.http.routing.route_table import MAIN
from seriatim.lua.pool_records import WorkerRegistration
from seriatim.lua.pool_scripts import register
from seriatim.lua.script_calls import run_many
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import RATE_HZ, Listener
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

POOLS, WORKERS = 50, 2
FACTS = WorkerRegistration(4, 8_000, "exact", 0.25, 1.0, 0.05, "[]", "tone", "here", 1, 0)

Series = frozenset[tuple[str, frozenset[tuple[str, str]]]]


@pytest.fixture(scope="module")
def gateway(new_system: Callable[..., RealSystem]) -> Gateway:
    system = new_system()
    system.reassembler()
    system.workers(1, slots=4, options={"rtf": 0.05, "chunk_ms": 100})
    return start(system)


def value(text: str, name: str, **labels: str) -> float:
    found = [s for f in text_string_to_metric_families(text) for s in f.samples if s.name == name]
    return sum(s.value for s in found if labels.items() <= s.labels.items())


def series(text: str) -> Series:
    families = text_string_to_metric_families(text)
    return frozenset((s.name, frozenset(s.labels.items())) for family in families for s in family.samples)


def at_rest(client: httpx2.Client) -> str:
    """The metrics of a gateway that has no stream left of another test, so that the next that ends is the caller's."""
    wait_until(
        lambda: value(client.get("/metrics").text, "seriatim_http_streams") == 0, "no other test's stream is left"
    )
    return client.get("/metrics").text  # its end is counted in the same step of the event loop as its leaving


def test_sound_is_counted_while_it_is_heard(gateway: Gateway) -> None:
    """A book of ten hours is not counted only when it is over."""
    request = {"input": " ".join(clear(400)), "response_format": "pcm"}
    names = ("seriatim_http_streams", "seriatim_http_audio_seconds_total", "seriatim_http_streams_played_total")
    with gateway.client() as other, gateway.client() as client:
        resting = at_rest(other)
        before = [value(resting, name) for name in names]
        with client.stream("POST", "/v1/audio/speech", json=request) as stream:
            pieces = stream.iter_raw()  # a generator without a reference closes the connection
            assert next(pieces)
            wait_until(lambda: value(other.get("/metrics").text, names[1]) > before[1], "what was sent is counted")
            streams, _, played = (value(other.get("/metrics").text, name) for name in names)
            assert streams == 1
            assert played == before[2], "how it was is known at its end"


def test_a_job_that_is_cancelled_while_it_is_heard_is_no_failed_stream(gateway: Gateway) -> None:
    """The page's Cancel does so; a failed stream wakes an operator."""
    request = {"input": " ".join(clear(400, "Wren")), "response_format": "pcm"}
    with gateway.client() as client:
        before = at_rest(client)
        with client.stream("POST", "/v1/audio/speech", json=request) as stream:
            pieces = stream.iter_raw()
            assert next(pieces)
            with gateway.client() as other:
                other.delete(f"/v1/jobs/{stream.headers['seriatim-job']}").raise_for_status()
            with pytest.raises(httpx2.RemoteProtocolError):
                for _ in pieces:
                    pass
        after = wait_until(lambda: text if _ended(text := client.get("/metrics").text) > _ended(before) else None)
    for how, more in {"cancelled": 1, "failed": 0, "left": 0}.items():
        assert _ended(after, outcome=how) - _ended(before, outcome=how) == more, how


def test_a_job_that_waits_too_long_is_504_and_has_timed_out_wherever_one_looks(gateway: Gateway) -> None:
    """It was failed, and a 500, as if something were broken."""
    (text,) = gateway.system.held([])
    request = {"input": text, "hold": "always", "timeout_s": 1}
    with gateway.client() as client, gateway.openai(max_retries=0) as ai:
        before = at_rest(client)
        answer = client.post("/v1/audio/speech", json=request)
        assert answer.status_code == 504
        error = answer.json()["error"]
        assert (error["type"], error["code"]) == ("server_error", "timed_out")
        assert error["message"].endswith("timed out: not spoken within 1 s")
        assert answer.headers["x-should-retry"] == "false", "OpenAI's client would wait as long again, twice"
        card = client.get(f"/v1/jobs/{answer.headers['x-request-id']}").json()
        assert (card["state"], card["reason"]) == ("timed_out", "not spoken within 1 s")
        with pytest.raises(APIStatusError) as late:
            ai.audio.speech.create(model="tts-1", voice="alloy", input=text, extra_body=request)
        assert (late.value.status_code, late.value.code) == (504, "timed_out")
        after = wait_until(lambda: text if _ended(text := at_rest(client)) >= _ended(before) + 2 else "")
    for name, labels in (("seriatim_http_streams_ended_total", "outcome"), ("seriatim_jobs_ended_total", "state")):
        for outcome, more in {"timed_out": 2, "failed": 0}.items():
            assert value(after, name, **{labels: outcome}) - value(before, name, **{labels: outcome}) == more, name


def test_a_stream_whose_job_has_timed_out_says_so_before_it_is_cut(gateway: Gateway) -> None:
    request = {"input": gateway.system.held([])[0], "hold": "never", "timeout_s": 1, "stream_format": "sse"}
    with gateway.client() as client:
        text = client.post("/v1/audio/speech", json=request).text
    assert '"code": "timed_out"' in text


def test_jobs_of_a_websocket_count_as_answers_do(gateway: Gateway) -> None:
    text = " ".join(clear(3, "Sock"))
    (held,) = gateway.system.held([])
    with gateway.client() as client:
        before = at_rest(client)
        sound_s = "seriatim_http_audio_seconds_total"
        with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
            assert session(socket, {}, {"type": "text", "text": text}, {"type": "close"}) == "done"
            assert session(socket, {}, {"type": "text", "text": text}, {"type": "cancel"}) == "cancelled"
            late = {"timeout_s": 1, "hold": "always"}
            assert session(socket, late, {"type": "text", "text": held}, {"type": "close"}) == "timed_out"
            socket.send(json.dumps({"type": "start"}))
            assert json.loads(socket.recv(PATIENCE_S))["type"] == "started"
            socket.close()  # the listener wants no more; a connection that is lost counts as `left`
        counted = {"done": 1, "cancelled": 2, "timed_out": 1, "left": 0}
        enough = _ended(before) + sum(counted.values())
        after = wait_until(lambda: text if _ended(text := client.get("/metrics").text) >= enough else None)
    for how, more in (counted | {"failed": 0, "moved": 0}).items():
        assert _ended(after, outcome=how) - _ended(before, outcome=how) == more, how
    assert value(after, sound_s) - value(before, sound_s) > 3


def session(socket: ClientConnection, options: dict[str, object], *messages: dict[str, str]) -> str:
    """Say something over a WebSocket; returns the state of its end."""
    for message in ({"type": "start"} | options, *messages):
        socket.send(json.dumps(message))
    while True:
        reply = socket.recv(PATIENCE_S)
        if isinstance(reply, str) and (facts := json.loads(reply))["type"] == "end":
            return str(facts["state"])


def _ended(text: str, **labels: str) -> float:
    return value(text, "seriatim_http_streams_ended_total", **labels)


def test_each_sentence_counts_for_its_worker_and_for_the_times_of_its_pool(gateway: Gateway) -> None:
    request = {"input": " ".join(clear(6)), "response_format": "pcm"}
    names = ("seriatim_synthesis_seconds_count", "seriatim_engine_first_audio_seconds_count")
    with gateway.client() as client:
        before = wait_until(lambda: text if _is_idle(text := at_rest(client)) else "", "no sentence is left")
        pcm = client.post("/v1/audio/speech", json=request).raise_for_status().content
        at_rest(client)
        # A scrape reads its figures in several steps: while sentences end they may differ.
        n = value(before, "seriatim_worker_sentences_total", pool="tone") + 6
        text = wait_until(
            lambda: text if _is_counted(text := client.get("/metrics").text, n, names) else "", "each counts"
        )
    (owner,) = gateway.system.worker_pids()
    audio_s = [value(each, "seriatim_worker_audio_seconds_total", worker=owner) for each in (before, text)]
    assert audio_s[1] - audio_s[0] == pytest.approx(len(pcm) / 2 / RATE_HZ, abs=0.006), "to a millisecond a sentence"
    assert value(text, "seriatim_worker_busy_seconds_total", worker=owner) > 0
    assert value(text, "seriatim_worker_slots_lost", worker=owner) == 0
    assert value(text, "seriatim_worker_audio_differs", worker=owner) == 0
    assert value(text, "seriatim_marked_sentences_total") == 0


def _is_idle(text: str) -> bool:
    return not any(value(text, f"seriatim_{state}_sentences", pool="tone") for state in ("waiting", "in_flight"))


def _is_counted(text: str, n: float, names: Iterable[str]) -> bool:
    totals = ("seriatim_worker_sentences_total", "seriatim_sentences_spoken_total", *names)
    return {n} == {value(text, name, pool="tone") for name in totals}


def test_silences_are_counted_piece_by_piece() -> None:
    playback = PlaybackModel()
    silent_s = [playback.feed(at_s, 1.0) for at_s in (0.0, 1.5, 2.5, 4.0)]
    assert silent_s == pytest.approx([0, 0.5, 0, 0.5])
    assert sum(silent_s) == pytest.approx(playback.silent_s)


def test_users_jobs_and_paths_are_not_labels(gateway: Gateway) -> None:
    """Otherwise a client could fill Prometheus' memory."""

    def scraped() -> str:
        with gateway.client() as client:
            return client.get("/metrics").text

    def use(name: str) -> None:
        job = gateway.system.enqueue([f"Hello, I am {name}."], user=name)
        Listener(job).pcm()
        wait_until(lambda: job.status().ended)
        with gateway.client() as client:
            for path in (f"/v1/jobs/{job.id}", f"/v1/jobs/{name}", f"/{name}", f"/readyz?model={name}"):
                client.get(path)
            client.post("/v1/audio/speech", json={"input": "Hello.", "model": name, "voice": name})
            client.request(name.upper(), "/v1/models")

    with gateway.client() as client:
        at_rest(client)  # an outcome that there was not before has a series of its own
    use("first")
    scraped()  # a scrape is a request, too
    known = series(scraped())
    for n in range(3):
        use(f"somebody{n}")
    text = scraped()
    assert series(text) == known
    assert "somebody" not in text


def test_a_scrape_costs_no_more_round_trips_for_more_pools(redis: Redis) -> None:
    run_many(redis, [register("p0", f"w{n}", 60_000, FACTS) for n in range(WORKERS)])
    few = round_trips(redis)
    rows = [register(f"p{p}", f"w{n}", 60_000, replace(FACTS)) for p in range(POOLS) for n in range(WORKERS)]
    run_many(redis, rows)
    assert round_trips(redis) < few + POOLS / 10
    text = exposition(GatewayMetrics(), {MAIN: PoolMetricsCollector(redis).snapshot()}).decode()
    assert value(text, "seriatim_slots") == POOLS * WORKERS * FACTS.slots


def round_trips(redis: Redis) -> int:
    """The number of commands and pipelines that a client sends for one scrape."""
    pools = PoolMetricsCollector(redis)
    pools.known()
    sent = 0
    with pytest.MonkeyPatch.context() as patched:
        send = AbstractConnection.send_packed_command

        def count(connection: AbstractConnection, *command: Any, **options: Any) -> None:
            nonlocal sent
            sent += 1
            send(connection, *command, **options)

        patched.setattr(AbstractConnection, "send_packed_command", count)
        exposition(GatewayMetrics(), {MAIN: pools.snapshot()})
    return sent
