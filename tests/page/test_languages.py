"""Languages of a voice: one of them is sent with the job; what the browser has no name for is called as engines do."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from seriatim.keys import pool_prefix
from seriatim.lua.pool_records import RetryPolicy, WorkerRegistration
from seriatim.lua.pool_scripts import leave, register
from seriatim.lua.script_calls import run
from tests.page.browser import Page
from tests.support.process_system import RealSystem

POOL = "babel"  #: a pool whose worker has only registered: nothing is spoken here
LIFE_MS = 600_000  #: of the worker without a sign of life: longer than any test
CARDS: list[dict[str, Any]] = [
    {"name": "Ana", "language": "", "description": "of the checkpoint", "languages": ["en", "de", "zh-cn"]},
    {"name": "Ben", "language": "de", "description": "cloned", "languages": ["en", "de", "zh-cn"]},
    {"name": "belter", "language": "qdb", "description": "Lang Belta"},
]
RECORD_REQUESTS = """
const send = window.fetch;
window.asked = [];
window.fetch = (path, options) => {
  if (options?.method === "POST") window.asked.push(JSON.parse(options.body));
  return send(path, options);
};
"""


@pytest.fixture
def babel(system: RealSystem) -> Iterator[None]:
    facts = WorkerRegistration(2, 8000, "exact", 0.1, 0.9, 0.1, json.dumps(CARDS), "babel", "here", 1, 1)
    with system.redis as redis:
        run(redis, register(POOL, "w", LIFE_MS, facts))
        yield
        run(redis, leave(POOL, "w", RetryPolicy(1, 1, 1), died=False))
        assert redis.ttl(f"{pool_prefix(POOL)}:voices") > 0


def offered(page: Page, field: str) -> list[str]:
    return page.texts(f"#{field} option")


@pytest.mark.thorough
@pytest.mark.usefixtures("babel")
def test_a_voice_of_many_languages_speaks_the_one_that_is_chosen(page: Page, client: httpx2.Client) -> None:
    page.until(lambda: page.choose("pool", POOL), "a pool that came after the gateway is offered")
    page.until(lambda: page.one("#language").is_displayed(), "there is something to choose")
    assert offered(page, "language") == ["Chinese", "English", "German", "Lang Belta"]
    assert page.script("return document.getElementById('language').value") == "en", "as the browser has it"
    assert offered(page, "voice") == ["Ana", "Ben"]
    page.choose("voice", "Ben")
    page.choose("language", "zh")
    assert page.script("return document.getElementById('voice').value") == "Ben", "who speaks that as well"
    page.script(RECORD_REQUESTS)
    job = page.speak("Good morning.")
    assert page.script("return window.asked[0].language") == "zh"
    client.delete(f"/v1/jobs/{job}")
    page.choose("language", "qdb")
    assert offered(page, "voice") == ["belter"]
    page.script("history.replaceState(null, '', '/')")
    job = page.speak("Good morning.")
    assert page.script("return 'language' in window.asked[1]") is False, "a voice of one language needs none"
    client.delete(f"/v1/jobs/{job}")
    page.choose("language", "zh")
    page.script("history.replaceState(null, '', '/')")
    page.driver.refresh()
    chosen = "return ['pool', 'language', 'voice'].map((id) => document.getElementById(id).value)"
    page.until(lambda: page.script(chosen) == [POOL, "zh", "Ana"], "a reload finds it chosen")
    ours = [line for line in page.complaints("status of 409") if str(client.base_url).rstrip("/") in line]
    assert ours == [], "jobs without sound are 409; a page of another test's gateway may have complained before"
