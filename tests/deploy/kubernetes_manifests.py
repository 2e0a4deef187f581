"""deploy/kubernetes: its manifests as they stand, overlays as kustomize builds them, and pods as services of Compose.

The last is what `native_services` runs: a pod's arguments, environment, mounts and probes mean there what they mean in
a cluster, with the same few words changed.
"""

import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.compose_services import ROOT, Service

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = sorted(path.name for path in (FOLDER / "overlays").iterdir())
KUSTOMIZE_KINDS = {"Kustomization", "Component"}
_IMAGES = {"seriatim": "seriatim:local", "seriatim-xtts": "seriatim-xtts:local"}  #: in a manifest -> in Compose


def documents(text: str) -> list[dict[str, Any]]:
    """Each object of a file."""
    return [row for row in yaml.safe_load_all(text) if row]


@cache
def manifests() -> dict[str, list[dict[str, Any]]]:
    """Path below the folder -> objects of the file, without those of kustomize."""
    found = {str(path.relative_to(FOLDER)): documents(path.read_text("utf-8")) for path in FOLDER.rglob("*.yaml")}
    return {path: rows for path, rows in sorted(found.items()) if rows[0]["kind"] not in KUSTOMIZE_KINDS}


def objects(kind: str) -> dict[str, dict[str, Any]]:
    """All objects of a kind by their names."""
    rows = [row for several in manifests().values() for row in several if row["kind"] == kind]
    return {str(row["metadata"]["name"]): row for row in rows}


def workloads() -> dict[str, dict[str, Any]]:
    """What runs pods: Deployments and StatefulSets."""
    return objects("Deployment") | objects("StatefulSet")


def pod(name: str) -> dict[str, Any]:
    """The pod's specification of a workload."""
    spec: dict[str, Any] = workloads()[name]["spec"]["template"]["spec"]
    return spec


@cache
def built(overlay: str) -> list[dict[str, Any]]:
    """An overlay as `kubectl apply --kustomize` would send it.

    Skips the test where there is no kubectl, also on CI: the one that Debian 12 has knows no components yet.
    """
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        [kubectl, "kustomize", FOLDER / "overlays" / overlay], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return documents(done.stdout)


def secret_keys(script: Path, folder: Path) -> dict[str, set[str]]:
    """Secret's name -> its keys, as the script makes them from a folder of deploy/secrets.sh."""
    done = subprocess.run([script, folder], capture_output=True, text=True, check=True)
    return {row["metadata"]["name"]: set(row["data"]) for row in documents(done.stdout)}


def pod_services() -> dict[str, Service]:
    """Each workload as a service of Compose, under its name."""
    return {name: Service(name, _entry(name)) for name in workloads()}


def _entry(name: str) -> Mapping[str, Any]:
    spec = pod(name)
    (container,) = spec["containers"]
    needs = [] if name == "redis" else ["redis"]
    return {
        "image": _IMAGES.get(container["image"], container["image"]),
        "command": container["args"],
        "environment": _environment(container),
        "volumes": [f"{row['name']}:{row['mountPath']}" for row in container["volumeMounts"] if _is_volume(row)],
        "ports": [f"127.0.0.1:0:{row['containerPort']}" for row in container.get("ports", [])],
        "healthcheck": {"test": ["CMD", *container["readinessProbe"]["exec"]["command"]]},
        "deploy": {"replicas": _replicas(name, container), "resources": container["resources"]},
        "stop_grace_period": f"{spec['terminationGracePeriodSeconds']}s",
        "depends_on": needs,
    }


def _replicas(name: str, container: Mapping[str, Any]) -> int:
    """As many as the manifest says; one of what listens, because one machine has each port once."""
    return 1 if container.get("ports") else int(workloads()[name]["spec"]["replicas"])


def _is_volume(mount: Mapping[str, Any]) -> bool:
    return mount["name"] not in {"secrets", "tmp"}


def _environment(container: Mapping[str, Any]) -> dict[str, str]:
    shared = [objects("ConfigMap")[row["configMapRef"]["name"]]["data"] for row in container.get("envFrom", [])]
    merged = {name: value for data in shared for name, value in data.items()}
    return merged | {row["name"]: row["value"] for row in container.get("env", [])}
