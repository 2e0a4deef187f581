"""The browser, Debian's Chromium with its own chromedriver: what a person does and sees, and what the browser knows."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    JavascriptException,
    StaleElementReferenceException,
)
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.support.process_system import PATIENCE_S, wait_until

QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--disable-default-apps", "--disable-extensions", "--mute-audio", "--no-proxy-server",
    "--autoplay-policy=no-user-gesture-required", "--window-size=1280,900",
)  # fmt: skip

T = TypeVar("T")


def installed() -> tuple[str, str]:
    """Chromium and its driver. Skips the test where they are missing; on CI that is a failure."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if found[0] is None or found[1] is None:
        why = "Chromium is not installed (apt-get install chromium chromium-driver): the page is not tested"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found[0], found[1]


@dataclass(slots=True)
class Page:
    """The page in a browser."""

    driver: Chrome
    url: str
    downloads: Path

    def open(self, query: str = "") -> None:
        """Go there anew, as on a first visit."""
        self.driver.get(f"{self.url}/page.css")  # of the same origin, and without scripts
        self.script("sessionStorage.clear(); localStorage.clear()")
        self.driver.get(f"{self.url}/{query}")
        self.until(lambda: len(self.all("#pool option")) > 1, "pools are offered")

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, selector: str, place: int = 0) -> None:
        """Press what has been scrolled to the middle of the window, away from the player at its edge.

        What the page draws anew or moves between the two is pressed where it is then, as a person would.
        """

        def pressed() -> bool:
            element = self.all(selector)[place]
            self.script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
            try:
                element.click()
            except (ElementClickInterceptedException, StaleElementReferenceException):
                return False
            return True

        wait_until(pressed, f"{selector} can be pressed")

    def open_job(self, words: str, status: str = "") -> None:
        """Press the job with these words, and this status, in the list of jobs, once it is there."""

        def opened() -> bool:
            rows = [row for row in self.all("#jobs li") if words in row.text and status in row.text]
            for row in rows[:1]:
                row.find_element(By.CSS_SELECTOR, "button").click()
            return bool(rows)

        self.until(opened, f"{words} is listed")

    def words(self, selector: str) -> str:
        """The text of an element as it is now."""
        return str(self.script("return document.querySelector(arguments[0])?.textContent ?? ''", selector))

    def texts(self, selector: str) -> list[str]:
        """The texts of all such elements, as they are at one moment."""
        code = "return [...document.querySelectorAll(arguments[0])].map((each) => (each.text ?? each.innerText).trim())"
        return [str(text) for text in self.script(code, selector)]

    def reading(self) -> list[str]:
        """The words of the text that is shown."""
        return self.one("#reading").text.split()

    def script(self, code: str, *arguments: Any) -> Any:
        return self.driver.execute_script(code, *arguments)

    @contextmanager
    def beginning_with(self, code: str) -> Iterator[None]:
        """Every document that is opened meanwhile runs a script before its own."""
        added = self.command("Page.addScriptToEvaluateOnNewDocument", source=code)
        try:
            yield
        finally:
            self.command("Page.removeScriptToEvaluateOnNewDocument", identifier=added["identifier"])

    def later(self, code: str, *arguments: Any) -> Any:
        """The result of a script that calls its last argument."""
        return self.driver.execute_async_script(code, *arguments)

    def command(self, name: str, **arguments: Any) -> Any:
        """A command of the browser's own protocol."""
        return self.driver.execute_cdp_cmd(name, arguments)

    def until(self, condition: Callable[[], T | None], what: str, patience_s: float = PATIENCE_S) -> T:
        """Wait for something; a page that is just being drawn anew counts as not yet."""

        def tried() -> T | None:
            try:
                return condition()
            except (StaleElementReferenceException, JavascriptException):
                return None

        return wait_until(tried, what, patience_s)

    def type(self, text: str) -> None:
        """Put a text into the field, as pasting does."""
        self.script(
            "const field = document.getElementById('text'); field.value = arguments[0];"
            "field.dispatchEvent(new Event('input', {bubbles: true}))",
            text,
        )

    def speak(self, text: str) -> str:
        """Type, press, and return the job's id."""
        self.type(text)
        self.press("#speak")
        return self.job()

    def choose(self, field: str, value: str) -> bool:
        """Choose from a list, if that has it."""
        chosen = self.script(
            "const [id, value] = arguments, field = document.getElementById(id);"
            "if (![...field.options].some((each) => each.value === value)) return false;"
            "field.value = value; field.dispatchEvent(new Event('change', {bubbles: true})); return true",
            field,
            value,
        )
        return bool(chosen)

    def seek(self, at_s: float) -> None:
        """Move the slider, as dragging does."""
        self.script(
            "const field = document.getElementById('seek'); field.value = arguments[0];"
            "field.dispatchEvent(new Event('input', {bubbles: true}))",
            at_s,
        )

    def stand_still(self) -> None:
        """Pause the audio, which has begun to play: what is marked stays marked, however late a test looks."""
        self.script("document.getElementById('audio').pause()")

    def length_s(self) -> float | None:
        """How long the audio element says that its sound is; None while it does not know."""
        found = self.script("return document.getElementById('audio').duration")
        return float(found) if isinstance(found, int | float) else None

    def held_from_s(self) -> float:
        """Where the sound begins that the audio element holds; -1 if it holds none."""
        held = "const {buffered} = document.getElementById('audio'); return buffered.length ? buffered.start(0) : -1"
        return float(self.script(held))

    def job(self) -> str:
        """The job that is open, once one is."""
        query = "return new URL(location).searchParams.get('job')"
        return str(self.until(lambda: self.script(query), "a job is open"))

    def at_s(self) -> float:
        """Where the audio element is."""
        return float(self.script("return document.getElementById('audio').currentTime"))

    def marked(self) -> str:
        """The text of the sentence that is marked."""
        return self.words("#reading [aria-current]")

    def complaints(self, *expected: str) -> list[str]:
        """What the browser has logged of this page since the last call: errors, and what the policy forbade.

        A request that the page of another gateway began may end, and be logged, after that page was left.
        """
        rows = [f"{row['level']}: {row['message']}" for row in self.driver.get_log("browser")]
        found = [row for row in rows if "http://127.0.0.1:" not in row or self.url in row]
        return [row for row in found if not any(each in row for each in ("favicon.ico", *expected))]


@contextmanager
def browser(folder: Path, url: str) -> Iterator[Page]:
    """A browser with a profile of its own."""
    chromium, chromedriver = installed()
    options = ChromeOptions()
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "WARNING"})
    prefs = {"download.default_directory": str(folder / "downloads"), "download.prompt_for_download": False}
    options.add_experimental_option("prefs", prefs)
    for argument in (*QUIET, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(argument)
    driver = Chrome(options, ChromeService(chromedriver))
    driver.set_script_timeout(PATIENCE_S)
    try:
        yield Page(driver, url, folder / "downloads")
    finally:
        driver.quit()
