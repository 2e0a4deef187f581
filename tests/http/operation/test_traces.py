"""One trace from a request to its last byte, through the producer, Celery, workers and the reader."""

import importlib
import secrets
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from seriatim import tracing
from seriatim.settings import Settings
from tests.http.conftest import CALM
from tests.http.gateways import Gateway, clear, start
from tests.http.operation.collector import Collector, Seen, collecting
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem, wait_until

SERVER, PRODUCER, CONSUMER = 2, 4, 5  # kinds, as OTLP numbers them
N = 6


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as made, pytest.MonkeyPatch.context() as outside:
        outside.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
        outside.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield made


@pytest.fixture(scope="module")
def traced(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("traces")
    tripping = {"fail_on": "trips", "fail_times": 1, "tally": folder}
    # No sentence is spoken twice because a process gets no turn: each attempt is a span.
    with RealSystem.on(folder, traces="otlp", **CALM) as system:
        system.reassembler()
        system.workers(2, slots=2, options={"rtf": 0.05, "chunk_ms": 200, **tripping})
        yield start(system)


def ask(gateway: Gateway, text: str, **more: object) -> str:
    """Have a text spoken as part of a trace of our own; returns its id."""
    trace = secrets.token_hex(16)
    with gateway.client() as client:
        headers = {"traceparent": f"00-{trace}-{'ab' * 8}-01"}
        client.post("/v1/audio/speech", json={"input": text, "response_format": "pcm", **more}, headers=headers)
    return trace


def named(spans: list[Seen], name: str) -> list[Seen]:
    return [s for s in spans if s.name == name]


def test_one_trace_leads_from_the_request_to_the_last_byte(traced: Gateway, collector: Collector) -> None:
    trace = ask(traced, " ".join(clear(N)))
    wait_until(lambda: len(collector.of(trace)) >= 2 * N + 2)
    spans = collector.of(trace)
    (request,), (enqueue,) = named(spans, "POST /v1/audio/speech"), named(spans, "enqueue")
    assert (request.kind, request.parent, request.service) == (SERVER, "ab" * 8, "seriatim-gateway")
    assert (enqueue.kind, enqueue.parent) == (PRODUCER, request.id)
    speak_spans, hear_spans = named(spans, "speak"), named(spans, "hear")
    assert {(s.kind, s.parent, s.service) for s in speak_spans} == {(CONSUMER, enqueue.id, "seriatim-worker")}
    assert sorted(s.facts["seriatim.seq"] for s in speak_spans) == list(range(N))
    assert {s.facts["seriatim.job"] for s in speak_spans} == {enqueue.facts["seriatim.job"]}
    assert {s.parent for s in hear_spans} == {request.id}
    assert [s.facts["seriatim.seq"] for s in hear_spans] == list(range(N)), "heard in order, however they were spoken"
    assert all(a.ended_ns <= b.began_ns for a, b in pairwise(hear_spans))
    assert all(request.began_ns <= s.began_ns <= s.ended_ns <= request.ended_ns for s in [enqueue, *hear_spans])
    assert len(spans) == 2 * N + 2


@pytest.mark.thorough
def test_a_sentence_that_is_spoken_again_shows_both_attempts(traced: Gateway, collector: Collector) -> None:
    trace = ask(traced, f"{clear(1)[0]} The fox trips here and gets up.")
    wait_until(lambda: len(named(collector.of(trace), "speak")) == 3)
    first, second = (s for s in named(collector.of(trace), "speak") if s.facts["seriatim.seq"] == 1)
    assert (first.failed, second.failed) == (True, False)
    assert first.facts["seriatim.attempt"] < second.facts["seriatim.attempt"]
    assert first.facts["seriatim.result"].startswith("FAILED EngineFailed")
    assert second.facts["seriatim.result"].startswith("SPOKEN")


def test_a_refusal_is_written_down(traced: Gateway, collector: Collector) -> None:
    trace = ask(traced, " ".join(clear(2)), model="tone", voice="nobody")
    (request,) = wait_until(lambda: named(collector.of(trace), "POST /v1/audio/speech"))
    assert request.facts["http.response.status_code"] == 400


def test_probes_are_not_traced(traced: Gateway, collector: Collector) -> None:
    with traced.client() as client:
        for path in ("/healthz", "/readyz", "/metrics"):
            client.get(path)
    trace = ask(traced, "Fox 0 sings.")
    wait_until(lambda: named(collector.of(trace), "POST /v1/audio/speech"))
    assert not [s for s in collector.spans if s.name.startswith("GET")]


@pytest.mark.thorough
def test_a_collector_that_is_away_delays_no_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with RealSystem.on(tmp_path, traces="otlp") as system:
        system.reassembler()
        worker = system.workers()
        with start(system).client() as client:
            answer = client.post("/v1/audio/speech", json={"input": "Fox 0 sings.", "response_format": "pcm"})
        assert answer.status_code == 200
        assert len(answer.content) > 1000
        worker.terminate()
        assert worker.wait(PATIENCE_S) == 0


def test_who_wants_no_traces_loads_nothing_of_them() -> None:
    code = (
        "import sys, tasks, seriatim.tracing as tracing; "
        "print('opentelemetry.trace' in sys.modules, tracing.current_traceparent())"
    )
    blocked = f"import sys; sys.modules['opentelemetry'] = None; {code}"  # redis loads it wherever it is installed
    done = subprocess.run([sys.executable, "-c", blocked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False \n"


def test_who_traces_nothing_makes_no_spans() -> None:
    """redis-py imports OpenTelemetry wherever it is installed; without a tracer its spans go nowhere, and take time."""
    importlib.import_module("opentelemetry.trace")
    with tracing.span("enqueue") as span:
        assert span == tracing.TraceSpan()
        assert tracing.current_traceparent() == ""


def test_a_caller_who_traces_his_own_program_finds_our_spans_in_his(traced: Gateway, collector: Collector) -> None:
    code = (
        "import os; from opentelemetry import trace; from seriatim import tracing\n"
        "tracing.configure('caller', 'otlp')\n"
        "from seriatim import enqueue_job\n"
        "with trace.get_tracer('mine').start_as_current_span('my request') as span:\n"
        "    b''.join(enqueue_job('Fox 0 sings.', engine='tone').pcm())\n"
        "    print(format(span.get_span_context().trace_id, '032x'))\n"
    )
    environment = traced.system.environment | {"SERIATIM_TRACES": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    trace = done.stdout.strip()
    wait_until(lambda: named(collector.of(trace), "speak"))
    assert [s.name for s in collector.of(trace)] == ["my request", "enqueue", "speak"]


def test_a_setting_that_is_none_says_so() -> None:
    with pytest.raises(Exception, match="expected otlp"):
        Settings.from_env({"SERIATIM_TRACES": "jaeger"})
