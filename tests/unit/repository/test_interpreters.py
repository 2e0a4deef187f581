"""The folder in which an interpreter starts never decides which code it runs (seriatim/process/interpreter.py)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("seriatim", "tasks", "workers", "reassembler", "gateway")
STARTED = re.compile(r"sys\.executable, *((?:\"[^\"]*\"|\*?\w+)(?:, *\"[^\"]*\")*)")
OURS = re.compile(r"-m[\", ]+(?:seriatim|tasks|workers|reassembler|gateway)\b")


def test_the_packages_start_interpreters_by_one_function_alone() -> None:
    """That of espeak runs one file, isolated from everything else, site-packages too."""
    found = {
        str(path.relative_to(ROOT)): STARTED.findall(text)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if STARTED.search(text := path.read_text("utf-8"))
    }
    assert found == {
        "gateway/cli/main.py": ["python_command"],
        "seriatim/process/interpreter.py": ['SAFE, "-m"'],
        "workers/engines/espeak/engine.py": ['"-I", "-S"'],
        "workers/engines/piper/phonemes.py": ['"-I", "-S"'],
    }


@pytest.mark.parametrize("place", ["bench", "tests", "docs", "examples", "deploy"])
def test_nothing_else_starts_our_modules_from_the_current_folder(place: str) -> None:
    """Where a command is written out, `-P` stands before our module."""
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / place).rglob("*"))
        if path.suffix in {".py", ".sh", ".md", ".yml"}
        for line in path.read_text("utf-8").splitlines()
        if "executable" in line and OURS.search(line) and "-P" not in line
    ]
    assert found == []
