"""A folder in which everything is called like something that Python imports: no command runs any of it."""

import importlib.metadata
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.process.child_processes import dies_with_parent
from tests.support.command_line import LIMIT_S, SERIATIM, environment, installed, seriatim
from tests.support.expected_audio import Listener, sentences
from tests.support.free_ports import free_port
from tests.support.process_system import RealSystem, wait_until

PACKAGES = {"seriatim", "tasks", "workers", "reassembler", "gateway"}
TONE = ("--engine", "tone", "--engine-option", "rate_hz=8000")
SERVICES = {
    "worker": (("worker", *TONE, "--processes", "1"), "ready"),
    "reassemble": (("reassemble",), ""),
    "serve": (("serve", "--port", "0"), "http://"),
    "flower": (("flower", "--port", "0"), "http://"),
}
LOOKING = (
    ("status",), ("dead-letters",), ("voices",), ("voices", *TONE), ("voices", *TONE, "--redis"), ("models",),
    ("healthcheck", "worker", "--pool", "tone"), ("set", "--user", "ann", "--pool", "tone", "--weight", "2"),
    ("tune", *TONE, "--max-slots", "1", "--processes", "1", "--seconds", "0.2"), ("doctor",), ("webhooks",),
    ("webhooks", "retry", "--all"), ("dead-letters", "retry", "--all"), ("text", "text.txt"),
    ("text", "text.txt", "--explain"),
)  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Path]:
    """The folder; afterwards nothing of it was run."""
    folder, ran = tmp_path / "downloads", tmp_path / "ran"
    folder.mkdir()
    others = set(importlib.metadata.packages_distributions()) | set(sys.stdlib_module_names) | PACKAGES
    names = {name for name in others if name.isidentifier()} | {"celeryconfig", "sitecustomize", "usercustomize"}
    program = f"with open({str(ran)!r}, 'a') as ran: ran.write(__name__ + '\\n')\nraise SystemExit('hostile')\n"
    for name in sorted(names):
        (folder / f"{name}.py").write_text(program, "utf-8")
    for name in PACKAGES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(program, "utf-8")
    (folder / "text.txt").write_text("The fog has gone. Ten boats came home.", "utf-8")
    yield folder
    assert not ran.exists(), f"run from the current folder: {ran.read_text('utf-8').split()}"


@pytest.mark.thorough
@pytest.mark.parametrize("engine", ["tone", "espeak"])
def test_a_file_is_spoken_there(hostile: Path, engine: str) -> None:
    done = seriatim("speak", "text.txt", "-o", "out.mp3", "--engine", engine, "--workers", "1", cwd=hostile)
    assert done.returncode == 0, done.stderr.decode()
    assert (hostile / "out.mp3").stat().st_size


@pytest.mark.thorough
@pytest.mark.parametrize("command", [("book", "text.txt", "-o", "out.m4b"), ("batch", "texts", "-o", "out")])
def test_books_and_folders_are_spoken_there(hostile: Path, command: tuple[str, ...]) -> None:
    (hostile / "texts").mkdir()
    (hostile / "texts" / "one.txt").write_text("The fog has gone.", "utf-8")
    done = seriatim(*command, *TONE, "--workers", "1", cwd=hostile)
    assert done.returncode == 0, done.stderr.decode()
    assert list(hostile.glob("out*"))


@pytest.mark.thorough
def test_a_whole_system_runs_there(hostile: Path) -> None:
    port, http = free_port(), free_port()
    with ExitStack() as ending:
        log = started(hostile, {}, ending, "up", *TONE, "--workers", "1", "--port", str(port), "--http", str(http))
        wait_until(lambda: f"HTTP at http://127.0.0.1:{http}/" in log(), "up is up")


@pytest.mark.thorough
def test_its_parts_run_there(new_system: Callable[..., RealSystem], hostile: Path) -> None:
    pytest.importorskip("flower")
    password = hostile.parent / "password"
    password.write_text("not a password\n", "utf-8")
    system = new_system(
        flower_password_file=str(password), http_pool="tone", http_pcm_hz=0, log_level="INFO", lease_ms=60_000,
        tuned_file=str(hostile.parent / "tuned.json"),  # not the developer's
    )  # fmt: skip
    with ExitStack() as ending:
        for command, line in SERVICES.values():
            log = started(hostile, system.settings.to_env(), ending, *command)
            wait_until(lambda log=log, line=line: line in log(), f"{command}")  # type: ignore[misc]  # bound at once
        wait_until(lambda: system.worker_pids("tone"), "the worker registers")
        job = system.producer().enqueue(sentences(2, "hostile"), JobRequest.of({"engine": "tone"}))
        Listener(job).all()
        # The job first: one that was read to its end can be asked for for a minute.
        for command in (("status", job.id), ("timeline", job.id), ("cancel", job.id), *LOOKING):
            arguments = [*command, system.settings.redis_url] if command[-1] == "--redis" else [*command]
            done = seriatim(*arguments, settings=system.settings.to_env(), cwd=hostile)
            assert done.returncode == 0, (command, done.stderr.decode())


@pytest.mark.thorough
def test_the_installed_command_runs_there(hostile: Path) -> None:
    program = installed(str(Path(sys.executable).with_name("seriatim")), package="seriatim")
    done = subprocess.run(
        [program, "speak", "text.txt", "-o", "out.wav", *TONE], cwd=hostile, env=environment({}), capture_output=True,
        check=False, timeout=LIMIT_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()


def started(folder: Path, settings: dict[str, str], ending: ExitStack, *command: str) -> Callable[[], str]:
    """Start a command in the folder, to be ended with `ending`; returns what reads its log."""
    log = folder.parent / f"{command[0]}.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [*SERIATIM, *command], cwd=folder, env=environment(settings), stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, preexec_fn=dies_with_parent(signal.SIGTERM),
        )  # fmt: skip

    def ended() -> None:
        child.terminate()
        assert child.wait(LIMIT_S) in (0, 130), log.read_text("utf-8")

    def read() -> str:
        text = log.read_text("utf-8")
        assert child.poll() is None, text
        return text

    ending.callback(ended)
    return read
