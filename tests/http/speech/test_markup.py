"""Markup in every kind of request: what is spoken, shown in captions and said by `sentence` events."""

from typing import Any, get_args, get_type_hints

import httpx2

from gateway.cli.parser import build_parser, request
from gateway.http.schemas.requests import SpeechOptions
from seriatim.client.job_options import JobOptions
from seriatim.text.markup import Markup
from tests.http.clients.test_stream_socket import calling
from tests.http.gateways import Gateway
from tests.http.jobs.test_texts import new, whole

TEXT = "# Next *steps*\n\nYou **really** should [read it](https://example.org/a?b=c)."
PLAIN_TEXTS = ["Next steps", "You really should read it."]


def captions(client: httpx2.Client, **body: Any) -> list[str]:
    job = new(client, **body)["id"]
    whole(client, job)
    return [s["text"] for s in client.get(f"/v1/jobs/{job}/captions?format=json").json()["captions"]]


def test_captions_show_what_is_spoken(client: httpx2.Client) -> None:
    assert captions(client, input=TEXT) == PLAIN_TEXTS
    assert (
        captions(client, input=TEXT, markup="none")[-1] == "You **really** should [read it](https://example.org/a?b=c)."
    )
    assert captions(client, input="<p>One<br>two.</p>", markup="HTML") == ["One", "two."]


def test_sentences_that_come_one_by_one_may_have_markup(client: httpx2.Client) -> None:
    marked: list[dict[str, Any]] = [{"text": "You **really** should."}, {"text": "It is *so*, 2 * 3.", "pause_ms": 700}]
    assert captions(client, sentences=marked) == ["You really should.", "It is so, two times three."]
    assert captions(client, sentences=marked, markup="none", reading="off") == [s["text"] for s in marked]


def test_marks_may_come_apart_in_a_stream(gateway: Gateway) -> None:
    with calling(gateway) as caller:
        caller.say("start")
        for piece in ("You *", "*really", "*", "* should. [It](", "http://x.or", "g) is so."):
            caller.say("text", text=piece)
        caller.say("close")
        caller.until("end")
        assert [m["text"] for m in caller.messages if m["type"] == "sentence"] == ["You really should.", "It is so."]


def test_a_dialogue_has_its_speakers_in_every_kind_of_request(gateway: Gateway, client: httpx2.Client) -> None:
    dialogue = {"speakers": {"ANNA": "bass"}}
    assert captions(client, input="ANNA: Who is there?\n\n[voice:alto]Me.", **dialogue) == ["Who is there?", "Me."]
    assert captions(client, sentences=[{"text": "ANNA: Hi."}, {"text": "Ho."}], **dialogue) == ["Hi.", "Ho."]
    with calling(gateway) as caller:
        caller.say("start", **dialogue)
        caller.say("text", text="ANNA: Who is there?")
        caller.say("close")
        caller.until("end")
        assert [m["text"] for m in caller.messages if m["type"] == "sentence"] == ["Who is there?"]
    cast = {"narrator": "alto", "others": ["bass"], "speakers": {"BEN": {"speed": 1.5, "pause_ms": 0}}}
    lines = captions(client, input="ANNA: Who is there?\nBEN: Me.\n\nA pause.", cast=cast)
    assert lines == ["Who is there?", "Me.", "A pause."]
    assert captions(client, input="ANNA: Who is there?", cast="auto") == ["Who is there?"]
    openai = {"narrator": "alloy", "others": ["nova"], "speakers": {"ANNA": "echo", "BEN": {"voice": "onyx"}}}
    assert captions(client, input="ANNA: Who is there?\nBEN: Me.", cast=openai) == ["Who is there?", "Me."]
    wrong = client.post("/v1/audio/speech", json={"input": "Hi.", "cast": {"speakers": {"BEN": {"spede": 2}}}})
    assert (wrong.status_code, "cast" in wrong.text) == (400, True)
    unknown = client.post("/v1/audio/speech", json={"input": "Hi.", "speakers": {"ANNA": "nobody"}})
    assert (unknown.status_code, "nobody" in unknown.text) == (400, True)
    parsed = request(build_parser([]).parse_args(["speak", "--speaker", "ANNA=bass", "--speaker", "Ben Lee=alto"]))
    assert parsed.speakers == {"ANNA": "bass", "Ben Lee": "alto"}


def test_an_unknown_markup_is_refused(client: httpx2.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": "Hi.", "markup": "rtf"})
    assert answer.status_code == 400
    assert "markup" in answer.json()["error"]["message"]


def test_every_kind_of_request_takes_the_same_formats() -> None:
    formats = [str(markup) for markup in Markup]
    literal = next(hint for hint in get_args(get_type_hints(JobOptions)["markup"]) if get_args(hint))
    assert list(get_args(literal)) == formats
    field = SpeechOptions.model_json_schema()["properties"]["markup"]
    assert [f["enum"] for f in field["anyOf"] if "enum" in f] == [formats]
    options = build_parser([]).parse_args(["speak", "--markup", "html"])
    assert options.markup == "html"
