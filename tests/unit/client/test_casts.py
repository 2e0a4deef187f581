"""Casts: the voices of a dialogue's speakers, from a mapping or a file, and for speakers whom none names."""

from pathlib import Path
from typing import Any

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.sentences.sentence_styles import SentenceStyles
from seriatim.client.sentences.speaker_voices import cast_for_text
from seriatim.engine import Voice
from seriatim.errors import BadInput, UnknownOption
from seriatim.records import Sentence
from seriatim.state.pool_record import PoolRecord
from seriatim.text.dialogue.cast import Cast
from seriatim.text.dialogue.cast_engines import CastEngine
from seriatim.text.dialogue.script_names import count_lines, script_names
from seriatim.text.speech_style import SpeechStyle

SCRIPT = """Note: a play in one act.

**ANNA:** Who is there?
BEN LEE: Only me: BEN.
ÉVA : Et moi.
BEN LEE: Hello.
"""
VALUES: dict[str, Any] = {
    "narrator": "nora", "others": ["x", "y"],
    "speakers": {"ANNA": "alto", "Ben": {"voice": "bass", "speed": 0.5, "pause_ms": 0, "language": "German"}},
}  # fmt: skip
YAML = """
narrator: nora
others: [x, y]
speakers:
  ANNA: alto
  Ben: {voice: bass, speed: 0.5, pause_ms: 0, language: German}
"""
JSON = '{"narrator": "nora", "others": ["x", "y"], "speakers": {"ANNA": "alto", "Ben": %s}}'
BEN = '{"voice": "bass", "speed": 0.5, "pause_ms": 0, "language": "German"}'
VOICES = (Voice("nora", "en", ""), Voice("jon", "de", ""), Voice("ann", "en-GB", ""), Voice("any", "", ""))


@pytest.mark.parametrize("written", [YAML, JSON % BEN])
def test_a_cast_is_a_mapping_or_a_file(written: str, tmp_path: Path) -> None:
    (tmp_path / "cast").write_text(written, "utf-8")
    cast = Cast.of(tmp_path / "cast")
    assert cast == Cast.of(VALUES)
    assert cast.speakers == {"ANNA": SpeechStyle("alto"), "Ben": SpeechStyle("bass", "de", 0.5, 0)}
    assert (cast.narrator, cast.others, cast.auto) == ("nora", ("x", "y"), False)
    assert JobRequest.of({"cast": tmp_path / "cast"}).voice == "nora"
    assert JobRequest.of({"cast": VALUES, "voice": "mia"}).voice == "mia", "a voice of its own has precedence"


def test_speakers_have_engines_names_and_pronouns() -> None:
    cast = Cast.of(
        {
            "quotes": "narrator", "engines": {"Cloud": {"engine": "openai", "options": {"b": 2, "a": "x"}}, "tone": {}},
            "speakers": {
                "Ann": {"voice": "mia", "engine": "Cloud", "names": ["Miss Lee"], "pronoun": "She"}, "Ben": "y",
            },
        }
    )  # fmt: skip
    assert cast.engines == {"cloud": CastEngine("openai", ("a=x", "b=2")), "tone": CastEngine("tone")}
    assert (sorted(cast.pools), sorted(cast.voices)) == (["cloud"], ["y"]), (
        "the voices of others are not the job's engine's"
    )
    voices = cast.quote_voices(cast.speakers)
    assert voices
    assert (voices.names, voices.pronouns) == ({"Ann": "Ann", "Ben": "Ben", "Miss Lee": "Ann"}, {"Ann": "she"})
    assert voices.default == SpeechStyle(), "not sure: the narrator's"
    assert Cast.of({"speakers": {"Ann": "mia"}}).quote_voices({}) is None, "quoted speech is looked for on request"


def test_a_cast_without_them_has_the_fingerprint_that_it_had() -> None:
    assert str(Cast.of({"narrator": "n", "speakers": {"A": "x"}})) == (
        "n||False|A=SpeechStyle(voice='x', language='', rate=1.0, pause_ms=-1)"
    )
    of_engine = str(Cast.of({"speakers": {"A": {"voice": "x", "engine": "one"}}}))
    assert of_engine != str(Cast.of({"speakers": {"A": {"voice": "x", "engine": "two"}}})), "another engine speaks anew"
    texts = {str(Cast.of({"quotes": q, "speakers": {"A": {"names": [n]}}})) for q in ("x", "y") for n in ("B", "C")}
    assert len(texts) == 4


def test_a_speaker_with_another_voice_speaks_as_the_cast_says() -> None:
    request = JobRequest.of({"cast": VALUES, "speakers": {"Ben": "tenor", "Eva": "mezzo"}})
    assert request.speaker_styles == {
        "ANNA": SpeechStyle("alto"), "Ben": SpeechStyle("tenor", "de", 0.5, 0), "Eva": SpeechStyle("mezzo"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cast", "message"),
    [
        ({"actors": {}}, "cast: unknown field 'actors'; expected narrator, others, quotes, engines, speakers"),
        ({"speakers": {"ANNA": {"spede": 2}}}, "cast: ANNA: unknown field 'spede'; expected voice, language"),
        ({"speakers": {"ANNA": {"speed": 9}}}, "cast: ANNA: speed=9; expected a number from 0.25 to 4"),
        ({"speakers": {"ANNA": {"pause_ms": -1}}}, "cast: ANNA: pause_ms=-1; expected a number from 0 to 60000"),
        ({"speakers": {"A:B": "x"}}, "speakers: 'A:B'; expected a name without a colon"),
        ({"speakers": ["ANNA"]}, "cast: speakers=['ANNA']; expected names and their voices"),
        ({"engines": ["espeak"]}, "cast: engines=['espeak']; expected names and their engines"),
        ({"engines": {"x": {"engin": "tone"}}}, "cast: engines: x: unknown field 'engin'; expected engine, options"),
        ({"engines": {"x": 7}}, "cast: engines: x: 7; expected an engine, or engine, options"),
        ({"speakers": {"ANNA": {"engine": "no pool"}}}, "cast: engine='no pool'; expected up to 64 letters"),
        ({"speakers": {"ANNA": {"names": "Ann"}}}, "cast: ANNA: names='Ann'; expected a list of up to 16 names"),
        ({"speakers": {"ANNA": {"names": [""]}}}, "cast: ANNA: names: ''; expected a name"),
        (
            {"speakers": {"ANNA": {"names": ["Ben"]}, "Ben": "bass"}},
            "cast: ANNA: names: 'Ben' is another speaker's name, too",
        ),
        ({"others": "mia"}, "cast: others='mia'; expected a list of voices, or auto"),
        (["ANNA"], "cast=['ANNA']; expected a mapping with narrator, others, quotes, engines, speakers, or 'auto'"),
    ],
)
def test_what_is_wrong_in_a_cast_is_named(cast: object, message: str) -> None:
    with pytest.raises(UnknownOption) as refused:
        JobRequest.of({"cast": cast})
    assert message in str(refused.value)


def test_an_empty_file_is_no_cast(tmp_path: Path) -> None:
    (tmp_path / "cast.yaml").touch()
    with pytest.raises(UnknownOption, match=r"^the cast is empty; expected a mapping with narrator"):
        JobRequest.of({"cast": tmp_path / "cast.yaml"})


@pytest.mark.parametrize("written", [b"{not json", b"a: [", b"\xff\xfe\0"])
def test_a_damaged_file_is_refused_by_its_name(written: bytes, tmp_path: Path) -> None:
    (tmp_path / "cast.yaml").write_bytes(written)
    with pytest.raises(BadInput, match=r"cast .*cast\.yaml is"):
        JobRequest.of({"cast": tmp_path / "cast.yaml"})


def test_names_are_found_in_capitals_and_each_once() -> None:
    assert script_names(SCRIPT) == ["ANNA", "BEN LEE", "ÉVA"]
    assert count_lines(SCRIPT, ["BEN LEE", "CARL"]) == {"BEN LEE": 2, "CARL": 0}


def voices_of(cast: object, **options: Any) -> dict[str, str]:
    request = JobRequest.of({"cast": cast, **options})
    found = cast_for_text(request, PoolRecord(pool="house", voices=VOICES), SCRIPT)
    return {name: style.voice for name, style in found.speakers.items()}


def test_other_speakers_have_voices_in_the_order_in_which_they_occur() -> None:
    assert voices_of({"speakers": {"BEN LEE": "jon"}}) == {"BEN LEE": "jon"}, "no other name is looked for"
    assert voices_of({"others": ["x"], "speakers": {"BEN LEE": "jon"}}) == {"BEN LEE": "jon", "ANNA": "x", "ÉVA": "x"}
    assert voices_of("auto") == {"ANNA": "ann", "BEN LEE": "any", "ÉVA": "ann"}, "not the narrator's, which is nora"
    assert voices_of("auto", voice="jon") == {"ANNA": "any", "BEN LEE": "any", "ÉVA": "any"}
    assert voices_of("auto", language="en") == {"ANNA": "ann", "BEN LEE": "any", "ÉVA": "ann"}
    assert voices_of("auto", speakers={"ANNA": "any"}, language="en")["BEN LEE"] == "ann"


def test_the_pause_of_a_speaker_is_in_place_of_the_jobs_and_of_no_other() -> None:
    styles = SentenceStyles(JobRequest(pause_ms=200), PoolRecord())
    quick = SpeechStyle("alto", pause_ms=50)
    assert [styles.styled(Sentence("Hi.", ms), quick).pause_ms for ms in (0, 200, 600)] == [0, 50, 600]
