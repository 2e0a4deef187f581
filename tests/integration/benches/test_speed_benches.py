"""The benches of what Seriatim adds run in small, and find what they look for."""

import pytest

from bench.speed import idle_jobs, slot_costs
from bench.work import Work

pytestmark = pytest.mark.thorough


def test_gaps_and_processor_time_are_found() -> None:
    found = slot_costs.measure(Work(24, cost_ms=5, workers=2, audio_bytes=10_000))
    assert 0 < found.gap_p50_ms <= found.gap_p99_ms
    assert set(found.processor_ms) == {"worker", "supervisor", "reassembler", "redis", "client"}
    assert found.all_ms > 0


def test_the_cost_of_idle_jobs_is_found() -> None:
    found = idle_jobs.measure(jobs=30, seconds=0.5, settle_s=1.0)
    assert found.jobs == 30
    assert found.carried > 0
