"""The option `reading` in every interface: captions and `sentence` events show the words that are spoken."""

from typing import get_args, get_type_hints

import httpx2

from gateway.cli.parser import build_parser
from gateway.http.schemas.requests import SpeechOptions
from seriatim.client.job_options import JobOptions
from seriatim.text.reading import ReadingMode
from tests.http.clients.test_stream_socket import calling
from tests.http.gateways import Gateway
from tests.http.speech.test_markup import captions

TEXT = "It costs $5. See p. 3."
READ = ["It costs five dollars.", "See page three."]


def test_captions_show_numbers_as_they_are_spoken(client: httpx2.Client) -> None:
    assert captions(client, input=TEXT) == READ
    assert captions(client, input=TEXT, reading="OFF") == ["It costs $5.", "See p. 3."]
    assert captions(client, input="Das kostet 1 €.", language="de") == ["Das kostet ein Euro."]


def test_sentences_that_come_one_by_one_are_read_too(client: httpx2.Client) -> None:
    sentences = [{"text": "It costs $5."}, {"text": "Il costa 5 €.", "language": "it"}]
    assert captions(client, sentences=sentences) == ["It costs five dollars.", "Il costa cinque euro."]
    assert captions(client, sentences=sentences, reading="off") == ["It costs $5.", "Il costa 5 €."]


def test_a_stream_is_read_and_may_say_that_it_is_not(gateway: Gateway) -> None:
    for options, expected in (({}, READ), ({"reading": "off"}, ["It costs $5.", "See p. 3."])):
        with calling(gateway) as caller:
            caller.say("start", **options)
            for piece in ("It co", "sts $", "5. See p", ". 3."):
                caller.say("text", text=piece)
            caller.say("close")
            caller.until("end")
            assert [m["text"] for m in caller.messages if m["type"] == "sentence"] == expected


def test_an_unknown_mode_is_refused(client: httpx2.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": "Hi.", "reading": "loud"})
    assert answer.status_code == 400
    assert "reading" in answer.json()["error"]["message"]


def test_every_interface_takes_the_same_modes() -> None:
    modes = [str(mode) for mode in ReadingMode]
    literal = next(hint for hint in get_args(get_type_hints(JobOptions)["reading"]) if get_args(hint))
    assert list(get_args(literal)) == modes
    field = SpeechOptions.model_json_schema()["properties"]["reading"]
    assert [f["enum"] for f in field["anyOf"] if "enum" in f] == [modes]
    assert build_parser([]).parse_args(["speak", "--reading", "off"]).reading == "off"
