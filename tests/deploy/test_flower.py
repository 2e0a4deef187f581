"""`seriatim flower` beside a running system, asked as its pages ask it."""

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from seriatim.celery_app import make_app, publish
from seriatim.client.job_options import JobRequest
from seriatim.records import TaskMessage
from tests.deploy.compose_services import ROOT, services
from tests.deploy.native_services import STALL_S
from tests.support.command_line import complaint, seriatim
from tests.support.expected_audio import Listener, sentences
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

ADDRESS = re.compile(r"flower at (http://127\.0\.0\.1:\d+)")
PASSWORD = "an open sesame, with: a colon"


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    made = new_system(lease_ms=60_000, message_timeout_ms=60_000)  # no attempt but those that fail
    made.reassembler()
    made.workers(2, slots=2, options={"fail_on": "trips"})
    return made


@pytest.fixture(scope="module")
def flower(system: RealSystem, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its address."""
    secret = tmp_path_factory.mktemp("flower") / "password"
    secret.write_text(f"ann:{PASSWORD}\nnothing else counts\n", "utf-8")
    child = system.start(
        "flower", "-m", "gateway.cli.main", "flower", "--port", "0", flower_password_file=secret, log_level="INFO"
    )

    def address() -> str | None:
        assert child.poll() is None, system.log("flower")
        found = ADDRESS.search(system.log("flower"))
        return found[1] if found else None

    return wait_until(address, "flower serves")


def ask(flower: str, path: str, *, user: str = "ann", password: str = PASSWORD) -> httpx2.Response:
    with httpx2.Client(trust_env=False, timeout=PATIENCE_S, auth=(user, password)) as client:
        return client.get(flower + path)


@pytest.fixture(scope="module")
def watched(system: RealSystem, flower: str) -> str:
    """Flower's address, from when it hears both workers and both have been asked for the events of tasks.

    Flower asks by itself, too, when it has found them; an answer alone says that they have heard it.
    """
    wait_until(lambda: hears(flower) == 2, "flower hears both workers")
    with make_app(system.settings.broker) as app:
        answers = app.control.broadcast("enable_events", reply=True, limit=2, timeout=PATIENCE_S)
    assert answers is not None
    assert len(answers) == 2
    return flower


def hears(flower: str) -> int:
    """Workers whose heartbeat Flower has had."""
    return ask(flower, "/metrics").text.count("\nflower_worker_number_of_currently_executing_tasks{")


def tasks_of(flower: str, job: str) -> dict[str, dict[str, Any]]:
    """A job's tasks by their ids."""
    tasks: dict[str, dict[str, Any]] = ask(flower, "/api/tasks?limit=2000").json()
    return {uuid: task for uuid, task in tasks.items() if uuid.startswith(job)}


def ended(flower: str, job: str, n: int) -> dict[str, dict[str, Any]] | None:
    """Its tasks, once `n` of them have ended."""
    tasks = tasks_of(flower, job)
    return tasks if sum(t["state"] in ("SUCCESS", "FAILURE") for t in tasks.values()) == n else None


def finished_tasks(system: RealSystem, flower: str, name: str, n: int = 3) -> tuple[str, dict[str, dict[str, Any]]]:
    """A job of `n` sentences that was heard, and its tasks by their ids, when Flower has seen them end."""
    job = system.producer().enqueue(sentences(n, name), JobRequest.of({"engine": "tone"}))
    Listener(job).all()
    return job.id, wait_until(lambda: ended(flower, job.id, n), f"flower has seen {n} sentences end")


def test_every_sentence_is_seen_to_arrive_to_start_and_to_end(system: RealSystem, watched: str) -> None:
    """Celery empties its buffer of events after sending it, with what slots put there meanwhile."""
    _, tasks = finished_tasks(system, watched, "counted", 150)
    assert [task["state"] for task in tasks.values()] == ["SUCCESS"] * 150
    assert all(task["received"] and task["started"] and task["succeeded"] for task in tasks.values())


def test_attempts_that_failed_are_failures_with_their_reason(system: RealSystem, watched: str) -> None:
    text = ["Fine.", "This one trips.", "Fine again."]
    job = system.producer().enqueue(text, JobRequest.of({"engine": "tone", "gap": "skip"}))
    Listener(job).all()

    def all_ended() -> dict[str, dict[str, Any]] | None:
        of_job = [line for line in system.log("workers").splitlines() if job.id in line]
        failed = [line for line in of_job if "attempt failed" in line]  # perhaps more than count
        return ended(watched, job.id, 2 + len(failed)) if any("gap in a job" in line for line in of_job) else None

    tasks = wait_until(all_ended, "flower has seen every attempt end")
    by_sentence = sorted((int(uuid.split(":")[1]), task["state"]) for uuid, task in tasks.items())
    n_failed = len(tasks) - 2
    assert n_failed >= system.settings.max_failures
    assert by_sentence == [(0, "SUCCESS"), *[(1, "FAILURE")] * n_failed, (2, "SUCCESS")]
    failed = [task for task in tasks.values() if task["state"] == "FAILURE"]
    assert all(t["started"] and "EngineFailed: configured failure" in t["exception"] for t in failed)
    assert "Traceback" not in system.log("workers"), "a failure that is expected"


def revoked(flower: str) -> float:
    """How many messages Flower has seen revoked."""
    counts = re.findall(r'flower_events_total\{[^}]*type="task-revoked"[^}]*\} (\S+)', ask(flower, "/metrics").text)
    return sum(map(float, counts))


def test_a_message_that_comes_twice_changes_nothing_of_how_its_attempt_ended(system: RealSystem, watched: str) -> None:
    """A process publishes what another was slow to publish, perhaps for the second time."""
    job = system.producer().enqueue(["Twice.", "It trips."], JobRequest.of({"engine": "tone", "gap": "skip"}))
    Listener(job).all()

    def all_ended() -> dict[str, str] | None:
        states = {uuid: task["state"] for uuid, task in tasks_of(watched, job.id).items()}
        n_failed = sum(state == "FAILURE" for state in states.values())
        settled = set(states.values()) == {"SUCCESS", "FAILURE"} and n_failed >= system.settings.max_failures
        return states if settled else None

    before, n_revoked = wait_until(all_ended, "flower has seen every attempt end"), revoked(watched)
    messages = [
        TaskMessage(name, int(seq), int(attempt)) for name, seq, attempt in (each.split(":") for each in before)
    ]
    with make_app(system.settings.broker, "tone") as app:
        publish(app, "tone", messages)
    wait_until(lambda: revoked(watched) == n_revoked + len(messages), "flower has seen every copy")
    assert {uuid: task["state"] for uuid, task in tasks_of(watched, job.id).items()} == before


def kinds(seen: list[dict[str, Any]]) -> list[str]:
    """The kinds of events."""
    return [event["type"] for event in seen]


def of_tasks(seen: list[dict[str, Any]]) -> list[str]:
    """The kinds of events that say what became of tasks."""
    return [kind for kind in kinds(seen) if kind.startswith("task-")]


def drain(connection: Any) -> bool:
    """Take every event that is there."""
    with suppress(TimeoutError):
        while True:
            connection.drain_events(timeout=0.5)
    return True


@pytest.mark.thorough
def test_what_ends_while_a_worker_drains_is_seen_to_end(new_system: Callable[..., RealSystem], tmp_path: Path) -> None:
    """Its events come after Celery's loop has ended."""
    with new_system(lease_ms=60_000, message_timeout_ms=60_000) as system:
        system.reassembler()
        worker = system.workers(1)
        seen: list[dict[str, Any]] = []
        with make_app(system.settings.broker) as app, app.connection_for_read() as connection:
            receiver = app.events.Receiver(connection, handlers={"*": seen.append})
            with receiver.consumer_context() as (own, _, _):
                wait_until(lambda: drain(own) and seen, "its heartbeat is heard")
                assert app.control.broadcast("enable_events", reply=True, limit=1, timeout=PATIENCE_S)
                system.producer().enqueue(system.held([]), JobRequest.of({"engine": "tone"}))
                wait_until(system.speaking_pids, "it speaks")
                worker.terminate()
                wait_until(lambda: drain(own) and "worker-offline" in kinds(seen), "Celery's loop has ended")
                assert "task-succeeded" not in kinds(seen), "it still speaks"
                system.gate.touch()
                assert worker.wait(PATIENCE_S) == 0
                wait_until(lambda: drain(own) and len(of_tasks(seen)) >= 3, "all of it was sent: the worker has ended")
        assert of_tasks(seen) == [
            "task-received", "task-started", "task-succeeded",
        ]  # fmt: skip


def test_tasks_show_job_sentence_attempt_worker_run_time_and_what_came_of_it(system: RealSystem, watched: str) -> None:
    job, tasks = finished_tasks(system, watched, "shown")
    rows = sorted((uuid.split(":"), task) for uuid, task in tasks.items())
    assert [(parts[0], int(parts[1])) for parts, _ in rows] == [(job, 0), (job, 1), (job, 2)]
    for parts, task in rows:
        attempt = int(parts[2])
        assert attempt > 0
        assert task["name"] == "seriatim.synthesize"
        assert task["args"] == f"('{job}', {parts[1]}, {attempt})"
        assert re.fullmatch(r"tone-\d-[0-9a-f]+@.+", task["worker"])
        assert 0 < task["runtime"] < PATIENCE_S
        assert re.fullmatch(r"'SPOKEN \d+\.\d\d s'", task["result"])
    pages = [ask(watched, f"/task/{uuid}").text for uuid in tasks]
    assert all(f"job {job}, sentence" in page for page in pages)


def test_no_listeners_text_is_shown(system: RealSystem, watched: str) -> None:
    _, tasks = finished_tasks(system, watched, "Confidential")
    assert "Confidential" not in str(tasks)
    assert "Confidential" not in ask(watched, "/tasks").text


def test_workers_are_shown_with_their_slots(system: RealSystem, flower: str) -> None:
    def known() -> dict[str, Any] | None:
        found: dict[str, Any] = ask(flower, "/api/workers?refresh=1").json()
        answered = [{"stats", "active_queues"} <= worker.keys() for worker in found.values()]
        return found if answered == [True, True] else None

    workers = wait_until(known, "both workers have answered")
    assert all(worker["stats"]["pool"]["max-concurrency"] == 2 for worker in workers.values())
    assert all(worker["active_queues"][0]["name"] == "seriatim.tone" for worker in workers.values())
    idle = {"active_queues": [{"name": "seriatim.tone", "messages": 0}]}
    wait_until(lambda: ask(flower, "/api/queues/length").json() == idle, "no message waits")


@pytest.mark.parametrize("path", ["/", "/tasks", "/api/tasks", "/api/workers", "/broker"])
def test_a_request_without_the_password_is_refused(flower: str, path: str) -> None:
    assert ask(flower, path).status_code == 200
    assert ask(flower, path, password="guess").status_code == 401
    with httpx2.Client(trust_env=False, timeout=PATIENCE_S) as client:
        assert client.get(flower + path).status_code == 401


def test_prometheus_reads_its_metrics_without_a_password(system: RealSystem, watched: str) -> None:
    """As deploy/prometheus/prometheus.yml asks; they name workers and count tasks, and nothing else."""
    finished_tasks(system, watched, "measured")
    path = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    (path_of_metrics,) = [job["metrics_path"] for job in path if job["job_name"] == "flower"]
    with httpx2.Client(trust_env=False, timeout=PATIENCE_S) as client:
        text = client.get(watched + path_of_metrics).raise_for_status().text
    assert re.search(r'^flower_events_total\{.*type="task-succeeded".*\} [1-9]', text, re.MULTILINE)
    assert "measured" not in text


def test_it_only_looks(system: RealSystem, watched: str) -> None:
    job, tasks = finished_tasks(system, watched, "looked at")
    worker = next(iter(tasks.values()))["worker"]
    with httpx2.Client(trust_env=False, timeout=PATIENCE_S, auth=("ann", PASSWORD)) as client:
        for path in (
            f"/api/worker/shutdown/{worker}",
            f"/api/worker/pool/grow/{worker}",
            f"/api/task/revoke/{job}:0:1",
        ):
            assert client.post(watched + path).status_code == 403
        assert client.post(watched + "/api/task/send-task/seriatim.synthesize", json={"args": []}).status_code == 403
    assert len(system.worker_pids()) == 2


def test_its_password_is_nowhere_but_in_the_file(system: RealSystem, flower: str) -> None:
    child = system.children["flower"]
    proc = Path("/proc") / str(child.pid)
    assert PASSWORD.encode() not in (proc / "cmdline").read_bytes() + (proc / "environ").read_bytes()
    assert PASSWORD not in system.log("flower")
    assert ask(flower, "/healthcheck", user="", password="").text == "OK", "which needs none"


@pytest.mark.thorough
def test_it_is_served_on_loopback_and_ends_at_sigterm(system: RealSystem, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a password for tests\n", "utf-8")
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "gateway.cli.main", "flower", "--port", "0"], stderr=subprocess.PIPE, text=True,
        env=system.environment | {"SERIATIM_FLOWER_PASSWORD_FILE": str(tmp_path / "password")},
    )  # fmt: skip
    assert child.stderr
    address = next(found[1] for line in child.stderr if (found := ADDRESS.search(line)))
    assert ask(address, "/", user="seriatim", password="a password for tests").status_code == 200
    child.terminate()
    child.communicate(timeout=PATIENCE_S)  # it may write to the end
    assert child.returncode == 0


@pytest.mark.thorough
@pytest.mark.parametrize("noticed", [False, True], ids=["", "and it has tried again"])
def test_it_ends_at_sigterm_while_redis_is_away(
    new_system: Callable[..., RealSystem], tmp_path: Path, noticed: bool
) -> None:
    (tmp_path / "password").write_text("a password for tests\n", "utf-8")
    with new_system() as system:
        child = system.start(
            "flower", "-m", "gateway.cli.main", "flower", "--port", "0", flower_password_file=tmp_path / "password"
        )
        wait_until(lambda: "flower at" in system.log("flower"), "flower serves")
        system.server.kill()
        if noticed:
            system.server.hang_up_on_one()
        child.terminate()
        assert child.wait(services()["flower"].grace_s + STALL_S) == 0


@pytest.mark.thorough
def test_without_a_password_it_does_not_start(system: RealSystem, tmp_path: Path) -> None:
    settings = system.settings.to_env()
    assert complaint(seriatim("flower", "--port", "0", settings=settings)).startswith(
        "SERIATIM_FLOWER_PASSWORD_FILE is not"
    )
    missing = settings | {"SERIATIM_FLOWER_PASSWORD_FILE": str(tmp_path / "none")}
    assert "cannot be read: no such file" in complaint(seriatim("flower", "--port", "0", settings=missing))


@pytest.mark.thorough
@pytest.mark.parametrize("root", ["", "/watch/flower/"])
def test_its_health_check_finds_it_under_its_path(system: RealSystem, tmp_path: Path, root: str) -> None:
    """Docker would restart it for ever."""
    secret, name = tmp_path / "password", f"rooted-{len(root)}"
    secret.write_text(PASSWORD, "utf-8")
    system.start(name, "-m", "gateway.cli.main", "flower", "--port", "0", flower_password_file=secret, flower_root=root)
    port = wait_until(lambda: ADDRESS.search(system.log(name)), "flower serves")[1].rpartition(":")[2]

    def healthy() -> bool:
        command = ("-m", "gateway.cli.main", "healthcheck", "flower", "--port", port)
        return system.start("asked", *command, flower_root=root).wait(PATIENCE_S) == 0

    wait_until(healthy, "its health check, which waits for an answer for 3 s, finds it")
    system.end(name)
