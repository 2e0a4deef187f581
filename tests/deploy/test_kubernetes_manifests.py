"""deploy/kubernetes: what can be known of its manifests without a cluster."""

import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest

from seriatim.settings import PREFIX, Settings
from tests.deploy.compose_services import ROOT
from tests.deploy.kubernetes_manifests import (
    FOLDER,
    OVERLAYS,
    built,
    manifests,
    objects,
    pod,
    pod_services,
    secret_keys,
    workloads,
)
from tests.security.roles import ROLES
from tests.support.thorough_cases import mostly_thorough

VERSIONS = ("1.32", "1.37")  #: oldest and newest whose schemas are tried
EVERY = pytest.mark.parametrize("name", workloads())
OURS = pytest.mark.parametrize("name", sorted(set(workloads()) - {"redis"}))
FOREIGN = {"keda.sh"}  #: groups that Kubernetes' own schemas do not have


def validate(row: dict[str, Any], version: str) -> None:
    """Compare an object with Kubernetes' schema, in which no field may be unknown."""
    if row["apiVersion"].partition("/")[0] not in FOREIGN:
        kubernetes_validate.validate(row, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", manifests())
def test_each_manifest_is_what_the_schema_says(path: str, version: str) -> None:
    for row in manifests()[path]:
        validate(row, version)


def test_a_field_that_the_schema_does_not_have_is_found() -> None:
    row = workloads()["worker"]
    wrong = {**row, "spec": {**row["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        validate(wrong, VERSIONS[0])


@pytest.mark.parametrize("overlay", mostly_thorough(OVERLAYS, 4))
def test_each_overlay_is_built_and_is_what_the_schema_says(overlay: str) -> None:
    rows = built(overlay)
    for row in rows:
        validate(row, VERSIONS[-1])
    assert {row["metadata"].get("namespace") for row in rows if row["kind"] != "Namespace"} == {"seriatim"}
    images = {
        c["image"] for row in rows if row["kind"] == "Deployment" for c in row["spec"]["template"]["spec"]["containers"]
    }
    assert all(re.fullmatch(r"registry\.example/seriatim(-xtts)?:[\d.]+", image) for image in images)


def test_an_overlay_with_a_managed_redis_leaves_none_in_the_cluster() -> None:
    rows = built("external-redis")
    assert not [row for row in rows if row["metadata"]["name"] == "redis"]
    texts = str(rows)
    assert "@redis:6379" not in texts
    assert texts.count("@redis.example:6379") == 3
    (policy,) = [row for row in rows if row["metadata"]["name"] == "redis-clients"]
    assert policy["spec"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_who_is_scaled_has_no_number_of_pods_that_an_apply_would_reset(overlay: str) -> None:
    rows = built(overlay)
    scaled = {
        r["spec"]["scaleTargetRef"]["name"] for r in rows if r["kind"] in {"HorizontalPodAutoscaler", "ScaledObject"}
    }
    for row in rows:
        if row["kind"] == "Deployment":
            assert ("replicas" in row["spec"]) == (row["metadata"]["name"] not in scaled)


@EVERY
def test_pods_run_with_no_more_than_they_need(name: str) -> None:
    spec = pod(name)
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"]["cpu"]


@OURS
def test_pods_of_ours_run_as_the_images_user_and_use_seriatims_health_check(name: str) -> None:
    spec = pod(name)
    (container,) = spec["containers"]
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["fsGroup"]) == (10001, 10001)
    for probe in ("startupProbe", "readinessProbe"):
        assert container[probe]["exec"]["command"][:2] == ["seriatim", "healthcheck"]
    assert spec["topologySpreadConstraints"]
    budget = objects("PodDisruptionBudget")[name]["spec"]
    assert budget["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}


@OURS
def test_an_outage_of_redis_restarts_no_pod(name: str) -> None:
    """Only the status of a missing heartbeat counts; the gateway's check does not ask Redis."""
    command = pod(name)["containers"][0]["livenessProbe"]["exec"]["command"]
    assert "gateway" in command or command[2].endswith("; test $? -ne 1")


@OURS
def test_settings_are_known_and_no_secret_stands_in_the_environment(name: str) -> None:
    known = {f"{PREFIX}{field.upper()}" for field in Settings.__dataclass_fields__}
    ours = {word for word in pod_services()[name].environment if word.startswith(PREFIX)}
    assert ours <= known
    assert not {word for word in ours if word.endswith("_PASSWORD")}


@OURS
def test_each_pod_has_the_user_of_its_role_and_the_secrets_that_it_names(name: str, tmp_path: Path) -> None:
    subprocess.run([ROOT / "deploy" / "secrets.sh", tmp_path], check=True)
    keys = secret_keys(FOLDER / "secrets.sh", tmp_path)
    environment = pod_services()[name].environment
    found = re.fullmatch(r"redis://seriatim-(\w+)@redis:6379/0", environment["SERIATIM_REDIS_URL"])
    assert found
    assert found[1] in ROLES
    (secret,) = [row["secret"]["secretName"] for row in pod(name)["volumes"] if "secret" in row]
    assert set(re.findall(r"/run/secrets/(\w+)", " ".join(environment.values()))) == keys[secret]


def test_workers_may_finish_their_sentences() -> None:
    """A sentence that shows no sound for so long is stuck; one that sounds may finish."""
    settings = Settings()
    for name in ("worker", "worker-xtts"):
        drain_s = float(pod_services()[name].environment.get("SERIATIM_WORKER_DRAIN_S", settings.worker_drain_s))
        assert pod_services()[name].grace_s > drain_s
        assert pod_services()[name].grace_s > settings.stall_timeout_ms / 1000
    pause_s = pod("gateway")["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod_services()["gateway"].grace_s > pause_s + settings.http_drain_s


def test_network_policies_let_roles_reach_redis_and_nothing_else() -> None:
    policies = objects("NetworkPolicy")
    assert policies["deny-all"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    client = {"seriatim.role/redis-client": "true"}
    assert policies["redis"]["spec"]["ingress"][0]["from"] == [{"podSelector": {"matchLabels": client}}]
    for name in workloads():
        labels = workloads()[name]["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == name
        assert (client.items() <= labels.items()) == (name != "redis")


def test_redis_loses_nothing_and_evicts_nothing() -> None:
    words = pod_services()["redis"].command
    arguments = dict(zip(words[1::2], words[2::2], strict=True))
    assert arguments["--appendonly"] == "yes"
    assert arguments["--appendfsync"] == "always"
    assert arguments["--maxmemory-policy"] == "noeviction"
    assert arguments["--dir"] in pod_services()["redis"].mounts
