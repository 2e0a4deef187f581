"""The root packages have generic names: what is imported must be ours (decision 1)."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
#: prints which of the names are folders of ours: other people's packages have an `examples`, too
LOOK = """
import importlib.util, pathlib, sys
for name in sys.argv[2:]:
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if any(pathlib.Path(place).resolve() == pathlib.Path(sys.argv[1]) / name for place in places):
        print(name)
"""


@pytest.mark.parametrize("name", ["seriatim", "tasks", "workers", "reassembler", "gateway"])
def test_each_root_package_is_the_one_in_this_repository(name):
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().is_relative_to(ROOT), "a stranger's package of the same name is installed"


def test_nothing_but_the_packages_is_installed(tmp_path):
    """Or a user's own `tests` and `docs` would be hidden by ours."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    others = [path.name for path in ROOT.iterdir() if any(path.glob("*.py")) and path.name not in packages]
    assert {"bench", "docs", "tests"} <= set(others)
    environment = {"PATH": os.environ["PATH"]}
    found = subprocess.run(
        [sys.executable, "-P", "-c", LOOK, ROOT, *packages, *others], cwd=tmp_path, env=environment, check=True,
        capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert found == packages, "installed anew by: make lint, or: pip install -e ."
