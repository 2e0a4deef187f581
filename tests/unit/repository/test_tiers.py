"""Tiers of the suite: what `make test` leaves out for `make check`, and that it leaves out no kind of test."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
FOLDERS = sorted({path.parent for path in TESTS.rglob("test_*.py")})
Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def thorough(decorators: list[ast.expr]) -> bool:
    """Is one of them the marker itself? A marked parameter leaves the others."""
    return any(ast.unparse(decorator) == "pytest.mark.thorough" for decorator in decorators)


def unmarked(body: list[ast.stmt]) -> Iterator[str]:
    """The tests that `make test` runs, at least for some of their parameters."""
    for node in body:
        if isinstance(node, Named) and not thorough(node.decorator_list):
            if isinstance(node, ast.ClassDef):
                yield from unmarked(node.body)
            elif node.name.startswith("test_"):
                yield node.name


def marked_whole(module: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node.targets[0])
        and "mark.thorough" in ast.unparse(node.value)
        for node in module.body
    )  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(TESTS)))
def test_make_test_runs_some_of_every_folder(folder: Path) -> None:
    modules = (ast.parse(path.read_text("utf-8")) for path in folder.glob("test_*.py"))
    assert any(True for module in modules if not marked_whole(module) for _ in unmarked(module.body))
