"""Figures of a setting: what was tried, and what was measured. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class WorkerSetting:
    """One way to start workers on this machine."""

    slots: int  #: sentences at once in each process
    processes: int
    threads: int = 0  #: processor threads of each process; 0: as the engine does it

    @property
    def sentences(self) -> int:
        """Spoken at once."""
        return self.slots * self.processes

    def __str__(self) -> str:
        return f"{_counted(self.processes, 'process', 'es')} with {_counted(self.slots, 'slot', 's')}"


@dataclass(frozen=True, slots=True)
class ProcessMeasurement:
    """What one process of a setting says of its measurement."""

    firsts_ms: tuple[float, ...]  #: of every sentence: from its order to its first piece with sound
    audio_s: float  #: spoken within the window
    window_s: float
    sentences: int  #: begun
    failed: int  #: of them
    rss_bytes: int  #: now
    peak_bytes: int  #: at the most, which may have been while it loaded
    gpu_bytes: int  #: held on the GPU; 0 without one


@dataclass(frozen=True, slots=True)
class SettingMeasurement:
    """What was measured of a setting; with a `problem` nothing was."""

    setting: WorkerSetting
    first_p50_ms: float = math.nan  #: first audio: from the order of a sentence to its first piece with sound
    first_p95_ms: float = math.nan
    audio_s_per_s: float = 0.0  #: seconds of sound per second, all processes together
    sentences: int = 0  #: begun
    failed: int = 0  #: of them
    rss_bytes: int = 0  #: all processes together
    peak_bytes: int = 0  #: of the largest process, at the most
    gpu_bytes: int = 0  #: all processes together
    problem: str = ""

    @property
    def each_x(self) -> float:
        """How many times as fast as playback each of its sentences is spoken."""
        return self.audio_s_per_s / self.setting.sentences


def together(setting: WorkerSetting, heard: Sequence[ProcessMeasurement]) -> SettingMeasurement:
    """The measurements of a setting's processes as one.

    Raises:
        ValueError: there are none.
    """
    if not heard:
        raise ValueError(f"{setting}: no process has measured anything")
    found = SettingMeasurement(
        setting,
        audio_s_per_s=sum(each.audio_s / each.window_s for each in heard),
        sentences=sum(each.sentences for each in heard),
        failed=sum(each.failed for each in heard),
        rss_bytes=sum(each.rss_bytes for each in heard),
        peak_bytes=max(each.peak_bytes for each in heard),
        gpu_bytes=sum(each.gpu_bytes for each in heard),
    )
    firsts = [first for each in heard for first in each.firsts_ms]
    if not firsts or not found.audio_s_per_s:
        return replace(found, problem=f"no sound came within {max(each.window_s for each in heard):.0f} s")
    return replace(found, first_p50_ms=percentile(firsts, 50), first_p95_ms=percentile(firsts, 95))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that `percent` per cent of them do not exceed (nearest rank).

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("the percentile of nothing")
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]


def _counted(n: int, word: str, ending: str) -> str:
    return f"{n} {word}{ending if n != 1 else ''}"
