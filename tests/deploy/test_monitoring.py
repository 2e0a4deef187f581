"""Monitoring: dashboard and alerts name what a running gateway exports, with labels that it has."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import promql_parser
import pytest
import yaml

from gateway.http.metrics.metrics_table import METRICS
from seriatim.keys import pool_prefix
from tests.deploy.compose_services import ROOT, services
from tests.http.gateways import Gateway, start
from tests.support.process_system import RealSystem

PROMETHEUS, GRAFANA = ROOT / "deploy" / "prometheus", ROOT / "deploy" / "grafana"
HERE = ROOT / "tests" / "deploy"
DASHBOARD = GRAFANA / "dashboards" / "seriatim.json"
#: by whom else, and with which labels
OTHERS = {"up": ("Prometheus itself, for each target", {"job", "instance"})}
BUILT_IN = {"$__rate_interval": "5m", '"$pool"': '".*"'}  #: Grafana's, and the dashboard's variable


@dataclass(frozen=True, slots=True)
class Named:
    """A metric that an expression names, with the labels that it asks for."""

    metric: str
    labels: frozenset[str]


def rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def panels() -> dict[str, dict[str, Any]]:
    found = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    return {panel["title"]: panel for panel in found if panel["type"] != "row"}


def expressions() -> dict[str, str]:
    """Where an expression stands -> the expression."""
    found = {f"alert {name}": rule["expr"] for name, rule in rules().items()}
    for title, panel in panels().items():
        for target in panel["targets"]:
            expr = target["expr"]
            for variable, value in BUILT_IN.items():
                expr = expr.replace(variable, value)
            found[f"panel {title} {target['refId']}"] = expr
    return found


def named(expression: str) -> set[Named]:
    """Each metric with the labels of its matchers and of all groupings around it."""
    return _named(promql_parser.parse(expression), frozenset())


def _named(node: promql_parser.Expr, around: frozenset[str]) -> set[Named]:
    if isinstance(node, promql_parser.VectorSelector):
        assert node.name, "a metric is named, not matched"
        return {Named(node.name, around | {m.name for m in node.matchers.matchers})}
    if isinstance(node, promql_parser.AggregateExpr) and node.modifier:
        around |= set(node.modifier.labels)  # what an outer grouping asks for, an inner one must have kept
    return {found for child in _children(node) for found in _named(child, around)}


def _children(node: promql_parser.Expr) -> list[promql_parser.Expr]:
    if isinstance(node, promql_parser.BinaryExpr):
        return [node.lhs, node.rhs]
    if isinstance(node, promql_parser.Call):
        return list(node.args)
    if isinstance(node, promql_parser.MatrixSelector):
        return [node.vector_selector]
    if isinstance(node, promql_parser.AggregateExpr | promql_parser.ParenExpr | promql_parser.UnaryExpr):
        return [node.expr]
    assert isinstance(node, promql_parser.NumberLiteral), f"the meaning of {node} is unknown"
    return []


@pytest.fixture(scope="module")
def gateway(new_system: Callable[..., RealSystem]) -> Gateway:
    system = new_system(lease_ms=60_000)  # one that registers again loses the gauges that a test writes
    system.reassembler()
    system.workers(1)
    return start(system)


def exported() -> dict[str, set[str]]:
    """Series that a gateway exports -> their labels. Compared with a gateway: tests/http/operation/test_health.py."""
    found: dict[str, set[str]] = {}
    for metric in METRICS:
        if metric.type == "histogram":
            found[f"{metric.exported_name}_count"] = set(metric.labels)
            found[f"{metric.exported_name}_bucket"] = {*metric.labels, "le"}
        else:
            found[metric.exported_name] = set(metric.labels)
    return found


EXPORTED = exported()


@pytest.mark.parametrize("place", expressions())
def test_an_expression_names_what_is_exported_and_labels_that_it_has(place: str) -> None:
    selectors = named(expressions()[place])
    assert selectors
    for metric in selectors:
        assert metric.metric in EXPORTED | OTHERS, f"{metric.metric} is not exported"
        has = OTHERS[metric.metric][1] if metric.metric in OTHERS else EXPORTED[metric.metric]
        assert metric.labels <= has, f"{metric.metric} has no label {sorted(metric.labels - has)}"


def test_a_name_or_label_that_is_not_exported_is_found() -> None:
    assert named('sum by (pool) (max by (pool, le) (rate(x_total{a="1"}[5m]))) or y') == {
        Named("x_total", frozenset({"pool", "le", "a"})), Named("y", frozenset()),
    }  # fmt: skip
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        named("sum(rate(x[5m]")


def test_there_is_an_alert_for_each_thing_that_needs_an_operator() -> None:
    assert {
        "SeriatimSilence", "SeriatimPoolStuck", "SeriatimRefusals", "SeriatimRedisMemory", "SeriatimGpuMemory",
        "SeriatimFirstAudioLate", "SeriatimAttemptsFenced",
    } <= set(rules())  # fmt: skip
    guide = (ROOT / "docs" / "how-to" / "deploy.md").read_text("utf-8")
    for name, rule in rules().items():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
        assert f"`{name}`" in guide, "what to do about it is written down"


def test_each_alert_is_known_to_fire_and_to_keep_silent() -> None:
    """As in the input of `promtool test rules` below."""
    seen: dict[str, set[bool]] = {}
    for each in yaml.safe_load((HERE / "alerts.test.yml").read_text("utf-8"))["tests"]:
        for alert in each["alert_rule_test"]:
            seen.setdefault(alert["alertname"], set()).add(bool(alert["exp_alerts"]))
    assert seen == {name: {True, False} for name in rules()}


def test_the_dashboard_is_one_that_grafana_finds() -> None:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    source = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text("utf-8"))
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "seriatim.yml").read_text("utf-8"))
    mounts = services()["grafana"].mounts
    assert mounts[provider["providers"][0]["options"]["path"]] == "./deploy/grafana/dashboards"
    assert mounts[services()["grafana"].environment["GF_PATHS_PROVISIONING"]] == "./deploy/grafana/provisioning"


def test_prometheus_asks_the_gateway_and_flower_where_they_serve() -> None:
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    port = services()["gateway"].ports[0][1]
    assert jobs["seriatim"] == [f"gateway:{port}"]
    assert jobs["flower"] == [f"flower:{services()['flower'].ports[0][1]}"]
    assert [(PROMETHEUS / name).exists() for name in config["rule_files"]] == [True]


def test_prometheus_sends_alerts_to_the_alertmanager_whose_routes_have_receivers() -> None:
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    (manager,) = config["alerting"]["alertmanagers"]
    service = services()["alertmanager"]
    assert manager["static_configs"] == [{"targets": [f"alertmanager:{service.ports[0][1]}"]}]
    assert service.mounts["/etc/alertmanager"] == "./deploy/alertmanager"
    routing = yaml.safe_load((ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text("utf-8"))
    assert set(routing) == {"route", "receivers"}
    assert routing["route"]["receiver"] in {receiver["name"] for receiver in routing["receivers"]}
    labels = {label for rule in rules().values() for selector in named(rule["expr"]) for label in selector.labels}
    assert set(routing["route"]["group_by"]) <= labels | {"alertname"}


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        why = "promtool is not installed (apt-get install prometheus); expressions are parsed all the same"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found


@pytest.mark.parametrize(
    "words", [("check", "config", PROMETHEUS / "prometheus.yml"), ("test", "rules", HERE / "alerts.test.yml")],
    ids=["configuration", "alerts"],
)  # fmt: skip
def test_promtool_takes_the_configuration_and_the_alerts_fire_when_they_should(
    promtool: str, words: tuple[object, ...]
) -> None:
    done = subprocess.run([promtool, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_finds_no_fault_in_the_metrics_of_a_gateway(promtool: str, gateway: Gateway) -> None:
    """Names, units and help texts are as Prometheus wants them."""
    owner = next(iter(gateway.system.worker_pids()))
    gauges = {"gpu_memory_used": "0.93", "gpu_memory_bytes": "7e9", "gpu_utilization": "0.4"}
    with gateway.system.redis as redis:
        redis.hset(f"{pool_prefix('tone')}:w:{owner}", mapping=gauges)
    with gateway.client() as client:
        client.post("/v1/audio/speech", json={"input": "Good morning."}).raise_for_status()
        text = client.get("/metrics").text
    assert f'seriatim_gpu_utilization_ratio{{pool="tone",worker="{owner}"}} 0.4' in text
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
