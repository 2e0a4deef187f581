"""Voices of chapters that are changed after their book was sent: they alone are spoken again."""

import httpx2
import pytest

from tests.http.books.book_client import HARBOUR, HELD, SEA, card_of, ended, file_of, is_held, make
from tests.http.books.test_corrections import correct, folder_of, masters
from tests.support.process_system import RealSystem, wait_until


def change(client: httpx2.Client, book: str, *wishes: str) -> httpx2.Response:
    """Ask for other narrators."""
    return client.patch(f"/v1/books/{book}", json={"chapter_voices": wishes})


def voices_of(client: httpx2.Client, book: str) -> list[str]:
    """The narrators of the chapters of a book that is done, in order."""
    return [chapter["voice"] for chapter in ended(client, book)["chapters"]]


def test_a_chapter_alone_is_spoken_in_another_voice(client: httpx2.Client, system: RealSystem) -> None:
    """With the bytes that a book has for which the voice was named at first; and so back to the voice of the book."""
    first = make(client, HARBOUR + SEA)["id"]
    ended(client, first)
    second = make(client, HARBOUR + SEA, chapter_voices="2=bass")["id"]
    ended(client, second)
    before, plain = masters(folder_of(system, first)), file_of(client, first, "Harbour.m4b")
    assert change(client, first, "2=bass").status_code == 202
    assert voices_of(client, first) == ["", "bass"]
    after = masters(folder_of(system, first))
    assert (len(before.items() & after.items()), len(after)) == (1, 2), "the other chapter is left as it was"
    assert file_of(client, first, "Harbour.m4b") == file_of(client, second, "Harbour.m4b") != plain
    assert change(client, first, "2=").status_code == 202
    assert voices_of(client, first) == ["", ""]
    assert file_of(client, first, "Harbour.m4b") == plain


def test_a_wish_that_changes_nothing_makes_nothing(client: httpx2.Client, system: RealSystem) -> None:
    """So a request that is sent again does not write the files again; and chapters that are not named keep theirs."""
    book = make(client, HARBOUR + SEA, chapter_voices="1-2=bass")["id"]
    ended(client, book)
    outcome = folder_of(system, book) / "outcome.json"
    before = outcome.stat().st_ino
    assert change(client, book, "2=Bass").json()["state"] == "done"
    assert outcome.stat().st_ino == before
    assert change(client, book, "1=alto").status_code == 202
    assert voices_of(client, book) == ["alto", "bass"]


def test_corrected_texts_stay_in_another_voice(client: httpx2.Client) -> None:
    book = make(client, SEA)["id"]
    ended(client, book)
    assert correct(client, book, "1.2", text="The sea is wild.").status_code == 202
    ended(client, book)
    assert change(client, book, "1=bass").status_code == 202
    assert voices_of(client, book) == ["bass"]
    sentence = client.get(f"/v1/books/{book}/chapters/1").json()["sentences"][1]
    assert (sentence["text"], sentence["corrected"]) == ("The sea is wild.", True)
    assert correct(client, book, "1.2", text="It is flat.").status_code == 202
    ended(client, book)
    assert change(client, book, "1=").status_code == 202
    ended(client, book)
    assert client.get(f"/v1/books/{book}/chapters/1").json()["sentences"][1]["text"] == "It is flat."


def test_a_voice_is_changed_while_the_book_is_made(client: httpx2.Client, system: RealSystem) -> None:
    system.gate.unlink(missing_ok=True)
    book = make(client, HARBOUR + HELD)["id"]
    wait_until(lambda: is_held(client, book), "a chapter stands still, and the other is spoken")
    card = change(client, book, "1=bass").json()
    assert [chapter["voice"] for chapter in card["chapters"]] == ["bass", ""]
    system.gate.touch()
    card = ended(client, book)
    assert [(chapter["voice"], chapter["state"]) for chapter in card["chapters"]] == [
        ("bass", "spoken"), ("", "spoken"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ("9=alto", "chapters '9': no chapter 9 in a document of 2 chapters"),
        ("1=alto", "chapter voice '1=alto': chapter 1 is none of the book"),
        ("2=nobody", "unknown voice 'nobody'"),
        ("alto", "chapter voice 'alto'; expected numbers and a voice, such as 5-7=alto"),
        ("all=alto", "chapters 'all'; expected numbers and ranges, such as 1-3,7,9-"),
        ("2", "chapter voice '2'; expected numbers and a voice, such as 5-7=alto"),
    ],
)
def test_what_is_no_voice_of_a_chapter_is_refused(
    client: httpx2.Client, second_chapter: str, wish: str, message: str
) -> None:
    answer = change(client, second_chapter, wish)
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["error"]["message"]
    assert card_of(client, second_chapter)["state"] == "done"
    assert client.patch(f"/v1/books/{second_chapter}", json={"title": "Other"}).status_code == 400


@pytest.fixture
def second_chapter(client: httpx2.Client) -> str:
    """A book of the second chapter alone; the same one for all."""
    key = {"idempotency-key": "second chapter"}
    return str(ended(client, make(client, HARBOUR + SEA, key, chapters="2")["id"])["id"])
