"""Gauges of worker processes reach operators, go when they are not true any more, and stop no process."""

import os
import re
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from gateway.http.metrics.gateway_metrics import GatewayMetrics
from gateway.http.metrics.pool_metrics_collector import PoolMetricsCollector, exposition
from gateway.http.routing.route_table import MAIN
from seriatim.celery_app import make_app
from seriatim.dispatch import PoolClient
from seriatim.keys import pool_prefix
from seriatim.lua.pool_scripts import register
from seriatim.lua.script_calls import run
from seriatim.settings import Settings
from tests.integration.faults.test_kills import enqueue, sound
from tests.support.expected_audio import sentences, stream_of
from tests.support.process_system import RealSystem, state_of, wait_until
from workers.engines.engine_registry import load
from workers.registration import registration_of
from workers.worker_gauges import WorkerGauges
from workers.worker_state import WorkerState

PINNED = "GPU-0a1b2c3d-0000-1111-2222-333344445555"
MEMORY = "seriatim_worker_memory_bytes"


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000, heartbeat_ms=150)  # its workers are there, however busy the machine is
    system.reassembler()
    system.workers(1)
    return system


def exported(client: Redis, metric: str) -> dict[str, float]:
    """A metric of /metrics, by worker."""
    families = text_string_to_metric_families(
        exposition(GatewayMetrics(), {MAIN: PoolMetricsCollector(client).snapshot()}).decode()
    )
    return {s.labels["worker"]: s.value for family in families for s in family.samples if s.name == metric}


def test_a_worker_says_how_much_memory_it_holds(system: RealSystem) -> None:
    """All of the way: a process's heartbeat, Redis, a scrape of Prometheus."""
    with system.redis as client:
        owner, pid = next(iter(system.worker_pids().items()))
        wait_until(
            lambda: exported(client, MEMORY).get(owner) == pytest.approx(resident_bytes(pid), rel=0.2),
            "it has said what it holds now",
        )


def resident_bytes(pid: int) -> int:
    """The memory that a process holds now, as the kernel has it."""
    resident_kb = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text("ascii"), re.MULTILINE)
    assert resident_kb
    return int(resident_kb[1]) * 1024


def forgotten(client: Redis, owner: str) -> bool:
    """Take a worker for dead; False if a command that it sent before has come behind that."""
    client.delete(f"{pool_prefix('tone')}:w:{owner}")
    return owner not in exported(client, MEMORY)


def test_a_worker_that_was_taken_for_dead_shows_its_figures_again(system: RealSystem) -> None:
    owner, pid = next(iter(system.worker_pids().items()))
    with system.redis as client:
        for _ in range(3):
            wait_until(lambda: owner in exported(client, MEMORY), "they are there")
            os.kill(pid, signal.SIGSTOP)
            wait_until(lambda: state_of(pid) == "T", "it stands still")
            try:
                wait_until(partial(forgotten, client, owner), "what it sent before has arrived")
            finally:
                os.kill(pid, signal.SIGCONT)
        wait_until(lambda: owner in exported(client, MEMORY), "it has registered again, and shows them")


def test_a_worker_pinned_to_a_gpu_that_cannot_be_asked_works_all_the_same(
    system: RealSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", PINNED)
    system.workers(1, name="pinned", pool="pinned")
    wait_until(lambda: "GPU" in system.log("pinned") or "NVML" in system.log("pinned"), "it says so")
    text = sentences(3, "pinned to a GPU")
    assert sound(system, enqueue(system, text)) == stream_of(text)
    with system.redis as client:
        wait_until(lambda: len(exported(client, MEMORY)) == 2, "both show what they know")
        assert not exported(client, "seriatim_gpu_utilization_ratio")


def test_a_figure_that_is_not_known_any_more_is_taken_out(redis: Redis) -> None:
    settings = Settings(redis_url="redis://nowhere")
    engine = load("tone", {})
    worker_state = WorkerState(
        PoolClient(redis, make_app("memory://", "p"), "p", settings), engine, "w", registration_of(engine, settings, 1)
    )
    run(redis, register("p", "w", 60_000, worker_state.facts))
    gauges = WorkerGauges.of(worker_state, {})
    gauges.gpu._metrics, gauges.gpu._metrics_s = {"gpu_utilization": 0.75, "gpu_memory_used": 0.5}, float("inf")
    gauges.report()
    assert exported(redis, "seriatim_gpu_utilization_ratio") == {"w": 0.75}
    assert exported(redis, "seriatim_gpu_memory_used_ratio") == {"w": 0.5}
    gauges.gpu._metrics_s = float("-inf")  # the driver hangs
    gauges.reported_s = float("-inf")
    gauges.report()
    assert not exported(redis, "seriatim_gpu_utilization_ratio")
    assert exported(redis, MEMORY)
    assert redis.hget(f"{pool_prefix('p')}:w:w", "slots"), "what it registered stays"


def test_slots_that_an_engine_gave_up_are_reported(redis: Redis) -> None:
    """As one does whose device's memory ran out."""
    engine, settings = load("tone", {"slots": "8"}), Settings(redis_url="redis://nowhere")
    worker_state = WorkerState(
        PoolClient(redis, make_app("memory://", "p"), "p", settings), engine, "w", registration_of(engine, settings, 1)
    )
    run(redis, register("p", "w", 60_000, worker_state.facts))
    gauges = WorkerGauges.of(worker_state, {})
    engine.slots = 2  # type: ignore[misc]  # an engine's own to say
    gauges.report()
    assert exported(redis, "seriatim_worker_slots_lost") == {"w": 6}
