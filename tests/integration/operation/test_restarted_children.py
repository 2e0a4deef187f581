"""Restarted children: a process of a private system that is killed starts again, and the system goes on."""

import logging
from pathlib import Path
from threading import Thread

import pytest

from gateway.local.processes import RESTARTS, LocalSystem
from seriatim.errors import EngineUnavailable
from seriatim.settings import Settings
from tests.support.process_system import PATIENCE_S, ROOT, wait_until

REPORT = "tests.support.process_report"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def kill(system: LocalSystem) -> None:
    system.children["worker"].kill()
    assert system.children["worker"].wait(PATIENCE_S) == -9


def test_a_child_that_is_killed_starts_again_and_outlives_the_thread_that_noticed(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The kernel kills children with the thread that started them, and a watch ends with its chapter."""
    with LocalSystem(Settings(), folder, disposable=True) as system:
        system.start_child("worker", REPORT, ["wait", "here"])
        system.check_children()
        assert not caplog.records, "it runs"
        kill(system)
        before = system.read_log("worker").count("\n")
        with caplog.at_level(logging.WARNING):
            watch = Thread(target=system.check_children)
            watch.start()
            watch.join()
        assert [record.getMessage() for record in caplog.records] == ["child process was killed; restarted"]
        wait_until(lambda: system.read_log("worker").count("\n") > before, "it starts, when that thread is gone")
        assert '"arguments": ["wait", "here"]' in system.read_log("worker").splitlines()[-1]


def test_a_child_that_is_killed_again_and_again_ends_the_system(folder: Path) -> None:
    with LocalSystem(Settings(), folder, disposable=True) as system:
        system.start_child("worker", REPORT, ["wait"])
        for _ in range(RESTARTS):
            kill(system)
            system.check_children()
        kill(system)
        with pytest.raises(EngineUnavailable, match=r"^worker ended: "):
            system.check_children()


@pytest.mark.parametrize(("disposable", "arguments"), [(False, ["wait"]), (True, [])])
def test_other_ends_are_failures(folder: Path, disposable: bool, arguments: list[str]) -> None:
    """Children of a system that lasts, which has a supervisor of its own; and those that end by themselves."""
    with LocalSystem(Settings(), folder, disposable=disposable) as system:
        system.start_child("worker", REPORT, arguments)
        if arguments:
            kill(system)
        system.children["worker"].wait(PATIENCE_S)
        with pytest.raises(EngineUnavailable, match=r"^worker ended: "):
            system.check_children()
