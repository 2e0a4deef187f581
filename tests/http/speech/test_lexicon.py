"""A lexicon over HTTP: its words are spoken otherwise, captions stay, and what has no effect is said."""

from typing import Any

import httpx2

from tests.http.speech.test_markup import captions

TEXT = "Nguyen made a GIF."


def spoken_bytes(client: httpx2.Client, **options: Any) -> int:
    answer = client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "pcm"} | options)
    assert answer.status_code == 200, answer.text
    return len(answer.content)


def test_words_are_respelled(client: httpx2.Client) -> None:
    plain = spoken_bytes(client)
    assert spoken_bytes(client, lexicon={"Nguyen": "Mister Nguyen Win"}) > plain
    assert spoken_bytes(client, lexicon=[{"word": "gif", "say": "graphics interchange format"}]) > plain
    assert spoken_bytes(client, lexicon=[{"word": "GIF", "say": "long, long, long", "language": "de"}]) == plain


def test_captions_show_what_is_written(client: httpx2.Client) -> None:
    assert captions(client, input=TEXT, lexicon={"GIF": "jif"}) == [TEXT]


def test_phonemes_that_the_engine_does_not_take_are_warned_of(client: httpx2.Client) -> None:
    body = {"input": TEXT, "lexicon": {"Nguyen": "/wɪn/", "GIF": "jif /dʒɪf/"}}
    answer = client.post("/v1/audio/speech", json=body)
    assert (
        "takes no phonemes: a lexicon entry without a respelling, read as written" in answer.headers["seriatim-warning"]
    )


def test_a_lexicon_that_is_wrong_is_refused(client: httpx2.Client) -> None:
    for lexicon, message in [
        ({"GIF": "a/b"}, "expected a respelling"), ({"GIF": ""}, "expected a respelling"), ([{"wrd": "x"}], "lexicon"),
    ]:  # fmt: skip
        answer = client.post("/v1/audio/speech", json={"input": TEXT, "lexicon": lexicon})
        assert answer.status_code == 400, answer.text
        assert message in answer.text
