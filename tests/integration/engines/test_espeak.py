"""The espeak engine, with the real library: repeatable, whatever happens around it."""

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil  # type: ignore[import-untyped]  # its wheel ships no types
import pytest

from seriatim.audio.pcm import bytes_of_ms
from seriatim.engine import Continuity, Engine, Utterance
from seriatim.errors import BadInput, EngineFailed, EngineUnavailable, UnknownLanguage, UnknownOption, UnknownVoice
from tests.support.process_system import alive, wait_until
from workers.engines.engine_registry import load
from workers.engines.espeak.buffer_limits import insert_commas
from workers.trim_and_fade import TAIL_MS, TrimFadeFilter

if importlib.util.find_spec("espeakng_loader") is None:
    if os.environ.get("CI"):
        raise RuntimeError("espeakng-loader is not installed where CI is set: pip install -e '.[espeak]'")
    pytest.skip("espeakng-loader is not installed (pip install -e '.[espeak]')", allow_module_level=True)

ROOT = Path(__file__).parents[3]
SENTENCE = "Many workers speak at once, and every listener hears one text."
LONG = Utterance(" ".join([SENTENCE] * 9), speed=0.5)  # a minute: more than the engine and its pipe hold
VOICES = ("", "de", "fr-ch", "cmn", "en-us+f3", "en-gb+Reed", "en-us+caleb", "+klatt4")  # some have noise in them


@pytest.fixture(scope="module")
def espeak() -> Iterator[Engine]:
    engine = load("espeak", {})
    yield engine
    engine.close()


def pcm_of_speech(engine: Engine, utterance: Utterance | str) -> bytes:
    if isinstance(utterance, str):
        utterance = Utterance(utterance)
    return b"".join(piece.pcm for piece in engine.speak(utterance, lambda: False))


def samples(pcm: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(pcm, "<i2").astype(np.int64)


def wait_until_gone(pid: int) -> None:
    wait_until(lambda: not alive(pid), f"process {pid} ends")


def children_of(pid: int) -> set[int]:
    return {child.pid for child in psutil.Process(pid).children()}


def test_it_says_what_it_is(espeak: Engine) -> None:
    assert (espeak.name, espeak.rate_hz, espeak.slots) == ("espeak", 22_050, 1)
    assert espeak.continuity is Continuity.EXACT


class TestEspeakBytes:
    def test_they_are_the_same_in_any_order_process_and_thread(self, espeak: Engine) -> None:
        utterances = [Utterance(f"Hallo, {n} words 你好.", voice=voice, seed=5) for voice in VOICES for n in range(3)]
        first = {utterance.text + utterance.voice: pcm_of_speech(espeak, utterance) for utterance in utterances}
        again = utterances * 2
        random.Random(3).shuffle(again)
        other = load("espeak", {"slots": "3"})
        with ThreadPoolExecutor(5) as threads:
            for utterance, pcm in zip(again, threads.map(lambda each: pcm_of_speech(other, each), again), strict=True):
                assert pcm == first[utterance.text + utterance.voice], utterance
        other.close()

    def test_an_interrupted_sentence_leaves_no_trace_in_the_next(self, espeak: Engine) -> None:
        before = pcm_of_speech(espeak, SENTENCE)
        cancelled: list[bool] = []
        pieces = espeak.speak(LONG, lambda: bool(cancelled))
        assert next(pieces).pcm
        cancelled.append(True)
        assert list(pieces) == []
        assert pcm_of_speech(espeak, SENTENCE) == before

    def test_the_seed_decides_the_noise_of_a_breathy_voice(self, espeak: Engine) -> None:
        one, two = (pcm_of_speech(espeak, Utterance(SENTENCE, voice="en-us+whisper", seed=seed)) for seed in (1, 2))
        assert one != two

    def test_a_sentence_of_a_minute_sounds_before_it_is_complete(self, espeak: Engine) -> None:
        looks: list[bool] = []

        def cancelled() -> bool:
            looks.append(False)
            return looks[-1]

        pieces = espeak.speak(LONG, cancelled)
        n_pieces = [(len(piece.pcm), piece.words, len(looks)) for piece in pieces]
        assert sum(size for size, _, _ in n_pieces) > bytes_of_ms(60_000, espeak.rate_hz)
        assert {words for _, words, _ in n_pieces} == {()}
        assert n_pieces[0][2] < 0.7 * n_pieces[-1][2], "of its 60 ms, most come behind the first chunk"


class TestEspeakVoices:
    def test_every_voice_of_the_list_speaks(self, espeak: Engine) -> None:
        assert len(espeak.voices) > 200
        assert espeak.voices[0].name == "en-us"
        for voice in espeak.voices:
            levels = np.abs(samples(pcm_of_speech(espeak, Utterance("papa mama", voice=voice.name))))
            assert len(levels) > espeak.rate_hz / 5, voice
            assert levels.max() > 2000, voice

    @pytest.mark.parametrize(
        ("voice", "language", "same"),
        [
            ("", "", "en-us"),
            ("", "de", "de"),
            ("", "de-AT", "de"),
            ("", "pt_BR", "pt-br"),
            ("", "en", "en-gb"),
            ("", "zh-TW", "cmn"),
            ("EN-US", "", "en-us"),
            ("fr-fr", "", "fr"),
            ("de", "en", "de"),
            ("+f3", "", "en-us+f3"),
            ("+F3", "fr", "fr+female3"),
            ("German", "", "de"),
            ("deu", "", "de"),
            ("french+f3", "", "fr+f3"),
        ],
    )
    def test_a_language_or_another_spelling_finds_the_voice(
        self, espeak: Engine, voice: str, language: str, same: str
    ) -> None:
        text = "Papa, mama, 12 e."
        assert pcm_of_speech(espeak, Utterance(text, voice, language)) == pcm_of_speech(espeak, Utterance(text, same))

    def test_voices_and_timbres_differ(self, espeak: Engine) -> None:
        takes = [pcm_of_speech(espeak, Utterance("Papa, mama, 12 e.", voice)) for voice in VOICES]
        assert len(set(takes)) == len(VOICES)

    @pytest.mark.parametrize(
        ("voice", "language", "kind", "message"),
        [
            ("en-ux", "", UnknownVoice, r"unknown espeak voice 'en-ux'; nearest: en-us, en-gb, .*"),
            ("en-us+f33", "", UnknownVoice, r"unknown espeak timbre 'f33'; nearest: f3"),
            ("", "xx", UnknownLanguage, r"unknown espeak language 'xx'; known: en, es, zh, fr, de, .* \.\.\."),
            ("de", "Germann", UnknownLanguage, r"unknown espeak language 'Germann'; nearest: de \(german\).*"),
        ],
    )
    def test_what_it_does_not_know_is_refused_with_the_nearest(
        self, espeak: Engine, voice: str, language: str, kind: type[BadInput], message: str
    ) -> None:
        with pytest.raises(kind, match=f"^{message}$"):
            pcm_of_speech(espeak, Utterance("Hello.", voice, language))


class TestEspeakOptions:
    def test_speed_changes_the_length(self, espeak: Engine) -> None:
        slow, normal, fast = (len(pcm_of_speech(espeak, Utterance(SENTENCE, speed=speed))) for speed in (0.5, 1, 2))
        assert slow / normal == pytest.approx(2, rel=0.1)
        assert normal / fast == pytest.approx(2, rel=0.15)

    @pytest.mark.parametrize(
        ("speed", "options", "message"),
        [
            (0.45, {}, r"speed=0.45; the espeak engine speaks at 0.46 to 4 times the normal rate at rate 175"),
            (
                2.5,
                {"rate": 300},
                r"speed=2.5; the espeak engine speaks at 0.27 to 2.33 times the normal rate at rate 300",
            ),
        ],
    )
    def test_a_speed_that_it_cannot_give_is_refused_with_those_it_can(
        self, espeak: Engine, speed: float, options: dict[str, float], message: str
    ) -> None:
        with pytest.raises(UnknownOption, match=f"^{message}$"):
            pcm_of_speech(espeak, Utterance("Hello.", speed=speed, options=options))

    def test_a_sentence_may_have_options_of_its_own(self, espeak: Engine) -> None:
        options: list[dict[str, float]] = [
            {},
            {"pitch": 80},
            {"volume": 30},
            {"range": 0},
            {"word_gap": 20},
            {"rate": 250},
        ]
        assert len({pcm_of_speech(espeak, Utterance(SENTENCE, options=each)) for each in options}) == len(options)

    def test_the_engine_has_the_options_of_its_start(self, espeak: Engine) -> None:
        high = load("espeak", {"pitch": "80"})
        assert pcm_of_speech(high, SENTENCE) == pcm_of_speech(espeak, Utterance(SENTENCE, options={"pitch": 80}))
        high.close()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"pitsh": 3}, r"unknown espeak option 'pitsh'; nearest: pitch"),
            ({"pitch": 100}, r"option pitch is 100, expected 0 to 99"),
            ({"slots": 2}, r"unknown espeak option 'slots'; .*"),
        ],
    )
    def test_a_sentences_options_are_checked(self, espeak: Engine, options: dict[str, float], message: str) -> None:
        with pytest.raises(UnknownOption, match=f"^{message}$"):
            pcm_of_speech(espeak, Utterance("Hello.", options=options))

    def test_the_options_of_the_start_are_checked(self) -> None:
        with pytest.raises(UnknownOption, match="option volume of the espeak engine is 300, expected 0 to 200"):
            load("espeak", {"volume": "300"})


class TestEspeakText:
    def test_no_text_is_taken_for_a_command(self, espeak: Engine) -> None:
        """Control characters change espeak's voice in mid-text, a zero ends it: they are read as spaces."""
        assert pcm_of_speech(espeak, "one \x0190S two \0 three") == pcm_of_speech(espeak, "one  90S two   three")

    def test_no_text_is_taken_for_markup(self, espeak: Engine) -> None:
        tagged = pcm_of_speech(espeak, 'one <break time="9s"/> two')
        assert len(tagged) < bytes_of_ms(6000, espeak.rate_hz)
        assert pcm_of_speech(espeak, "[[h@loU]]") != pcm_of_speech(espeak, Utterance("hello"))

    @pytest.mark.parametrize("text", ["", " ", "...", "\ud800", "\U0001f600", "\n\n"])
    def test_a_text_without_words_is_no_error(self, espeak: Engine, text: str) -> None:
        assert len(pcm_of_speech(espeak, text)) % 2 == 0


class TestProcesses:
    def test_a_crash_of_espeak_costs_one_attempt(self, espeak: Engine) -> None:
        before = pcm_of_speech(espeak, SENTENCE)
        (child,) = (pid for pid in children_of(os.getpid()) if _is_espeak(pid))
        pieces = espeak.speak(LONG, lambda: False)
        assert next(pieces).pcm
        os.kill(child, signal.SIGKILL)
        with pytest.raises(EngineFailed, match="espeak's process ended with status -9"):
            list(pieces)
        assert pcm_of_speech(espeak, SENTENCE) == before

    def test_its_processes_end_with_the_engine(self) -> None:
        others = children_of(os.getpid())
        engine = load("espeak", {"slots": "2"})
        assert len(children_of(os.getpid()) - others) == 2
        engine.close()
        assert children_of(os.getpid()) - others == set()

    def test_its_process_ends_when_the_worker_is_killed(self) -> None:
        program = f"""
import psutil
from seriatim.engine import Utterance
from workers.engines.engine_registry import load
pieces = load("espeak", {{}}).speak(Utterance({LONG.text!r}, speed=0.5), lambda: False)
next(pieces)  # it is in the middle of a sentence
print(psutil.Process().children()[0].pid, flush=True)
input()
"""
        pipe = subprocess.PIPE
        with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as worker:
            assert worker.stdout
            child = int(worker.stdout.readline())
            worker.kill()
        wait_until_gone(child)

    @pytest.mark.thorough
    def test_memory_stays_flat(self) -> None:
        """Each load of the library loses memory, most of it where a word is read in another language."""
        others = children_of(os.getpid())
        engine, own = load("espeak", {}), psutil.Process()
        pcm_of_speech(engine, Utterance("Das Update.", "de"))
        first_bytes, peak = own.memory_info().rss, 0
        for n in range(900):
            pcm_of_speech(engine, Utterance(f"Das Update {n % 9}.", "de"))
            if n % 50 == 49:
                peak = max(peak, *(psutil.Process(pid).memory_info().rss for pid in children_of(own.pid) - others))
        engine.close()
        assert peak < 110e6
        assert own.memory_info().rss - first_bytes < 8e6

    def test_a_library_that_cannot_be_loaded_is_one_clear_line(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        import espeakng_loader  # here, since the file is skipped where it is absent

        broken = tmp_path / "libespeak-ng.so"
        broken.write_bytes(b"not a library")
        monkeypatch.setattr(espeakng_loader, "get_library_path", lambda: str(broken))
        with pytest.raises(EngineUnavailable, match=f"^espeak-ng at {broken} cannot be loaded: .*"):
            load("espeak", {})


class TestJoints:
    def test_sentences_join_without_clicks_and_with_exact_pauses(self, espeak: Engine) -> None:
        pause = bytes(bytes_of_ms(250, espeak.rate_hz))
        sentences = [_edged(espeak, Utterance(text, "de")) for text in (SENTENCE, "No.", "Yes, of course!", SENTENCE)]
        joints = np.cumsum([len(pcm) // 2 for pcm in sentences])[:-1]
        steps = np.abs(np.diff(samples(b"".join(sentences))))
        assert all(pcm.endswith(pause) for pcm in sentences)
        assert max(steps[joint - 1] for joint in joints) <= 5  # into the next sentence
        assert max(steps[joint - 1 - len(pause) // 2] for joint in joints) <= 5  # into the pause

    def test_no_more_silence_than_was_asked_for(self, espeak: Engine) -> None:
        pcm = _edged(espeak, Utterance(SENTENCE))
        loud = np.flatnonzero(np.abs(samples(pcm)) > 104)
        assert len(samples(pcm)) - loud[-1] <= espeak.rate_hz * (0.25 + (TAIL_MS + 1) / 1000)

    def test_nothing_clips(self, espeak: Engine) -> None:
        for voice in ("en-us", "en-gb", "de", "fr", "es", "it", "pl", "ru"):
            edges = TrimFadeFilter(espeak.rate_hz, 0)
            edges.feed(pcm_of_speech(espeak, Utterance(SENTENCE, voice)))
            assert 8_000 < edges.peak < 31_000


def _edged(engine: Engine, utterance: Utterance) -> bytes:
    edges = TrimFadeFilter(engine.rate_hz, 250)
    return edges.feed(pcm_of_speech(engine, utterance)) + edges.finish()


def _is_espeak(pid: int) -> bool:
    try:
        return any("espeak/child_process" in part for part in psutil.Process(pid).cmdline())
    except psutil.ZombieProcess:  # a child of another test that has not been waited for yet
        return False


@pytest.mark.thorough
@pytest.mark.parametrize(("text", "language"), [
    (" ".join(str(1100 + 9 * n) for n in range(100)), "en"),
    ("나는오늘아침에일찍일어나서산책을하고" * 16, "ko"),
    ("我今天早上很早就起床然后去公园散步" * 20, "cmn"),
    ("supercalifragilistic" * 20, "en"),
])  # fmt: skip
def test_nothing_of_a_long_sentence_without_commas_is_lost(espeak: Engine, text: str, language: str) -> None:
    """What exceeds its buffers it drops: the whole lasts as long as its parts."""

    def lasts(text: str) -> int:
        return len(b"".join(s.pcm for s in espeak.speak(Utterance(text, language=language), lambda: False)))

    words = text.split(" ") if " " in text else [text[at : at + 30] for at in range(0, len(text), 30)]
    parts = [
        " ".join(words[at : at + 5]) if " " in text else words[at]
        for at in range(0, len(words), 5 if " " in text else 1)
    ]
    assert lasts(text) > 0.9 * sum(map(lasts, parts)) - len(parts) * 0.2 * 2 * espeak.rate_hz


YEARS = [str(1900 + n) for n in range(100)]


@pytest.mark.thorough
@pytest.mark.parametrize(("voice", "words"), [
    ("en-us", YEARS), ("fr", YEARS), ("ru", YEARS), ("hi", ["७७७७७७", "123456"] * 30),
    ("de", ["777777", "999999"] * 30),
    ("en-us", list("$%&+/=@~§°©®€£") * 20), ("de", ["$%&+/=@~§°©®€£"] * 20), ("en-us", list("√∑∫≤≠∞→←") * 30),
    ("de", list("√∑∫≤≠∞→←") * 30), ("en-us", ["😀", "🎉", "🚀", "🐙"] * 60), ("de", ["😀", "🎉", "🚀", "🐙"] * 60),
    ("en-us", ["√∑∫", "XKCDF", "😀🎉🚀"] * 40), ("en-us", ["XKCD", "BBC", "HTTP", "WWW"] * 40),
    ("en-us", ["approx.", "etc.", "incl."] * 60), ("de", ["bzw.", "usw.", "z.B."] * 60), ("en-us", list("abc") * 150),
    ("en-us", ["x"] * 200), ("en-us", ["https://www.example.com/path?x=1&y=2", "192.168.100.254"] * 12),
    ("de", ["Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung", "Haus"] * 12),
    ("fi", ["lentokonesuihkuturbiinimoottoriapumekaanikkoaliupseerioppilas"] * 16),
    ("ru", ["Здравствуйте", "мир"] * 60),
    ("ko", ["나는", "산책을", "하고", "만났습니다"] * 30), ("cmn", ["我们", "今天", "去", "公园"] * 40),
    ("ja", ["ありがとう", "ございます"] * 30), ("th", ["สวัสดี", "ครับ"] * 60), ("hi", ["नमस्ते", "दुनिया"] * 60),
    ("ta", ["வணக்கம்", "உலகம்"] * 60), ("ar", ["مرحبا", "بالعالم"] * 60), ("el", ["κόσμε", "Καλημέρα"] * 60),
])  # fmt: skip
def test_as_much_is_said_of_a_hostile_row_as_of_its_words(voice: str, words: list[str]) -> None:
    """By espeak's own account of the phonemes that it speaks; words that meet may share one, as in French."""
    row, *each = phonemes(voice, [insert_commas(" ".join(words)), *dict.fromkeys(words)])
    alone = dict(zip(dict.fromkeys(words), each, strict=True))
    assert row >= 0.97 * sum(alone[word] for word in words) > 0


@pytest.mark.thorough
@pytest.mark.parametrize(("voice", "unit", "n"), [
    ("en-us", "XKCDF", 30), ("en-us", "xkcdf", 30), ("fr", "W", 60), ("en-us", "√∑∫≤≠∞", 30), ("de", "√∑∫≤≠∞", 30),
    ("en-us", "$%&+/=@", 30), ("en-us", "😀🎉", 30), ("de", "Rindfleischetikettierungsüberwachungsaufgaben", 12),
    ("fi", "lentokonesuihku", 30), ("en-us", "foo_bar_", 30), ("en-us", "a3f9c2", 30), ("ta", "வணக்கம்", 30),
    ("ko", "나는", 30), ("ru", "превосход", 30),
])  # fmt: skip
def test_as_much_is_said_of_a_word_without_an_end_as_of_its_parts(voice: str, unit: str, n: int) -> None:
    whole, two = phonemes(voice, [insert_commas(unit * n), unit * 2])
    assert whole >= 0.98 * n * two / 2 > 0


@pytest.mark.thorough
@pytest.mark.parametrize("voice", ["en-us", "de", "ru", "hi", "ko"])
@pytest.mark.parametrize("n", [21, 40, 100, 300])
def test_a_number_too_long_for_a_name_is_read_digit_by_digit(voice: str, n: int) -> None:
    assert len(set(phonemes(voice, [insert_commas("7" * n), insert_commas(" ".join("7" * n))]))) == 1


def phonemes(voice: str, texts: list[str]) -> list[int]:
    """How many phonemes espeak speaks of each text."""
    lines = "".join(json.dumps([voice, text]) + "\n" for text in texts)
    counting = [sys.executable, str(Path(__file__).with_name("espeak_phonemes.py"))]
    found = subprocess.run(counting, input=lines, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [len(json.loads(line)) for line in found.splitlines()]


@pytest.mark.parametrize(("text", "language", "n_words"), [
    (" ".join(["나는오늘", "아침에", "일찍일어나서", "산책을하고"] * 14), "ko", 4),
    (" ".join(["WWW", "HTTP", "XWZ"] * 40), "en", 5),
])  # fmt: skip
def test_what_takes_more_of_a_clause_than_it_seems_is_not_lost(
    espeak: Engine, text: str, language: str, n_words: int
) -> None:
    """Hangul grows in espeak's buffers, and letters that are spelled have many phonemes."""

    def lasts(text: str) -> int:
        return len(b"".join(s.pcm for s in espeak.speak(Utterance(text, language=language), lambda: False)))

    words = text.split(" ")
    parts = [" ".join(words[at : at + n_words]) for at in range(0, len(words), n_words)]
    assert lasts(text) > 0.95 * sum(map(lasts, parts))
