"""Every pod of deploy/kubernetes run as its manifest says, all together, and spoken through; no cluster is needed."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import httpx2
import pytest

from seriatim import Client
from seriatim.errors import NoWorkers
from seriatim.exit_codes import ExitCode
from seriatim.settings import Settings
from tests.deploy.compose_services import secrets
from tests.deploy.kubernetes_manifests import FOLDER, documents, pod, pod_services
from tests.deploy.native_services import HEALTHY_S, Native
from tests.deploy.test_compose_runs import denied
from tests.support.process_system import PATIENCE_S, wait_until
from tests.support.thorough_cases import mostly_thorough

CORE = ("redis", "gateway", "worker", "reassembler")
TEXT = "The harbour lay still under the morning fog. Then the bell rang twice."


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Native]:
    made = Native(tmp_path_factory.mktemp("kubernetes"), pod_services())
    try:
        made.prepare()
        made.up(*CORE)
        yield made
    finally:
        made.close()


def client(native: Native) -> httpx2.Client:
    key = (native.folder / "secrets" / "http_key").read_text("utf-8").strip()
    return httpx2.Client(
        base_url=f"http://127.0.0.1:{native.ports[8000]}", trust_env=False, timeout=PATIENCE_S,
        headers={"authorization": f"Bearer {key}"},
    )  # fmt: skip


def probe(native: Native, name: str, kind: str) -> tuple[int, str]:
    """A probe of a pod, once."""
    words: list[str] = pod(name)["containers"][0][kind]["exec"]["command"]
    service = native.services[name]
    return native.run(service, [native.here(service, word) for word in words])


def passes(native: Native, name: str, kind: str) -> bool:
    """Does a probe find the pod well? One on a busy machine may miss it once, as its heartbeat is late."""
    return probe(native, name, kind)[0] == 0


def test_the_pods_speak_and_record_with_the_users_of_their_roles(native: Native) -> None:
    with client(native) as http:
        answer = http.post("/v1/audio/speech", json={"input": TEXT, "response_format": "wav"}).raise_for_status()
        assert answer.content.startswith(b"RIFF")
        job = http.post("/v1/jobs", json={"input": TEXT}).raise_for_status().json()["id"]
        wait_until(lambda: http.get(f"/v1/jobs/{job}").json()["state"] == "done", "it is spoken")
        assert http.get(f"/v1/jobs/{job}/audio?format=flac").raise_for_status().content.startswith(b"fLaC")
    assert denied(native) == []


def test_the_gateways_user_may_leave_the_sign_of_a_cold_start(native: Native) -> None:
    settings = Settings.from_env(native.environment(native.services["gateway"]))
    with Client(settings=replace(settings, cold_start_s=0.1)) as producer, pytest.raises(NoWorkers):
        producer.enqueue_job("Hello.", engine="tone", pool="never")
    assert denied(native) == []


@pytest.mark.parametrize("name", mostly_thorough(["gateway", "worker", "reassembler"], 3))
def test_a_pod_that_works_is_alive_and_ready(native: Native, name: str) -> None:
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        wait_until(partial(passes, native, name, kind), f"its {kind} passes", HEALTHY_S)


def test_the_secrets_hold_what_the_pods_were_given_here(native: Native) -> None:
    """`native.here` reads secrets where deploy/secrets.sh made them; in a cluster they are made of the same files."""
    done = subprocess.run(
        [FOLDER / "secrets.sh", native.folder / "secrets"], capture_output=True, text=True, check=True
    )
    keys: dict[str, Any] = {row["metadata"]["name"]: row["data"] for row in documents(done.stdout)}
    for name in CORE:
        (source,) = [row["secret"]["secretName"] for row in pod(name)["volumes"] if "secret" in row]
        assert set(keys[source]) <= set(secrets())


def test_the_gpu_pods_command_is_one_that_there_is(native: Native) -> None:
    """Without a GPU, or without a model, it says so; that is as far as it comes here."""
    status, output = native.run(native.services["worker-xtts"])
    assert status == ExitCode.CANNOT_START, output
    assert "GPU" in output or "model" in output or "xtts" in output


@pytest.mark.thorough
def test_while_redis_is_away_pods_are_unready_and_none_is_restarted(native: Native) -> None:
    """What Redis holds is on its volume, so that the other tests find the same system."""
    assert native.stop("redis") == [0]
    for name in ("worker", "reassembler"):
        assert probe(native, name, "readinessProbe")[0] != 0
        assert probe(native, name, "livenessProbe")[0] == 0
    wait_until(partial(passes, native, "gateway", "livenessProbe"), "it passes without Redis", HEALTHY_S)
    native.up("redis")
    for name in ("worker", "reassembler"):
        native.await_healthy(native.services[name])


@pytest.mark.thorough
def test_each_pod_ends_within_its_grace(native: Native) -> None:
    for name in ("gateway", "worker", "reassembler"):
        assert set(native.stop(name)) == {0}, native.log(name)
    native.up("gateway", "worker", "reassembler")
