"""Every service of docker-compose.yml run as it says there, all together, and spoken through."""

import io
import shutil
from collections.abc import Iterator
from typing import Any, cast

import httpx2
import psutil  # type: ignore[import-untyped]  # its wheel ships no types
import pytest
import soundfile
from openai import OpenAI

from seriatim.exit_codes import ExitCode
from tests.deploy.compose_services import services
from tests.deploy.native_services import Native
from tests.security.roles import ASKED_IN_VAIN
from tests.support.command_line import installed
from tests.support.process_system import PATIENCE_S, wait_until

CORE = ("redis", "gateway", "worker", "reassembler", "flower")
TEXT = "The harbour lay still under the morning fog. Nobody had slept. Then the bell rang twice."
LONG = 15  #: times the text: some two minutes of sound
SIZES = {"m": 2**20, "g": 2**30}


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Native]:
    made = Native(tmp_path_factory.mktemp("compose"))
    try:
        made.prepare()
        made.up(*CORE)
        yield made
    finally:
        made.close()


def key(native: Native) -> str:
    return (native.folder / "secrets" / "http_key").read_text("utf-8").strip()


def http(native: Native, port: int = 8000, **more: Any) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://127.0.0.1:{native.ports[port]}", trust_env=False, timeout=PATIENCE_S, **more)


def denied(native: Native) -> list[str]:
    """What Redis refused to the services' users."""
    with native.looker() as client:
        rows = cast("list[dict[str, Any]]", client.acl_log())
    found = [f"{_text(row['username'])}: {_text(row['reason'])} {_text(row['object'])}" for row in rows]
    return [line for line in found if not line.endswith(ASKED_IN_VAIN)]


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def test_openais_client_speaks_through_the_gateway(native: Native) -> None:
    with OpenAI(
        base_url=f"http://127.0.0.1:{native.ports[8000]}/v1", api_key=key(native),
        http_client=httpx2.Client(trust_env=False, timeout=PATIENCE_S),
    ) as client:  # fmt: skip
        sound = client.audio.speech.create(model="espeak", voice="en-gb", input=TEXT, response_format="wav").content
    samples, rate_hz = soundfile.read(io.BytesIO(sound))
    assert rate_hz == 22_050
    assert 3 < len(samples) / rate_hz < 12
    assert abs(samples).max() > 0.1
    assert denied(native) == []


def test_a_request_without_a_key_is_refused(native: Native) -> None:
    with http(native) as client:
        assert client.post("/v1/audio/speech", json={"input": TEXT}).status_code == 401
        assert client.get("/healthz").status_code == 200


def test_a_job_is_recorded_in_the_volume_that_gateway_and_reassemblers_share(native: Native) -> None:
    with http(native, headers={"authorization": f"Bearer {key(native)}"}) as client:
        job = client.post("/v1/jobs", json={"input": TEXT, "model": "espeak"}).raise_for_status().json()["id"]
        wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "done", "it is spoken")
        sound = client.get(f"/v1/jobs/{job}/audio?format=flac").raise_for_status().content
        assert next(row["id"] for row in client.get("/v1/jobs").json()["data"]) == job
    assert soundfile.info(io.BytesIO(sound)).duration > 3
    assert list((native.folder / "volumes" / "store").rglob(f"{job}/*"))
    assert denied(native) == []


def test_flower_shows_what_was_spoken(native: Native) -> None:
    with http(native, 5555, auth=("seriatim", native.secret("flower"))) as client:

        def seen() -> bool:
            with http(native, headers={"authorization": f"Bearer {key(native)}"}) as gateway:
                gateway.post("/v1/audio/speech", json={"input": "Shown."}).raise_for_status()
            return any(task["state"] == "SUCCESS" for task in client.get("/api/tasks").json().values())

        wait_until(seen, "flower has seen a sentence")
        assert client.get("/api/queues/length").json()["active_queues"]
    assert denied(native) == []


@pytest.mark.thorough
def test_prometheus_asks_and_finds_the_rules(native: Native) -> None:
    installed("prometheus", package="prometheus")
    service = services()["prometheus"]
    config = native.folder / "prometheus"
    shutil.copytree(native.volume(service, "/etc/prometheus"), config)
    for name in config.iterdir():
        name.write_text(native.here(service, name.read_text("utf-8")).replace("15s", "1s"), "utf-8")
    native.replace(service, "/etc/prometheus", config)
    native.start(service)
    with http(native, 9090) as client:
        has_scraped = wait_until(lambda: _answers(client, 'up{job="seriatim"} == 1'), "it has asked the gateway")
        assert has_scraped
        groups = client.get("/api/v1/rules").json()["data"]["groups"]
        wait_until(lambda: _answers(client, 'seriatim_slots{pool="espeak"} == 2'), "it knows the pool")
    assert sum(len(group["rules"]) for group in groups) >= 10
    assert native.stop("prometheus") == [0]


def _answers(client: httpx2.Client, query: str) -> bool:
    try:
        answer = client.get("/api/v1/query", params={"query": query})
    except httpx2.TransportError:  # it does not listen yet
        return False
    return answer.status_code == 200 and bool(answer.json()["data"]["result"])


@pytest.mark.thorough
def test_the_gpu_workers_command_is_one_that_there_is(native: Native) -> None:
    """Without a GPU, or without a model, it says so; that is as far as it comes here."""
    service = services()["worker-xtts"]
    status, output = native.run(service)
    assert status == ExitCode.CANNOT_START, output
    assert "GPU" in output or "model" in output or "xtts" in output


def held_bytes(process: psutil.Process) -> int:
    """The memory that a process holds; 0 once it has ended, as a command that a service ran for a moment."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def test_every_service_stays_within_its_memory(native: Native) -> None:
    for name in CORE:
        limit = str(services()[name].entry["deploy"]["resources"]["limits"]["memory"])
        most = int(limit[:-1]) * SIZES[limit[-1]]
        for process in native.processes[name]:
            tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            assert sum(map(held_bytes, tree)) < most, name


@pytest.mark.thorough
def test_stopped_and_started_again_everything_goes_on(native: Native) -> None:
    """As after an upgrade: SIGTERM and its grace for each, and nothing that was accepted or recorded is lost."""
    headers = {"authorization": f"Bearer {key(native)}"}
    with http(native, headers=headers) as client:
        answer = client.post("/v1/jobs", json={"input": f"{TEXT} " * LONG, "model": "espeak"}).raise_for_status()
        job = answer.json()["id"]
    stopped = {name: native.stop(name) for name in reversed(CORE)}
    assert stopped == {name: [0] * services()[name].replicas for name in CORE}
    native.up(*CORE)
    with http(native, headers=headers) as client:
        wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "done", "it is spoken to its end")
        sound = client.get(f"/v1/jobs/{job}/audio?format=wav").raise_for_status().content
    assert soundfile.info(io.BytesIO(sound)).duration > LONG * 3
    assert denied(native) == []


@pytest.mark.thorough
def test_without_what_it_needs_a_part_is_not_alive(native: Native) -> None:
    """Last words of the health checks: each says no where there is nothing."""
    for name, other in (("worker", ["--pool", "none"]), ("gateway", ["--port", "1"]), ("flower", ["--port", "1"])):
        service = services()[name]
        status, output = native.run(service, ["seriatim", "healthcheck", name, *other])
        assert status == ExitCode.FAILED
        assert output.startswith("seriatim healthcheck: "), output
