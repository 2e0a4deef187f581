"""Dialogues on the page: the speakers of a script get voices."""

import json

import httpx2

from seriatim.records import Sentence
from tests.http.gateways import clear
from tests.page.browser import Page
from tests.support.expected_audio import stream_of
from tests.support.process_system import wait_until

ANNA, BEN, NARRATOR = clear(3, "Hare")
SCRIPT = f"{NARRATOR}\n\nANNA: {ANNA}\nBEN: {BEN}"
TONE = "tone"


def audio_of(client: httpx2.Client, job: str) -> bytes:
    """The sound of a job, once all of it is recorded."""
    wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
    return client.get(f"/v1/jobs/{job}/audio?format=pcm").raise_for_status().content


def speakers(page: Page) -> list[str]:
    """The names for which voices are offered."""
    return page.texts("#speakers label")


def test_speakers_of_a_script_have_voices(page: Page, client: httpx2.Client) -> None:
    page.until(lambda: page.choose("pool", TONE), "the pool is offered")
    page.type(SCRIPT)
    page.until(lambda: speakers(page) == ["ANNA", "BEN"], "the names are found")
    page.press("#has-cast")
    page.until(lambda: page.choose("speaker-1", "bass"), "the pool's voices are offered")
    page.press("#speak")
    job = page.job()
    page.until(lambda: page.words("#state").startswith("Spoken"), "it is spoken")
    cast = json.loads(page.words("#code").split("-d '")[1].split("'")[0])["cast"]
    assert cast == {"others": "auto", "speakers": {"BEN": "bass"}}, "the code of the page has it, too"
    request = {"input": SCRIPT, "model": TONE, "cast": cast, "drain": "store"}
    same = client.post("/v1/jobs", json=request).raise_for_status().json()["id"]
    sound, expected = (audio_of(client, each) for each in (job, same))
    assert sound == expected
    assert stream_of([Sentence(BEN, 0, voice="bass")], seed=2) in sound


def test_a_text_without_speakers_has_no_cast(page: Page) -> None:
    page.type(SCRIPT)
    page.until(lambda: page.one("#cast").is_displayed(), "there are speakers")
    page.press("#has-cast")
    page.type(f"{NARRATOR} Anna: {ANNA}")
    page.until(lambda: not page.one("#cast").is_displayed(), "there are none")
    page.press("#speak")
    page.job()
    page.until(lambda: page.words("#state").startswith("Spoken"), "it is spoken")
    assert "cast" not in page.words("#code")
