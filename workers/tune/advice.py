"""Advice: the best setting for each use, from the measurements. Pure.

Live: listeners wait for the first audio, so of the settings that are fast enough at that, take the one with the highest
throughput. Batch: no listener waits, so take the highest throughput. Where settings differ by less than two runs of one
setting do, the smaller is advised: it takes less memory, and its sentences start sooner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.tune.figures import SettingMeasurement

SAME_THROUGHPUT = 0.03  #: share by which two runs of one setting differ


@dataclass(frozen=True, slots=True)
class SettingAdvice:
    """A setting, and the reason for it in one line."""

    chosen: SettingMeasurement
    reason: str


def for_live(measured: Sequence[SettingMeasurement], first_ms: float) -> SettingAdvice:
    """The highest throughput among the settings whose first audio p95 is at most `first_ms`; else the fastest start.

    Raises:
        ValueError: nothing was measured.
    """
    rows = _measured_rows(measured)
    soon = [row for row in rows if row.first_p95_ms <= first_ms]
    if not soon:
        chosen = min(rows, key=lambda row: row.first_p95_ms)
        reason = (
            f"no setting has its first audio within {first_ms:.0f} ms; this one is the fastest (p95 "
            f"{chosen.first_p95_ms:.0f} ms)"
        )
        return SettingAdvice(chosen, reason + _pace_warning(chosen))
    chosen = _smallest_of_fastest(soon)
    reason = (
        f"first audio p95 {chosen.first_p95_ms:.0f} ms, within {first_ms:.0f}; highest throughput of {len(soon)} such "
        f"settings, {chosen.audio_s_per_s:.2f} s of audio per second"
    )
    return SettingAdvice(chosen, reason + _pace_warning(chosen))


def for_batch(measured: Sequence[SettingMeasurement]) -> SettingAdvice:
    """The highest throughput.

    Raises:
        ValueError: nothing was measured.
    """
    rows = _measured_rows(measured)
    chosen, one = _smallest_of_fastest(rows), min(rows, key=lambda row: row.setting.sentences)
    reason = f"highest throughput: {chosen.audio_s_per_s:.2f} s of audio per second"
    if one is not chosen:
        reason += f", {chosen.audio_s_per_s / one.audio_s_per_s:.1f} times that of {one.setting}"
    return SettingAdvice(chosen, reason)


def conclusion(measured: Sequence[SettingMeasurement], first_ms: float) -> str:
    """One sentence: what to start for listeners, how many that serves, and whether processes in parallel are worth it.

    Raises:
        ValueError: nothing was measured.
    """
    chosen = for_live(measured, first_ms).chosen
    listeners = int(chosen.audio_s_per_s)
    enough = f"enough for about {listeners} at once" if listeners else "too slow for even one without gaps"
    return f"For listeners, start {chosen.setting}: {enough}; {_parallel_gain(measured)}."


def _parallel_gain(measured: Sequence[SettingMeasurement]) -> str:
    """What several processes bring beside one."""
    rows = _measured_rows(measured)
    alone = [row.audio_s_per_s for row in rows if row.setting.processes == 1]
    together = [row for row in rows if row.setting.processes > 1]
    if not alone or not together:
        return "processes in parallel were not measured"
    most = max(together, key=lambda row: row.audio_s_per_s)
    gain = most.audio_s_per_s / max(alone) - 1
    if gain <= SAME_THROUGHPUT:
        return f"{most.setting.processes} processes speak no more than one on this machine"
    return f"{most.setting.processes} processes speak {gain:.0%} more than one on this machine"


def _measured_rows(measured: Sequence[SettingMeasurement]) -> list[SettingMeasurement]:
    rows = [row for row in measured if not row.problem]
    if not rows:
        raise ValueError("no setting was measured")
    return rows


def _smallest_of_fastest(rows: Sequence[SettingMeasurement]) -> SettingMeasurement:
    """The highest throughput; among equals the fewest sentences at once, then the fewest processes."""
    most = max(row.audio_s_per_s for row in rows)
    alike = [row for row in rows if row.audio_s_per_s >= (1 - SAME_THROUGHPUT) * most]
    return min(alike, key=lambda row: (row.setting.sentences, row.setting.processes))


def _pace_warning(row: SettingMeasurement) -> str:
    """A warning if listeners would keep running out of audio."""
    if row.each_x >= 1:
        return ""
    return f"; with all slots busy each is slower than playback ({row.each_x:.2f} times), so listeners will hear gaps"
