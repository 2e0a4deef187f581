"""/v1/jobs: what can be asked of a job that was accepted."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from seriatim.records import Sentence
from seriatim.webhooks.webhook_delivery import read_deliveries
from tests.http.decoded_audio import decoded, seconds, seconds_of_pcm
from tests.http.gateways import Gateway
from tests.support.expected_audio import RATE_HZ, sentences, stream_of
from tests.support.process_system import wait_until

TEXTS = sentences(6, "job")
EXPECTED = stream_of(TEXTS)


@pytest.fixture(scope="module")
def done(gateway: Gateway) -> str:
    """A job that is done and recorded."""
    with gateway.client() as client:
        job = new(client, input=" ".join(TEXTS))
        ended(client, job)
        wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")
    return job


def test_a_job_is_accepted_spoken_and_kept(client: httpx2.Client) -> None:
    answer = client.post("/v1/jobs", json={"input": " ".join(TEXTS)})
    assert answer.status_code == 202
    card = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{card['id']}"
    assert (card["kind"], card["drain"], card["model"]) == ("batch", "store", "tone")
    card = ended(client, card["id"])
    assert card["sentences"] == card["sentences_done"] == len(TEXTS)
    assert card["audio_s"] == pytest.approx(seconds_of_pcm(EXPECTED), abs=0.001)
    assert card["id"] in [job["id"] for job in client.get("/v1/jobs").json()["data"]]


def test_a_webhook_is_recorded_as_the_job_ends(client: httpx2.Client, gateway: Gateway) -> None:
    job = new(client, input=TEXTS[0], webhook="https://example.org/ended")
    ended(client, job)
    with gateway.system.redis as redis:
        found = {d.job: d for d in read_deliveries(redis, dead=False)}[job]
    assert (found.target.url, found.state, found.sentences) == ("https://example.org/ended", "done", 1)
    assert "seriatim_webhooks_waiting 1.0" in client.get("/metrics").text
    refused = client.post("/v1/jobs", json={"input": TEXTS[0], "webhook": "http://localhost/ended"})
    assert refused.status_code == 400
    assert "http is for the hosts that SERIATIM_WEBHOOK_HOSTS names" in refused.json()["error"]["message"]


def test_a_dialogue_is_one_job(client: httpx2.Client) -> None:
    voices = [voice["id"] for voice in client.get("/v1/voices").json()["data"]][:2]
    spoken_sentences = [{"text": text, "voice": voices[i % 2], "pause_ms": 100} for i, text in enumerate(TEXTS[:4])]
    job = new(client, sentences=spoken_sentences)
    audio = client.get(f"/v1/jobs/{job}/audio?format=pcm").content
    assert audio == stream_of([Sentence(s["text"], 100, s["voice"]) for s in spoken_sentences])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_uploaded(client: httpx2.Client, encoding: str) -> None:
    """UTF-16 is what editors of Windows call Unicode; the command line reads it, too."""
    file = ("page.txt", " ".join(TEXTS).encode(encoding), "text/plain")
    answer = client.post("/v1/jobs", files={"file": file}, data={"kind": "live", "pause_ms": "0"})
    assert answer.status_code == 202, answer.text
    assert answer.json()["kind"] == "live"
    assert ended(client, answer.json()["id"])["sentences"] == len(TEXTS)


def test_the_same_idempotency_key_names_the_same_job(client: httpx2.Client) -> None:
    headers = {"idempotency-key": "once"}
    ids = {client.post("/v1/jobs", json={"input": TEXTS[0]}, headers=headers).json()["id"] for _ in range(3)}
    assert len(ids) == 1


def test_an_idempotency_key_that_stands_for_another_text_is_a_conflict(client: httpx2.Client) -> None:
    """OpenAI's clients do not try again by themselves. A duplicate is described as its job is, not as asked for."""
    headers = {"idempotency-key": "one text"}
    first = client.post("/v1/jobs", json={"input": TEXTS[0]}, headers=headers).json()
    for body in ({"input": TEXTS[1]}, {"input": TEXTS[0], "speed": 1.5}):
        answer = client.post("/v1/jobs", json=body, headers=headers)
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "idempotency_conflict"
        assert answer.headers["x-should-retry"] == "false"
    again = client.post("/v1/jobs", json={"input": TEXTS[0], "kind": "live", "drain": "window"}, headers=headers).json()
    assert (again["id"], again["drain"], again["kind"]) == (first["id"], "store", "batch")


def test_sound_of_a_running_job_is_heard_by_any_number(gateway: Gateway, client: httpx2.Client) -> None:
    texts = sentences(30, "many")
    job = new(client, sentences=[{"text": text} for text in texts], kind="live")
    audio = [client.get(f"/v1/jobs/{job}/audio?format=pcm").content for _ in range(2)]
    assert audio == [stream_of(texts)] * 2


@pytest.mark.parametrize("name", ["pcm", "wav", "mp3", "opus", "flac", "aac"])
def test_parts_of_a_recording_make_the_whole(client: httpx2.Client, done: str, name: str) -> None:
    path = f"/v1/jobs/{done}/audio?format={name}"
    whole = client.get(path)
    assert whole.headers["accept-ranges"] == "bytes"
    assert int(whole.headers["content-length"]) == len(whole.content)
    half = len(whole.content) // 2
    parts = [client.get(path, headers={"range": r}) for r in (f"bytes=0-{half - 1}", f"bytes={half}-")]
    assert [part.status_code for part in parts] == [206, 206]
    assert parts[0].content + parts[1].content == whole.content
    assert client.get(path, headers={"range": "bytes=999999999-"}).status_code == 416
    if name == "pcm":
        assert whole.content == EXPECTED
    else:
        assert -0.01 < seconds(whole.content) - seconds_of_pcm(EXPECTED) < 0.3


def test_a_wav_of_a_recording_says_its_length(client: httpx2.Client, done: str) -> None:
    wav = client.get(f"/v1/jobs/{done}/audio?format=wav").content
    assert int.from_bytes(wav[40:44], "little") == len(EXPECTED)
    assert decoded(wav)[1] == RATE_HZ


def test_a_listener_goes_on_behind_the_last_event_that_it_has(client: httpx2.Client, done: str) -> None:
    path = f"/v1/jobs/{done}/audio?format=pcm&sse=1"
    everything = list(events_of(client.get(path).text))
    for cut in (1, len(everything) // 2, len(everything) - 2):
        last = everything[cut]["id"]
        rest = [e["id"] for e in events_of(client.get(path, headers={"last-event-id": last}).text)]
        assert rest == [e["id"] for e in everything[cut + 1 :]]
        assert [e["id"] for e in events_of(client.get(f"{path}&after={last}").text)] == rest


def test_events_say_what_is_said_when(client: httpx2.Client) -> None:
    job = new(client, input=" ".join(TEXTS), kind="live")
    events = list(events_of(client.get(f"/v1/jobs/{job}/events").text))
    announced = [e for e in events if e["event"] == "sentence"]
    assert [e["text"] for e in announced] == TEXTS
    starts = [seconds_of_pcm(stream_of(TEXTS[:n])) for n in range(len(TEXTS))]
    assert [e["at_s"] for e in announced] == pytest.approx(starts, abs=0.001)
    timed = [e for e in events_of(client.get(f"/v1/jobs/{job}/events?words=true").text) if e["event"] == "sentence"]
    assert [" ".join(word["text"] for word in e["words"]) + "." for e in timed] == [e["text"] for e in announced]
    assert events[-1]["event"] == "end"
    assert events[-1]["state"] == "done"
    assert events[-1]["audio_s"] == pytest.approx(seconds_of_pcm(EXPECTED), abs=0.001)
    assert [e["id"] for e in events] == sorted((e["id"] for e in events), key=lambda p: [int(x) for x in p.split("-")])


def test_events_go_on_behind_the_last_one(client: httpx2.Client, done: str) -> None:
    events = list(events_of(client.get(f"/v1/jobs/{done}/events").text))
    again = client.get(f"/v1/jobs/{done}/events", headers={"last-event-id": events[2]["id"]}).text
    assert list(events_of(again)) == events[3:]


def test_events_of_a_running_job_come_as_it_is_spoken(gateway: Gateway, client: httpx2.Client) -> None:
    job = new(client, input=" ".join(gateway.system.held(TEXTS[:2])))
    with client.stream("GET", f"/v1/jobs/{job}/events") as response:
        first = next(line for line in response.iter_lines() if line.startswith("data: "))
        assert json.loads(first.removeprefix("data: "))["seq"] == 0
        assert client.get(f"/v1/jobs/{job}").json()["state"] == "running"
    client.delete(f"/v1/jobs/{job}")


def test_captions_have_every_sentence_in_its_time(client: httpx2.Client, done: str) -> None:
    found = client.get(f"/v1/jobs/{done}/captions?format=json").json()
    assert found["whole"]
    assert [c["text"] for c in found["captions"]] == TEXTS
    assert found["captions"][-1]["end_s"] == pytest.approx(seconds_of_pcm(EXPECTED), abs=0.001)
    srt = client.get(f"/v1/jobs/{done}/captions?format=srt")
    assert srt.headers["content-type"].startswith("application/x-subrip")
    times = re.findall(r"^(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})$", srt.text, re.MULTILINE)
    assert len(times) >= len(TEXTS)
    vtt = client.get(f"/v1/jobs/{done}/captions")
    assert vtt.headers["content-type"].startswith("text/vtt")
    assert vtt.text.startswith("WEBVTT\n\n")
    assert all(text in " ".join(vtt.text.splitlines()) for text in TEXTS if len(text) < 80)


def test_who_saw_a_job_end_gets_all_of_its_captions(client: httpx2.Client) -> None:
    """The recorder may be a moment behind the stream that the end is seen in: some of twenty would be incomplete."""
    for i in range(20):
        job = new(client, input=f"Job {i} is short. It has ended.")
        client.get(f"/v1/jobs/{job}/events").raise_for_status()
        assert client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"]


def test_captions_cannot_be_broken_by_their_text(client: httpx2.Client) -> None:
    text = "He wrote 00:00:01.000 --> 00:00:09.000 <b>& more</b>."
    job = new(client, sentences=[{"text": text}], markup="none", reading="off")  # the arrow comes to the captions
    ended(client, job)
    vtt = wait_until(lambda: v if "He wrote" in (v := client.get(f"/v1/jobs/{job}/captions").text) else "")
    assert vtt.count("-->") == 1
    assert "<b>" not in vtt


def test_an_ended_job_is_silent_at_once_and_stays_known(gateway: Gateway, client: httpx2.Client) -> None:
    job = new(client, input=" ".join(gateway.system.held(TEXTS)))
    card = client.delete(f"/v1/jobs/{job}").json()
    assert card["state"] == "cancelled"
    assert client.delete(f"/v1/jobs/{job}").json()["state"] == "cancelled", "again is no error"
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.HTTPStatusError)):  # cut after some sound, or refused before
        client.get(f"/v1/jobs/{job}/audio").raise_for_status()


@pytest.mark.parametrize("path", ["", "/audio", "/events", "/captions"])
@pytest.mark.parametrize("job", ["0" * 32, "no such job", "a|b", "..%2f..%2fetc", "{k:00}"])
def test_jobs_that_are_not_there_are_not_found(client: httpx2.Client, job: str, path: str) -> None:
    answer = client.get(f"/v1/jobs/{job}{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"input": "Hi.", "sentences": []}', "application/json", 400),
        (b'{"input": "Hi.", "speedd": 2}', "application/json", 400),
        (b'{"input": "\\ud800"}', "application/json", 400),
        (b'{"input": ', "application/json", 400),
        (b"Hi.", "image/png", 415),
        (b"", "multipart/form-data", 400),
        (b'{"input": "Hi.", "speed": NaN}', "application/json", 400),
        (b'{"sentences": [{"text": "Hi.", "voice": "alcie"}]}', "application/json", 400),
    ],
)
def test_bodies_that_cannot_be_used_are_refused(client: httpx2.Client, body: bytes, kind: str, status: int) -> None:
    answer = client.post("/v1/jobs", content=body, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"\xed\xa0\x80", b"RIFF\0\0\0\0WAVE"])
def test_a_file_that_is_no_text_is_refused(client: httpx2.Client, raw: bytes) -> None:
    answer = client.post("/v1/jobs", files={"file": ("x.bin", raw, "text/plain")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")


def new(client: httpx2.Client, **body: Any) -> str:
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ended(client: httpx2.Client, job: str) -> dict[str, Any]:
    def card() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
        return found if found["state"] != "running" else None

    return wait_until(card, f"job {job} ends")


def events_of(stream: str) -> Iterator[dict[str, Any]]:
    """Server-sent events."""
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            yield json.loads(fields["data"]) | {"event": fields.get("event", "message"), "id": fields["id"]}
