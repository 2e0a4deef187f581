"""The root packages have generic names: what is imported must be ours (docs/decisions/0001)."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["seriatim", "tasks", "workers", "reassembler", "gateway"])
def test_each_root_package_is_the_one_in_this_repository(name):
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().is_relative_to(ROOT), "a stranger's package of the same name is installed"
