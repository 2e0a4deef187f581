"""The hibari engine, with its real model: repeatable, whole, English only, and trimmed to the job's pauses."""

import importlib.util
import itertools
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.engine import Continuity, Engine, Utterance
from seriatim.errors import BadInput, EngineUnavailable, JobFailed, UnknownLanguage, UnknownOption, UnknownVoice
from seriatim.records import DrainMode, JobKind
from seriatim.text.duration_estimate import estimate_ms
from seriatim.text.lexicon import Lexicon
from seriatim.text.segment import SegmentOptions, segment
from tests.support.expected_audio import plainly
from tests.support.process_system import ROOT, RealSystem, wait_until
from workers.engines.engine_registry import load
from workers.trim_and_fade import LEAD_MS, TAIL_MS, THRESHOLD, TrimFadeFilter

if importlib.util.find_spec("hibari") is None:
    if os.environ.get("CI"):
        raise RuntimeError("hibari-tts is not installed where CI is set: pip install -e '.[hibari]'")
    pytest.skip("hibari-tts is not installed (pip install -e '.[hibari]')", allow_module_level=True)

from hibari.voices import ASSETS, VOICES

from workers.engines.hibari import pinned_model
from workers.engines.hibari.dialect import hibari_text
from workers.engines.hibari.engine import HibariEngine
from workers.engines.hibari.pronunciation import pieces, readable

SENTENCE = "Many workers speak at once, and every listener hears one text."
HARBOUR = (ROOT / "examples" / "harbour.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def hibari() -> Iterator[Engine]:
    engine = load("hibari", {})
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # A sentence may be hit by every kill; a process that gets no turn on a busy machine is not taken for dead.
    system = new_system(max_failures=99, lease_ms=10_000)
    system.reassembler()
    return system


def pcm_of_speech(engine: Engine, utterance: Utterance | str) -> bytes:
    if isinstance(utterance, str):
        utterance = Utterance(utterance)
    return b"".join(piece.pcm for piece in engine.speak(utterance, lambda: False))


def samples(pcm: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(pcm, "<i2").astype(np.int64)


def silences_ms(engine: Engine, pcm: bytes) -> tuple[float, float, float]:
    """Before the first sound, the longest within, and behind the last."""
    sounds = np.flatnonzero(np.abs(samples(pcm)) > THRESHOLD)
    gaps = [sounds[0], np.diff(sounds).max(), len(pcm) // 2 - sounds[-1] - 1]
    before, within, behind = (float(n) * 1000 / engine.rate_hz for n in gaps)
    return before, within, behind


def test_it_says_what_it_is(hibari: Engine) -> None:
    assert (hibari.name, hibari.rate_hz, hibari.slots) == ("hibari", 24_000, 1)
    assert hibari.continuity is Continuity.EXACT
    assert [(voice.name, voice.language) for voice in hibari.voices] == [("heart", "en-US")]


class TestHibariBytes:
    def test_they_are_the_same_in_any_order_and_thread(self, hibari: Engine) -> None:
        utterances = [Utterance(f"Here are {n} words.", seed=seed) for n in range(4) for seed in (1, 2)]
        first = {repr(each): pcm_of_speech(hibari, each) for each in utterances}
        again = utterances * 3
        random.Random(3).shuffle(again)
        with ThreadPoolExecutor(4) as threads:
            for utterance, pcm in zip(again, threads.map(partial(pcm_of_speech, hibari), again), strict=True):
                assert pcm == first[repr(utterance)]
        assert len(set(first.values())) == len(utterances), "the seed decides, too"

    @pytest.mark.thorough
    def test_they_do_not_depend_on_whether_scipy_is_there(self, hibari: Engine) -> None:
        """With scipy come other Fourier transforms, which hibari prefers where it finds them."""
        program = (
            "import sys, zlib\n"
            "if sys.argv[1] == 'without': sys.modules['scipy'] = None\n"
            "elif sys.argv[1] == 'fake':\n"
            "    import types, numpy; fake = types.ModuleType('scipy.fft'); fake.rfft = fake.irfft = None\n"
            "    sys.modules['scipy'] = types.ModuleType('scipy'); sys.modules['scipy'].fft = fake\n"
            "    sys.modules['scipy.fft'] = fake\n"
            "from seriatim.engine import Utterance; from workers.engines.engine_registry import load\n"
            "from hibari import dsp; expected = {'without': 'numpy', 'fake': 'scipy'}[sys.argv[1]]\n"
            "assert dsp.FFT_BACKEND == expected, dsp.FFT_BACKEND\n"
            "pcm = b''.join(c.pcm for c in load('hibari', {}).speak(Utterance(sys.argv[2]), lambda: False))\n"
            "print(zlib.crc32(pcm), len(pcm))"
        )
        outs = [
            subprocess.run(
                [sys.executable, "-c", program, scipy, SENTENCE], cwd=ROOT, capture_output=True, text=True, check=True
            ).stdout
            for scipy in ("without", "fake")
        ]
        assert outs[0] == outs[1]

    def test_it_speaks_without_a_network_and_leaves_nothing_behind(self, tmp_path: Path) -> None:
        """ONNX Runtime would keep a number of the device, and report its models to its maker (CI alone is spared)."""
        program = (
            "import sys\n"
            "def refuse(event, arguments):\n"
            "    if event.startswith('socket.') and event != 'socket.__new__': raise RuntimeError(event)\n"
            "sys.addaudithook(refuse)\n"
            "from seriatim.engine import Utterance; from workers.engines.engine_registry import load\n"
            "print(sum(len(c.pcm) for c in load('hibari', {}).speak(Utterance('Hello.'), lambda: False)))"
        )
        folders = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(tmp_path))
        own = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, env=own | folders
        )
        assert done.returncode == 0, done.stderr
        assert not list(tmp_path.iterdir())
        assert int(done.stdout) > 24_000


class TestHibariText:
    @pytest.mark.parametrize(
        ("text", "language", "kind", "message"),
        [
            (
                "She said 今天 and left.",
                "",
                BadInput,
                r"the hibari engine reads English only, .* has '今天': .*--engine .*",
            ),
            ("Привет, мир.", "", BadInput, r".* has 'Привет, мир\.': .*"),
            ("Bonjour.", "fr", UnknownLanguage, r"unknown hibari language 'fr'.*"),
            ("♪", "", BadInput, r"the hibari engine has no sound for '♪': .*"),
        ],
    )
    def test_what_is_not_english_is_refused(
        self, hibari: Engine, text: str, language: str, kind: type[BadInput], message: str
    ) -> None:
        with pytest.raises(kind, match=f"^{message}$"):
            pcm_of_speech(hibari, Utterance(text, language=language))

    @pytest.mark.parametrize("language", ["en", "en-US", "en-GB", "EN_us"])
    def test_any_english_is_english(self, hibari: Engine, language: str) -> None:
        assert pcm_of_speech(hibari, Utterance("Hello.", language=language)) == pcm_of_speech(hibari, "Hello.")

    def test_markup_of_hibari_is_text(self, hibari: Engine) -> None:
        """`[word](/phonemes/)` says phonemes there; in a text it is a word, a path, and what stands around them."""
        link = ms_of_bytes(len(pcm_of_speech(hibari, "See [guide](/docs/guide/).")), hibari.rate_hz)
        assert link > ms_of_bytes(len(pcm_of_speech(hibari, "See guide.")), hibari.rate_hz) + 500

    @pytest.mark.parametrize(
        ("text", "same"),
        [
            ("cafe\u0301", "café"),
            ("Nguyễn", "Nguyen"),
            ("Ｈｅｌｌｏ", "Hello"),
            ("10⁶", "10^6"),
            ("₂₅", "25"),
            ("①", "1"),
        ],
    )
    def test_letters_that_it_does_not_know_are_read(self, hibari: Engine, text: str, same: str) -> None:
        assert pcm_of_speech(hibari, text) == pcm_of_speech(hibari, same)

    @pytest.mark.parametrize("sign", [*"€$£¥₹₽₿₱¢+−±×÷=≠≈<≤≥∞√∑‰"])
    def test_no_sign_of_money_or_mathematics_is_dropped(self, hibari: Engine, sign: str) -> None:
        """By phonemes: a sentence with the sign has more of them than without, wherever it stands."""
        voice = cast("HibariEngine", hibari)._voices["heart"]
        without = len(voice.phonemes("It is 5 now."))
        for text in (f"It is 5 {sign} now.", f"It is 5{sign} now.", f"It is {sign}5 now."):
            assert len(voice.phonemes(text)) > without + 1, text

    def test_a_sign_is_spoken_by_its_name(self, hibari: Engine) -> None:
        assert pcm_of_speech(hibari, "5 €") == pcm_of_speech(hibari, "5  euros ")
        assert pcm_of_speech(hibari, "a ≤ b") == pcm_of_speech(hibari, "a  less-than or equal to  b")

    def test_long_words_are_said_to_their_end(self, hibari: Engine) -> None:
        """Its network for unknown words reads 24 letters."""
        once, thrice = (len(pcm_of_speech(hibari, "blorkwimpzaddleforthing" * n)) for n in (1, 3))
        assert thrice > 2 * once

    def test_an_abbreviation_makes_no_pause(self, hibari: Engine) -> None:
        """The cutter of hibari takes "U.S. Army" for two sentences, with 0.8 s between them."""
        assert silences_ms(hibari, pcm_of_speech(hibari, "They met the U.S. Army there."))[1] < 200

    @pytest.mark.parametrize(
        "text", ["x²3", "2²", "²³", "1₄²", "a\u0300b", "'", "100%", "5 €", "-", "x" * 300, "[", "]("]
    )
    def test_nothing_breaks_it(self, hibari: Engine, text: str) -> None:
        try:
            pcm_of_speech(hibari, text)
        except BadInput as refused:
            assert "no sound" in str(refused)  # noqa: PT017  # either is fine

    def test_a_text_keeps_its_letters(self) -> None:
        letters = frozenset("abcdefghijklmnopqrstuvwxyzé")
        assert readable("a [b](/c/) é ễ x² y³ 10²³ 🙂", letters) == "a (b)(/c/) é e x² y³ 10^23 🙂"


class TestLongSentences:
    def test_phonemes_are_cut_behind_the_strongest_mark(self) -> None:
        assert list(pieces("aa, bb; cc dd", 9)) == ["aa, bb;", "cc dd"]
        assert list(pieces("aaaa bbbb, cccc dddd", 14)) == ["aaaa bbbb,", "cccc dddd"]
        assert list(pieces("aaaa bbbb cccc", 11)) == ["aaaa bbbb", "cccc"]
        assert list(pieces("a" * 25, 10)) == ["a" * 10, "a" * 10, "a" * 5]
        assert list(pieces("  ", 10)) == []

    def test_nothing_is_lost_between_them(self) -> None:
        text = " ".join(f"w{n}{',' * (n % 7 == 0)}" for n in range(900))
        assert " ".join(pieces(text)) == text
        assert max(map(len, pieces(text))) <= 400

    def test_a_long_one_goes_on_without_a_gap(self, hibari: Engine) -> None:
        text = "nine hundred and ninety nine ships, " * 30
        chunks = list(hibari.speak(Utterance(text), lambda: False))
        assert len(chunks) > 1
        assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert silences_ms(hibari, b"".join(chunk.pcm for chunk in chunks))[1] < 350

    def test_a_cancelled_one_stops(self, hibari: Engine) -> None:
        cancelled: list[bool] = []
        chunks = hibari.speak(Utterance("one, two and three, " * 100), lambda: bool(cancelled))
        assert next(chunks).pcm
        cancelled.append(True)
        assert list(chunks) == []


class TestHibariSound:
    def test_its_silence_is_trimmed_to_the_pauses_of_the_job(self, hibari: Engine) -> None:
        whole = pcm_of_speech(hibari, SENTENCE)
        edges = TrimFadeFilter(hibari.rate_hz, pause_ms=200)
        trimmed = edges.feed(whole) + edges.finish()
        before, _, behind = silences_ms(hibari, whole)
        assert (before > 200, behind > 350) == (True, True), "hibari's own"
        before, _, behind = silences_ms(hibari, trimmed)
        assert before <= LEAD_MS
        assert 200 <= behind <= 200 + TAIL_MS + 1

    @pytest.mark.parametrize("speed", [0.5, 1.5, 2.0])
    def test_speed_is_its_own(self, hibari: Engine, speed: float) -> None:
        normal, other = (len(pcm_of_speech(hibari, Utterance(SENTENCE, speed=s))) for s in (1.0, speed))
        assert other / normal == pytest.approx(1 / speed, rel=0.15)

    @pytest.mark.parametrize("speed", [0.49, 2.01, 4.0])
    def test_other_speeds_are_refused_with_the_range(self, hibari: Engine, speed: float) -> None:
        with pytest.raises(UnknownOption, match=r"speed=.*; the hibari engine speaks at 0\.5 to 2 times"):
            pcm_of_speech(hibari, Utterance(SENTENCE, speed=speed))

    def test_a_page_lasts_as_long_as_estimated(self, hibari: Engine) -> None:
        estimated = spoken_ms = 0.0
        for sentence in segment(HARBOUR, SegmentOptions("en", hibari.limit_chars)):
            edges = TrimFadeFilter(hibari.rate_hz, 0)
            spoken_ms += ms_of_bytes(
                len(edges.feed(pcm_of_speech(hibari, sentence.text)) + edges.finish()), hibari.rate_hz
            )
            estimated += estimate_ms(sentence.text)
        assert spoken_ms / estimated == pytest.approx(1, abs=0.1)


class TestModels:
    def test_another_model_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "hibari.onnx").write_bytes(b"another model")
        with pytest.raises(EngineUnavailable, match=r"hibari\.onnx has SHA-256 [0-9a-f]{64}, expected 5f70741d.*pip "):
            pinned_model.check_model(tmp_path / "hibari.onnx", pinned_model.SHA256["hibari.onnx"])

    def test_another_release_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pinned_model, "RELEASE", "0.1.0")
        with pytest.raises(EngineUnavailable, match=r"^hibari-tts 0\.2\.1 is installed, expected 0\.1\.0: pip install"):
            load("hibari", {})

    def test_other_voices_are_not_downloaded(self, hibari: Engine) -> None:
        with pytest.raises(UnknownVoice, match=r"^unknown hibari voice 'emma'"):
            pcm_of_speech(hibari, Utterance("Hello.", voice="emma"))

    def test_a_folder_without_voices_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(EngineUnavailable, match=r"no voice of hibari lies there; expected one of .*bf_emma"):
            load("hibari", {"voices": str(tmp_path)})

    def test_a_damaged_voice_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "bf_emma.int8.onnx").write_bytes(b"")
        with pytest.raises(EngineUnavailable, match=r"bf_emma\.int8\.onnx has SHA-256 .*: remove it, or get it anew$"):
            load("hibari", {"voices": str(tmp_path)})

    def test_a_voice_in_a_folder_speaks(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """With heart's model under the name of emma, whose own is not to be had here; the pronunciation is British."""
        card = VOICES["emma"] | {"sha256": pinned_model.SHA256["hibari.onnx"]}
        monkeypatch.setitem(VOICES, "emma", card)
        shutil.copy(Path(ASSETS, "hibari.onnx"), tmp_path / card["file"])
        engine = load("hibari", {"voices": str(tmp_path)})
        assert [(voice.name, voice.language) for voice in engine.voices] == [("heart", "en-US"), ("emma", "en-GB")]
        assert pcm_of_speech(engine, Utterance("Tomato, bath.", voice="emma")) != pcm_of_speech(engine, "Tomato, bath.")
        engine.close()


_pool_numbers = itertools.count()


class TestSystem:
    @staticmethod
    def start(system: RealSystem, processes: int, *options: str) -> str:
        pool = f"hibari-{next(_pool_numbers)}"
        system.start(
            pool, "-m", "workers", "--engine", "hibari", "--pool", pool, "--processes", str(processes), *options
        )
        wait_until(lambda: len(system.worker_pids(pool)) == processes, f"{processes} workers")
        return pool

    @staticmethod
    def sound(system: RealSystem, job: Job) -> bytes:
        with system.redis as client:
            return plainly(client, job)

    @staticmethod
    def enqueue(system: RealSystem, pool: str, text: str = HARBOUR) -> Job:
        request = JobRequest(engine="hibari", pool=pool, kind=JobKind.BATCH, drain=DrainMode.WINDOW, seed=7)
        return system.producer().enqueue(text, request)

    @pytest.mark.thorough
    def test_one_two_and_four_workers_and_a_kill_give_the_same_bytes(self, system: RealSystem) -> None:
        sounds = []
        for processes, slots in ((1, 1), (2, 2)):
            pool = self.start(system, processes, "--slots", str(slots))
            sounds.append(self.sound(system, self.enqueue(system, pool)))
            system.end(pool)
        pool = self.start(system, 4)
        job = self.enqueue(system, pool)
        wait_until(lambda: job.status().emitted > 1, "some of it is heard")
        os.kill(next(iter(system.worker_pids(pool).values())), 9)
        sounds.append(self.sound(system, job))
        assert len(sounds[0]) > 40 * 2 * 24_000
        assert [pcm == sounds[0] for pcm in sounds] == [True] * 3
        system.end(pool)

    def test_what_is_not_english_is_refused_once(self, system: RealSystem) -> None:
        pool = self.start(system, 1)
        with pytest.raises(UnknownLanguage, match="unknown hibari language 'de'"):
            system.producer().enqueue("Guten Tag.", JobRequest(engine="hibari", pool=pool, language="de"))
        auto = JobRequest.of({"engine": "hibari", "pool": pool, "language": "Auto"})
        assert b"".join(system.producer().enqueue("Good day.", auto).pcm()), "no language is asked for"
        job = system.producer().enqueue("She said 今天 and left.", JobRequest(engine="hibari", pool=pool))
        with pytest.raises(JobFailed, match=r"the hibari engine reads English only, .*'今天'"):
            list(job.pcm())
        assert system.attempts_lost(pool) == 0
        assert system.count("given_up", pool) == 0
        system.end(pool)


@pytest.mark.parametrize("text", [
    "See Fig. 3 and pp. 12 of it.", "See art. 5 and sec. 4 of it.", "He is an M.Sc. from Rome.", "A Ph.D in physics.",
    "An Ed.D. in physics.", "See op. cit. Lee now.", "W. E. B. Lee met Mr. A. Smith.", "The U.S. Army came at No. 5.",
])  # fmt: skip
def test_no_stop_of_an_abbreviation_is_a_pause(hibari: Engine, text: str) -> None:
    assert silences_ms(hibari, pcm_of_speech(hibari, text))[1] < 100


def test_abbreviations_that_hibari_knows_keep_their_words() -> None:
    g2p, _ = pinned_model.load_pronunciation(british=False)
    for written, words in [("See Fig. 3 of it.", "See figure 3 of it."), ("Dr. Lee came.", "Doctor Lee came.")]:
        assert g2p(hibari_text(written, g2p)) == g2p(words)


def test_phonemes_of_a_lexicon_are_spoken(hibari: Engine) -> None:
    """The phonemes that the model gets are the lexicon's; a sound that it lacks makes way for the respelling."""
    voice = hibari._voices["heart"]  # type: ignore[attr-defined]  # its phonemes are no part of the protocol
    lexicon = Lexicon.of(
        {"Nguyen": "/wɪn/", "Worcester": "/ˈwʊstɚ/", "GIF": "jif", "Łódź": "woodge /wut͡ɕ/", "a": "/eɪ/"}
    )
    for written, phonemes in [
        ("Nguyen left.", "wɪn lˈɛft."), ("Dr. Nguyen of Worcester.", "dˈɑktəɹ wɪn ʌv ˈwʊstəɹ."),
        ("The GIF.", "ðə ʤˈɪf."), ("In Łódź.", "ɪn wˈʊʤ."), ("See a.", "sˈi A."),
    ]:  # fmt: skip
        assert voice.phonemes(written, lexicon.find(written, "en")) == phonemes
    plain, found = Utterance("Nguyen left."), lexicon.find("Nguyen left.", "en")
    assert pcm_of_speech(hibari, plain) != pcm_of_speech(hibari, replace(plain, pronunciations=found))
