"""Sentence styles: what a pool makes of the voices, languages and rates that a text asks for."""

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.sentences.sentence_styles import SentenceStyles
from seriatim.engine import Voice
from seriatim.errors import UnknownOption
from seriatim.records import Sentence
from seriatim.state.pool_record import PoolRecord
from seriatim.text.speech_style import SpeechStyle

VOICES = (Voice("anna", "en", ""), Voice("jonas", "de", ""))
POOL = PoolRecord(pool="house", voices=VOICES)


def in_pool(*styles: SpeechStyle, speed: float = 1.0) -> list[Sentence]:
    request = SentenceStyles(JobRequest(voice="anna", speed=speed), POOL)
    return [request.styled(Sentence(f"Sentence {n}.", 100), style) for n, style in enumerate(styles)]


def test_a_sentence_has_the_pools_name_of_its_voice_and_its_own_speed() -> None:
    assert list(
        in_pool(SpeechStyle(), SpeechStyle("ANNA"), SpeechStyle("German"), SpeechStyle(rate=0.5), speed=1.5)
    ) == [
        Sentence("Sentence 0.", 100),
        Sentence("Sentence 1.", 100, voice="anna"),
        Sentence("Sentence 2.", 100, voice="jonas"),
        Sentence("Sentence 3.", 100, speed=0.75),
    ]


def test_a_language_has_the_voice_that_the_pool_has_for_it() -> None:
    assert (in_pool(SpeechStyle(language="de"))) == [Sentence("Sentence 0.", 100, voice="jonas", language="de")]


def test_what_the_pool_cannot_do_is_left_out_and_named_once() -> None:
    styles, odd = SentenceStyles(JobRequest(), POOL), SpeechStyle("nobody")
    for style in (odd, odd, SpeechStyle(language="fi")):
        assert styles.styled(Sentence("Hi.", 100), style) == Sentence("Hi.", 100)
    styles.ignore(["<emphasis>"])
    assert styles.warning() == "without effect: voice nobody, voice fi, <emphasis>"
    assert styles.warning() == ""


@pytest.mark.parametrize(
    "speakers", [{"A:": "x"}, {"": "x"}, {"A": 5}, {"A" * 65: "x"}, ["A"], {f"A{n}": "x" for n in range(65)}]
)
def test_odd_speakers_are_refused(speakers: object) -> None:
    with pytest.raises(UnknownOption):
        JobRequest.of({"speakers": speakers})
