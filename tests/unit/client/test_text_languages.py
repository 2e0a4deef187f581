"""Text languages: where the text decides, which voice speaks it, and what is warned of."""

from dataclasses import replace

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.text_languages import LanguageCheck, ParagraphVoices, is_open, speaks, with_language
from seriatim.engine import Voice
from seriatim.engine_abilities import Abilities
from seriatim.records import Sentence
from seriatim.state.pool_record import PoolRecord
from seriatim.text.segment import Segment
from workers.engines.hibari import ABILITIES
from workers.engines.hibari import PROFILE as HIBARI_PROFILE

GERMAN = "Der Hafen erwacht vor der Stadt, und die Schiffe sind nicht von hier."
ENGLISH = "The harbour wakes before the town does, and the ships are not from here."
POLISH = "Port budzi się przed miastem, a statki nie wracają do portu na noc."
HIBARI = PoolRecord("hibari", abilities=(ABILITIES,), voices=HIBARI_PROFILE.voices)
PIPER = PoolRecord(
    "piper", abilities=(Abilities("piper", ("de", "en")),), voices=(Voice("amy", "en-US"), Voice("thorsten", "de-DE"))
)
XTTS = PoolRecord("xtts", abilities=(Abilities("xtts", ("en", "de")),), voices=(Voice("Ana", "", "", ("en", "de")),))
TONE = PoolRecord("tone", abilities=(Abilities("tone"),), voices=(Voice("tenor", ""),))
EMPTY = PoolRecord("new")


@pytest.mark.parametrize(("options", "pool", "expected"), [
    ({}, PIPER, True), ({"voice": "amy"}, PIPER, False), ({"voice": "amy", "language": "auto"}, PIPER, True),
    ({"language": "de"}, PIPER, False), ({"voice": "Ana"}, XTTS, True), ({"language": " AUTO "}, XTTS, True),
])  # fmt: skip
def test_the_text_decides_where_neither_voice_nor_language_says_it(
    options: dict[str, str], pool: PoolRecord, expected: bool
) -> None:
    assert is_open(JobRequest.of(options), pool) is expected


@pytest.mark.parametrize(("pool", "options", "voice", "language"), [
    (PIPER, {}, "thorsten", "de"), (XTTS, {}, "", "de"), (XTTS, {"voice": "Ana"}, "Ana", "de"), (TONE, {}, "", "de"),
    (PIPER, {"voice": "amy", "language": "auto"}, "amy", ""), (HIBARI, {}, "", ""), (EMPTY, {}, "", ""),
])  # fmt: skip
def test_the_job_gets_the_language_of_most_of_the_text(
    pool: PoolRecord, options: dict[str, str], voice: str, language: str
) -> None:
    request = with_language(JobRequest.of(options), pool, GERMAN)[0]
    assert (request.voice, request.language) == (voice, language)
    assert with_language(JobRequest.of({}), pool, ENGLISH)[0] == JobRequest.of({})


def test_a_language_that_a_pool_lacks_is_warned_of() -> None:
    line = "the text seems to be in German, of which pool hibari has no voice: it is spoken in English"
    assert with_language(JobRequest.of({}), HIBARI, GERMAN)[1] == line
    assert [speaks(pool, "pl") for pool in (HIBARI, PIPER, XTTS, TONE, EMPTY)] == [False, False, False, True, False]


@pytest.mark.parametrize(("options", "text", "warning"), [
    ({"voice": "amy"}, GERMAN,
     "the text seems to be in German, and the voice 'amy' speaks English; a voice of German: 'thorsten'"),
    ({"voice": "amy"}, POLISH, "the text seems to be in Polish, and the voice 'amy' speaks English"),
    ({"language": "de"}, ENGLISH, "the text seems to be in English, and is spoken in German as requested"),
    ({"voice": "amy"}, ENGLISH, ""), ({"language": "de-AT"}, GERMAN, ""), ({"voice": "amy"}, "Danke schön.", ""),
    ({"voice": "amy"}, [Sentence(GERMAN, voice="thorsten"), Sentence(ENGLISH)], ""),
])  # fmt: skip
def test_a_text_in_another_language_than_its_voice_is_warned_of(
    options: dict[str, str], text: object, warning: str
) -> None:
    assert with_language(JobRequest.of(options), PIPER, text)[1] == warning


def test_paragraphs_are_spoken_by_voices_of_their_languages() -> None:
    voices = ParagraphVoices(PIPER, "", "en")
    assert [voices.language(text) for text in (ENGLISH, GERMAN, POLISH, "Yes.")] == ["en", "de", "en", ""]
    line = "a paragraph seems to be in Polish, of which pool piper has no voice: it is spoken in English"
    assert [voices.warning(), voices.warning()] == [line, ""]
    assert voices.sentence(Segment("Ja.", 200, "de")) == Sentence("Ja.", 200, "thorsten", "de")
    assert voices.sentence(Segment("Yes.", 200)) == Sentence("Yes.", 200)
    multilingual = replace(voices, pool=XTTS, voice="Ana")
    assert multilingual.sentence(Segment("Ja.", 200, "de")) == Sentence("Ja.", 200, "", "de")


def test_a_stream_is_checked_once_there_is_enough_of_it() -> None:
    check = LanguageCheck(JobRequest.of({"voice": "amy"}), PIPER)
    assert check.feed(GERMAN, last=False) == check.feed(GERMAN, last=False) == ""
    assert check.feed(GERMAN, last=False).startswith("the text seems to be in German")
    assert check.feed(GERMAN, last=True) == ""
    short = LanguageCheck(JobRequest.of({"voice": "amy"}), PIPER)
    assert short.feed(GERMAN, last=True).startswith("the text seems to be in German")
