"""Programs of users: what they import, what their type checkers find, what lies beside them."""

import asyncio
import inspect
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import seriatim
import tasks
from seriatim import AsyncClient, AsyncJob, AsyncOpenJob, Client, Job, JobUnknown, OpenJob
from tests.support.process_system import ROOT, RealSystem, wait_until
from tests.support.thorough_cases import mostly_thorough

SPEAK = """
import asyncio, sys
import tasks, workers
from seriatim import AsyncClient, Client

assert (tasks.owner, workers.owner) == ("a user", "a user")
TEXT = "Good morning. How are you?"


def heard_in_order(url):
    with Client(url) as client:
        return b"".join(client.enqueue_job(TEXT, engine="tone").pcm())


async def heard_with_asyncio(url):
    async with AsyncClient(url) as client:
        job = await client.enqueue_job(TEXT, engine="tone")
        return b"".join([pcm async for pcm in job.pcm()])


assert heard_in_order(sys.argv[1]) == asyncio.run(heard_with_asyncio(sys.argv[1]))
"""
OWN_QUEUE = """
import queue

assert queue.owner == "a user"
"""
WRONG = """
from seriatim import Client, enqueue_job, open_job

enqueue_job("Good morning.", voise="en")
enqueue_job("Good morning.", kind="bulk")
open_job(speed="fast")
Client().enqueue_job("Good morning.", gap="nothing")
reveal_type(enqueue_job("Good morning.", voice="en", kind="batch", speed=1.25))
reveal_type(Client().open_job())
"""


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    made = new_system()
    made.reassembler()
    made.workers(1, slots=2)
    return made


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder with modules that are named like ours, and like one of the standard library."""
    (tmp_path / "workers").mkdir()
    for name in ("tasks.py", "queue.py", "workers/__init__.py"):
        (tmp_path / name).write_text('owner = "a user"\n')
    return tmp_path / "program.py"


@pytest.mark.parametrize("more", mostly_thorough([OWN_QUEUE, ""], 2), ids=["its own queue is imported, too", "late"])
def test_a_program_speaks_beside_modules_that_are_named_like_ours(system: RealSystem, program: Path, more: str) -> None:
    program.write_text(more + SPEAK + more)
    environment = {name: value for name, value in system.environment.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, program, system.server.url],
        cwd=program.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_celerys_own_tools_find_the_application(system: RealSystem, tmp_path: Path) -> None:
    (owner,) = system.worker_pids()
    *_, index, token = owner.split(".")
    node = f"tone-{index}-{token}@{socket.gethostname()}"  # who asks one node waits no longer than for its answer
    command = [sys.executable, "-m", "celery", "-A", "tasks", "inspect", "ping", "-d", node, "--timeout", "60"]
    done = subprocess.run(command, cwd=tmp_path, env=system.environment, capture_output=True, text=True, check=True)
    assert "pong" in done.stdout


def test_a_program_may_import_from_tasks_too() -> None:
    assert tasks.enqueue_job is seriatim.enqueue_job


def test_the_package_alone_loads_nothing_of_weight() -> None:
    """`import seriatim` imports that one module; Celery, redis-py and numpy come with the first name that needs them.

    `-X importtime` has a line for every module that is imported, behind those that it imports itself.
    """
    command = [sys.executable, "-P", "-X", "importtime", "-c", "import seriatim"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    names = [line.rpartition("|")[2].strip() for line in report.splitlines() if line.startswith("import time:")]
    own = names[names.index("site") + 1 :]  # what any program of this environment imports comes before
    assert [name for name in own if name.partition(".")[0] not in sys.stdlib_module_names] == ["seriatim"]


def test_every_name_that_is_promised_is_there() -> None:
    assert all(
        getattr(seriatim, name).__module__.startswith("seriatim.") or name == "Text" for name in seriatim.__all__
    )
    with pytest.raises(AttributeError, match="no attribute 'enqueue'"):
        seriatim.enqueue  # noqa: B018


@pytest.mark.parametrize(("plain", "asynchronous"), [(Client, AsyncClient), (Job, AsyncJob), (OpenJob, AsyncOpenJob)])
def test_the_asynchronous_members_are_those_of_the_plain_ones(plain: type, asynchronous: type) -> None:
    theirs, ours = public_members(plain), public_members(asynchronous)
    assert set(theirs) <= set(ours)
    for name, member in theirs.items():
        if callable(member):
            assert parameters(ours[name]) == parameters(member), name


#: what only the rest of the system asks of a client or a job
INTERNAL = {
    Job: {"drain", "pool", "reader", "redis", "settings", "store_dir"},
    OpenJob: {
        "closed",
        "first_chars",
        "limit_ms",
        "language_check",
        "n",
        "neighbours",
        "pool_client",
        "previous",
        "request",
        "resolved",
        "text",
        "waiting",
        "warnings",
    },
}


def public_members(cls: type) -> dict[str, object]:
    return {
        name: member
        for name, member in inspect.getmembers(cls)
        if not name.startswith("_") and name not in INTERNAL.get(cls, set())
    }


def parameters(function: object) -> list[tuple[str, object, object]]:
    assert callable(function)
    found = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default) for p in found if p.name != "stopped"]


@pytest.fixture(scope="module")
def two_systems(system: RealSystem, new_system: Callable[..., RealSystem]) -> tuple[RealSystem, RealSystem]:
    other = new_system()
    other.reassembler()
    other.workers(1)
    return system, other


def test_two_clients_with_different_settings_live_in_one_process(two_systems: tuple[RealSystem, RealSystem]) -> None:
    """Each knows its own jobs alone."""
    one, other = two_systems
    with Client(settings=one.settings) as first, Client(settings=other.settings) as second:
        jobs = [client.enqueue_job("One.", engine="tone") for client in (first, second)]
        audio = [b"".join(job.pcm()) for job in jobs]
        assert audio[0] == audio[1] != b""
        assert second.attach(jobs[1].id).rate_hz() > 0
        with pytest.raises(JobUnknown):
            second.attach(jobs[0].id)


@pytest.mark.asyncio
async def test_two_asynchronous_clients_with_different_settings_live_in_one_process(
    two_systems: tuple[RealSystem, RealSystem],
) -> None:
    one, other = two_systems
    async with AsyncClient(settings=one.settings) as first, AsyncClient(settings=other.settings) as second:
        jobs = await asyncio.gather(*(client.enqueue_job("One.", engine="tone") for client in (first, second)))
        audio = [b"".join([pcm async for pcm in job.pcm()]) for job in jobs]
        assert audio[0] == audio[1] != b""
        assert await (await second.attach(jobs[1].id)).rate_hz() > 0
        with pytest.raises(JobUnknown):
            await second.attach(jobs[0].id)


@pytest.mark.asyncio
async def test_an_open_job_is_written_with_asyncio(system: RealSystem) -> None:
    """Said in pieces and in one, a text sounds the same; leaving the block closes the job."""
    text = "Good morning. How are you?"
    async with AsyncClient(settings=system.settings) as client:
        async with await client.open_job(engine="tone") as opened:
            for piece in ("Good mor", "ning. How are", " you"):
                await opened.say(piece)
            await opened.flush()
            so_far = await opened.job.status()
            assert (so_far.closed, so_far.sentences) == (False, 2), "what was flushed waits for no more text"
        in_one = await client.enqueue_job(text.removesuffix("?"), engine="tone")
        audio = [b"".join([pcm async for pcm in job.pcm()]) for job in (opened.job, in_one)]
        assert audio[0] == audio[1] != b""
        assert (await opened.job.wait()).closed


def test_jobs_that_are_not_over_are_listed(system: RealSystem) -> None:
    with Client(settings=system.settings) as client:
        with client.open_job(engine="tone", user="anna") as opened:
            opened.say("Good morning. ")
            for pool in ("", "tone"):
                assert [job.user for job in client.jobs(pool) if job.job == opened.job.id] == ["anna"]
            assert client.jobs("another") == []
        assert b"".join(opened.job.pcm())
        wait_until(lambda: opened.job.id not in [job.job for job in client.jobs()], "it is over")


@pytest.mark.thorough
def test_mypy_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", "wrong.py"],
        cwd=tmp_path, env={"PATH": "/usr/bin", "MYPYPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    found = [line for line in done.stdout.splitlines() if line.startswith("wrong.py:")]
    assert [int(line.split(":")[1]) for line in found if " error:" in line] == [4, 5, 6, 7], done.stdout
    assert all(wrong in done.stdout for wrong in ("voise", "bulk", "speed", "nothing"))
    assert 'Revealed type is "seriatim.client.job.Job"' in done.stdout
    assert 'Revealed type is "seriatim.client.open_job.OpenJob"' in done.stdout


@pytest.mark.thorough
def test_pyright_finds_what_is_wrong(tmp_path: Path) -> None:
    """Editors that speak Pyright underline the same lines; its JavaScript and Node come in wheels."""
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "extraPaths": [str(ROOT)]})  # it runs no import hooks
    )
    away = "http://127.0.0.1:9"  # it downloads nothing
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "wrong.py"],
        cwd=tmp_path, env={"HOME": str(tmp_path), "http_proxy": away, "https_proxy": away},
        capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)["generalDiagnostics"]
    wrong = {line["range"]["start"]["line"] + 1: line["message"] for line in found if line["severity"] == "error"}
    assert list(wrong) == [4, 5, 6, 7], done.stdout
    named = {4: '"voise"', 5: '"kind"', 6: '"speed"', 7: '"gap"'}
    assert all(name in wrong[number] for number, name in named.items()), wrong
    revealed = [line["message"] for line in found if line["severity"] == "information"]
    assert [message.rpartition(" is ")[2] for message in revealed] == ['"Job"', '"OpenJob"']
