"""`enqueue_job` at work: fast, once per key, refused with reasons, voices and pauses as asked for."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import soundfile

from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import (
    BadInput,
    Busy,
    CapReached,
    EmptyText,
    NoWorkers,
    Refused,
    SeriatimError,
    TextTooLarge,
    TooManySentences,
    UnknownOption,
    UnknownVoice,
)
from seriatim.keys import pool_prefix
from seriatim.records import DrainMode, Sentence
from tests.support.document_files import archive, epub_members
from tests.support.documents_extra import require_documents_extra
from tests.support.expected_audio import (
    RATE_HZ,
    Listener,
    by_sentence,
    longest_step,
    samples,
    sentences,
    spoken_pcm,
    stream_of,
    trailing_silence_ms,
)
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem, wait_until
from tests.support.processor_time import slowness
from workers.trim_and_fade import TAIL_MS

PAGE = " ".join(sentences(30, "Page", n_words=11))  #: about 2,000 characters
PAGE_MS = 10.0
CLICK = 300  #: of 32,768: a step between two samples that is not heard as a click
BOOK = """
import resource, sys
from seriatim import enqueue_job

def book(n):
    for seq in range(n):
        yield f"This is sentence {seq} of a book that no machine could ever hold in memory twice."

def peak_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

options = {"engine": "tone", "pool": "library", "kind": "batch"}
enqueue_job(book(2_000), **options).cancel()
before_kb = peak_kb()
job = enqueue_job(book(20_000), **options)
print(job.id, peak_kb() - before_kb)
"""


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(
        lease_ms=60_000, message_timeout_ms=60_000
    )  # its workers are there, however busy the machine is
    system.reassembler()
    system.workers(2)
    system.workers(1, name="costly", pool="costly", options={"rtf": 0.5})
    return system


def enqueued_ms(system: RealSystem, producer: Producer, request: JobRequest) -> float:
    """The time that the producer's processor and the server's scripts take for a page, however long either waits."""
    with system.redis as client:
        client.config_resetstat()
        began_s = time.process_time()
        job = producer.enqueue(PAGE, request)
        taken_ms = (time.process_time() - began_s) * 1000
        server_us = client.info("commandstats").get("cmdstat_evalsha", {"usec": 0})["usec"]
    job.cancel()
    return taken_ms + float(server_us) / 1000


class TestSpeed:
    def test_a_page_is_accepted_in_ten_milliseconds(self, system: RealSystem) -> None:
        """The best of many: what neighbours on a busy machine add is not ours, and they only ever add."""
        producer = system.producer()
        request = JobRequest.of({"engine": "tone", "pool": "costly", "kind": "batch", "user": "page"})
        producer.enqueue(PAGE, request).cancel()
        assert any(enqueued_ms(system, producer, request) < PAGE_MS * slowness() for _ in range(300))

    @pytest.mark.thorough
    def test_a_book_of_twenty_thousand_sentences_passes_through_a_producer_that_stays_small(
        self, system: RealSystem
    ) -> None:
        command = [sys.executable, "-c", BOOK]
        done = subprocess.run(command, cwd=ROOT, env=system.environment, capture_output=True, check=True, text=True)
        job_id, grown_kb = done.stdout.split()
        assert int(grown_kb) < 4_000, f"{grown_kb} kB for 1.5 MB of text"
        job = system.producer().attach(job_id)
        assert job.status().sentences == 20_000
        job.cancel()


class TestOnce:
    def test_the_same_key_of_the_same_user_is_the_same_job(self, system: RealSystem) -> None:
        text = sentences(2, "once")
        first = system.enqueue(text, user="ann", idempotency_key="chapter 1")
        again = system.enqueue(text, user="ann", idempotency_key="chapter 1")
        another = system.enqueue(text, user="bob", idempotency_key="chapter 1")
        assert first.id == again.id != another.id
        assert Listener(again).pcm() == Listener(another).pcm() == stream_of(text)
        assert system.enqueue(text, user="ann", idempotency_key="chapter 1").id == first.id, "after its end, too"


@pytest.mark.parametrize("text", ["...", "👍", "---", "", [], ["...", "?!"]], ids=repr)
@pytest.mark.parametrize("kind", ["live", "batch"])
def test_a_text_with_nothing_to_say_is_a_job_that_is_done_when_asked_for(
    system: RealSystem, text: object, kind: str
) -> None:
    """A program that speaks what a model writes need not check each sentence for content."""
    job = system.enqueue(text, empty="silence", kind=kind, pool="costly")
    assert list(job.audio()) == []
    status = job.wait(PATIENCE_S)
    assert (status.state, status.sentences, status.n_bytes, status.closed) == ("done", 0, 0, True)
    with pytest.raises(EmptyText):
        system.enqueue(text, kind=kind, pool="costly")


class TestFiles:
    """A path or an open file is the text in it: wrapped lines are no sentences."""

    TEXT = "This sentence is wrapped\nin the middle of it. And this\none too.\n"
    TEXTS = ("This sentence is wrapped in the middle of it.", "And this one too.")

    def test_the_text_is_read(self, system: RealSystem, tmp_path: Path) -> None:
        path = tmp_path / "text.txt"
        path.write_text(self.TEXT, "utf-8")
        marked, other = tmp_path / "marked.txt", tmp_path / "utf-16.txt"
        marked.write_text(self.TEXT, "utf-8-sig")
        other.write_text(self.TEXT, "utf-16")
        with path.open(encoding="utf-8") as file, path.open("rb") as binary:
            for text in (file, binary, path, marked, other, io.StringIO(self.TEXT), Once(self.TEXT)):
                assert Listener(system.enqueue(text)).pcm() == stream_of(list(self.TEXTS)), text
        with system.producer().open(JobRequest.of({"engine": "tone"})) as session:
            session.say(path)
        assert Listener(session.job).pcm() == stream_of(list(self.TEXTS))

    def test_a_book_is_read_as_a_document(self, system: RealSystem, tmp_path: Path) -> None:
        require_documents_extra()
        book = tmp_path / "no-ending"
        pages = {"a.xhtml": "<h1>One</h1><p>It <b>fell</b>.</p>", "b.xhtml": "<p>&lt;b> stays.</p>", "lost.xhtml": ""}
        members = epub_members(pages)
        del members["OEBPS/lost.xhtml"]
        book.write_bytes(archive(members))
        job = system.enqueue(book)
        assert Listener(job).pcm() == stream_of([Sentence(text, 600) for text in ("One", "It fell.", "<b> stays.")])
        assert "the book lacks its page 'OEBPS/lost.xhtml'" in job.warning

    def test_what_cannot_be_read_is_named(self, system: RealSystem, tmp_path: Path) -> None:
        path, large = tmp_path / "text.txt", tmp_path / "large.txt"
        path.write_bytes(b"\xed\xa0\x80")
        with large.open("wb") as hole:
            hole.truncate(system.settings.max_text_bytes + 1)
        latin, binary, closed = path.open(encoding="utf-8"), path.open("rb"), path.open("w+", encoding="utf-8")
        closed.close()
        path.write_bytes(b"\xed\xa0\x80")
        for text, error, message in [
            (tmp_path / "none.txt", BadInput, "cannot read .*none.txt: no such file or directory"),
            (tmp_path, BadInput, "cannot read .*: is a directory"),
            (path, BadInput, "text.txt is no UTF-8 text: byte 0 is 0xed"),
            (latin, BadInput, "cannot read the file .*text.txt': 'utf-8' codec can't decode byte 0xed"),
            (binary, BadInput, "text.txt' is no UTF-8 text: byte 0 is 0xed"),
            (closed, BadInput, "cannot read the file .*: I/O operation on closed file"),
            (large, TextTooLarge, "large.txt has more than"),
            ({"text": "Hi."}, BadInput, "the text is dict; expected a string, or an iterable of sentences"),
        ]:
            with pytest.raises(error, match=message):
                system.enqueue(text)
        latin.close()
        binary.close()

    def test_a_piece_of_an_open_job_is_text(self, system: RealSystem) -> None:
        session = system.producer().open(JobRequest.of({"engine": "tone"}))
        with pytest.raises(BadInput, match="the text is list; expected a string"):
            session.say(["One.", "Two."])  # type: ignore[arg-type]  # on purpose
        session.job.cancel()


class Once(io.StringIO):
    """A file that gives less than it is asked for, as pipes do."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(min(7, size or 7) if size and size > 0 else 7)


REFUSALS: list[tuple[object, dict[str, object], type[SeriatimError], str]] = [
    ("", {}, EmptyText, "the text has nothing to speak: no letters and no digits"),
    ([], {}, EmptyText, "the text has nothing to speak: no letters and no digits"),
    (b"Hello.", {}, BadInput, "the text is bytes; decode it first, for example with .decode('utf-8')"),
    (None, {}, BadInput, "the text is NoneType; expected a string, or an iterable of sentences"),
    ("Hi.", {"voice": "tennor"}, UnknownVoice, "unknown voice 'tennor'; pool 'tone' has: tenor"),
    ([Sentence("Hi.", voice="tennor")], {}, UnknownVoice, "unknown voice 'tennor'; pool 'tone' has: tenor"),
    ("Hi.", {"voise": "tenor"}, UnknownOption, "unknown option 'voise'; did you mean voice?"),
    ("Hi.", {"speed": 5}, UnknownOption, "speed=5; expected a number from 0.25 to 4"),
    ("Hi.", {"weight": 0}, UnknownOption, "weight=0; expected a number from 0.001 to 1000"),
    ("Hi.", {"seed": -1}, UnknownOption, "seed=-1; expected a whole number from 0 to 9223372036854775807"),
    ("Hi.", {"kind": "soon"}, UnknownOption, "kind='soon'; expected one of live, batch"),
    ("Hi.", {"gap": "loud"}, UnknownOption, "gap='loud'; expected one of fail, silence, skip"),
    ("Hi.", {"drain": "sink"}, UnknownOption, "drain='sink'; expected one of window, store"),
    ("Hi.", {"empty": "noise"}, UnknownOption, "empty='noise'; expected one of error, silence"),
    ("Hi.", {"hold": "maybe"}, UnknownOption, "hold='maybe'; expected one of auto, always, never"),
    ("Hi.", {"user": " "}, UnknownOption, "user=' '; expected a name of 1 to 256 characters"),
    ("Hi.", {"pool": "A/B"}, UnknownOption, "pool='A/B'; expected up to 64 letters, digits, dots"),
    ("Hi.", {"pause_ms": 90_000}, UnknownOption, "pause_ms=90000; expected a whole number from 0 to 60000"),
    ("Hi.", {"pause_ms": 1.5}, UnknownOption, "pause_ms=1.5; expected a whole number from 0 to 60000"),
    ("Hi.", {"paragraph_ms": 600.0}, UnknownOption, "paragraph_ms=600.0; expected a whole number from 0 to 60000"),
    ("Hi.", {"window_ms": 2.5}, UnknownOption, "window_ms=2.5; expected a whole number from 0 to 3600000"),
    ("Hi.", {"priority": 0.5}, UnknownOption, "priority=0.5; expected a whole number from -9 to 9"),
    ("Hi.", {"seed": 1.5}, UnknownOption, "seed=1.5; expected a whole number from 0 to 9223372036854775807"),
]


class TestRefused:
    @pytest.mark.parametrize(("text", "options", "error", "message"), REFUSALS)
    def test_what_cannot_be_used_is_refused_with_a_reason(
        self, system: RealSystem, text: object, options: dict[str, object], error: type[SeriatimError], message: str
    ) -> None:
        with pytest.raises(error) as refused:
            system.enqueue(text, **options)
        assert str(refused.value).startswith(message)

    def test_a_voice_that_was_added_a_moment_ago_is_known_at_once(self, system: RealSystem) -> None:
        producer = system.producer()
        with system.redis as client:
            key = f"{pool_prefix('tone')}:voices"
            listed = cast("bytes", client.get(key))
            try:
                client.set(key, json.dumps([v for v in json.loads(listed) if v["name"] != "tenor"]), keepttl=True)
                assert "tenor" not in producer.pool_cache.get("tone").voice_names
            finally:
                client.set(key, listed, keepttl=True)
        request = JobRequest(engine="tone", user="late", voice="tenor", drain=DrainMode.STORE)
        assert producer.enqueue(sentences(1, "added"), request).status().sentences == 1

    def test_a_text_over_the_limits_is_refused(self, system: RealSystem) -> None:
        producer = system.producer()
        producer.settings = replace(system.settings, max_text_bytes=100)
        with pytest.raises(TextTooLarge, match=r"^a text of 101 bytes; SERIATIM_MAX_TEXT_BYTES allows 100: send it in"):
            producer.enqueue("x" * 101, JobRequest(engine="tone"))
        producer.settings = replace(system.settings, max_sentences=40)
        with pytest.raises(TooManySentences, match=r"^more than 40 sentences; SERIATIM_MAX_SENTENCES sets the limit"):
            producer.enqueue(sentences(41, "many"), JobRequest(engine="tone"))

    def test_a_pool_without_workers_refuses_live_jobs_and_says_when_to_come_back(self, system: RealSystem) -> None:
        with pytest.raises(NoWorkers, match=r"^no worker of pool 'empty' is alive; start one with: ") as refused:
            system.enqueue("Hello.", pool="empty")
        assert refused.value.retryable
        assert refused.value.retry_after_s == 2

    def test_a_full_pool_refuses_one_more_listener_and_says_when_to_come_back(self, system: RealSystem) -> None:
        """Each listener needs half of the one slot; a twentieth is kept for batch work."""
        first = system.enqueue(sentences(20, "listener"), pool="costly")
        with pytest.raises(
            Busy, match=r"^pool 'costly' has all the listeners that it can serve without gaps; "
        ) as refused:
            system.enqueue(sentences(2, "one more"), pool="costly")
        assert 0.5 <= refused.value.retry_after_s <= 90, "as long as the first listener listens"
        assert isinstance(refused.value, Refused)
        batch = system.enqueue(sentences(1, "batch"), pool="costly", kind="batch")
        first.cancel()
        text = sentences(1, "now there is room")
        assert Listener(system.enqueue(text, pool="costly")).pcm() == stream_of(text)
        assert batch.wait(PATIENCE_S).state == "done", "batch work is not refused, only later"

    def test_a_user_is_held_to_its_caps(self, system: RealSystem) -> None:
        producer = system.producer()
        producer.settings = replace(system.settings, user_jobs=1)
        request = JobRequest.of(
            {"engine": "tone", "user": "greedy", "kind": "batch", "drain": "window", "window_ms": 1_000}
        )
        first = producer.enqueue(sentences(9, "first"), request)
        with pytest.raises(
            CapReached, match=r"^user 'greedy' has as many jobs as SERIATIM_USER_JOBS allows; retry after"
        ):
            producer.enqueue("Hello.", request)
        first.cancel()
        producer.enqueue("Hello.", request).cancel()


class TestSound:
    def test_a_dialogue_is_one_job_with_the_voices_speeds_and_pauses_of_its_sentences(self, system: RealSystem) -> None:
        dialogue: list[Sentence | str] = [
            Sentence("Who is there?", 500, voice="bass"),
            Sentence("It is only me.", 100, voice="soprano", speed=1.5),
            Sentence("Come in, then!", 0, voice="bass", seed=77),
            "And the door was closed.",
        ]
        by_seq = by_sentence(Listener(system.enqueue(dialogue, voice="alto", seed=5)).all())
        assert by_seq == {
            0: spoken_pcm(dialogue[0], seed=5),
            1: spoken_pcm(dialogue[1], seed=6),
            2: spoken_pcm(dialogue[2], seed=77),
            3: spoken_pcm(dialogue[3], "alto", seed=8),
        }

    def test_a_text_has_the_voices_that_its_markup_and_its_speakers_ask_for(self, system: RealSystem) -> None:
        text = "It is night.\n\nANNA: Who is there?\nBEN: [voice:organ]Only me.\n\n[voice:trumpet] And so on."
        cast = {"ANNA": "bass", "BEN": "SOPRANO"}
        voices = {"It is night.": "", "Who is there?": "bass", "Only me.": "organ", "And so on.": ""}
        job = system.enqueue(text, speakers=cast, pause_ms=0, paragraph_ms=0, seed=5)
        assert job.warning == "without effect: voice trumpet"
        assert by_sentence(Listener(job).all()) == {
            seq: spoken_pcm(Sentence(words, 0, voice=voice), seed=5 + seq)
            for seq, (words, voice) in enumerate(voices.items())
        }
        with pytest.raises(UnknownVoice):
            system.enqueue(text, speakers={"ANNA": "trumpet"})

    def test_a_text_that_is_still_written_has_them_too(self, system: RealSystem) -> None:
        producer = system.producer()
        request = JobRequest(engine="tone", voice="alto", speakers={"ANNA": "bass"}, pause_ms=0, drain=DrainMode.STORE)
        with producer.open(request) as job:
            for part in ("It is night.\nAN", "NA: Who ", "is there? <prosody ", 'rate="slow">Slowly.</prosody>'):
                job.say(part)
        assert by_sentence(Listener(job.job).all()) == {
            0: spoken_pcm(Sentence("It is night.", 0), "alto", seed=0),
            1: spoken_pcm(Sentence("Who is there?", 0, voice="bass"), seed=1),
            2: spoken_pcm(Sentence("Slowly.", 0, voice="bass", speed=0.8), seed=2),
        }

    def test_pauses_are_silence_of_the_length_asked_for(self, system: RealSystem) -> None:
        text = "One is one. Two is two.\n\nThree begins a paragraph. Four ends it."
        by_seq = by_sentence(Listener(system.enqueue(text, pause_ms=300, paragraph_ms=900)).all())
        for seq, pause_ms in enumerate((300, 900, 300)):
            assert pause_ms <= trailing_silence_ms(by_seq[seq]) <= pause_ms + TAIL_MS + 1, seq

    def test_joints_do_not_click_and_nothing_clips(self, system: RealSystem) -> None:
        text = sentences(8, "joints")
        entries = Listener(system.enqueue(text, pause_ms=0, voice="organ")).all()
        by_seq = by_sentence(entries)
        whole = b"".join(by_seq.values())
        around = RATE_HZ // 1000 * 2  # 1 ms
        end = 0
        for pcm in list(by_seq.values())[:-1]:
            end += len(pcm)
            assert longest_step(whole[end - around : end + around]) < CLICK
        assert longest_step(whole) > CLICK, "in its midst speech does move"
        assert int(np.abs(samples(whole)).max()) < 32_000

    def test_a_text_sounds_as_long_as_it_is(self, system: RealSystem) -> None:
        text = " ".join(sentences(10, "Length"))
        job = system.enqueue(text, pause_ms=0)
        Listener(job).all()
        assert job.status().audio_s == pytest.approx(len(text) * 0.06, rel=0.05), "the tone engine: 60 ms a character"


class TestSave:
    def test_only_a_whole_job_gets_the_files_name(
        self, system: RealSystem, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("saved")
        text = sentences(3, "saved")
        status = system.enqueue(text).save(folder / "speech.wav")
        assert (status.state, status.sentences) == ("done", 3)
        samples, rate_hz = soundfile.read(folder / "speech.wav", dtype="int16")
        assert (samples.tobytes(), rate_hz) == (stream_of(text), RATE_HZ)

        job = system.enqueue(sentences(40, "not saved"), window_ms=2_000)
        wait_until(lambda: job.status().emitted > 0)
        job.cancel("enough")
        with pytest.raises(SeriatimError, match="enough"):
            job.save(folder / "cancelled.flac")
        assert [path.name for path in folder.iterdir()] == ["speech.wav"]
