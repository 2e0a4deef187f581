"""The scalers of deploy/kubernetes: KEDA's schema, queries of exported metrics, and scaling from zero."""

from typing import Any

import promql_parser
import pytest
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from pydantic import ValidationError

from tests.deploy.kubernetes_manifests import built, manifests, objects, pod_services, workloads
from tests.deploy.test_monitoring import exported, named

SCALED = objects("ScaledObject")
EVERY = pytest.mark.parametrize("name", SCALED)


def unknown_fields(row: dict[str, Any]) -> dict[str, Any]:
    """Validate by KEDA 2.16's schema; returns the specification if a field of it is not in the schema."""
    read = ScaledObject.model_validate(row).model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {} if read["spec"] == row["spec"] else dict(row["spec"])


def triggers(name: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in SCALED[name]["spec"]["triggers"]}


@EVERY
def test_each_scaled_object_is_what_kedas_schema_says(name: str) -> None:
    assert unknown_fields(SCALED[name]) == {}


def test_what_kedas_schema_does_not_have_is_found() -> None:
    row = SCALED["worker"]
    assert unknown_fields({**row, "spec": {**row["spec"], "coolDownPeriod": 1}})
    with pytest.raises(ValidationError, match="minReplicaCount"):
        unknown_fields({**row, "spec": {**row["spec"], "minReplicaCount": "none"}})


@EVERY
def test_each_query_names_what_is_exported_and_is_a_number_without_a_gateway(name: str) -> None:
    for trigger in triggers(name).values():
        query = str(trigger["metadata"]["query"])
        tree = promql_parser.parse(query)
        assert isinstance(tree, promql_parser.BinaryExpr)
        assert str(tree.rhs) == "vector(0)", "an empty answer would be an error for KEDA"
        selectors = named(str(tree.lhs))
        assert selectors
        for found in selectors:
            assert found.labels <= exported()[found.metric], found


@EVERY
def test_a_scaler_looks_at_the_pool_that_its_pods_speak_for(name: str) -> None:
    words = pod_services()[name].command
    pool = words[words.index("--engine") + 1]
    assert SCALED[name]["spec"]["scaleTargetRef"]["name"] in workloads()
    for trigger in triggers(name).values():
        assert f'pool="{pool}"' in trigger["metadata"]["query"]


@EVERY
def test_what_waits_for_a_first_pod_makes_one(name: str) -> None:
    found = triggers(name)
    assert "seriatim_cold_start" in found["cold-start"]["metadata"]["query"]
    assert "seriatim_waiting_sentences" in found["queue"]["metadata"]["query"]
    assert {found[each]["metadata"]["activationThreshold"] for each in ("cold-start", "queue", "load")} == {"0"}


def test_who_scales_to_zero_declares_a_cold_start_and_names_the_pool() -> None:
    rows = built("scale-to-zero")
    zero = {r["metadata"]["name"] for r in rows if r["kind"] == "ScaledObject" and not r["spec"]["minReplicaCount"]}
    assert zero == {"worker-xtts"}
    (settings,) = [row["data"] for row in rows if row["kind"] == "ConfigMap"]
    (deployment,) = [r for r in rows if (r["kind"], r["metadata"]["name"]) == ("Deployment", "worker-xtts")]
    probe = deployment["spec"]["template"]["spec"]["containers"][0]["startupProbe"]
    assert float(settings["SERIATIM_COLD_START_S"]) >= probe["periodSeconds"] * probe["failureThreshold"]
    assert settings["SERIATIM_HTTP_MODELS"].endswith("=xtts")


def test_each_scaler_belongs_to_a_component_that_an_overlay_may_leave_out() -> None:
    places = [
        path for path, rows in manifests().items() if rows[0]["kind"] in {"ScaledObject", "HorizontalPodAutoscaler"}
    ]
    assert places
    assert all(path.startswith("components/") for path in places)
