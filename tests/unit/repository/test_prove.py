"""`make prove`: the record of a run, and the exit status, for pytest's own runs of small files."""

from pathlib import Path

import pytest

from tests.prove import main

OUTCOMES = """
import pytest

def test_passes(): pass
def test_fails(): assert False
def test_skips(): pytest.skip("not here")
@pytest.fixture
def broken(): raise OSError
def test_of_a_broken_fixture(broken): pass
"""


@pytest.fixture(autouse=True)
def _without_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are installed take longer to import than a run takes."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def record(folder: Path, text: str, *arguments: str) -> tuple[int, list[list[str]]]:
    """Exit status and lines, without the heading."""
    case, lines = folder / "test_case.py", folder / "prove.tsv"
    case.write_text(text, "utf-8")
    plain = ["-p", "no:randomly", "--rootdir", str(folder), "-c", "/dev/null", str(case)]
    status = main([f"--record={lines}", *arguments, *plain])
    return status, [line.split("\t") for line in lines.read_text("utf-8").splitlines()[1:]]


def test_a_run_with_failures_names_them(tmp_path: Path) -> None:
    status, (line,) = record(tmp_path, OUTCOMES, "--runs=1")
    assert status == 1
    assert line[2:6] == ["0", "1", "2", "1"]
    assert line[7].split() == ["test_case.test_fails", "test_case.test_of_a_broken_fixture"]


@pytest.mark.thorough
def test_every_run_has_its_line(tmp_path: Path) -> None:
    status, lines = record(tmp_path, "def test_it(): pass", "--runs=2", "--busy=1")
    assert status == 0
    assert [line[2:6] for line in lines] == [["1", "1", "0", "0"]] * 2


@pytest.mark.parametrize("text", ["import os; os._exit(9)", "import nothing_of_this_name"], ids=["killed", "broken"])
def test_a_run_that_does_not_come_to_its_tests_is_a_failure(tmp_path: Path, text: str) -> None:
    status, (line,) = record(tmp_path, text, "--runs=1")
    assert status == 1
    assert line[4] == "1"
