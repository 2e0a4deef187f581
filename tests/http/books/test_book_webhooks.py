"""The webhook of a book: signed, at least once, with one id for each time that the book has ended."""

from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.http.books.book_client import HARBOUR, SEA, card_of, ended, make
from tests.http.gateways import start
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from tests.support.webhook_receiver import SECRET, WebhookReceiver


@pytest.fixture(scope="module")
def hooked(new_system: Callable[..., RealSystem], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A client of a system whose webhooks may go to this machine; no worker speaks of venom."""
    secret_file = tmp_path_factory.mktemp("webhooks") / "secret"
    secret_file.write_text(SECRET)
    system = new_system(
        webhook_secret_file=str(secret_file), webhook_hosts="127.0.0.1", webhook_retry_s=",".join(["0.1"] * 1_000),
        webhook_timeout_s=PATIENCE_S,
    )  # fmt: skip
    system.reassembler()
    system.workers(1, options={"fail_on": "venom"})
    with start(system, "hooked").client() as client:
        yield client


def test_the_end_of_a_book_is_posted_once_its_files_are_there(hooked: httpx2.Client, receiver: WebhookReceiver) -> None:
    receiver.answers = [500]
    book = make(hooked, HARBOUR + SEA, webhook=receiver.url, title="Boats")["id"]
    (message,) = wait_until(lambda: receiver.accepted, "a message")
    card = card_of(hooked, book)
    assert (card["state"], [file["name"] for file in card["files"]]) == ("done", ["Boats.m4b"])
    assert message["type"] == "book.done"
    assert message["data"] == {
        "book": book, "state": "done", "reason": "", "user": "anonymous", "title": "Boats", "chapters": 2, "gaps": 0,
        "audio_ms": pytest.approx(1000 * card["estimated_s"], abs=2),
    }  # fmt: skip
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1, "what was not accepted came again with its id, and no chapter has its own"


def test_a_corrected_book_has_ended_again(hooked: httpx2.Client, receiver: WebhookReceiver) -> None:
    book = make(hooked, SEA, webhook=receiver.url)["id"]
    wait_until(lambda: len(receiver.accepted) == 1, "the first message")
    correction = {"sentence": "1.2", "text": "The sea is wild."}
    assert hooked.post(f"/v1/books/{book}/corrections", json={"corrections": [correction]}).status_code == 202
    wait_until(lambda: len(receiver.accepted) == 2, "the second message")
    assert len(set(receiver.ids)) == 2
    assert [message["type"] for message in receiver.accepted] == ["book.done"] * 2


def test_a_failed_book_says_why(hooked: httpx2.Client, receiver: WebhookReceiver) -> None:
    book = make(hooked, "# Snake\n\nThe venom is cold.\n\n", webhook=receiver.url, gap="fail")["id"]
    (message,) = wait_until(lambda: receiver.accepted, "a message")
    card = ended(hooked, book, "failed")
    assert (message["type"], message["data"]["reason"]) == ("book.failed", card["reason"])


def test_a_receiver_that_cannot_be_used_is_refused(hooked: httpx2.Client) -> None:
    for url in ("http://example.org/", "nowhere", "https://user:secret@example.org/"):
        answer = hooked.post("/v1/books", files={"file": SEA.encode()}, data={"webhook": url})
        assert (answer.status_code, "webhook" in answer.json()["error"]["message"]) == (400, True), answer.text
