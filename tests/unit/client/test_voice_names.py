"""Voice names: a voice by its name in any case, by a language in any spelling, and the nearest names in the refusal."""

import pytest

from seriatim.client.voice_names import find_voice
from seriatim.engine import Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import UnknownVoice
from seriatim.state.pool_record import PoolRecord
from workers.engines.espeak.engine import load as load_espeak
from workers.engines.hibari import PROFILE as HIBARI


def pool_of(*voices: Voice, languages: tuple[str, ...] = (), blends: bool = False) -> PoolRecord:
    return PoolRecord("p", abilities=(Abilities("e", languages, blends=blends),), voices=voices)


def named(*names: str, blends: bool = False) -> PoolRecord:
    return pool_of(*(Voice(name, "") for name in names), blends=blends)


PIPER = pool_of(
    Voice("en_US-amy-low", "en-US"), Voice("en_GB-alan-low", "en-GB"), Voice("de_DE-thorsten-low", "de-DE"),
    Voice("de_AT-anna-low", "de-AT"), languages=("de", "en"),
)  # fmt: skip
XTTS = pool_of(
    Voice("Ana", "", languages=("en", "de", "zh-cn")), Voice("Clara", "de", languages=("en", "de", "zh-cn")),
    languages=("en", "de", "fr", "zh-cn", "zh"),
)  # fmt: skip


def test_an_unknown_voice_names_the_nearest() -> None:
    with pytest.raises(UnknownVoice) as refused:
        find_voice("alcie", named("alice", "bob", "carol"))
    assert str(refused.value) == "unknown voice 'alcie'; pool 'p' has: alice and 2 more (seriatim voices)"


def test_variants_and_the_default_and_pools_without_workers_take_any_voice() -> None:
    assert find_voice("en-us+f3", named("en-us", "+f3")) == ("en-us+f3", "")
    assert find_voice("", named("en-us")) == ("", "")
    assert find_voice("unlisted", PoolRecord("p")) == ("unlisted", "")


@pytest.mark.parametrize(("voice", "name"), [
    ("german", "de"), ("deu", "de"), ("German+F3", "de+f3"), ("EN_US", "en-us"), ("American English", "en-us"),
    ("ANNA", "Anna"), ("+F3", "+f3"),
])  # fmt: skip
def test_a_voice_is_found_by_its_language_and_in_capitals(voice: str, name: str) -> None:
    assert find_voice(voice, named("en-us", "de", "Anna", "+f3")) == (name, "")


@pytest.mark.parametrize("voice", ["german", "German", "de", "deu", "ger", "de-DE", "de_DE"])
def test_any_name_of_a_language_is_a_voice_of_it(voice: str) -> None:
    assert find_voice(voice, PIPER) == ("de_DE-thorsten-low", "")
    assert find_voice(voice, XTTS) == ("Clara", "")
    assert find_voice(voice, PoolRecord("p", voices=load_espeak({}).voices)) == ("de", "")
    assert find_voice(f"{voice}+f3", PoolRecord("p", voices=load_espeak({}).voices)) == ("de+f3", "")


def test_the_exact_tag_comes_first() -> None:
    assert find_voice("de-AT", PIPER) == ("de_AT-anna-low", "")
    assert find_voice("British English", PIPER) == ("en_GB-alan-low", "")
    assert find_voice("Chinese", PoolRecord("p", voices=load_espeak({}).voices)) == ("cmn", "")


def test_a_language_without_a_voice_of_its_own_goes_to_the_default_voice_that_speaks_it() -> None:
    assert find_voice("french", XTTS) == ("", "fr")
    assert find_voice("Chinese", XTTS) == ("", "zh")


def test_a_language_that_is_not_spoken_is_refused_with_the_nearest_names() -> None:
    for voice, pool, message in [
        ("german", PoolRecord("hibari", voices=HIBARI.voices), "unknown voice 'german' (German); pool 'hibari' has: "),
        ("germn", PIPER, "unknown voice 'germn'; pool 'p' has: german (de)"),
        ("thorsten", PIPER, "unknown voice 'thorsten'; pool 'p' has: de_DE-thorsten-low"),
        ("en-us+f33", named("en-us", "+f3", "+m1"), "unknown voice 'en-us+f33'; pool 'p' has: +f3"),
    ]:
        with pytest.raises(UnknownVoice) as refused:
            find_voice(voice, pool)
        assert str(refused.value).startswith(message)


def test_a_blend_names_voices_of_the_pool() -> None:
    known = named("af_bella", "af_sky", blends=True)
    for voice, name in (("AF_Bella + af_sky(2)", "af_bella+af_sky(2)"), ("af_sky(1.50)", "af_sky(1.5)")):
        assert find_voice(voice, known) == (name, "")
    with pytest.raises(UnknownVoice, match="unknown voice 'af_skye'; pool 'p' has: af_sky"):
        find_voice("af_bella+af_skye", known)
    with pytest.raises(UnknownVoice, match="unknown voice"):
        find_voice("af_bella+af_sky", named("af_bella", "af_sky"))
