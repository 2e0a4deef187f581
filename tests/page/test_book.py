"""The tab of books: a document is previewed and made, followed, heard, downloaded, and corrected by the sentence."""

from pathlib import Path

import httpx2
import pytest
from selenium.webdriver import ActionChains, Keys

from tests.http.books.book_client import HARBOUR, HELD, SEA, ended, is_held, make
from tests.page.browser import Page
from tests.support.process_system import RealSystem, wait_until

TITLES = ["1. Harbour", "2. Sea"]


def open_book(page: Page, query: str = "") -> None:
    """Open the tab, with the pool whose sentences can be held."""
    page.open(f"book{query}")
    page.until(lambda: page.choose("pool", "tone"), "the pool is offered")


def choose_file(page: Page, folder: Path, text: str) -> None:
    path = folder / "boats.md"
    path.write_text(text, "utf-8")
    page.one("#file").send_keys(str(path))
    page.until(lambda: page.words("#file-name") == "boats.md", "the document is chosen")


def book_id(page: Page) -> str:
    """The book that is open, once one is."""
    query = "return new URL(location).searchParams.get('book')"
    return str(page.until(lambda: page.script(query), "a book is open"))


def sentences(page: Page) -> list[str]:
    """The sentences of the chapter that is open; also those that the browser does not draw, as they are off screen."""
    found = "return [...document.querySelectorAll('#reading [role=button]')].map((each) => each.textContent)"
    return list(page.script(found))


def test_a_document_is_previewed_made_and_downloaded(page: Page, tmp_path: Path) -> None:
    open_book(page)
    choose_file(page, tmp_path, HARBOUR + SEA + "# Home\n\nAll are here.\n\n")
    page.press("#preview")
    page.until(lambda: page.words("#plan-title") == "Harbour", "the preview is there")
    assert page.texts("#plan-chapters label") == [*TITLES, "3. Home"]
    assert page.words("#plan-facts").startswith("3 chapters · about 0:")
    page.press("#plan-chapters input", 2)  # leave out the last one
    page.press("#start")
    book_id(page)
    page.until(lambda: page.words("#book-state") == "done", "it is made")
    assert page.texts("#book-chapters .title") == TITLES
    assert "about" not in page.words("#book-facts")
    page.until(lambda: page.texts("#books .title")[:1] == ["Harbour"], "it is listed first")
    page.press("#book-files button")
    file = page.downloads / "Harbour.m4b"
    wait_until(file.exists, "it is downloaded")
    assert page.driver.title == "Book · Seriatim"


def test_each_chapter_has_a_bar_and_is_heard_while_others_are_spoken(
    page: Page, client: httpx2.Client, system: RealSystem
) -> None:
    system.gate.unlink(missing_ok=True)
    book = make(client, HARBOUR + HELD, model="tone")["id"]
    wait_until(lambda: is_held(client, book), "a chapter stands still, and the other is spoken")
    open_book(page, f"?book={book}")
    bars = "#book-chapters progress"
    page.until(lambda: [bar.is_displayed() for bar in page.all(bars)] == [False, True], "what is spoken has a bar")
    assert page.script(f"return document.querySelectorAll('{bars}')[1].value") > 0
    assert 0 < page.script("return document.getElementById('book-progress').value") < 1
    assert page.words("#book-state").startswith("being spoken, ")
    enabled = "return [...document.querySelectorAll('#book-chapters button')].map((each) => !each.disabled)"
    assert page.script(enabled) == [True, False]
    page.press("[data-chapter='1']")
    page.until(lambda: sentences(page)[1:2] == ["The fog has gone."], "its sentences are shown")
    page.until(page.length_s, "and its audio is there")
    page.driver.refresh()
    page.until(lambda: sentences(page)[1:2] == ["The fog has gone."], "also after a reload")
    system.gate.touch()
    page.until(lambda: page.words("#book-state") == "done", "the rest is spoken")


def test_a_sentence_that_is_pressed_is_heard_and_corrected(page: Page, client: httpx2.Client) -> None:
    book = make(client, HARBOUR, model="tone")["id"]
    ended(client, book)
    open_book(page, f"?book={book}&chapter=1")
    page.until(lambda: len(sentences(page)) == 4, "its sentences are shown")
    page.press("#reading [role=button]", 2)
    assert page.words("#correction-title") == "Correct sentence 1.3"
    page.until(lambda: page.at_s() > 0, "it is heard")
    page.script("document.getElementById('corrected').value = 'Twelve boats came home.'")
    page.press("#correct")
    page.until(lambda: sentences(page)[2] == "Twelve boats came home.", "it is spoken again")
    page.until(lambda: page.words("#book-state") == "done", "and the files are written")
    corrected = client.get(f"/v1/books/{book}/chapters/1").json()["sentences"][2]
    assert (corrected["text"], corrected["corrected"]) == ("Twelve boats came home.", True)
    assert page.all("#reading .corrected")


def test_doubtful_sentences_are_listed_heard_and_corrected(
    page: Page, client: httpx2.Client, system: RealSystem
) -> None:
    system.workers(1, name="hasty", pool="hasty", options={"empty_on": "Ten boats"})
    book = make(client, HARBOUR, model="hasty")["id"]
    ended(client, book)
    open_book(page, f"?book={book}")
    page.until(lambda: page.words("#book-state") == "done", "it is shown")
    assert page.texts("#book-doubts li") == []
    page.press("#find-doubts")
    page.until(lambda: page.words("#doubts-hint") == "1 sentence to check.", "they are looked for")
    assert page.texts("#book-doubts li") == ["1.3 Ten boats came home.\nsilent"]
    page.press("#book-doubts button")
    page.until(lambda: page.words("#correction-title") == "Correct sentence 1.3", "its chapter is opened, and it")
    page.script("document.getElementById('corrected').value = 'Some boats came home.'")
    page.press("#correct")
    page.until(lambda: page.words("#doubts-hint") == "No sentences to check.", "it is looked at again")
    assert page.texts("#book-doubts li") == []
    system.end("hasty")


def test_sentences_are_reached_by_the_keyboard(page: Page, client: httpx2.Client) -> None:
    """One stop of the Tab key, and arrows from there."""
    book = make(client, HARBOUR, model="tone")["id"]
    ended(client, book)
    open_book(page, f"?book={book}&chapter=1")
    page.until(lambda: len(sentences(page)) == 4, "its sentences are shown")
    assert page.script("return document.querySelectorAll('#reading [tabindex=\"0\"]').length") == 1
    page.script("document.querySelector('#reading [tabindex=\"0\"]').focus()")
    ActionChains(page.driver).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ENTER).perform()
    page.until(lambda: page.words("#correction-title") == "Correct sentence 1.3", "the third one is pressed")
    ActionChains(page.driver).send_keys(Keys.ESCAPE).perform()
    page.until(lambda: not page.one("#correction").is_displayed(), "nothing is corrected")
    assert page.script("return document.activeElement.dataset.place") == "2"


def test_a_book_is_deleted_and_a_refusal_is_shown(page: Page, client: httpx2.Client, tmp_path: Path) -> None:
    book = make(client, SEA, model="tone")["id"]
    ended(client, book)
    open_book(page, f"?book={book}")
    page.until(lambda: page.words("#book-state") == "done", "it is shown")
    page.press("#delete")
    page.press("#confirm-delete")
    page.until(lambda: not page.one("#book").is_displayed(), "it is shown no more")
    assert client.get(f"/v1/books/{book}").status_code == 404
    choose_file(page, tmp_path, "...")
    page.press("#preview")
    page.until(lambda: page.words("#refusal"), "it says why not")
    assert not page.one("#plan").is_displayed()
    assert page.complaints("status of 400", "status of 404") == []


@pytest.mark.thorough
def test_the_tab_needs_no_scrolling_sideways_on_a_phone(page: Page, client: httpx2.Client) -> None:
    book = make(client, HARBOUR, model="tone")["id"]
    ended(client, book)
    open_book(page, f"?book={book}&chapter=1")
    page.until(lambda: len(sentences(page)) == 4, "its sentences are shown")
    try:
        widths = "return [document.scrollingElement.scrollWidth, innerWidth]"
        for width in (320, 390, 768):
            page.command(
                "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=2, mobile=True
            )

            page.until(lambda width=width: page.script(widths) == [width, width], f"all of it is on {width}")  # type: ignore[misc]  # called at once
    finally:
        page.command("Emulation.clearDeviceMetricsOverride")
