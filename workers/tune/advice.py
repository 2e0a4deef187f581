"""Advice: the best setting for each use, from what was measured. Pure.

Live: listeners wait for the first sound, so that counts first, and of the settings that are soon enough the one that
speaks most. Batch: nobody waits, so the one that speaks most. Where settings differ by less than two runs of the same
one do, the smaller is advised: it holds less memory, and its sentences are heard sooner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from workers.tune.figures import SettingMeasurement

ALIKE = 0.03  #: of throughput: two runs of one setting differ by as much


@dataclass(frozen=True, slots=True)
class SettingAdvice:
    """A setting, and one line about why."""

    chosen: SettingMeasurement
    why: str


def for_live(measured: Sequence[SettingMeasurement], first_ms: float) -> SettingAdvice:
    """The most sound a second among the settings whose first audio p95 is at most `first_ms`; else the soonest one.

    Raises:
        ValueError: nothing was measured.
    """
    rows = _usable(measured)
    soon = [row for row in rows if row.first_p95_ms <= first_ms]
    if not soon:
        chosen = min(rows, key=lambda row: row.first_p95_ms)
        why = (
            f"none has its first audio within {first_ms:.0f} ms; this one is the soonest (p95 "
            f"{chosen.first_p95_ms:.0f} ms)"
        )
        return SettingAdvice(chosen, why + _pace(chosen))
    chosen = _most(soon)
    why = (
        f"first audio p95 {chosen.first_p95_ms:.0f} ms, within {first_ms:.0f}; of the {len(soon)} such settings it "
        f"speaks most, {chosen.audio_s_per_s:.2f} s of sound a second"
    )
    return SettingAdvice(chosen, why + _pace(chosen))


def for_batch(measured: Sequence[SettingMeasurement]) -> SettingAdvice:
    """The most sound a second.

    Raises:
        ValueError: nothing was measured.
    """
    rows = _usable(measured)
    chosen, one = _most(rows), min(rows, key=lambda row: row.setting.sentences)
    why = f"most sound a second: {chosen.audio_s_per_s:.2f} s"
    if one is not chosen:
        why += f", {chosen.audio_s_per_s / one.audio_s_per_s:.1f} times that of {one.setting}"
    return SettingAdvice(chosen, why)


def _usable(measured: Sequence[SettingMeasurement]) -> list[SettingMeasurement]:
    rows = [row for row in measured if not row.problem]
    if not rows:
        raise ValueError("no setting was measured")
    return rows


def _most(rows: Sequence[SettingMeasurement]) -> SettingMeasurement:
    """The one with the most throughput; of those alike the one with the fewest sentences at once, then processes."""
    most = max(row.audio_s_per_s for row in rows)
    alike = [row for row in rows if row.audio_s_per_s >= (1 - ALIKE) * most]
    return min(alike, key=lambda row: (row.setting.sentences, row.setting.processes))


def _pace(row: SettingMeasurement) -> str:
    """A warning, where a listener would wait again and again."""
    if row.each_x >= 1:
        return ""
    return f"; while all its slots speak, each is slower than playback ({row.each_x:.2f} times), so listeners will wait"
