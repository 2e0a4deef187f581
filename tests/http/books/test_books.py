"""Books over HTTP: what is planned, made, shown and refused, and whose books are seen by whom."""

import io
from pathlib import Path
from typing import Any

import httpx2
import pytest
import soundfile

from seriatim.state.pool_record import read_pool
from tests.http.books.book_client import (
    HARBOUR,
    HELD,
    N_SENTENCES,
    SEA,
    card_of,
    ended,
    file_of,
    is_held,
    jobs_accepted,
    make,
    spoken_chapter,
)
from tests.http.books.test_corrections import folder_of
from tests.http.gateways import Gateway, start
from tests.support.book_files import HARBOUR as HARBOUR_TEXTS
from tests.support.book_files import SEA as SEA_TEXTS
from tests.support.book_files import book as epub_file
from tests.support.book_files import probe
from tests.support.command_line import seriatim
from tests.support.documents_extra import require_documents_extra
from tests.support.process_system import RealSystem, wait_until

BOOK = HARBOUR + SEA
ANNA, BEN = "anna-0123456789abcdef", "ben-0123456789abcdef"


@pytest.fixture(scope="module")
def made(gateway: Gateway) -> dict[str, Any]:
    """A book of two chapters that is done."""
    with gateway.client() as client:
        return ended(client, make(client, BOOK, title="Boats", captions="vtt, srt")["id"])


def test_a_document_becomes_the_book_that_the_command_line_makes(
    client: httpx2.Client, system: RealSystem, tmp_path: Path
) -> None:
    """With its chapters, its cover and its tags, byte for byte."""
    require_documents_extra()
    source, out = epub_file(tmp_path / "in.epub", HARBOUR_TEXTS, SEA_TEXTS), tmp_path / "out.m4b"
    answer = client.post("/v1/books", content=source.read_bytes(), headers={"content-type": "application/epub+zip"})
    card = ended(client, answer.json()["id"])
    assert (card["title"], card["authors"], card["language"]) == (
        "The Harbour & the Sea", ["Anna Berg", "Ben Cole"], "en-GB",
    )  # fmt: skip
    (file,) = card["files"]
    content = file_of(client, card["id"], file["name"])
    assert (file["type"], file["bytes"]) == ("audio/mp4", len(content))
    options = ("--engine", "tone", "--redis")
    settings = {name: value for name, value in system.environment.items() if name.startswith("SERIATIM_")}
    done = seriatim("book", source, "-o", out, *options, settings=settings)
    assert done.returncode == 0, done.stderr.decode()
    assert content == out.read_bytes()
    assert [chapter["tags"]["title"] for chapter in probe(out)["chapters"]] == ["Harbour", "Sea"]


def test_a_book_says_what_became_of_each_chapter(client: httpx2.Client, made: dict[str, Any]) -> None:
    assert (made["title"], made["part"], made["reason"], made["gaps"]) == ("Boats", 1.0, "", [])
    chapters = made["chapters"]
    assert [(one["number"], one["title"], one["state"]) for one in chapters] == [
        (1, "Harbour", "spoken"), (2, "Sea", "spoken"),
    ]  # fmt: skip
    assert sum(one["sentences"] for one in chapters) == N_SENTENCES
    assert made["estimated_s"] == pytest.approx(sum(one["audio_s"] for one in chapters), abs=0.01)
    assert [file["name"] for file in made["files"]] == ["Boats.m4b", "Boats.srt", "Boats.vtt"]
    assert made["id"] in [card["id"] for card in client.get("/v1/books?limit=100").json()["data"]]


def test_a_chapter_is_read_and_heard_sentence_by_sentence(client: httpx2.Client, made: dict[str, Any]) -> None:
    path = f"/v1/books/{made['id']}/chapters/1"
    chapter = client.get(path).json()
    texts = ["Harbour", "The fog has gone.", "Ten boats came home.", "Who counted them?"]
    assert [(one["sentence"], one["text"]) for one in chapter["sentences"]] == [
        (f"1.{n}", text) for n, text in enumerate(texts, 1)
    ]
    assert [one["paragraph"] for one in chapter["sentences"]] == [True, True, False, False]
    assert chapter["sentences"][-1]["end_s"] == chapter["audio_s"] == made["chapters"][0]["audio_s"]
    audio = client.get(f"{path}/audio?version={chapter['version']}")
    assert (audio.headers["content-type"], audio.content[:4]) == ("audio/flac", b"fLaC")
    assert client.get(f"{path}/audio?version=other").status_code == 404
    assert client.get(f"/v1/books/{made['id']}/chapters/3").status_code == 404


def test_files_have_ranges(client: httpx2.Client, made: dict[str, Any]) -> None:
    path = f"/v1/books/{made['id']}/files/Boats.m4b"
    whole = client.get(path)
    part = client.get(path, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert client.get(path, headers={"range": f"bytes={len(whole.content)}-"}).status_code == 416
    head = client.head(path)
    assert (int(head.headers["content-length"]), head.content) == (len(whole.content), b"")
    assert whole.headers["content-disposition"] == 'inline; filename="Boats.m4b"'
    for name in ("Boats.mp3", "..%2Forder.json", ".hidden"):
        assert client.get(f"/v1/books/{made['id']}/files/{name}").status_code == 404, name


def test_each_chapter_may_be_a_file(client: httpx2.Client) -> None:
    card = ended(client, make(client, BOOK, layout="chapters", format="FLAC", chapters="2")["id"])
    assert [file["name"] for file in card["files"]] == ["01 - Sea.flac"]
    card = ended(client, make(client, BOOK, layout="chapters", format="m4a", codec="Opus", chapters="2")["id"])
    assert b"Opus" in file_of(client, card["id"], "01 - Sea.m4a")[:20_000]


def test_a_chapter_has_its_own_narrator_and_the_file_its_codec(client: httpx2.Client) -> None:
    plain = ended(client, make(client, BOOK)["id"])
    card = ended(client, make(client, BOOK, chapter_voices="2=bass", codec="opus")["id"])
    assert [chapter["voice"] for chapter in card["chapters"]] == ["", "bass"]
    assert b"Opus" in file_of(client, card["id"], "Harbour.m4b")[:20_000]
    audio = [
        [client.get(f"/v1/books/{book['id']}/chapters/{n}/audio").content for n in (1, 2)] for book in (plain, card)
    ]
    assert [a == b for a, b in zip(*audio, strict=True)] == [True, False]


def test_a_plan_names_chapters_and_speakers(client: httpx2.Client) -> None:
    answer = client.post("/v1/books/plan", json={"input": BOOK, "chapters": "2-"})
    plan = answer.json()
    assert (answer.status_code, plan["model"], plan["cost"]) == (200, "tone", None)
    (chapter,) = plan["chapters"]
    assert (chapter["number"], chapter["title"], chapter["words"]) == (2, "Sea", 9)
    assert plan["estimated_s"] == chapter["estimated_s"] > 0
    cast = {"speakers": {"ANNA": "alto"}}
    spoken_by = client.post("/v1/books/plan", json={"input": "ANNA: Good morning.", "cast": cast}).json()["speakers"]
    assert [(row["speaker"], row["lines"]) for row in spoken_by] == [("", None), ("ANNA", 1)]


def test_a_cast_is_json_in_a_form(client: httpx2.Client) -> None:
    def plan(cast: str) -> httpx2.Response:
        files = {"file": b"ANNA: Good morning."}
        return client.post("/v1/books/plan", files=files, data={"cast": cast})

    found = plan('{"speakers": {"ANNA": "alto"}}').json()
    assert [row["speaker"] for row in found["speakers"]] == ["", "ANNA"]
    wrong = plan('{"speakers": ')
    assert (wrong.status_code, wrong.json()["error"]["message"][:16]) == (400, "cast is no JSON:")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"format": "wav"}, "format:"),
        ({"format": "flac"}, "format flac of layout book: expected one of m4b, m4a, mp3, opus, epub"),
        ({"format": "m4b", "layout": "chapters"}, "expected one of m4a, mp3, flac, opus"),
        ({"format": "epub", "captions": "vtt"}, "an EPUB has its text with its times inside"),
        ({"chapters": "9"}, "chapters '9': no chapter 9 in a document of 2 chapters"),
        ({"loudness": "-10"}, "loudness:"),
        ({"include": "notes,index"}, "include.1:"),
        ({"voice": "nobody"}, "unknown voice 'nobody'"),
        ({"chapter_voices": "1=nobody"}, "unknown voice 'nobody'"),
        ({"chapter_voices": "7=alto"}, "no chapter 7 in a document of 2 chapters"),
        ({"codec": "opus", "format": "mp3"}, "codec: it is for m4b and m4a, not for mp3"),
        ({"codec": "opus", "layout": "chapters"}, "codec: it is for m4b and m4a, not for mp3"),
        ({"model": "nowhere"}, "no model 'nowhere'"),
        ({"colour": "red"}, "colour:"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(client: httpx2.Client, fields: dict[str, str], message: str) -> None:
    for path in ("/v1/books", "/v1/books/plan"):
        answer = client.post(path, files={"file": BOOK.encode()}, data=fields)
        assert answer.status_code in (400, 404), answer.text
        assert message in answer.json()["error"]["message"]


def test_a_book_needs_something_to_speak(client: httpx2.Client) -> None:
    assert client.post("/v1/books", json={}).json()["error"]["message"].startswith("expected a document as file")
    assert client.post("/v1/books", json={"input": "..."}).json()["error"]["code"] == "empty_text"


def test_the_same_key_is_the_same_book(client: httpx2.Client) -> None:
    key = {"idempotency-key": "boats"}
    first, second = make(client, BOOK, key), make(client, BOOK, key)
    assert first["id"] == second["id"]
    other = client.post("/v1/books", files={"file": SEA.encode()}, headers=key)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")
    ended(client, first["id"])
    assert make(client, BOOK, key)["state"] == "done"


def test_users_see_their_own_books_and_know_their_cost(system: RealSystem, tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text(f'[[key]]\nkey = "{ANNA}"\nuser = "anna"\n[[key]]\nkey = "{BEN}"\nuser = "../ben"\n')
    locked = start(system, "priced", http_keys_file=keys, pool_prices="tone=1000 EUR")
    with locked.client(ANNA) as anna, locked.client(BEN) as ben:
        book = make(anna, BOOK)["id"]
        card = ended(anna, book)
        assert card["cost"] == {
            "spent": card["characters"] / 1000,
            "whole": card["characters"] / 1000,
            "currency": "EUR",
        }
        assert [one["id"] for one in anna.get("/v1/books").json()["data"]] == [book]
        assert ben.get("/v1/books").json()["data"] == []
        correction = {"corrections": [{"sentence": "1.1", "again": True}]}
        for method, path, body in (
            ("GET", "", None), ("DELETE", "", None), ("GET", "/files/Harbour.m4b", None), ("GET", "/chapters/1", None),
            ("GET", "/chapters/1/audio", None), ("POST", "/corrections", correction), ("POST", "/resume", None),
            ("PATCH", "", {"chapter_voices": ["1=alto"]}),
        ):  # fmt: skip
            assert ben.request(method, f"/v1/books/{book}{path}", json=body).status_code == 404, (method, path)
        other = ended(ben, make(ben, SEA)["id"])
        assert anna.get(f"/v1/books/{other['id']}").status_code == 404
    assert httpx2.get(f"{locked.url}/v1/books", trust_env=False).status_code == 401


def test_a_deleted_book_is_spoken_no_more(client: httpx2.Client, system: RealSystem) -> None:
    system.workers(1, name="deleted", pool="deleted", slots=4)
    system.gate.unlink(missing_ok=True)
    book = make(client, HARBOUR + HELD, model="deleted")["id"]
    wait_until(lambda: is_held(client, book), "a chapter stands still, and the other is spoken")
    folder = folder_of(system, book)
    assert client.delete(f"/v1/books/{book}").status_code == 204
    assert client.get(f"/v1/books/{book}").status_code == 404
    assert client.delete(f"/v1/books/{book}").status_code == 404
    wait_until(lambda: read_pool(system.redis, "deleted").jobs == 0, "its jobs are cancelled")
    system.gate.touch()
    wait_until(lambda: not list(folder.parent.glob(f"*{book}*")), "nothing of it is left")
    system.end("deleted")


@pytest.mark.thorough
def test_a_book_waits_for_workers(system: RealSystem) -> None:
    with start(system, "early", http_pool="unborn").client() as client:
        book = make(client, SEA)["id"]
        waiting = wait_until(
            lambda: card if (card := card_of(client, book))["reason"] else None, "it says why it waits"
        )
        assert waiting["state"] == "waiting"
        assert "no worker of pool 'unborn' is running; the book goes on once there is one" in waiting["reason"]
        system.workers(1, name="unborn", pool="unborn")
        ended(client, book)
    system.end("unborn")


def test_a_book_that_failed_goes_on_where_it_was(client: httpx2.Client, system: RealSystem) -> None:
    """A sentence that no worker speaks fails a book if its client wants that, and is a gap of it otherwise."""
    text = HARBOUR + "# Snake\n\nThe venom is cold.\n\n"
    system.workers(1, name="shy", pool="shy", options={"fail_on": "venom"})
    failed = ended(client, make(client, text, model="shy", gap="fail")["id"], "failed")
    assert failed["reason"]
    assert client.get(f"/v1/books/{failed['id']}/files/Harbour.m4b").status_code == 404
    with_gap = ended(client, make(client, text, model="shy")["id"])
    assert [gap.split(":")[0] for gap in with_gap["gaps"]] == ["sentence 2.2"]
    system.end("shy")
    system.workers(1, name="shy", pool="shy")
    assert client.post(f"/v1/books/{failed['id']}/resume").json()["state"] != "failed"
    assert ended(client, failed["id"])["gaps"] == []
    system.end("shy")


def test_progress_is_that_of_each_chapter(client: httpx2.Client, system: RealSystem) -> None:
    system.gate.unlink(missing_ok=True)
    book = make(client, HARBOUR + HELD)["id"]
    wait_until(lambda: is_held(client, book), "a chapter stands still, and the other is spoken")
    card = card_of(client, book)
    assert card["state"] == "speaking"
    assert 0 < card["chapters"][1]["part"] < 1
    assert card["chapters"][0]["part"] == 1.0
    assert 0 < card["part"] < 1
    assert card["left_s"] > 0
    assert card["times_real_time"] > 0
    assert client.get(f"/v1/books/{book}/chapters/2").json()["error"]["code"] == "not_spoken"
    audio = client.get(f"/v1/books/{book}/chapters/1/audio")
    assert audio.content[:4] == b"fLaC", "what is spoken is heard while the rest is not"
    chapters = folder_of(system, book) / "project" / "chapters"
    wait_until(lambda: list(chapters.glob("*.m4a")), "and encoded for the file")
    system.gate.touch()
    ended(client, book)
    spoken_chapter(client, book, 2)


def test_each_chapter_is_a_job_and_a_plan_is_none(client: httpx2.Client) -> None:
    before = jobs_accepted(client)
    plan = client.post("/v1/books/plan", json={"input": BOOK}).json()
    assert [one["title"] for one in plan["chapters"]] == ["Harbour", "Sea"]
    assert jobs_accepted(client) == before
    ended(client, make(client, BOOK)["id"])
    assert jobs_accepted(client) == before + 2


def test_a_speaker_has_one_voice_in_all_chapters(client: httpx2.Client) -> None:
    """The voices are chosen for the whole book, and not by who speaks first in a chapter."""
    first = "BEN: Ahoy.\n\nANNA: Good morning.\n\n"
    second = "ANNA: Yes.\n\nANNA: Good morning.\n\nBEN: Ahoy.\n\n"  # the same sentence has the same number, and seed
    book = make(client, f"# One\n\n{first}# Two\n\n{second}", cast="auto")["id"]
    ended(client, book)
    one, two = (sentence_audio(client, book, number) for number in (1, 2))
    assert one["Good morning."] == two["Good morning."] != one["Ahoy."]


def sentence_audio(client: httpx2.Client, book: str, number: int) -> dict[str, bytes]:
    """The samples of each sentence of a chapter, without the pause behind it, by its text."""
    chapter = client.get(f"/v1/books/{book}/chapters/{number}").json()
    samples, rate_hz = soundfile.read(
        io.BytesIO(client.get(f"/v1/books/{book}/chapters/{number}/audio").content), dtype="int16"
    )
    spans = {
        one["text"]: (round(one["start_s"] * rate_hz), round(one["end_s"] * rate_hz)) for one in chapter["sentences"]
    }
    return {text: samples[start:end].tobytes().rstrip(b"\0") for text, (start, end) in spans.items()}
