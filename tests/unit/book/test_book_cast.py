"""Book cast: the voices of speakers whom a cast does not name, the same in all chapters, run after run."""

import pytest

from gateway.book.book_plan import plan_book
from gateway.book.corrections import Correction
from gateway.book.making.book_cast import book_voices, chapter_narrators, plan_with_voices, with_voices
from gateway.book.making.kept_texts import earlier_keys, with_kept_texts
from gateway.local.processes import WorkerPlan
from gateway.output.speak_arguments import SpeakArguments
from seriatim.client.job_options import JobRequest
from seriatim.engine import Voice
from seriatim.errors import BadInput, UnknownVoice
from seriatim.state.pool_record import PoolRecord
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

    def keys(voices: dict[str, str], narrators: dict[int, str] = {}) -> list[str]:  # noqa: B006  # it is not changed
        return [chapter.key for chapter in plan_with_voices(plan, speech, voices, narrators).chapters]

    first = keys(voices)
    assert first == keys(voices | {"ZOE": "tenor"})
    assert set(first).isdisjoint(keys(voices | {"BEN": "tenor"}))
    assert [a == b for a, b in zip(first, keys(voices, {2: "tenor"}), strict=True)] == [True, False]


def test_a_text_has_the_voices_of_the_book_for_speakers_it_may_name() -> None:
    voices = {"ANNA": "alto", "BEN": "bass"}
    named = with_voices(request(), voices, "BEN: I.", "tenor")
    assert ({name: style.voice for name, style in named.cast.speakers.items()}, named.voice) == (
        {"BEN": "bass"}, "tenor",
    )  # fmt: skip
    assert with_voices(request(), voices, "Nobody.") == request()
    novel = request(cast={"quotes": "narrator", "speakers": {"Anna": {"voice": "alto", "names": ["Mrs. Berg"]}}})
    assert with_voices(novel, {}, "“Yes,” said Mrs.\nBerg.").cast == novel.cast
    assert with_voices(novel, {}, "“Yes,” said Tom.").cast.names == {}


def test_chapters_have_narrators_of_their_own() -> None:
    pool = PoolRecord(pool="tone", voices=tuple(VOICES))
    assert chapter_narrators(["1-2=ALTO", "2=bass"], 3, pool) == {1: "alto", 2: "bass"}
    for wish, message in (("4=alto", "no chapter 4"), ("alto", "expected numbers"), ("1=", "expected numbers and a")):
        with pytest.raises(BadInput, match=message):
            chapter_narrators([wish], 3, pool)
    with pytest.raises(UnknownVoice):
        chapter_narrators(["1=nobody"], 3, pool)


def test_corrected_texts_follow_a_chapter_into_another_voice_of_its_language() -> None:
    """In another language the numbers of sentences may mean others."""
    pool = PoolRecord(pool="tone", voices=(*VOICES, Voice("hanna", "de", "")))
    speech = SpeakArguments("", "", request(cast=None), WorkerPlan("tone"), embedded=True)
    document = Document(DocumentFormat.TEXT, (Chapter("One", FIRST), Chapter("Two", SECOND)), "Book")
    plan = plan_book(document, "book", speech.fingerprint.options)
    now = plan_with_voices(plan, speech, {}, {1: "hanna", 2: "bass"})
    (first, second), (german, bass) = plan.chapters, now.chapters
    corrections = {one.key: (Correction(0, "Hi."),) for one in plan.chapters}

    voices = ("teller", "teller")
    assert earlier_keys(plan, now, voices, "", pool) == {bass.key: second.key}
    assert earlier_keys(plan, now, voices, "en", pool) == {german.key: first.key, bass.key: second.key}
    assert earlier_keys(plan, now, ("hanna", "teller"), "", pool) == {german.key: first.key}
    kept = with_kept_texts(corrections, {bass.key: second.key, german.key: "unknown"})
    assert kept == corrections | {bass.key: corrections[second.key]}
