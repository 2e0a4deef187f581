"""Function size: what a reader holds in the head at once, and no function is longer."""

import ast
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).parents[3]
PACKAGES = ("seriatim", "tasks", "workers", "reassembler", "gateway")
MOST_LINES = 45  #: of one function, from its `def` to its last line, docstring included
USUAL_LINES = 20  #: nine functions of ten are no longer


def function_lines() -> dict[str, int]:
    """The lines of each function, by its place."""
    modules = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in modules
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_no_function_is_long_and_most_are_short() -> None:
    lines = function_lines()
    assert {place: n for place, n in lines.items() if n > MOST_LINES} == {}, "split these"
    assert quantiles(lines.values(), n=10)[-1] <= USUAL_LINES
