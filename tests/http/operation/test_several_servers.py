"""Several servers behind one gateway, by a route table: each of them fails alone."""

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.http.routing.route_table import RouteTable, read_routes
from seriatim.exit_codes import ExitCode
from seriatim.settings import Settings
from tests.http.conftest import CALM
from tests.http.gateways import Gateway, clear, start
from tests.support.command_line import seriatim
from tests.support.expected_audio import stream_of
from tests.support.process_system import RealSystem

ROUTES = """
[servers.b]
redis_url = "{redis_url}"
broker_url = "{broker_url}"
store_dir = "{store_dir}"
[models]
both = ["tone", "tone@b"]
right = ["tone@b"]
"""
KEY = "key-of-{user}-0123456789"
SPEECH = "POST /v1/audio/speech HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\nconnection: close\r\n"


@dataclass
class Routed:
    """Two systems, and a gateway of both."""

    main: RealSystem
    other: RealSystem
    gateway: Gateway
    table: RouteTable
    routes: Path  #: its file

    def user_of(self, server: str) -> str:
        """A user whose pool of the model `both` is on a server."""
        users = (user for user in USERS if (place := self.table.place("both", user)) and place.server == server)
        return next(users)


#: of a gateway that waits for a server no longer than a moment, and then lets no job try for an hour
SHORT_PATIENCE = """
from gateway.http.routing import server_outage
from seriatim.servers import redis_clients
server_outage.TRY_S = 3600.0
redis_clients.command_client.__kwdefaults__["outage_s"] = 0.1
"""
USERS = [f"user{number}" for number in range(20)]


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Routed]:
    with two_servers(tmp_path_factory.mktemp("routes")) as made:
        yield made


@contextmanager
def two_servers(folder: Path, patch: str = "") -> Iterator[Routed]:
    """Two systems, and a gateway that has two threads for each."""
    folders = [folder / name for name in ("main", "b")]
    for each in folders:
        each.mkdir()
    with RealSystem.on(folders[0], **CALM) as main, RealSystem.on(folders[1], **CALM) as other:
        for system in (main, other):
            system.reassembler()
            system.workers(1, slots=4)
            system.expect_reassembler()
        s, routes, keys = other.settings, folder / "routes.toml", folder / "keys.toml"
        text = ROUTES.format(redis_url=s.redis_url, broker_url=s.broker_url, store_dir=s.store_dir)
        routes.write_text(text, "utf-8")
        rows = [f'[[key]]\nkey = "{KEY.format(user=user)}"\nuser = "{user}"\n' for user in USERS]
        keys.write_text("\n".join(rows), "utf-8")
        few_threads = "from gateway.http import context\ncontext.THREADS = 2"  # for each server
        gateway = start(
            main,
            patch=few_threads + patch,
            http_routes_file=routes,
            http_keys_file=keys,
            http_pool="both",
            http_probe_s=3600,
        )
        yield Routed(main, other, gateway, read_routes(str(routes), Settings()), routes)


def test_each_user_of_a_model_is_served_by_one_of_its_pools(routed: Routed) -> None:
    """On whichever server: the audio, the job, the recording and the list of jobs are found there."""
    text = clear(3)
    request = {"input": " ".join(text), "model": "both", "response_format": "pcm"}
    for server, system in (("main", routed.main), ("b", routed.other)):
        user = routed.user_of(server)
        with routed.gateway.client(KEY.format(user=user)) as client:
            n_done = system.count("done")
            answer = client.post("/v1/audio/speech", json=request).raise_for_status()
            assert answer.content == stream_of(text)
            assert system.count("done") - n_done == len(text)
            card = client.post("/v1/jobs", json={"input": " ".join(text)}).raise_for_status().json()
            assert card["model"] == {"main": "tone", "b": "tone@b"}[server]
            audio = client.get(f"/v1/jobs/{card['id']}/audio?format=pcm").raise_for_status().content
            assert audio == stream_of(text)
            job = client.post("/v1/jobs", json={"input": "Hello.", "model": "right"}).raise_for_status().json()["id"]
            listed = {each["id"] for each in client.get("/v1/jobs").raise_for_status().json()["data"]}
            assert {answer.headers["seriatim-job"], card["id"], job} <= listed
            assert client.get(f"/v1/jobs/{job}x").status_code == 404
            timed = client.post("/dev/captioned_speech", json={"input": "Hello.", "model": "right", "stream": False})
            assert timed.raise_for_status().json()["timestamps"]


def test_lists_health_and_metrics_have_every_server(routed: Routed) -> None:
    with routed.gateway.client(KEY.format(user=USERS[0])) as client:

        def ids(path: str) -> list[str]:
            return [each["id"] for each in client.get(path).raise_for_status().json()["data"]]

        assert ids("/v1/pools") == ["tone", "tone@b"]
        assert ids("/v1/models")[:4] == ["both", "right", "tone", "tone@b"]
        voices = client.get("/v1/voices").raise_for_status().json()["data"]
        assert {each["model"] for each in voices} == {"both", "right"}
        names = [(each["model"], each["id"]) for each in voices]
        assert len(set(names)) == len(names)
        assert client.get("/v1/voices", params={"model": "tone@b"}).json()["data"][0]["model"] == "tone@b"
        assert client.get("/readyz").json() == {"status": "ready"}
        health = client.get("/healthz").json()
        assert (health["redis"], [pool["pool"] for pool in health["pools"]]) == ("answers", ["tone", "tone@b"])
        found = samples(client.get("/metrics").text)
        assert {dict(labels)["pool"] for labels in found["seriatim_load_ratio"]} == {"tone", "tone@b"}
        assert found["seriatim_server_up"] == {(("server", "main"),): 1.0, (("server", "b"),): 1.0}
        assert set(found["seriatim_reassemblers"]) == {(("server", "main"),), (("server", "b"),)}


def samples(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The values of each metric, by its labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.items())] = sample.value
    return found


def send_speech(gateway: Gateway, key: str, text: list[str]) -> socket.socket:
    """Send a request for the speech of `both`, whose answer is left to be read."""
    body = f'{{"input": "{" ".join(text)}", "model": "both", "response_format": "pcm"}}'
    head = SPEECH.format(key=key) + f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    connection = gateway.connect()
    connection.sendall((head + body).encode())
    return connection


def test_status_shows_every_server_and_finds_their_jobs(routed: Routed) -> None:
    """One that is away is named, and takes nothing from the others; the exit status says so."""
    settings = routed.main.settings.to_env() | {"SERIATIM_HTTP_ROUTES_FILE": str(routed.routes)}
    shown = seriatim("status", settings=settings).stdout.decode()
    assert all(text in shown for text in ("server main", "server b", "pool tone ", "pool tone@b "))
    assert [row["pool"] for row in json.loads(seriatim("status", "--json", settings=settings).stdout)] == [
        "tone",
        "tone@b",
    ]
    with routed.gateway.client(KEY.format(user=USERS[0])) as client:
        job = client.post("/v1/jobs", json={"input": "Hello.", "model": "right"}).raise_for_status().json()["id"]
    assert f"job {job}" in seriatim("status", job, settings=settings).stdout.decode()
    assert f"job {job} " in seriatim("cancel", job, settings=settings).stdout.decode()
    nowhere = routed.routes.with_name("nowhere.toml")
    nowhere.write_text('[servers.b]\nredis_url = "redis://127.0.0.1:1/0"\n', "utf-8")
    away = seriatim("status", "--json", settings=settings | {"SERIATIM_HTTP_ROUTES_FILE": str(nowhere)})
    assert away.returncode == ExitCode.UNAVAILABLE
    assert [row["pool"] for row in json.loads(away.stdout)] == ["tone"]
    assert away.stderr.startswith(b"seriatim status: server b: ")


def test_a_server_that_does_not_answer_stops_its_own_listeners_alone(routed: Routed) -> None:
    """They wait for it, more of them than a server has threads, and are served once it answers."""
    text, stopped = clear(2), routed.other.server.pid
    own, theirs = (KEY.format(user=routed.user_of(server)) for server in ("main", "b"))
    os.kill(stopped, signal.SIGSTOP)
    try:
        waiting = [send_speech(routed.gateway, theirs, text) for _ in range(6)]
        request = {"input": " ".join(text), "model": "both", "response_format": "pcm"}
        with routed.gateway.client(own) as client:
            for _ in range(3):
                assert client.post("/v1/audio/speech", json=request).raise_for_status().content == stream_of(text)
            with ThreadPoolExecutor() as threads:  # each takes some seconds to find out
                paths = ("/readyz", "/healthz", "/metrics", "/v1/pools")
                ready, health, metrics, pools = (each.raise_for_status() for each in threads.map(client.get, paths))
            assert ready.json()["status"] == "ready"
            assert list(ready.json()["not_ready"]) == ["b"]
            assert health.json()["redis"] == "b does not answer"
            assert samples(metrics.text)["seriatim_server_up"][(("server", "b"),)] == 0.0
            assert [each["id"] for each in pools.json()["data"]] == ["tone"]
            assert pools.headers["seriatim-warning"] == "without what is on b: no answer"
        for connection in waiting:
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)
            connection.setblocking(True)
    finally:
        os.kill(stopped, signal.SIGCONT)
    for connection in waiting:
        with connection, connection.makefile("rb") as answer:
            assert re.match(rb"HTTP/1.1 200 ", answer.read())


@pytest.mark.thorough
def test_a_server_that_stays_away_refuses_new_jobs_at_once(tmp_path: Path) -> None:
    """Each would wait for as long as a short outage lasts, and hold a place of the gateway."""
    with two_servers(tmp_path, SHORT_PATIENCE) as routed, routed.gateway.client(KEY.format(user=USERS[0])) as client:
        request = {"input": "Hello.", "model": "right"}
        routed.other.server.kill()
        waited = client.post("/v1/audio/speech", json=request)
        assert waited.status_code == 503
        assert "server b does not answer" not in waited.text
        for path in ("/v1/audio/speech", "/v1/jobs"):
            refused = client.post(path, json=request)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert refused.json()["error"]["message"].startswith("server b does not answer; try again in ")
        right = client.post("/v1/audio/speech", json=request | {"model": "tone", "response_format": "pcm"})
        assert right.raise_for_status().content == stream_of(["Hello."])


@pytest.mark.thorough
def test_the_other_servers_go_on_without_main(tmp_path: Path) -> None:
    """The server of the settings is no more than one of them; a gateway that starts meanwhile serves as well."""
    with two_servers(tmp_path) as routed:
        routed.main.server.kill()
        late = start(routed.main, "late", http_routes_file=tmp_path / "routes.toml", http_pool="both")
        for gateway, key in ((routed.gateway, KEY.format(user=USERS[0])), (late, "")):
            with gateway.client(key) as client:
                assert_right_is_served(client)


def assert_right_is_served(client: httpx2.Client) -> None:
    text = clear(2)
    request = {"input": " ".join(text), "model": "right", "response_format": "pcm"}
    assert client.post("/v1/audio/speech", json=request).raise_for_status().content == stream_of(text)
    assert list(client.get("/readyz").raise_for_status().json()["not_ready"]) == ["main"]
    assert {each["model"] for each in client.get("/v1/voices").json()["data"]} == {"both", "right"}
    assert client.get(f"/v1/jobs/{'0' * 32}xb").status_code == 404
