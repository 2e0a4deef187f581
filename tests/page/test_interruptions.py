"""Interruptions of the page, which cannot go on at once: no text, no room, no key."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from seriatim.client.operator_limits import set_user_limits
from seriatim.text.segment import SegmentOptions, segment
from tests.http.gateways import Gateway, clear, start
from tests.page.browser import Page
from tests.page.conftest import SLOW
from tests.support.process_system import ROOT, RealSystem, wait_until

CUT = "ERR_INCOMPLETE_CHUNKED_ENCODING"  #: a stream that is cut on purpose: its job was cancelled
KEY = "a-key-of-more-than-16-characters"


@pytest.fixture
def crowded(system: RealSystem) -> Iterator[None]:
    """A pool of which one may have one job at a time."""
    with system.redis as redis:
        set_user_limits(redis, SLOW, "anonymous", {"jobs": 1})
        yield
        set_user_limits(redis, SLOW, "anonymous", {"jobs": None})


def occupied(client: httpx2.Client, system: RealSystem) -> str:
    """A job that has all that one may have, once what was before is over."""
    request = {"input": " ".join(system.held(clear(90))), "model": SLOW, "kind": "live"}
    return str(wait_until(lambda: client.post("/v1/jobs", json=request).json().get("id"), "there is room for it"))


@pytest.fixture(scope="module")
def locked(system: RealSystem) -> Gateway:
    path = system.folder / "keys.toml"
    path.write_text(f'[[key]]\nkey = "{KEY}"\nuser = "anna"\n', "utf-8")
    return start(system, "locked", http_keys_file=path)


def test_a_press_without_a_text_is_answered(page: Page) -> None:
    page.press("#speak")
    page.until(lambda: page.words("#news") == "There is no text yet.", "the page says so")
    assert page.one("#news").is_displayed(), "to every reader"
    assert page.script("return document.activeElement.id") == "text"


@pytest.mark.usefixtures("crowded")
def test_a_refused_job_shows_the_time_and_is_sent_again(page: Page, client: httpx2.Client, system: RealSystem) -> None:
    busy = occupied(client, system)
    page.until(lambda: page.choose("pool", SLOW), "the slow pool is offered")
    page.type(clear(1)[0])
    page.press("#speak")
    page.until(lambda: page.one("#refusal").is_displayed(), "it is refused")
    assert page.words("#refusal-words").startswith("You have reached the limit of your key. There should be room in ")
    assert page.words("#news") == page.words("#refusal-words")
    page.press("#wait")
    page.until(lambda: page.words("#countdown").startswith("Trying again in "), "it waits")
    client.delete(f"/v1/jobs/{busy}")
    assert client.get(f"/v1/jobs/{page.job()}").json()["model"] == SLOW
    assert not page.one("#refusal").is_displayed()
    page.until(lambda: page.at_s() > 0.1, "it is heard")
    assert page.complaints("status of 429") == []


@pytest.mark.thorough
@pytest.mark.usefixtures("crowded")
def test_who_does_not_want_to_wait_is_left_alone(page: Page, client: httpx2.Client, system: RealSystem) -> None:
    busy = occupied(client, system)
    page.until(lambda: page.choose("pool", SLOW), "the slow pool is offered")
    page.type(clear(1)[0])
    page.press("#speak")
    page.until(lambda: page.one("#stop-waiting").is_displayed(), "it is refused")
    page.press("#stop-waiting")
    assert not page.one("#refusal").is_displayed()
    assert page.script("return document.activeElement.id") == "text"
    assert page.one("#speak").is_enabled()
    client.delete(f"/v1/jobs/{busy}")
    assert page.complaints("status of 429") == []


@pytest.mark.thorough
def test_a_key_is_asked_for_and_kept_in_the_tab(page: Page, locked: Gateway) -> None:
    here = Page(page.driver, locked.url, page.downloads)
    here.driver.get(locked.url)
    _give(here, "not the key", question="This gateway requires an API key.")
    _give(here, KEY, question="The gateway does not accept this key. Perhaps it was replaced.")
    here.until(lambda: len(here.all("#pool option")) > 1, "pools are offered")
    here.speak(clear(2)[0])
    here.until(lambda: here.at_s() > 0.3, "it is heard")
    assert here.script("return [sessionStorage.getItem('seriatim.key'), JSON.stringify(localStorage)]") == [KEY, "{}"]
    here.press("#forget-key")
    here.until(lambda: here.one("#key-dialog").is_displayed(), "it is asked for again")
    assert here.script("return sessionStorage.getItem('seriatim.key')") is None
    assert page.complaints("status of 401") == []


@pytest.mark.thorough
def test_with_a_key_and_without_a_media_source_it_is_heard_while_it_is_spoken(
    page: Page, locked: Gateway, system: RealSystem
) -> None:
    """An audio element could not send the key."""
    here = Page(page.driver, locked.url, page.downloads)
    with here.beginning_with("delete window.MediaSource"):
        here.driver.get(locked.url)
        _give(here, KEY, question="This gateway requires an API key.")
        here.until(lambda: here.choose("pool", SLOW), "the slow pool is offered")
        texts = system.held(clear(60))
        here.speak(" ".join(texts))
        here.until(lambda: here.marked() in texts[1:], "its second sentence is heard")
        assert here.words("#state").startswith("Speaking: ")
        here.press("#cancel")
        here.until(lambda: here.words("#state") == "Cancelled by its user", "it is cancelled")
    here.script("sessionStorage.clear(); localStorage.clear()")
    assert page.complaints("status of 401", CUT) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_text_is_loaded_and_the_refusal_of_another_file_is_shown(page: Page, tmp_path: Path, encoding: str) -> None:
    text, noise = tmp_path / "good.txt", tmp_path / "noise.txt"
    mark = "\ufeff" if encoding == "utf-16-be" else ""  # Python writes the other's
    text.write_text(f"{mark}Grüße aus dem Hafen.", encoding)
    noise.write_bytes(b"\x00\x81\xff\xfe")
    page.one("#file").send_keys(str(text))
    page.until(
        lambda: page.script("return document.getElementById('text').value") == "Grüße aus dem Hafen.", "it is there"
    )
    assert page.words("#count") == "4 words"
    page.one("#file").send_keys(str(noise))
    page.until(lambda: page.words("#news") == "noise.txt is ready. The gateway will read it.", "it is attached")
    page.press("#speak")
    refusal = "The file is no UTF-8 text: byte 1 is 0x81"
    page.until(lambda: page.words("#refusal-words").startswith(refusal), "the gateway refuses it")
    assert page.complaints("status of 400") == []


def test_a_dropped_file_is_taken(page: Page) -> None:
    page.script(
        "const given = new DataTransfer(); given.items.add(new File(['Dropped in.'], 'a.txt'));"
        "document.getElementById('jobs-title').dispatchEvent("
        "new DragEvent('drop', {dataTransfer: given, bubbles: true, cancelable: true}))"
    )
    page.until(lambda: page.script("return document.getElementById('text').value") == "Dropped in.", "it is there")


def test_every_sentence_is_found_in_the_text_it_is_of(page: Page) -> None:
    """The marks stand in the text as it was typed: with its own spaces, lists and headings."""
    text = (ROOT / "examples/harbour.txt").read_text("utf-8")
    sentences = [piece.text for piece in segment(text, SegmentOptions())]
    assert [place.split() for place in _located(page, text, sentences)] == [s.split() for s in sentences]


def test_sentences_are_found_though_numbers_and_markup_are_read_otherwise(page: Page) -> None:
    text = "3 boats came in 1984. The price was $49.95.\n\n# A heading\n**Bold** words here. 今天有3個人。明天有4個人。"
    sentences = [
        "three boats came in nineteen eighty-four.",
        "The price was forty-nine dollars and ninety-five cents.",
        "A heading",
        "Bold words here.",
        "今天有三個人。",
        "明天有四個人。",
    ]
    assert _located(page, text, sentences) == [
        "3 boats came in 1984.",
        "The price was $49.95.",
        "A heading",
        "Bold** words here.",
        "今天有3個人。",
        "明天有4個人。",
    ]


def _located(page: Page, text: str, sentences: list[str]) -> list[str]:
    """The part of the text that the page takes for each sentence."""
    found = page.later(
        "const [text, sentences, done] = arguments;"
        "import('/client/sentence-location.js').then(({locateSentence}) => { let from = 0; const found = [];"
        "for (const each of sentences) { const place = locateSentence(text, from, each); found.push(place);"
        "if (place) from = place.end; } done(found) })",
        text,
        sentences,
    )
    assert None not in found, found
    return [text[place["start"] : place["end"]] for place in found]


def _give(page: Page, key: str, question: str) -> None:
    page.until(lambda: page.words("#key-message") == question, "the key is asked for")
    page.until(lambda: page.one("#key").is_displayed(), "there is a field for it")
    page.one("#key").send_keys(f"{key}\n")
