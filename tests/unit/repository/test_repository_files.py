"""Files for contributors: hooks of a commit, the workflow, issue forms. They are valid, and what they name exists."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.cli import parser
from gateway.cli.main import COMMANDS

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / ".github" / "workflows" / "check.yml"
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"
HOOKS = ROOT / ".pre-commit-config.yaml"
SCHEMAS = {
    WORKFLOW: "github-workflows",
    FORMS / "bug.yml": "github-issue-forms",
    FORMS / "idea.yml": "github-issue-forms",
    FORMS / "config.yml": "github-issue-config",
}
WRONG_MODULE = '"""A module with a mistake in each kind of check."""\n\nimport os\nNUMBER: int = "one"\n'


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def checked(schema: str, path: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_file_of_githubs_is_valid(path: Path) -> None:
    done = checked(SCHEMAS[path], path)
    assert done.returncode == 0, done.stdout


def test_a_misspelt_key_of_the_workflow_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "check.yml"
    wrong.write_text(WORKFLOW.read_text("utf-8").replace("runs-on:", "run-on:"), "utf-8")
    assert checked("github-workflows", wrong).returncode == 1


def test_every_file_of_githubs_is_checked() -> None:
    assert {path for path in (ROOT / ".github").rglob("*") if path.is_file()} == set(SCHEMAS)


def prerequisites(target: str) -> list[str]:
    """The prerequisites of a target in the Makefile."""
    found = re.search(rf"^{target}:([^#\n]*)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    return found.group(1).split() if found else []


def test_the_workflow_runs_the_gate_on_every_python_and_builds_what_users_get() -> None:
    jobs = read(WORKFLOW)["jobs"]
    assert {"lint", "types", "imports", "test-all", "newest"} <= set(prerequisites("check"))
    assert jobs["gate"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert oldest == ">=3.11"
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert ".ci/run" in commands
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    made = {command.removeprefix("make ") for command in commands if command.startswith("make ")}
    assert made == {"wheel", "site", "image"}
    assert made <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_a_bug_report_asks_for_what_the_doctor_prints() -> None:
    fields = {field.get("id"): field for field in read(FORMS / "bug.yml")["body"]}
    assert fields["doctor"]["validations"]["required"]
    (words,) = re.findall(r"`seriatim (.+)`", fields["doctor"]["attributes"]["label"])
    assert vars(parser.build_parser(COMMANDS).parse_args(words.split()))["json"]
    assert fields["doctor"]["attributes"]["render"] == "json"


def test_hooks_run_programs_of_the_environment_on_files_that_exist() -> None:
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", HOOKS], check=True)
    for hook in hooks():
        assert hook["language"] == "system", "nothing is downloaded"
        program, *arguments = hook["entry"].split()
        assert program.startswith(".venv/bin/")
        assert (Path(sys.prefix) / program.removeprefix(".venv/")).exists()
        assert all((ROOT / name).exists() for name in arguments if name.endswith(".py"))


def hooks() -> list[dict[str, Any]]:
    (local,) = read(HOOKS)["repos"]
    assert local["repo"] == "local"
    found: list[dict[str, Any]] = local["hooks"]
    return found


@pytest.mark.thorough
def test_hooks_find_what_is_wrong_in_a_commit_and_download_nothing(tmp_path: Path) -> None:
    """A repository with our settings and one bad module: all hooks of single files refuse it."""
    for name in (HOOKS.name, "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "wrong.py").write_text(WRONG_MODULE)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "tasks", HOOKS.name], cwd=tmp_path, check=True)
    away = "http://127.0.0.1:9"
    own = {"HOME": str(tmp_path / "home"), "http_proxy": away, "https_proxy": away, "SKIP": "words"}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"], **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    ends = dict(re.findall(r"^(ruff format|ruff check|mypy on changed files)\.+(\w+)$", done.stdout, re.MULTILINE))
    assert ends == dict.fromkeys(("ruff format", "ruff check", "mypy on changed files"), "Failed"), done.stdout
    assert "F401" in done.stdout
    assert "Incompatible types in assignment" in done.stdout
