"""The operator's page at /status: pools, jobs, and how the workers spoke one."""

import httpx2

from tests.http.gateways import clear
from tests.page.browser import Page
from tests.page.conftest import SLOW


def test_jobs_pools_and_the_timeline_are_shown(page: Page, client: httpx2.Client) -> None:
    texts = clear(5, "Owl")
    sentences = [{"text": text} for text in texts]
    job = client.post("/v1/jobs", json={"sentences": sentences, "kind": "live"}).json()["id"]
    page.open()
    page.open_job(texts[0], "spoken")
    page.until(lambda: page.words("#reading") == " ".join(texts), "its text is shown")
    assert page.job() == job
    page.until(lambda: page.words("#state").startswith("Spoken"), "the page knows that it is done")
    page.press("#job-status")
    page.until(lambda: len(page.all("#timeline svg rect")) > len(texts), "the timeline is drawn")
    figures = f"{len(texts)} sentences by 1 worker processes"
    page.until(lambda: figures in page.words("#timeline"), "with all of its sentences")
    path = f"/v1/jobs/{job}/timeline"
    page.until(lambda: client.get(path).headers.get("x-over"), "and never again: it will not change")
    page.until(lambda: page.all(".pool"), "the pools are listed")
    pools = dict(zip(page.texts(".pool h3"), page.texts(".pool"), strict=True))
    assert {"tone", SLOW} <= set(pools)
    assert "of 4 slots" in pools["tone"]
    page.press("#listen-link")
    page.until(lambda: page.words("#reading") == " ".join(texts), "and back to its text")
    assert page.job() == job


def test_a_job_is_chosen_there(page: Page, client: httpx2.Client) -> None:
    text = clear(1, "Heron")[0]
    job = client.post("/v1/jobs", json={"input": text}).json()["id"]
    page.driver.get(f"{page.url}/status")
    assert not page.one("#timeline-section").is_displayed()
    page.open_job(text)
    page.until(lambda: page.all("#timeline svg rect"), "the timeline is drawn")
    assert page.job() == job
    assert (
        client.get("/status").headers["content-security-policy"] == client.get("/").headers["content-security-policy"]
    )


def test_a_job_is_renamed_and_deleted(page: Page, client: httpx2.Client) -> None:
    text = clear(1, "Plover")[0]
    job = page.speak(text)
    page.until(lambda: page.words("#state").startswith("Spoken"), "it is done")
    rename = f"[aria-label='Rename “{text}”']"
    page.until(lambda: any(button.is_displayed() for button in page.all(rename)), "the list knows it, too")
    page.press(rename)
    page.one("#job-title").clear()
    page.one("#job-title").send_keys("My bird")
    page.press("#change-job")
    page.until(lambda: page.all("[aria-label='Delete “My bird”']"), "it has its title")
    assert client.get(f"/v1/jobs/{job}").json()["title"] == "My bird"
    page.press("[aria-label='Delete “My bird”']")
    page.press("#change-job")
    page.until(lambda: not page.all("[aria-label='Delete “My bird”']"), "it has left the list")
    assert client.delete(f"/v1/jobs/{job}/audio").status_code == 404
