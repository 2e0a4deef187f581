"""Shared parts of the Lua texts: each script names those that it needs, reads named fields, small ones are cheap."""

import re
from pathlib import Path

import pytest

import seriatim.lua
from seriatim.lua.script_calls import load, required_parts

ROOT = Path(seriatim.lua.__file__).parent
SCRIPTS = [(path.parent.name, path.stem) for path in sorted(ROOT.glob("*/*.lua"))]
TEXTS = sorted(ROOT.rglob("*.lua"))
BUILT_IN = {"KEYS", "ARGV", "unpack", "tonumber", "tostring", "ipairs", "pairs", "type", "error"}
WORDS = {"function", "if", "and", "or", "not", "return", "while"}


def code(text: str) -> str:
    """A Lua text without its comments and the contents of its strings."""
    return re.sub(r"--[^\n]*", "", re.sub(r"'[^'\n]*'", "''", text.removeprefix("#!lua")))


def names(text: str) -> set[str]:
    """The functions that a text calls, and the constants that it reads."""
    plain = code(text)
    found = re.findall(r"(?<![\w.:])([a-z]\w*)\(|(?<![\w.:])([A-Z]\w*)\b(?! =)", plain)
    return {name for pair in found for name in pair if name} - WORDS


def defined(text: str) -> set[str]:
    """The names that a text makes local: functions, constants, parameters."""
    plain = code(text)
    lists = re.findall(r"\blocal (?!function)([\w, ]+)|\bfunction\s*\w*\(([\w, ]*)", plain)
    return set(re.findall(r"\blocal function (\w+)", plain)) | {
        name.strip() for pair in lists for part in pair for name in part.split(",")
    }


@pytest.mark.parametrize(("folder", "name"), SCRIPTS)
def test_a_script_finds_every_name_that_it_uses(folder: str, name: str) -> None:
    text = load(folder, name).text
    assert names(text) - defined(text) - BUILT_IN == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_text_names_the_parts_that_it_uses_and_no_others(path: Path) -> None:
    """A part that arrives through another one is missing once that one needs it no more; keyspace comes by itself."""
    text, folder = path.read_text(), ROOT / path.relative_to(ROOT).parts[0]
    used = names(text) - defined(text)
    parts = {part.stem for part in (folder / "shared").glob("*.lua")} - {"keyspace", path.stem}
    assert set(required_parts(text)) == {part for part in parts if offered(folder, part) & used}


def offered(folder: Path, part: str) -> set[str]:
    """The names that a shared part makes."""
    text = (folder / "shared" / f"{part}.lua").read_text()
    return set(re.findall(r"^local (?:function )?(\w+)", text, re.MULTILINE))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_fields_are_read_by_their_names(path: Path) -> None:
    """A number in brackets says nothing, and is wrong once a field is added before it."""
    found = re.findall(r"(?:\b(?!KEYS\b|ARGV\b)\w+|\))\[\d+\]", code(path.read_text()))
    assert found == []
