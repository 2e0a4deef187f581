"""The predictor of quality that `make bench-voices` uses, and its measurement of one engine."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("speechmos") is None or find_spec("faster_whisper") is None:
    if os.environ.get("CI"):
        raise RuntimeError("speechmos is not installed where CI is set: make listener")
    pytest.skip("the listener is not installed (make listener)", allow_module_level=True)

from bench import dnsmos
from tests.support.process_system import ROOT

PROGRAM = """
import json, sys
from dataclasses import asdict
from bench import dnsmos
from bench.voice_measurement import measure_alone, measure_through
from tests.listening.listening_text import sentences
text = sentences(0, 1)
alone, (sound,) = measure_alone("hibari", [], text)
json.dump([sound.tolist(), asdict(alone), asdict(measure_through("hibari", [], text))], sys.stdout)
"""


def test_an_engine_is_measured_both_ways_and_its_quality_falls_with_noise() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    sound, alone, through = json.loads(done.stdout)
    for figures in (alone, through):
        assert figures["speed"] > 0
        assert figures["first_sound_ms"] > 0
        assert figures["memory_mb"] > 50
    clean = np.array(sound, np.float32)
    noise = np.random.default_rng(1).normal(0, 0.05, len(clean)).astype(np.float32)
    good, bad = dnsmos.score(clean), dnsmos.score(clean + noise)
    assert good.overall > 3
    assert bad.overall < good.overall - 0.5
    assert bad.background < good.background - 1
