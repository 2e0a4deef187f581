"""Decoded audio that came over HTTP, by libraries that are not ours."""

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from tests.support.expected_audio import RATE_HZ


def decoded(data: bytes) -> tuple[npt.NDArray[np.float32], int]:
    """The samples of a whole file, -1..1, and their rate: FFmpeg's libraries read it from first byte to last."""
    with av.open(io.BytesIO(data), "r") as container:
        resampler = av.AudioResampler("flt", "mono", container.streams.audio[0].rate)
        frames = [r for frame in container.decode(audio=0) for r in resampler.resample(frame)]
        frames += resampler.resample(None)
        rate_hz = container.streams.audio[0].rate
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]), rate_hz


def seconds(data: bytes) -> float:
    """How long a file sounds."""
    samples, rate_hz = decoded(data)
    return len(samples) / rate_hz


def seconds_of_pcm(pcm: bytes) -> float:
    return len(pcm) / 2 / RATE_HZ


def loudness(samples: npt.NDArray[Any], rate_hz: int, step_s: float = 0.05) -> npt.NDArray[np.float64]:
    """Root mean square in steps: what is left of speech when a codec has changed every sample."""
    step = int(rate_hz * step_s)
    whole = samples[: len(samples) // step * step].astype(np.float64).reshape(-1, step)
    found: npt.NDArray[np.float64] = np.sqrt((whole**2).mean(axis=1))
    return found


def likeness(actual: npt.NDArray[np.float64], intended: npt.NDArray[np.float64], most: int = 6) -> float:
    """The correlation of two courses of loudness, where they fit best: a codec delays its sound by some steps."""
    found = []
    for late in range(most):
        n = min(len(actual) - late, len(intended))
        found.append(float(np.corrcoef(actual[late : late + n], intended[:n])[0, 1]))
    return max(found)


def probed(data: bytes, path: Path) -> float | None:
    """The duration by Debian's ffprobe, decoding everything; None where it is not installed."""
    if shutil.which("ffprobe") is None:
        return None
    path.write_bytes(data)
    command = [
        "ffprobe",
        "-v",
        "error",
        "-count_packets",
        "-show_entries",
        "packet=pts_time,duration_time",
        "-of",
        "csv=p=0",
    ]
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=True, timeout=30)
    assert done.stderr == "", done.stderr
    last = [line.split(",") for line in done.stdout.split()][-1]
    return float(last[0]) + float(last[1])
