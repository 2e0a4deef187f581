"""Corrections of a book over HTTP: a sentence is spoken again, also while the rest of the book is made."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.http.books.book_client import HARBOUR, HELD, SEA, card_of, ended, file_of, is_held, make, spoken_chapter
from tests.support.command_line import seriatim
from tests.support.process_system import RealSystem, wait_until


def correct(client: httpx2.Client, book: str, sentence: str, **change: Any) -> httpx2.Response:
    """Ask for one correction."""
    body = {"corrections": [{"sentence": sentence, **change}]}
    return client.post(f"/v1/books/{book}/corrections", json=body)


def folder_of(system: RealSystem, book: str) -> Path:
    """The folder of a book."""
    (folder,) = (Path(system.settings.store_dir) / "books").glob(f"*/{book}")
    return folder


def masters(folder: Path) -> dict[str, int]:
    """The files of audio of all chapters, and which file each is."""
    return {path.name: path.stat().st_ino for path in (folder / "project" / "chapters").glob("*.flac")}


def test_a_corrected_sentence_alone_is_spoken_again(client: httpx2.Client, system: RealSystem, tmp_path: Path) -> None:
    """With the bytes that `seriatim book fix` makes of the same book."""
    book = make(client, HARBOUR + SEA)["id"]
    (name,) = [file["name"] for file in ended(client, book)["files"]]
    before, folder = masters(folder_of(system, book)), folder_of(system, book)
    first = file_of(client, book, name)
    assert correct(client, book, "1.3", text="Twelve boats came home. At last!").status_code == 202
    card = ended(client, book)
    sentences = client.get(f"/v1/books/{book}/chapters/1").json()["sentences"]
    assert [(one["text"], one["corrected"], one["waiting"]) for one in sentences[2:]] == [
        ("Twelve boats came home. At last!", True, False), ("Who counted them?", False, False),
    ]  # fmt: skip
    assert [one["corrections"] for one in card["chapters"]] == [1, 0]
    after = masters(folder)
    assert len(before.items() & after.items()) == 1, "the other chapter is left as it was"
    assert len(after) == 2

    source, out = tmp_path / "book.md", tmp_path / "out.m4b"
    source.write_text(HARBOUR + SEA)
    settings = {name: value for name, value in system.environment.items() if name.startswith("SERIATIM_")}
    assert seriatim("book", source, "-o", out, "--engine", "tone", "--redis", settings=settings).returncode == 0
    assert seriatim("book", "fix", out, "--sentence", "1.3", "--text", "Twelve boats came home. At last!", "--redis",
                    settings=settings).returncode == 0  # fmt: skip
    assert out.read_bytes() == file_of(client, book, name) != first


def test_a_sentence_is_corrected_while_the_book_is_made(client: httpx2.Client, system: RealSystem) -> None:
    system.gate.unlink(missing_ok=True)
    book = make(client, HARBOUR + HELD)["id"]
    wait_until(lambda: is_held(client, book), "a chapter stands still, and the other is spoken")
    assert correct(client, book, "1.2", text="The fog is back.").status_code == 202
    waiting = client.get(f"/v1/books/{book}/chapters/1").json()["sentences"][1]
    assert (waiting["text"], waiting["waiting"]) == ("The fog has gone.", True)
    assert correct(client, book, "2.1", again=True).json()["error"]["code"] == "not_spoken"
    system.gate.touch()
    ended(client, book)
    assert spoken_chapter(client, book, 1)["sentences"][1]["text"] == "The fog is back."


def test_a_later_correction_replaces_an_earlier_one(client: httpx2.Client) -> None:
    book = make(client, SEA)["id"]
    ended(client, book)
    body = {
        "corrections": [{"sentence": "1.2", "text": "The sea is wild."}, {"sentence": "1.2", "text": "It is flat."}]
    }
    assert client.post(f"/v1/books/{book}/corrections", json=body).status_code == 202
    card = ended(client, book)
    assert card["chapters"][0]["corrections"] == 2
    chapter = client.get(f"/v1/books/{book}/chapters/1").json()
    assert chapter["sentences"][1]["text"] == "It is flat."
    version = chapter["version"]
    assert correct(client, book, "1.2", again=True).status_code == 202
    ended(client, book)
    again = client.get(f"/v1/books/{book}/chapters/1").json()
    assert (again["version"] != version, again["sentences"][1]["text"]) == (True, "It is flat.")
    assert client.get(f"/v1/books/{book}/chapters/1/audio?version={version}").status_code == 404


@pytest.mark.parametrize(
    ("sentence", "change", "message"),
    [
        ("1.9", {"again": True}, "sentence 1.9: chapter 1 has sentences 1 to 3"),
        ("3.1", {"again": True}, "sentence 3.1: the book has no chapter 3"),
        ("one", {"again": True}, "sentence 'one'; expected CHAPTER.SENTENCE, such as 2.14"),
        ("1.1", {}, "sentence 1.1: expected either text, to be spoken instead, or again: true"),
        ("1.1", {"text": "New.", "again": True}, "sentence 1.1: expected either text"),
        ("1.1", {"text": "..."}, "sentence 1.1: the text has nothing to speak"),
        ("1.1", {"words": "New."}, "words:"),
    ],
)
def test_what_is_no_correction_is_refused(
    client: httpx2.Client, calm_sea: str, sentence: str, change: dict[str, Any], message: str
) -> None:
    answer = correct(client, calm_sea, sentence, **change)
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["error"]["message"]
    assert card_of(client, calm_sea)["state"] == "done"


@pytest.fixture
def calm_sea(client: httpx2.Client) -> str:
    """A book that is done; the same one for all."""
    return str(ended(client, make(client, SEA, {"idempotency-key": "calm sea"})["id"])["id"])
