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
    row = page.until(lambda: next((r for r in page.all("#jobs li") if texts[0] in r.text), None), "it is listed")
    page.until(lambda: "spoken" in row.text, "it is listed as done")
    row.find_element("css selector", "button").click()
    page.until(lambda: page.words("#reading") == " ".join(texts), "its text is shown")
    assert page.job() == job
    page.until(lambda: page.words("#state").startswith("Spoken"), "the page knows that it is done")
    page.press("#job-status")
    page.until(lambda: len(page.all("#timeline svg rect")) > len(texts), "the timeline is drawn")
    assert f"{len(texts)} sentences by 1 worker processes" in page.words("#timeline")
    assert client.get(f"/v1/jobs/{job}/timeline").headers["x-over"], "and never again: it will not change"
    page.until(lambda: page.all(".pool"), "the pools are listed")
    pools = {card.find_element("css selector", "h3").text: card.text for card in page.all(".pool")}
    assert {"tone", SLOW} <= set(pools)
    assert "of 4 slots" in pools["tone"]
    page.press("#listen-link")
    page.until(lambda: page.words("#reading") == " ".join(texts), "and back to its text")
    assert page.job() == job


def test_a_job_is_chosen_there(page: Page, client: httpx2.Client) -> None:
    text = clear(1, "Heron")[0]
    job = client.post("/v1/jobs", json={"input": text}).json()["id"]
    page.driver.get(f"{page.url}/status")
    row = page.until(lambda: next((r for r in page.all("#jobs li") if text in r.text), None), "it is listed")
    assert not page.one("#timeline-section").is_displayed()
    row.find_element("css selector", "button").click()
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
    page.one(rename).click()
    page.one("#job-title").clear()
    page.one("#job-title").send_keys("My bird")
    page.one("#change-job").click()
    page.until(lambda: page.all("[aria-label='Delete “My bird”']"), "it has its title")
    assert client.get(f"/v1/jobs/{job}").json()["title"] == "My bird"
    page.one("[aria-label='Delete “My bird”']").click()
    page.one("#change-job").click()
    page.until(lambda: not page.all("[aria-label='Delete “My bird”']"), "it has left the list")
    assert client.delete(f"/v1/jobs/{job}/audio").status_code == 404
