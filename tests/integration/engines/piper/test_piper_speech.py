"""Piper speech: voices, bytes that are repeatable and streamed, options."""

import hashlib
import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from seriatim.engine import Continuity, Engine, Utterance
from seriatim.errors import EngineUnavailable, UnknownOption
from tests.integration.engines.piper.piper_speech import DEFAULT, LOW, MANY, SENTENCE, chunks, one_voice, speak
from tests.support.command_line import environment
from tests.support.piper_voice import HOP
from workers.engines.engine_registry import load
from workers.engines.piper.decoder_windows import CONTEXTS, LEAST, WHOLE, windows
from workers.engines.piper.voice_config import VoiceConfig
from workers.engines.piper.voice_model import Device, Scales, VoiceModel

LESS_MEMORY = 0.7  #: of what the sentence takes in one go; half of it was measured


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
        streamed = np.concatenate(list(model.speak_ids(ids, 0, scales, np.random.default_rng(1)).waves))
        model._context = WHOLE
        whole = list(model.speak_ids(ids, 0, scales, np.random.default_rng(1)).waves)
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

    @pytest.mark.thorough
    def test_memory_grows_by_a_window_and_not_by_the_sentence(self, tmp_path: Path) -> None:
        """Beside the same voice decoded in one go, as where its context is too wide for windows."""
        folder = one_voice(tmp_path, dim=64, kernel=25).parent
        growth_mb = memory_growth_mb(folder)
        (seam,) = folder.glob(".cut/*/seam.json")
        seam.write_text(json.dumps(json.loads(seam.read_text()) | {"left": WHOLE.left, "right": WHOLE.right}))
        assert growth_mb < LESS_MEMORY * memory_growth_mb(folder)


def memory_growth_mb(folder: Path) -> float:
    """How much a long sentence adds to the memory of a process that has spoken a short one."""
    command = [sys.executable, "-P", "-m", "tests.integration.engines.piper.piper_memory", str(folder)]
    done = subprocess.run(command, env=environment({}), stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    return float(found["sentence_mb"] - found["loaded_mb"])


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
