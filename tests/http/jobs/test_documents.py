"""Documents over HTTP: as a file of a form or as the body; titles, refusals, and what a hostile one costs others."""

import threading
from typing import Any

import httpx2
import pytest

from tests.http.gateways import start
from tests.support.document_files import archive, epub, epub_members
from tests.support.documents_extra import require_documents_extra
from tests.support.process_system import RealSystem, wait_until

require_documents_extra()

BOOK = epub({"a.xhtml": "<h1>One</h1><p>The fox sings &lt;b&gt; of hills.</p>"}, [("a.xhtml", "One")])
TEXT = "One\n\nThe fox sings <b> of hills.\n\n"


def test_a_book_is_spoken_under_its_title(client: httpx2.Client) -> None:
    card = client.post("/v1/jobs", files={"file": ("x", BOOK, "text/plain")}, data={"drain": "store"}).json()
    assert card["title"] == "The Harbour & the Sea"
    assert client.get(f"/v1/jobs/{card['id']}/text").text == TEXT
    captions = wait_until(
        lambda: found if (found := client.get(f"/v1/jobs/{card['id']}/captions?format=json").json())["whole"] else None
    )
    assert [caption["text"] for caption in captions["captions"]] == ["One", "The fox sings <b> of hills."]


@pytest.mark.parametrize("kind", ["application/epub+zip", "application/octet-stream", "text/plain; charset=utf-8"])
def test_a_document_is_a_body_with_its_fields_in_the_query(client: httpx2.Client, kind: str) -> None:
    answer = client.post("/v1/jobs?title=At+sea&speed=2", content=BOOK, headers={"content-type": kind})
    assert answer.status_code == 202, answer.text
    assert answer.json()["title"] == "At sea"
    assert client.get(f"/v1/jobs/{answer.json()['id']}/text").text == TEXT
    wrong = client.post("/v1/jobs?speed=9", content=BOOK, headers={"content-type": kind})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "speed")


def test_a_book_that_lacks_a_page_is_spoken_with_a_warning(client: httpx2.Client) -> None:
    members = epub_members({"a.xhtml": "<p>The fox.</p>", "b.xhtml": "<p>Gone.</p>"})
    del members["OEBPS/b.xhtml"]
    answer = client.post("/v1/jobs", content=archive(members), headers={"content-type": "application/epub+zip"})
    assert answer.status_code == 202, answer.text
    assert "the book lacks its page 'OEBPS/b.xhtml'" in answer.headers["seriatim-warning"]
    assert client.get(f"/v1/jobs/{answer.json()['id']}/text").text == "The fox.\n\n"


def test_a_text_whose_markup_is_named_is_read_as_it_is(client: httpx2.Client) -> None:
    page = b"<html><body><nav>Menu</nav><p>Text.</p></body></html>"
    for markup, text in (("auto", "Text.\n\n"), ("html", page.decode())):
        card = client.post("/v1/jobs", files={"file": page}, data={"markup": markup}).json()
        assert client.get(f"/v1/jobs/{card['id']}/text").text == text


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff\xd8\xff\xe0JFIF", "the file is an image; recognize its text first"),
        (BOOK[:-30], "the file is a damaged archive"),
        (archive(epub_members({"a.xhtml": "<p>x"}) | {"META-INF/rights.xml": ""}), "protected against copying (DRM)"),
        (epub({"a.xhtml": "<p/>"}), "has no text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_line(client: httpx2.Client, raw: bytes, message: str) -> None:
    answer = client.post("/v1/jobs", files={"file": raw})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("limits", "page", "message"),
    [
        ({"document_memory_bytes": 128 * 1024 * 1024}, ("<p>" + "word " * 1_800_000 + "</p>") * 3, "the file"),
        ({"document_timeout_s": 0.2}, "<p>" + "<i>a</i> " * 1_000_000, "takes longer than 0.2 s"),
    ],
)
def test_a_hostile_document_costs_nothing_but_its_own_process(
    system: RealSystem, limits: dict[str, Any], page: str, message: str
) -> None:
    """Others are answered meanwhile."""
    name = "-".join(limits)
    limited = start(system, name, **limits)
    answers: list[httpx2.Response] = []

    def send() -> None:
        with limited.client() as client:
            answers.append(client.post("/v1/jobs", files={"file": epub({"a.xhtml": page})}, timeout=60))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        with limited.client() as other:
            while sender.is_alive():
                other.get("/healthz").raise_for_status()
    finally:
        sender.join()
        system.end(name)
    assert answers[0].status_code == 400
    assert message in answers[0].json()["error"]["message"]
