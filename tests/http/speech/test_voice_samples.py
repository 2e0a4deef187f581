"""Samples of voices: a sentence in the voice's language, spoken once however often it is requested."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx2

from seriatim.text.sample_sentences import DIGITS, SENTENCES, sample_sentence
from seriatim.text.segment import SegmentOptions, segment
from tests.http.decoded_audio import seconds, seconds_of_pcm
from tests.support.expected_audio import stream_of
from tests.support.process_system import RealSystem, wait_until

VOICE = "tenor"
POOL = "samples"


def test_a_sample_is_spoken_once(client: httpx2.Client, system: RealSystem) -> None:
    system.workers(1, name=POOL, pool=POOL)  # its own, whose count no other test's sentence raises
    with ThreadPoolExecutor(4) as threads:
        sample = partial(client.get, f"/v1/voices/{VOICE}/sample", params={"model": POOL})
        answers = list(threads.map(lambda _: sample(), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4, answers[0].text
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["content-type"] == "audio/mpeg"
    assert answers[0].headers["cache-control"] == "private, max-age=3600"
    pieces = [piece.text for piece in segment(SENTENCES["en"], SegmentOptions("en", 400))]
    wait_until(lambda: system.count("done", POOL) >= len(pieces), "the last is reported, behind its sound")
    assert system.count("done", POOL) == len(pieces)
    assert abs(seconds(answers[0].content) - seconds_of_pcm(stream_of(pieces, VOICE))) < 0.3
    system.end(POOL)


def test_an_unknown_voice_is_refused_each_time(client: httpx2.Client) -> None:
    for _ in range(2):
        answer = client.get("/v1/voices/alcie/sample")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_voice")
    assert client.get(f"/v1/voices/{VOICE}/sample", params={"model": "none"}).status_code == 404


def test_every_language_has_something_to_say() -> None:
    assert sample_sentence("en-GB") == sample_sentence("") == SENTENCES["en"]
    assert sample_sentence("de") == SENTENCES["de"]
    assert sample_sentence("lfn") == DIGITS
