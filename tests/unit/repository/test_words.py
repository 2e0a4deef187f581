"""Words of the code and its texts: none that a reader must puzzle over, in prose or in a name.

`PROSE` may not occur in docstrings, comments, messages and documents. No function, class, parameter, attribute or
variable is named by one of `PARTICIPLES`, or with one of `RIDDLES`. Wire names (keys, hash fields, entries' fields) are
strings without a space, and stay as they are. `python -m tests.unit.repository.test_words` prints what there is.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

#: Write of processes, readers and operators: `no client`, `unknown fields are ignored`, `is notified`, `recently`.
PROSE = re.compile(
    r"(?<![\w-])(?:(?:no|some|every)body(?:'s|s)?|who(?:m|so)?ever|told|mend(?:s|ed|ing)?|of late|heed(?:s|ed|less)?"
    r"|pass(?:ed|es) over|clerks?|doorkeepers?|doorbells?|doors?|desks?|stations?|deaf|apiece|nought"
    r"|forbears?|forthwith|hither|thither|whence|thereof|thereby|therein)(?![\w-])",
    re.IGNORECASE,
)

#: As the whole of a name: a participle says what was done and not what the thing is (`outcome`, `accepted_text`).
PARTICIPLES = {"told", "wanted", "begun", "heard", "said", "spoken", "asked", "saying", "given", "meant"}

#: As a part of a name: persons, furniture, words that always have a better one.
RIDDLES = (
    {"told", "wanted", "begun", "said", "nobody", "somebody", "everybody", "whoever", "mend", "mends", "mended", "heed"}
    | {"clerk", "doorkeeper", "door", "doors", "doorbell", "bell", "desk", "board", "station", "crowd"}
    | {"deaf", "mourn", "hush"}
)  # fmt: skip

#: A file without one of these, even as a part of a word, need not be parsed.
SUSPECT = re.compile(f"{PROSE.pattern}|{'|'.join(sorted({*PARTICIPLES, *RIDDLES}))}", re.IGNORECASE)

#: Folders whose strings are messages, if they have a space; tests have texts to speak.
MESSAGES = ("seriatim", "tasks", "workers", "reassembler", "gateway", "bench", "examples")
PAGES = {".md", ".html", ".js", ".css"}
OTHER_LANGUAGES = ROOT / "seriatim/text/reading/languages"  #: tables of German, Dutch and so on
COMMENTED = {".sh": "#", ".yml": "#", ".acl": "#", ".toml": "#", ".lua": "--"}


def files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in listed.stdout.decode().splitlines()]
    return [path for path in paths if path.is_file() and path != Path(__file__) and path.parent != OTHER_LANGUAGES]


def findings(path: Path) -> Iterator[str]:
    """`LINE: WORD` for each banned word of a file."""
    if path.suffix == ".py":
        source = path.read_text("utf-8")
        if not SUSPECT.search(source):
            return
        tree = ast.parse(source)
        yield from in_names(tree)
        yield from in_prose([*comments(source), *strings(tree, everywhere=path.relative_to(ROOT).parts[0] in MESSAGES)])
    elif path.suffix in PAGES:
        yield from in_prose(page_lines(path.read_text("utf-8")))
    elif path.suffix in COMMENTED:
        mark = COMMENTED[path.suffix]
        lines = enumerate(path.read_text("utf-8").splitlines(), 1)
        yield from in_prose((n, line.partition(mark)[2]) for n, line in lines)


def in_prose(texts: "list[tuple[int, str]] | Iterator[tuple[int, str]]") -> Iterator[str]:
    for line, text in texts:
        yield from (f"{line}: {match[0]}" for match in PROSE.finditer(text))


def in_names(tree: ast.AST) -> Iterator[str]:
    for line, name in names(tree):
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_").split("_")
        if words[0] == "test":  # a sentence
            yield from in_prose([(line, " ".join(words))])
        elif "_".join(words) in PARTICIPLES or RIDDLES & set(words):
            yield f"{line}: {name}"


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The names that a module gives to things; not those that it only uses."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def strings(tree: ast.AST, *, everywhere: bool) -> Iterator[tuple[int, str]]:
    """Docstrings, and with `everywhere` all strings of more than one word."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))) if not everywhere:
                yield node.lineno, text
            case ast.Constant(value=str(text)) if everywhere and " " in text.strip():
                yield node.lineno, text


def page_lines(text: str) -> Iterator[tuple[int, str]]:
    """A page without its blocks of code, its names in backticks and the targets of its links."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= line.startswith("```")
        if not fenced:
            yield number, re.sub(r"`[^`]*`|\]\([^)]*\)", " ", line)


def found() -> list[str]:
    """All findings, `PATH:LINE: WORD`."""
    return [f"{path.relative_to(ROOT)}:{one}" for path in files() for one in findings(path)]


@pytest.mark.thorough
def test_no_reader_has_to_puzzle_over_a_word() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("told = 1", ["1: told"]),
        ("def f(heard: int) -> None: ...", ["1: heard"]),
        ("heard_ms = 1; is_spoken = 2", []),
        ("class SentenceClerk: ...", ["1: SentenceClerk"]),
        ("def test_nobody_is_forgotten(): ...", ["1: nobody"]),
        ("x = 1  # of late", ["1: of late"]),
        ('raise ValueError("fields that nobody knows")', ["1: nobody"]),
        ('key = "told"', []),
        ('"""The listener has heard it in order."""', []),
    ],
)
def test_a_banned_word_is_found_where_it_is_a_name_or_prose(source: str, words: list[str], tmp_path: Path) -> None:
    tree = ast.parse(source)
    texts = [*comments(source), *strings(tree, everywhere=True)]
    assert [*in_names(tree), *in_prose(texts)] == words


if __name__ == "__main__":
    print(*found(), sep="\n")  # noqa: T201
