"""The default engine for a text that names none, unless the text asks for what it cannot do."""

import re
from dataclasses import replace

import pytest

from gateway.local.installed_engines import choose_installed, expected_pool
from seriatim.client.default_engine import choose_engine
from seriatim.client.job_options import JobRequest
from seriatim.client.text_languages import with_language
from seriatim.engine import Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import UnknownVoice
from seriatim.records import Sentence
from seriatim.settings import Settings
from seriatim.state.pool_record import PoolRecord
from workers.engines.engine_registry import load

HIBARI = replace(expected_pool("hibari"), slots=1)
ESPEAK = PoolRecord(
    "espeak", 1, abilities=(Abilities("espeak", ("de", "en", "zh"), {"pitch": (0, 99)}, (0.45, 4.0)),),
    voices=(Voice("en-us", "en-US"), Voice("en-gb", "en-GB"), Voice("de", "de"), Voice("cmn", "zh")),
)  # fmt: skip
PIPER = PoolRecord(
    "readers", 1, abilities=(Abilities("piper", ("de", "de-de", "en-gb")),),
    voices=(Voice("clear", "en-GB"), Voice("tief", "de-DE")),
)  # fmt: skip
TONE = PoolRecord("a-tone", 1, abilities=(Abilities("tone"),))
GERMAN = "Der Hafen erwacht vor der Stadt, und die Schiffe sind nicht von hier."


def no_voices(_: str) -> tuple[Voice, ...]:
    raise AssertionError("no engine is asked")


def chosen(text: object, *pools: PoolRecord, **options: object) -> tuple[str, str]:
    """The engine, and the language that the text is spoken in."""
    pools = pools or (HIBARI, ESPEAK)
    request, _ = choose_engine(pools, JobRequest.of(options), text)
    request, _ = with_language(request, next(pool for pool in pools if pool.pool == request.engine), text)
    return request.engine, request.language


@pytest.mark.parametrize(
    "text", ["The harbour wakes before the town does, and it is not for you.", "Hi.", "", None, ["One.", "Two."]]
)
def test_english_and_what_is_not_known_is_spoken_by_the_default(text: object) -> None:
    assert chosen(text) == ("hibari", "")


def test_another_language_goes_to_a_pool_that_speaks_it() -> None:
    assert chosen(GERMAN) == ("espeak", "de")
    assert chosen([GERMAN]) == ("espeak", "de")
    assert chosen([Sentence(GERMAN)]) == ("espeak", "de")
    assert chosen("Ja.", language="de") == ("espeak", "de")
    assert chosen("今天天气很好。") == ("espeak", "zh")
    assert chosen("She said 今天 and left.") == ("espeak", "")
    assert chosen(["Hello.", Sentence("Ja.", language="de")]) == ("espeak", "")


def test_so_does_what_asks_for_a_voice_an_option_or_a_speed_that_the_default_has_not() -> None:
    assert chosen("Hello.", voice="en-gb") == ("espeak", "")
    assert chosen([Sentence("Is it far?", voice="en-gb"), Sentence("No.", voice="en-us")]) == ("espeak", "")
    assert chosen("Hello.", options={"pitch": 60}) == ("espeak", "")
    assert chosen("Hello.", speed=3.0) == ("espeak", "")
    assert chosen("Hello.", voice="heart") == ("hibari", "")


def test_what_none_can_do_is_left_to_the_default() -> None:
    assert chosen("Hello.", HIBARI, voice="trumpet") == ("hibari", "")
    assert chosen(GERMAN, HIBARI) == ("hibari", "")


def test_a_voice_that_none_has_is_refused_with_the_nearest_of_all() -> None:
    """It is no reason to take another engine: espeak does not have it, either."""
    for voice, message in (
        ("haert", "pool 'hibari' has: heart; pool 'espeak' has none like it (seriatim voices)"),
        ("germn", "pool 'hibari' has: heart; pool 'espeak' has: german (de) and 3 more (seriatim voices)"),
    ):
        with pytest.raises(UnknownVoice, match=re.escape(f"unknown voice {voice!r}; {message}") + "$"):
            chosen("Hello.", voice=voice)


def test_an_installed_engine_is_asked_for_its_voices_where_a_name_is_no_languages() -> None:
    queried: list[str] = []

    def list_voices(engine: str) -> tuple[Voice, ...]:
        queried.append(engine)
        return ESPEAK.voices

    def engine_of(voice: str) -> str:
        return choose_installed(Settings(engine="hibari"), JobRequest(voice=voice), "Hello.", list_voices)[0].engine

    assert (engine_of("heart"), engine_of("German+f3"), queried) == ("hibari", "espeak", [])
    with pytest.raises(UnknownVoice, match="pool 'hibari' has: heart; pool 'espeak' has none like it"):
        engine_of("alcie")
    assert queried == ["espeak"]


def test_a_pool_of_another_engine_speaks_what_it_lists_and_no_more() -> None:
    pools = (HIBARI, TONE, PIPER)
    assert chosen(GERMAN, *pools) == ("readers", "de")
    assert chosen(["Hello.", Sentence("Ja.", language="de")], *pools) == ("readers", "")
    assert chosen("Hello.", *pools) == ("hibari", "")
    assert chosen("Hello.", *pools, voice="clear") == ("readers", "")
    assert chosen("今天天气很好。", *pools) == ("hibari", "")
    assert chosen("She said 今天 and left.", *pools) == ("hibari", "")
    assert chosen("Hello.", *pools, speed=3.0) == ("hibari", "")
    assert chosen(GERMAN, HIBARI, ESPEAK, PIPER) == ("espeak", "de")
    assert chosen(GERMAN, TONE, PIPER)[0] == "a-tone", "the default speaks what it does not refuse"


def test_a_text_is_spoken_in_its_language_where_espeak_is_the_default() -> None:
    assert chosen(GERMAN, ESPEAK) == ("espeak", "de")
    assert chosen(GERMAN, ESPEAK, voice="en-gb") == ("espeak", "")


def test_an_iterator_is_not_touched() -> None:
    text = iter([GERMAN])
    assert chosen(text) == ("hibari", "")
    assert next(text) == GERMAN


def test_the_reason_is_given_in_one_line() -> None:
    _, why = choose_engine((HIBARI, ESPEAK), JobRequest(), GERMAN)
    assert why == (
        "this text is in German, which hibari does not speak: espeak speaks it. Another engine: --engine NAME; "
        "another language: --language TAG; better voices: seriatim models"
    )
    assert choose_engine((HIBARI, ESPEAK), JobRequest(), "Hello.")[1] == ""


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        (
            "The harbour wakes before the town does.",
            {"speakers": {"ANNA": "en-gb"}},
            "asks for a voice, an option or a speed that",
        ),
        ("The harbour wakes before the town does.", {"speed": 3.0}, "asks for a voice, an option or a speed that"),
        ("She said 今天 and left.", {}, "has words in several scripts, which"),
        ([Sentence("Ja.", language="de")], {}, "has a sentence in a language that"),
    ],
)
def test_the_reason_is_what_the_default_cannot_do(text: object, options: dict[str, object], reason: str) -> None:
    _, why = choose_engine((HIBARI, ESPEAK), JobRequest.of(options), text)
    assert why.startswith(f"this text {reason} hibari")


def test_an_engine_that_is_named_is_taken() -> None:
    assert choose_installed(Settings(), JobRequest(engine="tone"), GERMAN, no_voices) == (JobRequest(engine="tone"), "")
    for voice in ("", "alto"):
        assert (
            choose_installed(Settings(engine="tone"), JobRequest(voice=voice), "Hello.", no_voices)[0].engine == "tone"
        )


def test_what_is_written_down_of_hibari_is_so() -> None:
    pytest.importorskip("hibari")
    engine = load("hibari", {})
    assert (engine.abilities,) == HIBARI.abilities
    assert [voice.name for voice in engine.voices] == HIBARI.voice_names
    engine.close()
