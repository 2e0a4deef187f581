"""Forked processes: what they share with their parent, and what they have of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.local import processes
from gateway.local.processes import LocalSystem, WorkerPlan
from seriatim.process.child_processes import dies_with_parent
from seriatim.settings import Settings
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem, alive, descendants, wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere children start by a command")

#: a parent with an exit handler, handlers of signals and an open file, which forks one child and waits for it
PARENT = """
import atexit, os, signal, subprocess, sys
from pathlib import Path
from seriatim.process.forked_process import ForkPlan, allow_forks, can_fork, fork_process
atexit.register(lambda: print("the parent's exit handler", flush=True))
signal.signal(signal.SIGTERM, lambda *_: print("the parent's signal handler", flush=True))
signal.signal(signal.SIGHUP, signal.SIG_IGN)
opened = open(sys.argv[1])
assert not can_fork(), 'a program may hold anything'
allow_forks()
assert can_fork()
log = Path(sys.argv[2])
plan = ForkPlan("tests.support.process_report", sys.argv[3:], {"ONLY": "this"}, log, new_session=True)
child = fork_process(plan)
print(child.pid, flush=True)
try:
    child.wait(0.01)
except subprocess.TimeoutExpired:
    pass
print("status", child.wait(), child.poll(), flush=True)
child.terminate()
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator["ParentProcess"]:
    with ParentProcess(tmp_path) as made:
        yield made


class ParentProcess:
    """PARENT, running, with the log of its child."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "child.log"
        (folder / "secret").write_text("of the parent")

    def start(self, *arguments: str) -> int:
        """Start it; returns the process id of its child, which has reported."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", PARENT, str(self.folder / "secret"), str(self.log), *arguments],
            cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )  # fmt: skip
        assert self.process.stdout
        pid = int(self.process.stdout.readline())
        wait_until(lambda: self.log.exists() and "\n" in self.log.read_text(), "the child's report")
        return pid

    def rest(self) -> list[str]:
        """What it says until its end; `communicate` would lose lines that were read together with the first."""
        assert self.process.stdout
        return self.process.stdout.read().splitlines()

    def __enter__(self) -> "ParentProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def test_a_forked_child_is_as_one_that_a_command_started(parent: ParentProcess) -> None:
    pid = parent.start("--some", "arguments")
    assert parent.rest() == ["status 7 7", "the parent's exit handler"]
    line, after = parent.log.read_text().splitlines()
    report = json.loads(line)
    assert after == "its own exit handler"
    assert report["arguments"] == ["--some", "arguments"]
    assert report["argv"] == ["tests.support.process_report", "--some", "arguments"]
    assert report["environment"] == {"ONLY": "this"}
    assert (report["pid"], report["session"], report["threads"]) == (pid, pid, 1)
    assert not any("secret" in name for name in report["files"])
    assert report["handlers"] == ["SIG_DFL", "SIG_IGN"], "a handler of the parent's would run in the child"
    assert report["blocked"] == []


def test_a_signal_ends_it_and_its_status_says_so(parent: ParentProcess) -> None:
    os.kill(parent.start("wait"), signal.SIGTERM)
    assert parent.rest() == ["status -15 -15", "the parent's exit handler"]


def test_it_does_not_outlive_its_parent(parent: ParentProcess) -> None:
    pid = parent.start("wait")
    parent.process.kill()
    wait_until(lambda: not alive(pid), "the kernel ends it")


def test_what_is_imported_ahead_starts_no_thread_and_opens_nothing() -> None:
    """A fork copies neither threads nor what a library holds on a GPU: models are loaded behind it."""
    code = (
        "import os, sys; from seriatim.process.forked_process import allow_forks, can_fork, import_ahead\n"
        "from gateway.local.processes import FORKED\n"
        "import_ahead(['workers.imported_ahead', *FORKED.values()]); allow_forks(); assert can_fork()\n"
        "print(*{'onnxruntime', 'torch', 'grpc', 'tests'} & sys.modules.keys())\n"
        "print(*(name for name in sys.modules if name.startswith('seriatim.text.segment')))\n"
        "print(*(link for fd in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{fd}')\n"
        "    and (link := os.readlink(f'/proc/self/fd/{fd}')).startswith(('socket:', 'anon_inode:'))))\n"
        "if os.fork() == 0: print(len(os.listdir('/proc/self/task')), flush=True); os._exit(0)\n"
        "os.wait()"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.split("\n") == ["", "", "", "1", ""]


def test_worker_processes_import_nothing_again(new_system: Callable[..., RealSystem]) -> None:
    """They are forked: each has the supervisor's command line, and almost none of its memory is written again."""
    system = new_system(lease_ms=60_000)  # its workers are there, however busy the machine is
    supervisor = system.workers(2)
    command = Path(f"/proc/{supervisor.pid}/cmdline").read_bytes()
    pids = list(system.worker_pids().values())
    assert [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids] == [command] * 2
    os.kill(pids[0], signal.SIGKILL)
    fresh = wait_until(lambda: set(system.worker_pids().values()) - set(pids), "it is forked again")
    assert Path(f"/proc/{fresh.pop()}/cmdline").read_bytes() == command
    assert system.end("workers") == 0


def test_a_private_system_is_forked_from_the_command_that_uses_it() -> None:
    """The reassembler, the supervisor and its worker process: none of them imports anything for itself."""
    plan = WorkerPlan("tone", engine_options=("rate_hz=8000",))
    code = (
        "import sys; from gateway.local.processes import WorkerPlan, private_system\n"
        "from seriatim.process.forked_process import allow_forks\n"
        "from seriatim.settings import Settings\n"
        "allow_forks()\n"
        f"with private_system(Settings(), {plan!r}) as system:\n"
        "    system.await_workers('tone'); print('ready', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-P", "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        pids = descendants(running.pid)
        shared = [pid for pid in pids if b"private_system" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        parents = {pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in shared}
        running.stdin.close()
        assert running.wait() == 0
    assert (len(pids), len(shared)) == (4, 3), "and a server"
    assert sorted(parent == running.pid for parent in parents.values()) == [False, True, True]
    wait_until(lambda: not any(map(alive, pids)), "all end with the command")


@pytest.mark.parametrize(("settings", "status"), [(Settings(), -9), (Settings(traces="otlp"), -15)])
def test_a_private_system_is_ended_at_once(
    settings: Settings, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is needed any more; traces alone are still sent."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(processes, "FAST_STOP_S", PATIENCE_S)  # what gets SIGTERM ends by that
    with LocalSystem(settings, tmp_path, disposable=True) as system:
        system.start_child("child", "tests.support.process_report", ["wait"])
        wait_until(lambda: "\n" in system.read_log("child"), "it waits")
        child = system.children["child"]
    assert child.wait() == status
