"""Names and places of modules: what a stranger may expect of every path."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("seriatim", "tasks", "workers", "reassembler", "gateway")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ALL = MODULES + sorted(path for folder in ("bench", "tests") for path in (ROOT / folder).rglob("*.py"))
MOST = 25  #: modules in one folder
OPENERS = re.compile(r"(What|Who|Whose|How|Where|When|Which|Whether)\b")
ENTRIES = {"__init__", "__main__", "main", "conftest"}  #: named by Python's customs and not by what they do


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_a_docstring_opens_with_its_module(path: Path) -> None:
    """With a noun phrase or an imperative in which the module's name, or a word of it, occurs."""
    opener = docstring(path).partition("\n")[0]
    assert not OPENERS.match(opener), opener
    if path.stem not in ENTRIES:
        first_clause = re.split(r"[:.;]", opener, maxsplit=1)[0].lower()
        stem = path.stem.removeprefix("test_").removesuffix("s")
        words = [word[:5] for word in stem.split("_") if len(word) > 2 or stem == word]
        assert any(word in first_clause for word in words), opener


def test_no_two_classes_have_one_name() -> None:
    classes = Counter(
        node.name for path in ALL for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)
    )
    assert [name for name, n in classes.items() if n > 1] == []


def test_no_folder_is_crowded() -> None:
    assert [folder for folder, n in Counter(path.parent for path in ALL).items() if n > MOST] == []


def imported(path: Path) -> set[str]:
    """The modules that are imported when this one is; not what a function imports, or only a type checker."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if not typing_only and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending += ast.iter_child_nodes(node)
    return found


def test_no_imports_go_round_in_a_circle() -> None:
    names = {name_of(path): path for path in MODULES}
    arrows = {name: {to for to in imported(path) & names.keys() if to != name} for name, path in names.items()}
    while leaves := {name for name, to in arrows.items() if not to}:
        arrows = {name: to - leaves for name, to in arrows.items() if name not in leaves}
    assert arrows == {}, "these import each other"
