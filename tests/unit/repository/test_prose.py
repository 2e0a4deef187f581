"""The prose of the documents names what is there: files, headings, settings, commands, options, targets, log lines."""

import argparse
import ast
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from itertools import chain
from pathlib import Path

import pytest

from gateway.cli import parser
from gateway.cli.main import COMMANDS
from seriatim.settings import Settings, variable
from workers.__main__ import _build_parser as worker_grammar

ROOT = Path(__file__).parents[3]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
PACKAGES = ("seriatim", "tasks", "workers", "reassembler", "gateway")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```\w*\n(.*?)^```|^    (\S.*)$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
LOUD = ("warning", "error", "exception", "critical")


def every_page(check: Callable[[Path], None]) -> Callable[[], None]:
    """A test that checks each page; a failure names its page."""

    def test() -> None:
        for page in PAGES:
            try:
                check(page)
            except AssertionError as error:
                error.add_note(str(page.relative_to(ROOT)))
                raise

    test.__doc__ = check.__doc__
    return test


def test_the_readme_is_one_screen_and_quick_starts() -> None:
    assert 500 <= len((ROOT / "README.md").read_text("utf-8").split()) <= 900, "figures and guides are pages of docs"


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code(page: Path) -> Iterator[str]:
    """What stands on a page as code, line by line."""
    for match in CODE.finditer(page.read_text("utf-8")):
        yield from next(filter(None, match.groups()), "").splitlines()


def grammar(words: list[str]) -> argparse.ArgumentParser:
    """The parser of the command that `words` begin with."""
    if words[0] == "worker":
        return worker_grammar()
    commands = _all_commands()
    found = commands.get(" ".join(words[:2])) or commands[words[0]]  # `book fix` is a command of its own
    return _below(found).get(words[1], found) if words[1:] else found


@functools.cache
def _all_commands() -> dict[str, argparse.ArgumentParser]:
    return _below(parser.build_parser(COMMANDS))


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return actions[0].choices if actions else {}


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_page
def test_every_heading_that_is_pointed_to_by_its_words_is_there(page: Path) -> None:
    """`[deploy.md](deploy.md), "Several hosts"`."""
    for name, heading in re.findall(r"\]\(([\w./-]+\.md)\), \"([^\"]+)\"", page.read_text("utf-8")):
        target = (page.parent / name).read_text("utf-8")
        assert f"# {heading}\n" in target or f"**{heading}.**" in target, f"{name} has no heading {heading!r}"


@every_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    added = {f"SERIATIM_{name.upper()}" for name in re.findall(r"^    (\w+): \w+ = _int\(", text, re.MULTILINE)}
    known = {variable(field) for field in fields(Settings)} | added
    assert set(re.findall(r"\bSERIATIM_[A-Z][A-Z_]*[A-Z]\b", text)) <= known


@every_page
def test_every_target_of_make_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {match for line in code(page) for match in re.findall(r"(?:^|\$ |&& )make ([a-z-]+)", line)}
    assert named <= targets


@every_page
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    for command in chain.from_iterable(re.split(r"[&|;#]+", line) for line in code(page)):
        command_line = re.search(r"(?:^|(?<!from)[\s/])seriatim ([a-z].*)", command)
        if not command_line:
            continue
        words = re.findall(r"[^\s(),]+", command_line[1])
        assert words[0] in COMMANDS or words[0] == "worker", command_line[0]
        options = set(re.findall(r"(?<=\s)--[a-z-]+", command_line[1]))
        assert options <= set(grammar(words)._option_string_actions), command_line[0]


@every_page
def test_every_file_that_is_named_as_code_exists(page: Path) -> None:
    new = re.findall(r"New file `([^`]+)`", page.read_text("utf-8"))  # of an example, which makes it
    for line in code(page):
        for name in re.findall(r"(?<![\w/.-])(?:\w+/)+\w+\.(?:py|lua|md|toml|txt|json|sh)\b(?!\w)", line):
            made = {"models", "secrets"} & set(name.split("/"))  # by its reader
            assert made or name in new or (ROOT / name).exists() or (page.parent / name).exists(), name


def test_what_the_code_says_about_pages_and_decisions_is_there() -> None:
    """`docs/reference/http.md`, `decision 4`, and nothing that only its author has."""
    numbers = {page.name[:4] for page in (ROOT / "docs" / "explanation" / "decisions").glob("*.md")}
    for path in chain.from_iterable((ROOT / folder).rglob("*") for folder in (*PACKAGES, "bench", "tests", "deploy")):
        if path.suffix not in (".py", ".lua", ".yml", ".sh", ".acl", ".js", ".html"):
            continue
        text = path.read_text("utf-8")
        assert all((ROOT / name).exists() for name in re.findall(r"\bdocs/[\w/-]+\.md\b", text)), path
        assert set(re.findall(r"\bdecisions/(\d{4})", text)) <= numbers, path
        assert {number.zfill(4) for number in re.findall(r"\bdecision (\d+)", text)} <= numbers, path
        assert not re.search(r"\b[A-Z]{4,} §", text), f"{path} points to a page that is not here"


def test_the_page_about_the_log_has_every_line_above_info() -> None:
    page = (ROOT / "docs" / "reference" / "log.md").read_text("utf-8")
    missing = {line for line in loud_lines() if f"`{line}`" not in page}
    assert not missing


@pytest.mark.thorough
def test_the_page_about_the_log_has_no_line_that_is_never_written() -> None:
    from_the_server = {
        "appendonly is off", "appendfsync is ...", "the server hides its configuration",
        "the server knows no BGREWRITEAOF",
    }  # fmt: skip
    checks = (ROOT / "seriatim" / "servers" / "redis_checks.py").read_text("utf-8")
    assert {line for line in from_the_server if f'"{line.removesuffix("...")}' not in checks} == set()
    from_libraries = {"Couldn't ack ...", "error"}  # of Celery and kombu, and the field that they have
    rows = re.findall(r"^\| (`.+?`) \|", (ROOT / "docs" / "reference" / "log.md").read_text("utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert named - from_the_server - from_libraries == set(loud_lines())


def loud_lines() -> Iterator[str]:
    """The constant texts of all lines above INFO."""
    for path in chain.from_iterable((ROOT / package).rglob("*.py") for package in PACKAGES):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[ast.Constant(value=str(line))]
                ) if level in LOUD:
                    yield line
