"""Many voices: espeak's 140 with its 100 timbres. One is chosen by its language, or found, heard and kept."""

import importlib.util
import os

import httpx2
import pytest

from tests.http.decoded_audio import seconds
from tests.page.browser import Page
from tests.page.conftest import ESPEAK

if importlib.util.find_spec("espeakng_loader") is None:
    if os.environ.get("CI"):
        raise RuntimeError("espeakng-loader is not installed where CI is set: pip install -e '.[espeak]'")
    pytest.skip("espeakng-loader is not installed (pip install -e '.[espeak]')", allow_module_level=True)


def offered(page: Page, field: str) -> list[str]:
    """The words of a list's choices."""
    return page.texts(f"#{field} option")


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


def test_the_text_chooses_where_no_pool_is_chosen(page: Page, client: httpx2.Client) -> None:
    assert page.script("return document.getElementById('pool').value") == ""
    page.until(lambda: not page.one("#voice").is_displayed(), "there is no voice to choose")
    assert client.get(f"/v1/jobs/{page.speak('Good morning.')}").json()["model"] == "tone", "this gateway's default"
    page.until(lambda: page.choose("pool", ESPEAK), "espeak is offered")
    page.until(lambda: page.one("#voice").is_displayed(), "so are its voices")


def rows(page: Page) -> list[str]:
    """The names of the voices that the dialog shows."""
    visible = (
        "return [...document.querySelectorAll('#voice-rows li:not([hidden]) strong')].map((each) => each.textContent)"
    )
    return list(page.script(visible))


def open_dialog(page: Page) -> None:
    page.press("#find-voice")
    page.until(lambda: page.one("#voices-dialog").is_displayed(), "the voices are listed")


def search(page: Page, words: str) -> None:
    page.one("#voice-search").clear()
    page.one("#voice-search").send_keys(words)


def test_a_voice_is_found_in_any_pool_and_heard_before_it_is_chosen(page: Page) -> None:
    page.until(lambda: page.choose("pool", ESPEAK), "espeak is offered")
    page.choose("pool", "")
    open_dialog(page)
    assert len(rows(page)) > 140
    search(page, "SWISS fre")
    assert rows(page) == ["fr-ch"]
    assert page.words("#voice-count") == "1 voice"
    page.script("document.getElementById('sample').loop = true")  # so that it does not end by itself
    page.press("button[aria-label='Hear fr-ch']")
    page.until(lambda: page.script("return document.getElementById('sample').currentTime") > 0.2, "its sample plays")
    page.press("button[aria-label='Use fr-ch']")
    page.until(lambda: page.script("return document.getElementById('sample').paused"), "a chosen voice stops talking")
    chosen = "return ['pool', 'language', 'voice'].map((id) => document.getElementById(id).value)"
    page.until(lambda: page.script(chosen) == [ESPEAK, "fr", "fr-ch"], "the fields have it")
    page.speak("Bonjour.")
    page.until(lambda: page.words("#state").startswith("Spoken"), "it speaks")
    open_dialog(page)
    search(page, "")
    assert page.choose("voice-language", "de")
    assert rows(page) == ["de"]
    search(page, "no such voice")
    assert page.words("#voice-count") == "No voice matches."


@pytest.mark.thorough
def test_favourites_are_kept_and_come_first(page: Page) -> None:
    page.until(lambda: page.choose("pool", ESPEAK), "espeak is offered")
    page.until(lambda: page.choose("language", "it"), "its languages are")
    page.press("#favourite-voice")
    open_dialog(page)
    assert rows(page)[0] == "it"
    search(page, "swedish")
    page.press("button[aria-label='Favourite sv']")
    page.driver.refresh()
    page.until(lambda: page.one("#favourite-voice").get_attribute("aria-pressed") == "true", "a reload knows it")
    open_dialog(page)
    assert set(rows(page)[:2]) == {"it", "sv"}
    page.press("#only-favourites")
    assert len(rows(page)) == 2
    page.press("button[aria-label='Favourite it']")
    page.press("#close-voices")
    assert page.one("#favourite-voice").get_attribute("aria-pressed") == "false"


def test_a_sample_has_the_voice_in_its_own_language_with_a_timbre(page: Page, client: httpx2.Client) -> None:
    def sample_s(voice: str) -> float:
        return seconds(client.get(f"/v1/voices/{voice}/sample", params={"model": ESPEAK}).content)

    assert sample_s("de+f3") == pytest.approx(sample_s("de"), rel=0.2), "a German sentence, in both"
    assert sample_s("de+f3") > 1.2 * sample_s("lfn+f3"), "and no digits"
    page.until(lambda: page.choose("pool", ESPEAK), "espeak is offered")
    page.until(lambda: page.choose("timbre", "+f3"), "timbres are")
    page.press("#hear-voice")
    page.until(lambda: page.script("return document.getElementById('sample').currentTime") > 0.2, "it plays")
