"""The cast of a book on its tab: voices of speakers and of chapters, before the book is made and after."""

from pathlib import Path

import httpx2

from tests.http.books.book_client import HARBOUR, SEA, card_of, ended, make
from tests.page.browser import Page
from tests.page.test_book import book_id, choose_file, open_book, sentences

SCRIPT = "# One\n\nANNA: Good morning.\n\nBEN: Ahoy.\n\n# Two\n\nANNA: Yes.\n\nIt rains.\n\n"


def options(page: Page, selector: str) -> list[str]:
    """What may be chosen in a field."""
    return page.texts(f"{selector} option")


def preview(page: Page) -> None:
    page.script("document.getElementById('plan').hidden = true")
    page.press("#preview")
    page.until(lambda: page.one("#plan").is_displayed(), "the preview is there")


def test_speakers_have_the_voices_that_are_chosen(page: Page, client: httpx2.Client, tmp_path: Path) -> None:
    """The preview finds them; the others' voices are chosen by the gateway."""
    open_book(page)
    choose_file(page, tmp_path, SCRIPT)
    preview(page)
    assert not page.one("#speakers").is_displayed(), "they are read as they are written, unless that is wanted"
    page.press("#has-cast")
    assert page.texts("#speakers label") == ["ANNA · 2 lines", "BEN · 1 line"]
    assert options(page, "#speaker-0")[0].startswith("Automatic: ")
    page.choose("speaker-0", "bass")
    assert options(page, "#speaker-1")[0] == "Automatic", "the other's may change"
    page.press("#has-cast")
    preview(page)
    page.press("#has-cast")
    assert page.one("#speaker-0").get_property("value") == "bass"
    assert options(page, "#speaker-1")[0] == "Automatic", "the preview was made without that voice"
    preview(page)
    assert options(page, "#speaker-1")[0] not in ("Automatic", "Automatic: bass")
    ben = options(page, "#speaker-1")[0].removeprefix("Automatic: ")
    page.press("#start")
    card = ended(client, book_id(page))
    cast = {"speakers": {"ANNA": "bass", "BEN": ben}}
    voice = {"model": "tone", "voice": card["voice"], "speed": "1"}
    same = client.post("/v1/books", json=voice | {"input": SCRIPT, "markup": "markdown", "cast": cast})
    assert audio(client, ended(client, same.json()["id"])["id"]) == audio(client, card["id"])


def audio(client: httpx2.Client, book: str) -> list[bytes]:
    """The audio of both chapters."""
    return [client.get(f"/v1/books/{book}/chapters/{number}/audio").content for number in (1, 2)]


def narrators(client: httpx2.Client, book: str) -> list[str]:
    """The narrators of a book's chapters; "": the book's."""
    return [chapter["voice"] for chapter in card_of(client, book)["chapters"]]


def test_a_chapter_has_a_narrator_of_its_own(page: Page, client: httpx2.Client, tmp_path: Path) -> None:
    open_book(page)
    choose_file(page, tmp_path, HARBOUR + SEA)
    preview(page)
    assert not page.one("#cast").is_displayed(), "it has no speakers"
    page.script(
        "const field = document.querySelector('#plan-chapters [data-chapter=\"2\"]'); field.value = 'bass';"
        "field.dispatchEvent(new Event('change'))"
    )
    preview(page)
    page.press("#start")
    book = book_id(page)
    ended(client, book)
    assert narrators(client, book) == ["", "bass"]


def test_a_chapter_is_spoken_again_in_another_voice(page: Page, client: httpx2.Client) -> None:
    book = make(client, HARBOUR + SEA, model="tone")["id"]
    ended(client, book)
    version = client.get(f"/v1/books/{book}/chapters/2").json()["version"]
    open_book(page, f"?book={book}&chapter=2")
    page.until(lambda: len(sentences(page)) == 3, "its sentences are shown")
    page.until(lambda: page.one("#narrator-field").is_displayed(), "its voice is shown")
    assert not page.one("#change-narrator").is_enabled(), "it is that of the book"
    page.choose("narrator", "bass")
    page.press("#change-narrator")
    page.until(lambda: narrators(client, book) == ["", "bass"], "the gateway has it")
    page.until(lambda: version not in page.script("return document.getElementById('audio').src"), "its audio is there")
    page.until(lambda: page.words("#book-state") == "done", "and the files are written")
    assert page.complaints("status of 409") == []
