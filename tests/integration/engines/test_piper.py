"""The piper engine with tiny voices of the genuine format: repeatable, streamed, and whole after a kill."""

import hashlib
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.engine import Continuity, Engine, Utterance
from seriatim.errors import BadInput, EngineFailed, EngineUnavailable, UnknownLanguage, UnknownOption, UnknownVoice
from seriatim.records import DrainMode, JobKind
from tests.support.command_line import seriatim
from tests.support.expected_audio import plainly
from tests.support.process_system import ROOT, RealSystem, descendants, wait_until
from workers.engines.engine_registry import load

if missing := [name for name in ("onnx", "onnxruntime", "espeakng_loader") if importlib.util.find_spec(name) is None]:
    if os.environ.get("CI"):
        raise RuntimeError(f"{missing} are not installed where CI is set: pip install -e '.[piper]'")
    pytest.skip(f"{missing} are not installed (pip install -e '.[piper]')", allow_module_level=True)

import onnx

from tests.support.piper_voice import HOP, write_voice
from workers.engines.piper.decoder_windows import CONTEXTS, LEAST, WHOLE, windows
from workers.engines.piper.phonemes import PhonemeReader, join_clauses, phoneme_ids
from workers.engines.piper.voice_config import VoiceConfig
from workers.engines.piper.voice_model import Device, Scales, VoiceModel

SENTENCE = "Many workers speak at once, and every listener hears one text."
DEFAULT, MANY, LOW = "de_DE-tief-medium", "en_GB-many-medium", "en_US-dumpf-low"
TEXT = " ".join(f"This is number {n}." for n in range(8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice of medium quality, one with three speakers, and one of 16 kHz."""
    folder = tmp_path_factory.mktemp("voices")
    write_voice(folder, DEFAULT, seed=1)
    write_voice(folder, MANY, seed=2, speakers=3)
    write_voice(folder, LOW, seed=3, rate_hz=16_000)
    return folder


@pytest.fixture(scope="module")
def piper(folder: Path) -> Iterator[Engine]:
    engine = load("piper", {"voices": str(folder)})
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(max_failures=99)  # a sentence may be hit by every kill
    system.reassembler()
    return system


def chunks(engine: Engine, text: str, voice: str = MANY, **more: object) -> list[bytes]:
    utterance = Utterance(text, voice=voice, **more)  # type: ignore[arg-type]  # fields of its own
    return [chunk.pcm for chunk in engine.speak(utterance, lambda: False)]


def speak(engine: Engine, text: str, voice: str = MANY, **more: object) -> bytes:
    return b"".join(chunks(engine, text, voice, **more))


def one_voice(tmp_path: Path, name: str = "en_US-one-medium", **more: object) -> Path:
    return write_voice(tmp_path, name, **more)  # type: ignore[arg-type]  # its own options


class TestPiperVoices:
    def test_it_says_what_it_is(self, piper: Engine) -> None:
        assert (piper.name, piper.rate_hz, piper.slots) == ("piper", 22_050, 1)
        assert piper.continuity is Continuity.EXACT
        assert [(voice.name, voice.language) for voice in piper.voices] == [
            (DEFAULT, "de-DE"), (MANY, "en-GB"), *((f"{MANY}+s{n}", "en-GB") for n in range(3)), (LOW, "en-US"),
        ]  # fmt: skip
        assert [voice.description for voice in piper.voices][:3] == [
            "German, medium, Piper", "English, medium, Piper, 3 speakers", "speaker s0",
        ]  # fmt: skip

    def test_every_voice_and_speaker_sounds_different(self, piper: Engine) -> None:
        sounds = [speak(piper, SENTENCE, voice.name, seed=3) for voice in piper.voices]
        assert sounds[1] == sounds[2], "the first speaker is the voice's default"
        assert len({hashlib.sha256(sound).digest() for sound in sounds}) == len(sounds) - 1

    def test_without_a_name_the_language_decides(self, piper: Engine) -> None:
        for language, voice in (("", DEFAULT), ("en", MANY), ("en-US", LOW), ("EN_us", LOW), ("en-AU", MANY)):
            assert speak(piper, "Hello.", "", language=language) == speak(piper, "Hello.", voice), language

    def test_speakers_without_names_have_numbers(self, tmp_path: Path) -> None:
        one_voice(tmp_path, speakers=2, speaker_id_map={})
        engine = load("piper", {"voices": str(tmp_path)})
        assert [voice.name.partition("+")[2] for voice in engine.voices] == ["", "0", "1"]
        engine.close()

    def test_only_so_many_are_in_memory(self, folder: Path) -> None:
        """A voice that was put out of memory is loaded anew, and sounds the same."""
        engine = load("piper", {"voices": str(folder), "loaded": "1"})
        first = [speak(engine, "Hello.", voice) for voice in (DEFAULT, MANY, LOW)]
        assert [speak(engine, "Hello.", voice) for voice in (DEFAULT, MANY, LOW)] == first
        engine.close()

    def test_a_voice_of_16_khz_lasts_as_long_at_the_rate_of_the_pool(self, folder: Path, piper: Engine) -> None:
        own = load("piper", {"voices": str(folder), "rate_hz": "16000"})
        resampled, original = (len(speak(engine, SENTENCE, LOW, seed=5)) / 2 for engine in (piper, own))
        assert resampled / 22_050 == pytest.approx(original / 16_000, abs=0.001)
        own.close()


class TestPiperBytes:
    def test_they_are_the_same_in_any_order_and_thread(self, piper: Engine) -> None:
        expected = [(f"Here are {n} words.", voice, seed) for n in range(3) for voice in (MANY, LOW) for seed in (1, 2)]
        first = {each: speak(piper, each[0], each[1], seed=each[2]) for each in expected}
        again = expected * 3
        random.Random(3).shuffle(again)
        with ThreadPoolExecutor(4) as threads:
            sounds = threads.map(lambda each: speak(piper, each[0], each[1], seed=each[2]), again)
            assert [pcm == first[each] for each, pcm in zip(again, sounds, strict=True)] == [True] * len(again)
        assert len(set(first.values())) == len(expected), "the seed decides, too"

    def test_they_do_not_depend_on_the_buffer_of_the_listener(self, piper: Engine) -> None:
        sounds = [chunks(piper, SENTENCE, seed=9, lead_ms=lead_ms) for lead_ms in (0, 500, 60_000)]
        assert sounds[0] == sounds[1] == sounds[2]
        assert len(sounds[0]) > 3, "it streams"

    @pytest.mark.parametrize(("voice", "kinds"), [(MANY, 1), (LOW, 1)])
    def test_windows_equal_the_whole(self, folder: Path, voice: str, kinds: int) -> None:
        """Float rounding apart, which is 1 of 32,767 at most."""
        config = VoiceConfig.read(folder / f"{voice}.onnx")
        model = VoiceModel(config, None, Device.CPU)
        ids, scales = [3 + n % 100 for n in range(300)], Scales(*config.scales)
        streamed = np.concatenate(list(model.speak_ids(ids, 0, scales, np.random.default_rng(1))))
        model._context = WHOLE
        whole = list(model.speak_ids(ids, 0, scales, np.random.default_rng(1)))
        assert len(whole) == kinds
        assert np.abs(streamed - whole[0]).max() * 32_767 < 1
        assert np.abs(streamed).max() > 0.05

    def test_first_samples_come_early(self, piper: Engine) -> None:
        first, *rest = chunks(piper, SENTENCE, DEFAULT)
        assert len(first) == 24 * HOP * 2
        assert sum(map(len, rest)) > 3 * len(first)

    def test_a_cancelled_sentence_stops(self, piper: Engine) -> None:
        cancelled: list[bool] = []
        speaking = piper.speak(Utterance(SENTENCE, voice=MANY), lambda: bool(cancelled))
        assert next(speaking).pcm
        cancelled.append(True)
        assert list(speaking) == []

    @pytest.mark.parametrize("n_frames", [1, 11, 24, 35, 36, 37, 24 + 96 + LEAST - 1, 24 + 96 + LEAST, 1000])
    def test_windows_cover_each_frame_once(self, n_frames: int) -> None:
        stretches = list(windows(n_frames, CONTEXTS[0]))
        assert (stretches[0][0], stretches[-1][1]) == (0, n_frames)
        assert all(one[1] == next_one[0] for one, next_one in pairwise(stretches))
        assert list(windows(n_frames, WHOLE)) == [(0, n_frames)]
        assert min(end - start for start, end in stretches) >= min(LEAST, n_frames)


class TestPiperOptions:
    def test_each_scale_changes_the_sound(self, piper: Engine) -> None:
        usual = speak(piper, SENTENCE, seed=2)
        for options in ({"noise_scale": 0.1}, {"length_scale": 2.0}, {"noise_w": 0.1}):
            assert speak(piper, SENTENCE, seed=2, options=options) != usual
        own = {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8}
        assert speak(piper, SENTENCE, seed=2, options=own) == usual

    def test_speed_shortens_the_sounds(self, piper: Engine) -> None:
        slow, usual, fast = (len(speak(piper, SENTENCE, speed=speed)) for speed in (0.5, 1.0, 2.0))
        assert slow > 1.6 * usual
        assert usual > 1.3 * fast
        assert speak(piper, SENTENCE, speed=0.5) == speak(piper, SENTENCE, options={"length_scale": 2.0})

    @pytest.mark.parametrize(
        "options", [{"noise_scale": 2.1}, {"length_scale": 0.1}, {"noise_w": -1.0}, {"pitch": 1.0}]
    )
    def test_what_is_out_of_range_is_refused(self, piper: Engine, options: dict[str, float]) -> None:
        with pytest.raises(UnknownOption, match=next(iter(options))):
            speak(piper, "Hello.", options=options)

    @pytest.mark.parametrize("speed", [0.24, 2.01])
    def test_other_speeds_are_refused_with_the_range(self, piper: Engine, speed: float) -> None:
        with pytest.raises(UnknownOption, match=r"speed=.*; the piper engine speaks at 0\.25 to 2 times"):
            speak(piper, SENTENCE, speed=speed)

    def test_cuda_is_refused_where_it_is_not(self, folder: Path) -> None:
        with pytest.raises(EngineUnavailable, match="device=cuda needs onnxruntime-gpu: pip uninstall"):
            load("piper", {"voices": str(folder), "device": "cuda"})


class TestPiperText:
    @pytest.mark.parametrize(
        ("text", "voice", "language", "kind", "message"),
        [
            (
                "She said 今天 and left.",
                MANY,
                "",
                BadInput,
                r"the voice en_GB-many-medium reads English, .* has '今天': .*",
            ),
            ("Привет.", DEFAULT, "", BadInput, r"the voice de_DE-tief-medium reads German, .*'Привет\.'.*"),
            ("Bonjour.", "", "fr", UnknownLanguage, r"unknown piper language 'fr'.*"),
            ("Hello.", DEFAULT, "en", UnknownLanguage, r"the voice de_DE-tief-medium speaks German \(de-DE\), not en"),
            ("Hello.", "en_GB-manny-medium", "", UnknownVoice, r"unknown piper voice 'en_GB-manny-medium'; .*many.*"),
            ("Hello.", f"{MANY}+s9", "", UnknownVoice, r"unknown speaker of en_GB-many-medium 's9'; .*s0.*"),
            ("Hello.", f"{LOW}+s1", "", UnknownVoice, r"the voice en_US-dumpf-low has one speaker, found .*\+s1"),
            ("...", MANY, "", BadInput, r"the voice en_GB-many-medium has no sound for '\.\.\.': .*skip.*"),
        ],
    )
    def test_what_it_cannot_speak_is_refused(
        self, piper: Engine, text: str, voice: str, language: str, kind: type[BadInput], message: str
    ) -> None:
        with pytest.raises(kind, match=f"^{message}$"):
            speak(piper, text, voice, language=language)

    def test_a_voice_of_another_script_reads_its_own(self, tmp_path: Path) -> None:
        one_voice(tmp_path, "ru_RU-one-medium")
        engine = load("piper", {"voices": str(tmp_path)})
        assert speak(engine, "Привет, hello.", "") != speak(engine, "Привет.", "")
        engine.close()

    @pytest.mark.parametrize(
        "text", ["[[hello]]", "<b>x</b>", "a\x00b\x01c", "x" * 600, "a, " * 900, "1" * 200, "\ud800 a", "%"]
    )
    def test_nothing_breaks_it(self, piper: Engine, text: str) -> None:
        assert len(speak(piper, text)) > 1000

    def test_a_long_sentence_is_spoken_in_parts(self, folder: Path) -> None:
        """Memory and time grow with the square of the phonemes that are spoken at once."""
        config, reader = VoiceConfig.read(folder / f"{MANY}.onnx"), PhonemeReader()
        parts = reader.read_ids("nine hundred and ninety nine ships, " * 60, config)
        reader.close()
        assert len(parts) > 3
        assert max(map(len, parts)) < 2 * 400 + 4
        assert {len(set(part)) > 10 for part in parts} == {True}

    def test_a_voice_of_letters_needs_no_espeak(self, tmp_path: Path) -> None:
        one_voice(tmp_path, "en_US-one-medium", phoneme_type="text")
        engine = load("piper", {"voices": str(tmp_path)})
        assert speak(engine, "HELLO", "") == speak(engine, "hello", "")
        engine.close()

    def test_marks_stand_behind_the_clauses(self) -> None:
        clauses = [("hɐloʊ", "Hello, m"), ("mistɐ", "Mr. x"), ("(en)bɪl(de)", "x Bill!")]
        assert join_clauses(clauses) == "hɐloʊ, mistɐ bɪl!"
        assert join_clauses([("a", "a。")]) == "a."

    def test_ids_have_pads_between_them(self, folder: Path) -> None:
        config = VoiceConfig.read(folder / f"{MANY}.onnx")
        table = config.ids
        assert phoneme_ids("a☃b", config) == [1, 0, *table["a"], 0, *table["b"], 0, 2]
        assert phoneme_ids("_^$ ?!", config) == []

    def test_a_child_that_dies_is_replaced(self, folder: Path) -> None:
        before = descendants(os.getpid())
        engine = load("piper", {"voices": str(folder)})
        expected = speak(engine, "Hello.")
        (child,) = descendants(os.getpid()) - before
        os.kill(child, signal.SIGKILL)
        with pytest.raises(EngineFailed, match="espeak's process ended with status -9"):
            speak(engine, "Hello.")
        assert speak(engine, "Hello.") == expected
        engine.close()
        assert descendants(os.getpid()) <= before


class TestPiperFolders:
    def test_the_graph_is_cut_once(self, tmp_path: Path) -> None:
        voice = one_voice(tmp_path)
        load("piper", {"voices": str(tmp_path)}).close()
        (cut,) = (tmp_path / ".cut").iterdir()
        before = {path.name: path.stat().st_mtime_ns for path in cut.iterdir()}
        assert before.keys() == {"front.onnx", "decoder.onnx", "seam.json"}
        load("piper", {"voices": str(tmp_path)}).close()
        assert {path.name: path.stat().st_mtime_ns for path in cut.iterdir()} == before
        write_voice(tmp_path, voice.stem, seed=7)
        load("piper", {"voices": str(tmp_path)}).close()
        assert len(list((tmp_path / ".cut").iterdir())) == 2, "another file is cut anew"

    def test_processes_that_cut_at_once_do_not_disturb_each_other(self, tmp_path: Path) -> None:
        one_voice(tmp_path)
        with ThreadPoolExecutor(3) as threads:
            for engine in threads.map(lambda _: load("piper", {"voices": str(tmp_path)}), range(3)):
                engine.close()
        assert len(list((tmp_path / ".cut").iterdir())) == 1

    def test_cut_graphs_can_lie_elsewhere(self, tmp_path: Path) -> None:
        one_voice(tmp_path / "voices")
        engine = load("piper", {"voices": str(tmp_path / "voices"), "cache": str(tmp_path / "cache")})
        assert not (tmp_path / "voices" / ".cut").exists()
        engine.close()

    def test_a_cut_folder_that_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        one_voice(tmp_path)
        (tmp_path / ".cut").write_text("a file")
        with pytest.raises(EngineUnavailable, match=r"cannot write .*\.cut: .*; keep .*--engine-option cache=DIR$"):
            load("piper", {"voices": str(tmp_path)})

    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda v: v.unlink(), r"one-medium\.onnx is missing; each voice is NAME\.onnx with NAME\.onnx\.json"),
            (
                lambda v: v.with_name(f"{v.name}.json").unlink(),
                r"\.onnx\.json: No such file .*each voice is NAME\.onnx",
            ),
            (
                lambda v: v.with_name(f"{v.name}.json").write_text("<html>"),
                r"is not the config of a Piper voice: Expec",
            ),
            (
                lambda v: v.with_name(f"{v.name}.json").write_text("[]"),
                r"is not the config of a Piper voice: .*indices",
            ),
            (lambda v: v.with_name(f"{v.name}.json").write_text("{}"), r"is not the config .*: it has no 'inference'"),
            (lambda v: v.write_bytes(v.read_bytes()[:5000]), r"cannot be used: it is not an ONNX file"),
            (lambda v: v.write_bytes(b""), r"cannot be used: expected the inputs input, .*; found \[\]"),
        ],
    )
    def test_a_broken_voice_is_named(self, tmp_path: Path, spoil: Callable[[Path], object], message: str) -> None:
        spoil(one_voice(tmp_path))
        with pytest.raises(EngineUnavailable, match=message):
            load("piper", {"voices": str(tmp_path)})
        assert not list(tmp_path.glob(".cut/*"))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"phoneme_type": "pinyin"}, "phoneme_type is 'pinyin', expected espeak or text"),
            ({"phoneme_id_map": {"a": [1]}}, "its phoneme_id_map lacks _"),
            ({"language": {"code": "../x"}}, "its language is '../x'"),
            ({"espeak": {"voice": "xx"}}, "espeak-ng has no voice 'xx'"),
        ],
    )
    def test_a_config_that_cannot_be_used_is_named(self, tmp_path: Path, change: dict[str, Any], message: str) -> None:
        one_voice(tmp_path, "en_US-one-medium", **change)
        with pytest.raises(EngineUnavailable, match=rf"one-medium\.onnx\.json.*{message}"):
            load("piper", {"voices": str(tmp_path)})

    @pytest.mark.parametrize(("name", "message"), [("", "has no voices"), ("none", "there is no folder .*models get")])
    def test_a_folder_without_voices_says_how_to_get_some(self, tmp_path: Path, name: str, message: str) -> None:
        with pytest.raises(EngineUnavailable, match=message):
            load("piper", {"voices": str(tmp_path / name)})

    def test_a_graph_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        """With a second sampling step the frames are not the only random part."""
        voice = one_voice(tmp_path)
        model = onnx.load(str(voice))
        (prior,) = (node for node in model.graph.node if node.name == "/RandomNormalLike")
        prior.op_type = "RandomUniformLike"
        prior.input[0] = "scales"
        onnx.save(model, str(voice))
        with pytest.raises(EngineUnavailable, match="expected one step that draws the latent frames, as VITS has"):
            load("piper", {"voices": str(tmp_path)})

    def test_a_decoder_that_looks_far_is_not_streamed(self, tmp_path: Path) -> None:
        """Its windows would differ from the whole: how much context is enough is measured when the graph is cut."""
        seams = []
        for kernel in (5, 101, 401):
            one_voice(tmp_path / str(kernel), kernel=kernel)
            engine = load("piper", {"voices": str(tmp_path / str(kernel))})
            (seam,) = (tmp_path / str(kernel)).glob(".cut/*/seam.json")
            seams.append((json.loads(seam.read_text())["left"], len(chunks(engine, SENTENCE, "")) > 3))
            engine.close()
        assert seams == [(34, True), (64, True), (-1, False)]

    def test_it_needs_no_network(self, folder: Path) -> None:
        program = (
            "import sys\n"
            "def refuse(event, arguments):\n"
            "    if event.startswith('socket.') and event != 'socket.__new__': raise RuntimeError(event)\n"
            "sys.addaudithook(refuse)\n"
            "from seriatim.engine import Utterance; from workers.engines.engine_registry import load\n"
            "engine = load('piper', {'voices': sys.argv[1]})\n"
            "print(sum(len(c.pcm) for c in engine.speak(Utterance('Hello.'), lambda: False)))"
        )
        command = [sys.executable, "-c", program, str(folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 10_000


class TestPiperSystem:
    @staticmethod
    def start(system: RealSystem, folder: Path, processes: int = 1, *options: str) -> str:
        pool = f"piper-{len(system.children)}"
        command = ["-m", "workers", "--engine", "piper", "--pool", pool, "--voices", str(folder)]
        system.start(pool, *command, "--processes", str(processes), *options)
        wait_until(lambda: len(system.worker_pids(pool)) == processes, f"{processes} workers")
        return pool

    @staticmethod
    def enqueue(system: RealSystem, pool: str, text: str = TEXT, **more: object) -> Job:
        options = {"engine": "piper", "pool": pool, "seed": 7} | more
        request = JobRequest(kind=JobKind.BATCH, drain=DrainMode.WINDOW, **options)  # type: ignore[arg-type]
        return system.producer().enqueue(text, request)

    @staticmethod
    def sound(system: RealSystem, job: Job) -> bytes:
        with system.redis as client:
            return plainly(client, job)

    def test_one_and_two_workers_and_threads_give_the_same_bytes(self, system: RealSystem, folder: Path) -> None:
        sounds = []
        for processes, slots in ((1, 1), (2, 1), (2, 3)):
            pool = self.start(system, folder, processes, "--slots", str(slots))
            sounds += [self.sound(system, self.enqueue(system, pool, voice=voice)) for voice in (f"{MANY}+s1", LOW)]
            system.end(pool)
        assert sounds[0] != sounds[1]
        assert sounds[0::2] == [sounds[0]] * 3
        assert sounds[1::2] == [sounds[1]] * 3

    @pytest.mark.thorough
    def test_a_kill_in_mid_sentence_changes_no_byte(self, system: RealSystem, tmp_path: Path) -> None:
        """The next worker speaks the sentence anew, and its listener hears on where the sound stopped."""
        write_voice(tmp_path, "en_US-slow-medium", dim=1024)
        pool = self.start(system, tmp_path)
        request = {"text": SENTENCE, "options": {"length_scale": 3.0}}
        expected = self.sound(system, self.enqueue(system, pool, **request))  # type: ignore[arg-type]
        job = self.enqueue(system, pool, **request)  # type: ignore[arg-type]
        system.kill_half_spoken(pool)
        assert self.sound(system, job) == expected
        system.end(pool)

    def test_another_language_is_refused_before_it_is_queued(self, system: RealSystem, folder: Path) -> None:
        pool = self.start(system, folder)
        with pytest.raises(UnknownLanguage, match="unknown piper language 'fr'"):
            self.enqueue(system, pool, language="fr")
        with pytest.raises(UnknownVoice, match="unknown voice"):
            self.enqueue(system, pool, voice="en_GB-many-medium+s9")
        system.end(pool)


class TestPiperCommands:
    def test_voices_are_listed(self, folder: Path) -> None:
        done = seriatim("voices", "--engine", "piper", "--voices", folder)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode().splitlines()[:3] == [
            "de_DE-tief-medium     de-DE    German, medium, Piper",
            "en_GB-many-medium     en-GB    English, medium, Piper, 3 speakers",
            "en_GB-many-medium+s0  en-GB    speaker s0",
        ]

    def test_a_file_is_spoken(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "text.txt").write_text("Hello there. How are you?")
        arguments = ("--engine", "piper", "--workers", "1", "--voice", MANY)
        outputs = []
        sources = [("--voices", str(folder)), ("--engine-option", f"voices={folder}")]
        for n, source in enumerate(sources):
            out = tmp_path / f"speech-{n}.wav"
            done = seriatim("speak", tmp_path / "text.txt", "-o", out, *arguments, *source)
            assert done.returncode == 0, done.stderr
            outputs.append(out.read_bytes())
        assert outputs[0] == outputs[1]
        assert len(outputs[0]) > 20_000
