"""Loudness by ITU-R BS.1770-5 (EBU R 128): blocks of 400 ms measured by FFmpeg, gated here over all of a book.

A chapter is measured once, as a histogram of its blocks; the histograms of all chapters together give the integrated
loudness of the book, which no mean of the chapters' own would. The gates are those of BS.1770-5, annex 1: -70 LUFS, and
10 LU below the loudness of what passes the first.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = 10.0
STEPS_PER_LU = 100  #: of the histogram, as FFmpeg's own
_STEP_MS = 100  #: a block begins every 100 ms
_MOMENTARY = "lavfi.r128.M"  #: of the last 400 ms


class BlockLoudnessMeter:
    """Measures audio, s16le mono, in constant memory."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz, self._n_samples = rate_hz, 0
        self._step = rate_hz * _STEP_MS // 1000
        self._blocks: Counter[int] = Counter()
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=rate_hz, format="s16", layout="mono", time_base=Fraction(1, rate_hz)
        )
        meter = self._graph.add("ebur128", "metadata=1:dualmono=0")
        source.link_to(meter)
        meter.link_to(self._graph.add("abuffersink"))
        self._graph.configure()

    def write(self, pcm: bytes) -> None:
        """Measure more audio."""
        samples = np.frombuffer(pcm, "<i2")
        for start in range(0, len(samples), self._step):
            part = samples[start : start + self._step]
            frame = AudioFrame.from_ndarray(part.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = self._rate_hz, self._n_samples, Fraction(1, self._rate_hz)
            self._n_samples += len(part)
            self._graph.push(frame)
            self._count_blocks()

    def histogram(self) -> dict[int, int]:
        """The number of blocks by their loudness in 1/`STEPS_PER_LU` LUFS; those below the first gate are left out."""
        return dict(self._blocks)

    def _count_blocks(self) -> None:
        while True:
            try:
                measured = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            loudness = float(measured.metadata.get(_MOMENTARY, "-inf"))
            if loudness > ABSOLUTE_GATE_LUFS:
                self._blocks[round(loudness * STEPS_PER_LU)] += 1


def integrated_loudness(histograms: Iterable[Mapping[int, int]]) -> float:
    """The integrated loudness of all that was measured, in LUFS; minus infinity where nothing passes the gates."""
    blocks: Counter[int] = Counter()
    for histogram in histograms:
        blocks.update({int(step): n for step, n in histogram.items()})
    gate = _mean_loudness(blocks) - RELATIVE_GATE_LU
    return _mean_loudness({step: n for step, n in blocks.items() if step / STEPS_PER_LU > gate})


def _mean_loudness(blocks: Mapping[int, int]) -> float:
    """The loudness of the mean energy of blocks."""
    n_blocks = sum(blocks.values())
    if not n_blocks:
        return -math.inf
    return 10 * math.log10(sum(n * 10 ** (step / STEPS_PER_LU / 10) for step, n in blocks.items()) / n_blocks)
