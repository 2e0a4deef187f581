"""Looks of the page that let all people use it: by keyboard, with a screen reader, on a phone, in the dark."""

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from selenium.webdriver import ActionChains, Keys

from gateway.http.routes.page import FOLDER
from tests.http.gateways import clear
from tests.page.browser import Page
from tests.support.process_system import RealSystem

NAMED = {
    "button",
    "textbox",
    "combobox",
    "slider",
    "checkbox",
    "link",
    "region",
    "progressbar",
    "meter",
    "group",
    "dialog",
}

SMALL = """
return [...document.querySelectorAll("button, select, summary, .check")].filter((each) => each.checkVisibility())
  .filter((each) => !each.matches("#jobs *")).filter((each) => each.getBoundingClientRect().height < 44)
  .map((each) => each.id || each.className);
"""
CONTRAST = Path(__file__).with_name("contrast.js")


@pytest.fixture
def finished(page: Page) -> Page:
    """The page with everything on it that can be."""
    page.speak(" ".join(clear(6)))
    page.until(lambda: page.words("#state").startswith("Spoken"), "it is done")
    page.press("#code-fold summary")
    page.script("document.getElementById('refusal').hidden = false")
    return page


def test_the_keyboard_is_enough(page: Page, system: RealSystem) -> None:
    def press(*keys: str) -> None:
        ActionChains(page.driver).send_keys(*keys).perform()

    def focus() -> str:
        return str(page.script("return document.activeElement.id || document.activeElement.className"))

    def tab_to(name: str) -> None:
        passed = []
        while focus() != name:
            press(Keys.TAB)
            passed.append(focus())
            assert len(passed) < 40, f"{name} is not reached by Tab: {passed}"

    press(Keys.TAB)
    assert focus() == "skip"
    press(Keys.ENTER)
    press(*" ".join(system.held(clear(6))))
    tab_to("speak")
    press(Keys.ENTER)
    page.until(lambda: page.at_s() > 0.2, "it is heard")
    tab_to("play")
    press(Keys.SPACE)
    page.until(lambda: page.one("#play").get_attribute("aria-label") == "Play", "it is silent")
    system.gate.touch()
    page.until(page.length_s, "all of it is there")
    tab_to("seek")
    press(Keys.HOME)
    page.until(lambda: page.at_s() < 0.3, "it is at its beginning")
    before_s = page.at_s()
    press(Keys.ARROW_RIGHT)
    page.until(lambda: abs(page.at_s() - before_s - 5) < 0.3, "an arrow moves by five seconds")
    tab_to("download")


def test_a_screen_reader_gets_everything(finished: Page) -> None:
    nodes = [n for n in finished.command("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    nameless = [n for n in nodes if _value(n, "role") in NAMED and not _value(n, "name")]
    assert not nameless
    roles = [_value(n, "role") for n in nodes]
    assert roles.count("main") == roles.count("banner") == 1
    assert {"slider", "status", "article", "navigation"} <= set(roles)
    headings = [_value(n, "name") for n in nodes if _value(n, "role") == "heading"]
    assert headings == ["Seriatim", "Say", "Listen", "Jobs"]
    ids = finished.script("return [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))
    assert finished.script("return document.documentElement.lang") == "en"
    assert finished.words("#news").startswith("Spoken, 6 sentences. "), "what happened is said, and not every sentence"


def test_a_narrow_screen_needs_no_scrolling_sideways(finished: Page) -> None:
    def fits(width: int) -> None:
        finished.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=2, mobile=True
        )
        widths = "return [document.scrollingElement.scrollWidth, innerWidth]"
        finished.until(lambda: finished.script(widths) == [width, width], f"all of it is on a screen of {width}")
        assert finished.script(SMALL) == [], f"a finger needs 44 pixels, on a screen of {width}"

    try:
        for width in (320, 390, 640, 768, 1280):  # 640: a laptop's screen at 200 %
            fits(width)
    finally:
        finished.command("Emulation.clearDeviceMetricsOverride")


def test_a_phone_shows_all_of_a_short_job_on_less_than_two_screens(page: Page) -> None:
    page.command("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    try:
        page.speak(" ".join(clear(6)))
        page.until(lambda: page.words("#state").startswith("Spoken"), "it is done")
        page.script("document.getElementById('jobs').hidden = true")  # other tests have had jobs
        assert page.script("return document.scrollingElement.scrollHeight") < 2 * 844
        page.script("scrollTo(0, document.scrollingElement.scrollHeight)")
        bottom = page.script("return document.querySelector('.player').getBoundingClientRect().bottom")
        assert bottom == pytest.approx(844, abs=1), "the player is in reach from everywhere"
    finally:
        page.command("Emulation.clearDeviceMetricsOverride")


def test_everything_can_be_read_by_day_and_by_night(finished: Page) -> None:
    def readable(scheme: str, paper: str) -> None:
        finished.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        assert finished.script("return getComputedStyle(document.body).backgroundColor") == paper
        pale = finished.script(CONTRAST.read_text("utf-8"))
        assert not pale, f"text with less contrast than 4.5 : 1 when it is {scheme} (WCAG 2.2, 1.4.3)"

    try:
        readable("light", "rgb(251, 250, 247)")
        readable("dark", "rgb(20, 21, 23)")
    finally:
        finished.command("Emulation.setEmulatedMedia", features=[])


def test_nothing_comes_from_another_host(client: httpx2.Client) -> None:
    answer = client.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get("/", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.headers["content-security-policy"]) == (304, policy)
    for path in filter(Path.is_file, (*FOLDER.iterdir(), *FOLDER.glob("client/*"))):
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "").replace("http://127.0.0.1:8000", "")
        assert not re.search(r"https?://|[\"'(]//", text), path.name


def _value(node: dict[str, Any], name: str) -> str:
    return str(node.get(name, {}).get("value", ""))
