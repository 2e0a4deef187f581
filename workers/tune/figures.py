"""Figures of a setting: the setting itself, and its measurements. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class WorkerSetting:
    """One way to start workers on this machine."""

    slots: int  #: sentences at once in each process
    processes: int
    threads: int = 0  #: processor threads of each process; 0: the engine's choice

    @property
    def sentences(self) -> int:
        """Sentences spoken at once."""
        return self.slots * self.processes

    def __str__(self) -> str:
        return f"{_with_count(self.processes, 'process', 'es')} with {_with_count(self.slots, 'slot', 's')}"


@dataclass(frozen=True, slots=True)
class ProcessMeasurement:
    """The measurement of one process of a setting."""

    first_audio_ms: tuple[float, ...]  #: of every sentence: from its request to its first chunk with sound
    audio_s: float  #: audio that came within the window
    window_s: float
    sentences: int  #: started
    failed: int  #: of those started
    rss_bytes: int  #: at the end
    peak_bytes: int  #: highest so far, possibly during loading
    gpu_bytes: int  #: held on the GPU; 0 without one


@dataclass(frozen=True, slots=True)
class SettingMeasurement:
    """The measurement of a setting; with a `problem` there is none."""

    setting: WorkerSetting
    first_p50_ms: float = math.nan  #: first audio: from the request of a sentence to its first chunk with sound
    first_p95_ms: float = math.nan
    audio_s_per_s: float = 0.0  #: seconds of sound per second, all processes together
    sentences: int = 0  #: started
    failed: int = 0  #: of those started
    rss_bytes: int = 0  #: all processes together
    peak_bytes: int = 0  #: highest of the largest process
    gpu_bytes: int = 0  #: all processes together
    problem: str = ""

    @property
    def each_x(self) -> float:
        """Speed of each sentence relative to playback; 1 is real time."""
        return self.audio_s_per_s / self.setting.sentences


def combine_measurements(setting: WorkerSetting, measurements: Sequence[ProcessMeasurement]) -> SettingMeasurement:
    """Combine the measurements of a setting's processes.

    Raises:
        ValueError: there are none.
    """
    if not measurements:
        raise ValueError(f"{setting}: no measurements")
    combined = SettingMeasurement(
        setting,
        audio_s_per_s=sum(process.audio_s / process.window_s for process in measurements),
        sentences=sum(process.sentences for process in measurements),
        failed=sum(process.failed for process in measurements),
        rss_bytes=sum(process.rss_bytes for process in measurements),
        peak_bytes=max(process.peak_bytes for process in measurements),
        gpu_bytes=sum(process.gpu_bytes for process in measurements),
    )
    first_times_ms = [first for process in measurements for first in process.first_audio_ms]
    if not first_times_ms or not combined.audio_s_per_s:
        window_s = max(process.window_s for process in measurements)
        return replace(combined, problem=f"no audio within {window_s:.0f} s; measure for longer with --seconds")
    return replace(combined, first_p50_ms=percentile(first_times_ms, 50), first_p95_ms=percentile(first_times_ms, 95))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that `percent` per cent of them do not exceed (nearest rank).

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("percentile of no values")
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]


def _with_count(n: int, word: str, ending: str) -> str:
    return f"{n} {word}{ending if n != 1 else ''}"
