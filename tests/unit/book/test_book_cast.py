"""Book cast: the voices of speakers whom a cast does not name, the same in all chapters, run after run."""

from gateway.book.book_plan import plan_book
from gateway.book.making.book_cast import book_voices, plan_with_voices, with_voices
from gateway.local.processes import WorkerPlan
from gateway.output.speak_arguments import SpeakArguments
from seriatim.client.job_options import JobRequest
from seriatim.engine import Voice
from seriatim.text.documents import Chapter, Document, DocumentFormat

VOICES = [Voice(name, "en", "") for name in ("teller", "alto", "bass", "tenor")]
FIRST, SECOND = "ANNA: Hello.\nBEN: Hello.\n", "BEN: Bye.\nANNA: Bye.\n"


def request(**options: object) -> JobRequest:
    return JobRequest.of({"engine": "tone", "voice": "teller", "cast": "auto"} | options)


def test_speakers_have_voices_in_the_order_of_the_book() -> None:
    found = book_voices(request(), VOICES, [FIRST, SECOND + "CARL: I.\nDORA: I.\n"], {})
    assert found == {"ANNA": "alto", "BEN": "bass", "CARL": "tenor", "DORA": "alto"}
    assert book_voices(request(cast={"others": ["bass", "alto"]}), [], [FIRST], {}) == {"ANNA": "bass", "BEN": "alto"}


def test_a_speaker_keeps_a_voice_as_long_as_it_may_be_had() -> None:
    earlier = {"ANNA": "alto", "BEN": "bass", "GONE": "tenor"}
    new = "ZOE: First!\n"
    assert book_voices(request(), VOICES, [new, FIRST], earlier) == {**earlier, "ZOE": "tenor"}
    named = request(speakers={"ZOE": "bass"})
    assert book_voices(named, VOICES, [new, FIRST], earlier) == {"ANNA": "alto", "BEN": "tenor", "GONE": "tenor"}
    assert book_voices(request(voice="alto"), VOICES, [FIRST], earlier)["ANNA"] == "teller"


def test_a_chapter_has_its_own_speakers_alone_in_its_key() -> None:
    """So a new speaker elsewhere does not have it spoken again."""
    speech = SpeakArguments("", "", request(), WorkerPlan("tone"), embedded=True)
    document = Document(DocumentFormat.TEXT, (Chapter("One", FIRST), Chapter("Two", SECOND)), "Book")
    plan = plan_book(document, "book", speech.fingerprint.options)
    voices = {"ANNA": "alto", "BEN": "bass"}
    keys = [chapter.key for chapter in plan_with_voices(plan, speech, voices).chapters]
    assert keys == [one.key for one in plan_with_voices(plan, speech, voices | {"ZOE": "tenor"}).chapters]
    assert set(keys).isdisjoint(one.key for one in plan_with_voices(plan, speech, voices | {"BEN": "tenor"}).chapters)


def test_a_text_has_the_voices_of_the_book() -> None:
    voices = {"ANNA": "alto", "BEN": "bass"}
    styles = with_voices(request(), voices, "BEN: I.").cast.speakers
    assert {name: style.voice for name, style in styles.items()} == {"BEN": "bass"}
    assert with_voices(request(), voices, "Nobody.") == request()
