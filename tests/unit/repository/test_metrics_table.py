"""The table of metrics: what pools' scripts count is exported, by names as Prometheus wants them."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from gateway.http.metrics.metrics_table import METRICS, Metric
from gateway.http.metrics.pool_metrics_collector import READERS
from seriatim.pool_metrics import PoolMetrics
from seriatim.state.pool_record import PoolRecord
from seriatim.state.pool_state import RedisState
from seriatim.state.worker_record import WorkerProcessState

SCRIPTS = "".join(path.read_text("utf-8") for path in (Path(__file__).parents[3] / "seriatim/lua/pool").rglob("*.lua"))
SOURCES = {metric.source.partition(".")[2] for metric in METRICS}
RECORDS = {"pool": PoolMetrics, "record": PoolRecord, "worker": WorkerProcessState, "redis": RedisState}
PLAIN = re.compile(r"[a-z]+(_[a-z]+)*")


def test_whatever_the_scripts_count_is_exported() -> None:
    counted = set(re.findall(r"\b(?:count|measure)\('(\w+?)_?'", SCRIPTS))
    assert {"accepted", "wasted_ms", "wait", "failed"} <= counted
    assert counted <= SOURCES


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.exported_name)
def test_a_metric_has_a_name_a_unit_and_a_source(metric: Metric) -> None:
    assert PLAIN.fullmatch(metric.name)
    assert not metric.name.endswith(("_total", "_ms"))
    assert (metric.type == "histogram") == bool(metric.bounds_ms)
    if metric.bounds_ms:
        assert metric.name.endswith("_seconds")
    reader, _, of = metric.source.partition(".")
    assert reader == "process" or reader in READERS
    if reader in RECORDS:
        assert of in {f.name for f in fields(RECORDS[reader])} | set(dir(RECORDS[reader]))


def test_names_are_unique() -> None:
    names = [metric.exported_name for metric in METRICS]
    assert len(names) == len(set(names))
