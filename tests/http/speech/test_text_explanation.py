"""Explaining a text over HTTP: what each step makes of it, and its sentences, without a job."""

import httpx2
import pytest

TEXT = "# A *title*\n\nThe gate Ａ１ of the muse-\num. [pause:1s] Go, Nguyen!\n"
GERMAN = "Die Schiffe sind nicht von hier, und es sind 3 Boote."


def test_a_text_is_explained_as_from_the_command_line(client: httpx2.Client) -> None:
    body = {"input": TEXT, "markup": "markdown", "lexicon": {"Nguyen": "win"}, "voice": "tenor"}
    answer = client.post("/v1/text/explain", json=body)
    assert answer.status_code == 200, answer.text
    explained = answer.json()
    steps = {step["name"]: step["text"] for step in explained["steps"]}
    assert list(steps) == ["markup", "unicode", "lines", "sentences", "reading", "pronunciation"]
    assert "gate A1 of the museum." in steps["sentences"]
    assert "gate A one of the museum." in steps["reading"]
    assert steps["pronunciation"] == "3: Nguyen = win"
    assert (explained["voice"], explained["warning"]) == ("tenor", "")
    assert [(s["text"], s["pause_ms"]) for s in explained["sentences"]] == [
        ("A title", 600), ("The gate A one of the museum.", 1000), ("Go, Nguyen!", 200),
    ]  # fmt: skip


def test_sentences_are_shown_as_an_engine_gets_them(client: httpx2.Client) -> None:
    body = {"input": "Oh!--you met Dr. Low.", "language": "en", "reading": "off", "engine": "espeak"}
    steps = client.post("/v1/text/explain", json=body).json()["steps"]
    assert steps[-1] == {"name": "dialect of espeak", "text": "Oh! --you met Dr.\\xad Low."}


def test_a_page_is_explained_without_its_code_on_request(client: httpx2.Client) -> None:
    page = b"<!doctype html><p>Run it:</p><pre>x = y</pre><p>Done.</p>"
    answer = client.post("/v1/text/explain?code=skip", content=page, headers={"content-type": "text/html"})
    assert [sentence["text"] for sentence in answer.json()["sentences"]] == ["Run it:", "Done."]


def test_a_document_is_explained_with_what_it_says_of_itself(client: httpx2.Client) -> None:
    page = b"<!doctype html><title>At sea</title><nav>Menu</nav><h1>One</h1><p>It costs $5. " + b"Go on. " * 5_000
    as_file = client.post("/v1/text/explain", files={"file": page}, data={"reading": "off"})
    as_body = client.post("/v1/text/explain?reading=off", content=page, headers={"content-type": "text/html"})
    assert as_file.status_code == as_body.status_code == 200, as_body.text
    assert as_file.json() == as_body.json()
    steps = {step["name"]: step["text"] for step in as_body.json()["steps"]}
    assert list(steps)[:2] == ["document", "markup"]
    assert steps["document"] == "format: html\ntitle: At sea\nchapter 1: One (10004 words)"
    assert [sentence["text"] for sentence in as_body.json()["sentences"][:2]] == ["One", "It costs $5."]
    assert sum(len(sentence["text"]) for sentence in as_body.json()["sentences"]) < 20_000


def test_each_paragraph_has_its_language(client: httpx2.Client) -> None:
    text = f"It was the best of times, and it was the worst of times. We had 3 of them.\n\n{GERMAN}"
    explained = client.post("/v1/text/explain", json={"input": text}).json()
    assert [sentence["language"] for sentence in explained["sentences"]] == ["", "", "de"]
    assert "es sind drei Boote" in explained["sentences"][2]["text"]
    assert client.post("/v1/text/explain", json={"input": GERMAN}).json()["language"] == "de"


@pytest.mark.parametrize(("body", "field"), [
    ({"input": "a" * 20_001}, "input"), ({}, "input"), ({"input": "a", "markup": "latex"}, "markup"),
    ({"input": "a", "voice": "tennor"}, "tennor"), ({"input": "a", "engine": "hibari"}, "engine"),
])  # fmt: skip
def test_a_text_that_is_too_long_or_wrong_is_refused(client: httpx2.Client, body: dict[str, str], field: str) -> None:
    answer = client.post("/v1/text/explain", json=body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


def test_it_makes_no_job(client: httpx2.Client) -> None:
    before = {job["id"] for job in client.get("/v1/jobs").json()["data"]}
    assert client.post("/v1/text/explain", json={"input": "One."}).status_code == 200
    assert {job["id"] for job in client.get("/v1/jobs").json()["data"]} <= before
