"""Texts and titles of jobs: in lists, and as a file."""

import subprocess
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.recordings.filenames import content_disposition
from seriatim import recording_store
from seriatim.audio.title_tags import TITLE_CHARS, first_words
from tests.http.gateways import Gateway, clear, start
from tests.support.command_line import installed
from tests.support.process_system import RealSystem, wait_until

TEXT = "The harbour\n\nFox 0 sings of green hills.  Fox 1 sings of green hills.\r\n\r\n– Grüße, 海! –\n"


def new(client: httpx2.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 202, answer.text
    card: dict[str, Any] = answer.json()
    return card


def whole(client: httpx2.Client, job: str) -> None:
    wait_until(lambda: client.get(f"/v1/jobs/{job}/captions?format=json").json()["whole"], "it is recorded")


def test_a_text_is_given_back_as_it_came(client: httpx2.Client) -> None:
    card = new(client, input=TEXT)
    assert card["has_text"]
    answer = client.get(f"/v1/jobs/{card['id']}/text")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.decode() == TEXT
    assert client.get(f"/v1/jobs/{card['id']}/text", headers={"range": "bytes=4-10"}).content == b"harbour"


def test_a_file_is_given_back_as_a_text(client: httpx2.Client) -> None:
    file = ("page.txt", TEXT.encode("utf-8-sig"), "text/plain")
    card = client.post("/v1/jobs", files={"file": file}, data={"title": "A  page\tof mine"}).json()
    assert card["title"] == "A page of mine"
    assert client.get(f"/v1/jobs/{card['id']}/text").content.decode() == TEXT


def test_what_came_as_sentences_or_is_not_recorded_has_no_text(client: httpx2.Client) -> None:
    for body in ({"sentences": [{"text": "Hello."}]}, {"input": TEXT, "drain": "window", "kind": "live"}):
        card = new(client, **body)
        assert not card["has_text"]
        answer = client.get(f"/v1/jobs/{card['id']}/text")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        client.delete(f"/v1/jobs/{card['id']}")


def test_the_text_of_a_detached_speech_is_kept_with_its_recording(client: httpx2.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "detach": True, "response_format": "pcm"})
    assert client.get(f"/v1/jobs/{answer.headers['seriatim-job']}/text").content.decode() == TEXT


def test_the_first_title_counts_for_a_job_that_is_asked_for_twice_and_another_text_is_refused(
    client: httpx2.Client,
) -> None:
    once = {"idempotency-key": "a text once"}
    card = client.post("/v1/jobs", json={"input": TEXT, "title": "One"}, headers=once).json()
    again = client.post("/v1/jobs", json={"input": TEXT, "title": "Two"}, headers=once).json()
    assert (again["id"], again["title"]) == (card["id"], "One")
    other = client.post("/v1/jobs", json={"input": "Another.", "title": "Two"}, headers=once)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert client.get(f"/v1/jobs/{card['id']}/text").content.decode() == TEXT


def test_a_text_goes_with_its_recording(client: httpx2.Client, system: RealSystem) -> None:
    job = new(client, input=TEXT)["id"]
    whole(client, job)
    place = recording_store.folder(system.folder / "store", job)
    assert {path.name for path in place.iterdir()} == {"audio.s16", "events.jsonl", "owner", "text", "title"}
    assert client.delete(f"/v1/jobs/{job}/audio").status_code == 204
    assert client.get(f"/v1/jobs/{job}/text").status_code == 404
    wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["title"] == "", "its stream, now stored, is trimmed")


def test_a_key_cannot_read_the_text_of_another(system: RealSystem, tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text("".join(f'[[key]]\nkey = "{name * 16}"\nuser = "{name}"\n' for name in "ab"), "utf-8")
    locked = start(system, "two-users", http_keys_file=keys)
    with locked.client("a" * 16) as anna, locked.client("b" * 16) as ben, locked.client() as keyless:
        path = f"/v1/jobs/{new(anna, input=TEXT)['id']}/text"
        assert [each.get(path).status_code for each in (anna, ben, keyless)] == [200, 404, 401]
    system.end("two-users")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({"input": TEXT}, "The harbour Fox 0 sings of green hills. Fox 1 sings of green hills. – Grüße, 海!…"),
        ({"input": TEXT, "title": "At sea"}, "At sea"),
        ({"input": clear(1)[0], "title": " \n "}, clear(1)[0]),
        ({"sentences": [{"text": "One."}, {"text": "Two."}, {"text": "Three."}]}, "One. Two. Three."),
    ],
)
def test_a_job_has_its_title_from_the_beginning(client: httpx2.Client, body: dict[str, Any], title: str) -> None:
    card = new(client, **body)
    assert card["title"] == title
    assert client.get(f"/v1/jobs/{card['id']}").json()["title"] == card["title"]
    assert {job["id"]: job["title"] for job in client.get("/v1/jobs").json()["data"]}[card["id"]] == card["title"]


def test_a_job_that_is_not_recorded_is_called_by_what_of_it_is_held(client: httpx2.Client) -> None:
    job = new(client, input=" ".join(clear(30)), drain="window", kind="live", window_ms=4000)["id"]
    two = "Fox zero sings of green hills. Fox one sings of green hills."
    wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["title"].startswith(two), "two are spoken, and wait")
    client.delete(f"/v1/jobs/{job}")


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("x" * 201, "at most 200 characters"),
        ("a\x00b", "printable"),
        ("a\u202eb", "direction"),
        ("At sea", "drain must be store"),
    ],
)
def test_titles_that_cannot_be_kept_are_refused(client: httpx2.Client, title: str, message: str) -> None:
    drain = "window" if "drain" in message else "store"
    answer = client.post("/v1/jobs", json={"input": TEXT, "title": title, "drain": drain})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "title")
    assert message in answer.json()["error"]["message"]


def test_a_recording_is_saved_under_its_title(client: httpx2.Client, gateway: Gateway, tmp_path: Path) -> None:
    job = new(client, input=TEXT, title="Grüße: das Meer/1")["id"]
    whole(client, job)
    path = f"/v1/jobs/{job}/audio?format=flac"
    message = "inline; filename=\"Gru_e das Meer 1.flac\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20das%20Meer%201.flac"
    assert client.head(path).headers["content-disposition"] == message
    curl = installed("curl", package="curl")
    subprocess.run([curl, "-sOJ", "--fail", "--noproxy", "*", gateway.url + path], cwd=tmp_path, check=True, timeout=60)
    assert [each.name for each in tmp_path.iterdir()] == ["Gru_e das Meer 1.flac"]
    assert (tmp_path / "Gru_e das Meer 1.flac").read_bytes().startswith(b"fLaC")


@given(st.text(max_size=300))
def test_any_title_makes_a_file_name_that_every_system_takes(title: str) -> None:
    header = content_disposition(title, "0123456789abcdef", "mp3")
    assert header.isascii()
    assert header.isprintable()
    plain, _, true = header.removeprefix('inline; filename="').partition('"')
    name = unquote(true.partition("''")[2]) if true else plain
    for each in (plain, name):
        assert each.endswith(".mp3")
        assert not set('\\/:*?"<>|') & set(each)
        assert each[0] not in " ."
        assert len(each.encode()) < 255
    assert not any(unicodedata.category(char).startswith("C") for char in name)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("", 'filename="seriatim-01234567.mp3"'),
        ("½", "filename=\"1_2.mp3\"; filename*=UTF-8''%C2%BD.mp3"),
        ("..", 'filename="seriatim-01234567.mp3"'),
        ("Why? Because.", 'filename="Why Because.mp3"'),
        ("海", "filename=\"seriatim-01234567.mp3\"; filename*=UTF-8''%E6%B5%B7.mp3"),
    ],
)
def test_titles_as_names(title: str, name: str) -> None:
    assert content_disposition(title, "0123456789abcdef", "mp3") == f"inline; {name}"


@given(st.text(max_size=400))
def test_a_beginning_is_a_line_of_the_text(text: str) -> None:
    found, words = first_words(text), " ".join(text.split())
    assert len(found) <= TITLE_CHARS
    assert found == words or (found.endswith("…") and words.startswith(found[:-1]))
    assert len(found) > TITLE_CHARS // 2 or found == words


def test_a_beginning_ends_with_a_word_where_there_are_words() -> None:
    assert (
        first_words("Fox sings of green hills. " * 9)
        == "Fox sings of green hills. Fox sings of green hills. Fox sings of green hills.…"
    )
    assert first_words("海" * 99) == "海" * 79 + "…"


def test_speech_goes_on_with_a_store_that_cannot_be_written(system: RealSystem) -> None:
    """Its job is known as long as Redis knows it; what would lie beside its recording is missed."""
    other = start(system, "no-store", store_dir="/sys/not-even-by-root")
    with other.client() as client:
        card = new(client, input=TEXT, title="At sea")
        assert not card["has_text"]
        assert client.get(f"/v1/jobs/{card['id']}/text").status_code == 404
        assert client.get(f"/v1/jobs/{card['id']}").json()["state"] in ("running", "done")
    assert system.log("no-store").count("cannot write beside a recording") == 3
    system.end("no-store")


def test_a_job_is_renamed(client: httpx2.Client) -> None:
    job = new(client, input=TEXT, title="Before")["id"]
    whole(client, job)
    before = client.get(f"/v1/jobs/{job}/audio?format=mp3")
    assert "Before" in unquote(before.headers["content-disposition"])
    card = client.patch(f"/v1/jobs/{job}", json={"title": "  The  new one "}).json()
    assert card["title"] == client.get(f"/v1/jobs/{job}").json()["title"] == "The new one"
    assert job in [each["id"] for each in client.get("/v1/jobs").json()["data"] if each["title"] == "The new one"]
    audio = client.get(f"/v1/jobs/{job}/audio?format=mp3")
    assert "The new one" in unquote(audio.headers["content-disposition"])
    assert audio.content != before.content, "the file has its new title in it"
    for wrong in ({"title": ""}, {"title": "a\u202eb"}, {}, {"title": "a", "kind": "live"}):
        assert client.patch(f"/v1/jobs/{job}", json=wrong).status_code == 400, wrong
    unrecorded = new(client, input=TEXT, drain="window")["id"]
    refused = client.patch(f"/v1/jobs/{unrecorded}", json={"title": "No"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_recorded")
    client.delete(f"/v1/jobs/{unrecorded}")
