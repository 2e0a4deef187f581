"""Rules that others have written: accessibility as axe-core checks it."""

import importlib.util
import os
from importlib.resources import files
from typing import Any

import httpx2
import pytest

from tests.http.books.book_client import HARBOUR, ended, make
from tests.http.gateways import clear
from tests.page.browser import Page

if importlib.util.find_spec("selenium_axe_python") is None:
    if os.environ.get("CI"):
        raise RuntimeError("selenium-axe-python is not installed where CI is set: pip install -e '.[dev]'")
    pytest.skip("selenium-axe-python is not installed (pip install -e '.[dev]')", allow_module_level=True)

AXE = files("selenium_axe_python").joinpath("axe-core/axe.min.js")
LOOK = """
const [done] = arguments;
axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => done(violations.map(
  ({id, impact, nodes}) => `${impact} ${id}: ${nodes.map(({html}) => html.slice(0, 120)).join(" | ")}`)));
"""
EVERYTHING = """
for (const id of ["refusal", "away"]) document.getElementById(id).hidden = false;
document.getElementById("refusal-words").textContent = "All workers are taken.";
document.getElementById("news").className = "toast";
"""


def violations(page: Page) -> Any:
    """What axe-core finds wrong, of any weight."""
    page.script(AXE.read_text("utf-8") + "; window.axe = axe")
    return page.later(LOOK)


@pytest.mark.thorough
def test_axe_finds_nothing_wrong_on_any_screen_by_day_and_by_night(page: Page, client: httpx2.Client) -> None:
    assert violations(page) == [], "before anything was said"
    page.speak(" ".join(clear(6)))
    page.until(lambda: page.words("#state").startswith("Spoken"), "it is done")
    page.press("#code-fold summary")
    page.script(EVERYTHING)
    try:
        for width in (390, 1280):
            page.command(
                "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
            )
            page.until(lambda width=width: page.script("return innerWidth") == width, "the screen has its width")  # type: ignore[misc]  # called at once
            for scheme in ("light", "dark"):
                page.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                assert violations(page) == [], f"{width} pixels wide, {scheme}"
    finally:
        page.command("Emulation.clearDeviceMetricsOverride")
        page.command("Emulation.setEmulatedMedia", features=[])
    page.script("document.getElementById('key-dialog').showModal()")
    assert violations(page) == [], "where a key is asked for"
    page.script("document.getElementById('key-dialog').close()")
    page.press("#find-voice")
    page.until(lambda: page.one("#voices-dialog").is_displayed(), "the voices are listed")
    assert violations(page) == [], "where a voice is chosen"
    page.press("#close-voices")
    page.press("#job-status")
    page.until(lambda: page.all("#timeline svg rect"), "the timeline is drawn")
    assert violations(page) == [], "the operator's page"
    book = ended(client, make(client, HARBOUR, model="tone")["id"])["id"]
    page.open(f"book?book={book}&chapter=1")
    page.until(lambda: page.all("#reading [role=button]"), "a chapter is read")
    assert violations(page) == [], "the tab of books"
    page.press("#reading [role=button]")
    assert violations(page) == [], "where a sentence is corrected"
