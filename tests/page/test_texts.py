"""The text of a job as it was sent: the gateway keeps it, so every reader of the job sees its paragraphs."""

from pathlib import Path

import httpx2
import pytest

from tests.http.gateways import clear
from tests.page.browser import Page
from tests.page.conftest import SLOW
from tests.support.document_files import epub
from tests.support.documents_extra import require_documents_extra
from tests.support.process_system import RealSystem

TEXTS = clear(4, "Hare")
TEXT = f"{TEXTS[0]} {TEXTS[1]}\n\n{TEXTS[2]}\n\n\n{TEXTS[3]}\n"


def paragraphs(page: Page) -> list[str]:
    return page.texts("#reading p")


EXPECTED = [f"{TEXTS[0]} {TEXTS[1]}", *TEXTS[2:]]


@pytest.mark.thorough
def test_a_job_from_the_list_is_shown_with_its_paragraphs(page: Page, client: httpx2.Client) -> None:
    """One that another tab, or another program, has sent; under the title that it was given."""
    client.post("/v1/jobs", json={"input": TEXT, "title": "Of hares"}).raise_for_status()
    page.open()
    page.open_job("Of hares")
    page.until(lambda: paragraphs(page) == EXPECTED, "its text is shown as it was sent")
    page.until(lambda: len(page.all("#reading [data-seq]")) == len(TEXTS), "and every sentence found in it")
    page.until(lambda: page.driver.title == "Of hares · Seriatim", "the tab is called so, too")


def test_what_is_not_spoken_yet_is_there_after_a_reload(page: Page, system: RealSystem) -> None:
    """And nothing of it is kept in the tab."""
    page.until(lambda: page.choose("pool", SLOW), "the slow pool is offered")
    texts = system.held(clear(30, "Toad"))
    page.speak("\n\n".join(texts))
    page.until(lambda: page.all("#reading [data-seq]"), "it has begun")
    page.driver.refresh()
    page.until(lambda: page.words("#reading .ahead").endswith(texts[-1]), "its end is shown already")
    assert page.script("return Object.keys(sessionStorage).filter((name) => name.includes('text'))") == []
    page.press("#cancel")
    page.until(lambda: page.words("#state").startswith("Cancelled"), "it is cancelled")
    page.until(page.length_s, "its sound was cut: no more will come")
    assert page.complaints("ERR_INCOMPLETE_CHUNKED_ENCODING") == []


@pytest.mark.parametrize("body", [{"sentences": [{"text": each} for each in TEXTS]}])
def test_of_other_jobs_the_sentences_are_shown(page: Page, client: httpx2.Client, body: dict[str, object]) -> None:
    job = client.post("/v1/jobs", json=body).json()["id"]
    page.open(f"?job={job}")
    page.until(lambda: paragraphs(page) == [" ".join(TEXTS)], "in one paragraph")


def test_a_book_is_sent_to_the_gateway_and_spoken(page: Page, tmp_path: Path) -> None:
    """It is shown with its own text; a plain text is loaded into the field instead, and replaces the book."""
    require_documents_extra()
    (tmp_path / "book.epub").write_bytes(epub({"a.xhtml": f"<h1>Hares</h1><p>{TEXTS[0]}</p>"}))
    (tmp_path / "note.txt").write_text(TEXTS[1], "utf-8")
    page.one("#file").send_keys(str(tmp_path / "book.epub"))
    page.until(lambda: page.words("#count") == "book.epub", "it is attached")
    page.press("#speak")
    page.job()
    page.until(lambda: paragraphs(page) == ["Hares", TEXTS[0]], "its text is shown")
    page.until(lambda: page.driver.title == "The Harbour & the Sea · Seriatim", "under its title")
    page.one("#file").send_keys(str(tmp_path / "note.txt"))
    page.until(lambda: page.script("return document.getElementById('text').value") == TEXTS[1], "the text is loaded")
    page.press("#speak")
    page.until(lambda: paragraphs(page) == [TEXTS[1]], "and spoken")
