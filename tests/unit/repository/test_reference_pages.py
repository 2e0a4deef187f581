"""Reference pages that are made from the code: none is stale, and the site finds every page."""

import re
import tomllib
from pathlib import Path

import pytest

import seriatim
from docs.generate import PAGES, REFERENCE
from workers.engines.engine_catalogue import engine_profiles

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_makes(name: str) -> None:
    assert (REFERENCE / name).read_text("utf-8") == PAGES[name](), "run: make docs"


def test_the_page_about_python_names_everything_that_can_be_imported() -> None:
    page = (REFERENCE / "python.md").read_text("utf-8")
    assert not [name for name in seriatim.__all__ if not re.search(rf"\b{name}\b", page)]


def test_the_table_of_engines_names_extras_that_are_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for name, profile in engine_profiles().items():
        assert profile.facts.about, f"{name}: its profile has no facts"
        assert not profile.install or (profile.extra or name) in extras


def test_the_menu_of_the_site_names_every_page_once() -> None:
    """Decision records are listed by their index alone."""
    menu = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]["nav"]
    named = _pages(menu)
    pages = [str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if not page.name[:4].isdigit()]
    assert sorted(named) == sorted(pages)


def test_no_page_links_to_a_file_that_the_site_does_not_have() -> None:
    """Files outside docs/ are named as code."""
    for page in DOCS.rglob("*.md"):
        for link in re.findall(r"\]\(([^)\s:#]+)[^)\s:]*\)", page.read_text("utf-8")):
            assert (page.parent / link).resolve().is_relative_to(DOCS), (page.name, link)


def test_every_decision_is_in_the_index_of_decisions() -> None:
    folder = DOCS / "explanation" / "decisions"
    index = (folder / "index.md").read_text("utf-8")
    for record in folder.glob("[0-9]*.md"):
        assert f"({record.name})" in index, record.name


def _pages(menu: object) -> list[str]:
    match menu:
        case str():
            return [menu]
        case list():
            return [page for entry in menu for page in _pages(entry)]
        case dict():
            return [page for entry in menu.values() for page in _pages(entry)]
    return []
