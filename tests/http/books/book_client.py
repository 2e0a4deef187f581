"""A client of books for tests: it sends a text with chapters, and follows what becomes of it."""

from collections.abc import Mapping
from typing import Any

import httpx2

from tests.support.process_system import wait_until

HARBOUR = "# Harbour\n\nThe fog has gone. Ten boats came home. Who counted them?\n\n"
SEA = "# Sea\n\nThe sea is calm. A last line.\n\n"
N_SENTENCES = 7  #: of both, with their titles
HELD = "# Gate\n\nIt opens. The gatekeeper holds the slot. It is shut.\n\n"  #: until the test makes the gate


def make(client: httpx2.Client, text: str, headers: Mapping[str, str] | None = None, **fields: str) -> dict[str, Any]:
    """Send a book; returns its card."""
    answer = client.post("/v1/books", files={"file": ("book.md", text.encode())}, data=fields, headers=headers)
    assert answer.status_code == 202, answer.text
    card: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/books/{card['id']}"
    return card


def card_of(client: httpx2.Client, book: str) -> dict[str, Any]:
    """The card of a book as it is now."""
    answer = client.get(f"/v1/books/{book}")
    assert answer.status_code == 200, answer.text
    card: dict[str, Any] = answer.json()
    return card


def ended(client: httpx2.Client, book: str, state: str = "done") -> dict[str, Any]:
    """The card of a book once it is done, or has failed."""

    def found() -> dict[str, Any] | None:
        card = card_of(client, book)
        return card if card["state"] in ("done", "failed") else None

    card = wait_until(found, "the book is made")
    assert card["state"] == state, card["reason"]
    return card


def spoken_chapter(client: httpx2.Client, book: str, number: int) -> dict[str, Any]:
    """The sentences of a chapter once it is spoken."""

    def found() -> dict[str, Any] | None:
        answer = client.get(f"/v1/books/{book}/chapters/{number}")
        return answer.json() if answer.status_code == 200 else None

    return wait_until(found, f"chapter {number} is spoken")


def file_of(client: httpx2.Client, book: str, name: str) -> bytes:
    """A file of a book."""
    answer = client.get(f"/v1/books/{book}/files/{name}")
    assert answer.status_code == 200, answer.text
    return answer.content


def is_held(client: httpx2.Client, book: str) -> bool:
    """Whether of a book of HARBOUR and HELD the first chapter is spoken, and the second one cannot end."""
    card = card_of(client, book)
    first, second = card["chapters"]
    return bool(first["state"] == "spoken" and second["state"] == "speaking" and second["part"] > 0)


def jobs_accepted(client: httpx2.Client, pool: str = "tone") -> int:
    """How many batch jobs a pool has accepted so far."""
    lines = client.get("/metrics").text.splitlines()
    counts = [line for line in lines if line.startswith("seriatim_jobs_accepted_total{") and f'pool="{pool}"' in line]
    return sum(int(float(line.split()[-1])) for line in counts if 'kind="batch"' in line)
