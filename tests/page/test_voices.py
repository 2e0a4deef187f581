"""Many voices: espeak's 140 with its 100 timbres. One is chosen by its language, and comes back with the pool."""

import importlib.util
import os

import httpx2
import pytest

from tests.page.browser import Page
from tests.page.conftest import ESPEAK

if importlib.util.find_spec("espeakng_loader") is None:
    if os.environ.get("CI"):
        raise RuntimeError("espeakng-loader is not installed where CI is set: pip install -e '.[espeak]'")
    pytest.skip("espeakng-loader is not installed (pip install -e '.[espeak]')", allow_module_level=True)


def offered(page: Page, field: str) -> list[str]:
    """The words of a list's choices."""
    return [str(option.get_attribute("text")) for option in page.all(f"#{field} option")]


def test_a_voice_is_chosen_by_its_language(page: Page, client: httpx2.Client) -> None:
    assert not page.one("#language").is_displayed(), "where all voices speak any language there is nothing to choose"
    page.until(lambda: page.choose("pool", ESPEAK), "espeak is offered")
    page.until(lambda: "German" in offered(page, "language"), "its languages are")
    assert len(offered(page, "language")) > 80
    assert offered(page, "voice")[0] == "American English (en-us)", "the pool's own comes first"
    assert page.choose("language", "de")
    assert offered(page, "voice") == ["de"]
    assert page.choose("language", "en")
    assert page.choose("voice", "en-gb")
    assert page.choose("timbre", "+f3")
    page.speak("Good morning.")
    page.until(lambda: page.words("#state").startswith("Spoken"), "it is spoken: the gateway knows the voice")
    page.driver.refresh()
    chosen = "return ['pool', 'language', 'voice', 'timbre'].map((id) => document.getElementById(id).value)"
    page.until(lambda: page.script(chosen) == [ESPEAK, "en", "en-gb", "+f3"], "a reload finds it chosen")
    assert client.get("/v1/voices", params={"model": ESPEAK}).json()["data"][0]["id"] == "en-us"
