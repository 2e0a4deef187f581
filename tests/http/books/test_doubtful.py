"""Doubtful sentences of a book over HTTP: those that may be spoken badly, to be checked."""

from pathlib import Path
from typing import Any

import httpx2

from tests.http.books.book_client import HARBOUR, HELD, ended, is_held, make, spoken_chapter
from tests.http.books.test_corrections import correct
from tests.support.command_line import seriatim
from tests.support.process_system import RealSystem, wait_until

SKIPPED = "He skipped most of this long sentence, which nobody has heard to its end."
TEXT = HARBOUR.replace("Ten boats came home.", SKIPPED)


def doubts(client: httpx2.Client, book: str) -> dict[str, Any]:
    """The sentences to check, once all chapters that are spoken are measured."""

    def found() -> dict[str, Any] | None:
        answer = client.get(f"/v1/books/{book}/doubtful")
        assert answer.status_code == 200, answer.text
        return None if answer.json()["unmeasured"] else answer.json()

    return wait_until(found, "the chapters are measured")


def test_a_sentence_that_lost_its_words_is_listed_until_it_is_corrected(
    client: httpx2.Client, system: RealSystem, tmp_path: Path
) -> None:
    """As `seriatim book fix` lists it."""
    system.workers(1, name="hasty", pool="hasty", options={"empty_on": "skipped"})
    book = make(client, TEXT, model="hasty")["id"]
    ended(client, book)
    found = doubts(client, book)
    (listed,) = found["data"]
    assert (listed["sentence"], listed["chapter"], listed["text"], found["unspoken"]) == ("1.3", 1, SKIPPED, [])
    assert listed["doubts"] == ["silent"]
    source, out = tmp_path / "book.md", tmp_path / "out.m4b"
    source.write_text(TEXT)
    settings = {name: value for name, value in system.environment.items() if name.startswith("SERIATIM_")}
    assert seriatim("book", source, "-o", out, "--engine", "hasty", "--redis", settings=settings).returncode == 0
    assert listed["doubts"][0] in seriatim("book", "fix", out, settings=settings).stdout.decode()
    assert correct(client, book, "1.3", text="Ten boats came home.").status_code == 202
    ended(client, book)
    assert doubts(client, book)["data"] == []
    system.end("hasty")


def test_chapters_that_are_spoken_are_checked_while_others_are_not(client: httpx2.Client, system: RealSystem) -> None:
    system.gate.unlink(missing_ok=True)
    book = make(client, HARBOUR + HELD)["id"]
    wait_until(lambda: is_held(client, book), "a chapter stands still, and the other is spoken")
    spoken_chapter(client, book, 1)
    found = doubts(client, book)
    assert (found["data"], found["unspoken"]) == ([], [2])
    system.gate.touch()
    ended(client, book)
    assert doubts(client, book)["unspoken"] == []
