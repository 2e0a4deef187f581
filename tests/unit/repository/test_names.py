"""Names and places of modules: what a stranger may expect of every path."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("seriatim", "tasks", "workers", "reassembler", "gateway")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ALL = MODULES + sorted(path for folder in ("bench", "tests") for path in (ROOT / folder).rglob("*.py"))
MOST = 25  #: modules in one folder
SCRIPTS = sorted(  #: modules of other languages
    path
    for ending in ("lua", "js")
    for folder in (*PACKAGES, "bench", "clients/js/src")
    for path in (ROOT / folder).rglob(f"*.{ending}")
)
#: the folders that may have more, and how many
LARGER = {
    # Each is one step of the pool, and all take their parts from one folder `shared`. A script is named by its file: in
    # `load`, and where one script runs another, as finish_and_claim does finish and claim. Folders by subject would put
    # a second name before it everywhere.
    ROOT / "seriatim" / "lua" / "pool": 31,
}
OPENERS = re.compile(r"(What|Who|Whose|How|Where|When|Which|Whether)\b")
ENTRIES = {"__init__", "__main__", "main", "conftest"}  #: named by Python's customs and not by what they do


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def opener(path: Path) -> str:
    """The first line of the module's docstring."""
    docstring = re.match(r'(?:#.*\n|\n)*r?"""(.*)', path.read_text("utf-8"))
    return docstring[1].removesuffix('"""') if docstring else ""


def opens_well(path: Path) -> bool:
    """With a noun phrase or an imperative in which the module's name, or a word of it, occurs."""
    line = opener(path)
    if OPENERS.match(line) or path.stem in ENTRIES:
        return not OPENERS.match(line)
    first_clause = re.split(r"[:.;]", line, maxsplit=1)[0].lower()
    stem = path.stem.removeprefix("test_").removesuffix("s")
    return any(word[:5] in first_clause for word in stem.split("_") if len(word) > 2 or stem == word)


def test_every_docstring_opens_with_its_module() -> None:
    assert {name_of(path): opener(path) for path in ALL if not opens_well(path)} == {}


def classes(path: Path) -> list[str]:
    return [node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]


def test_no_two_classes_have_one_name() -> None:
    lines = {path: re.findall(r"(?m)^class (\w+)", path.read_text("utf-8")) for path in ALL}  #: of strings, too
    twice = {name for name, n in Counter(name for names in lines.values() for name in names).items() if n > 1}
    suspects = [path for path, names in lines.items() if twice & set(names)]
    assert [name for name, n in Counter(name for path in suspects for name in classes(path)).items() if n > 1] == []


def test_no_folder_is_crowded() -> None:
    modules = Counter(path.parent for path in [*ALL, *SCRIPTS])
    assert {str(folder): n for folder, n in modules.items() if n > LARGER.get(folder, MOST)} == {}


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
