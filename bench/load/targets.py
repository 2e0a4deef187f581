"""The targets, each beside what this run measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.load.cancels import Cancels
from bench.load.figures import Summary
from bench.load.load_system import RTF, SLOTS
from bench.load.picks import Picks
from bench.load.scenarios import FULL

RESERVE = 0.05  #: Settings.batch_reserve
Found = Mapping[tuple[str, str, str], Summary]  #: (policy, run, group)


@dataclass(frozen=True, slots=True)
class TargetFigure:
    """One figure."""

    measure: str
    target: str
    found: str
    met: bool


def figures(found: Found, spans: Mapping[str, float], picks: Picks, cancels: Cancels) -> list[TargetFigure]:
    """All that this run can say something about. `spans`: seconds of each run."""
    rows = [_full(found), *_batch(found, spans), *_hog(found), *_refused(found), _equals(found, spans), *_many(found)]
    sure_ms = cancels.p99_ms - cancels.engine_ms
    cancel = TargetFigure(
        "cancel to the next one's sound, p99", "<= 150 ms",
        f"{sure_ms:.0f} ms (p50 {cancels.p50_ms - cancels.engine_ms:.0f}), less the engine's {cancels.engine_ms:.0f}",
        sure_ms <= 150,
    )  # fmt: skip
    pick = TargetFigure(
        f"pick, {picks.slots} busy slots, {picks.jobs} jobs of {picks.users} users, p50 / p99", "<= 0.5 / 2 ms",
        f"{picks.step_p50_ms:.3f} / {picks.step_p99_ms:.3f} ms; with the round trip {picks.trip_p50_ms:.3f} / "
        f"{picks.trip_p99_ms:.3f}", picks.step_p50_ms <= 0.5 and picks.step_p99_ms <= 2,
    )  # fmt: skip
    return [row for row in (*rows, cancel, pick) if row is not None]


def _full(found: Found) -> TargetFigure | None:
    full = found.get(("fair", f"closed {FULL}", "live"))
    if full is None:
        return None
    others = _others(found, f"closed {FULL}", "live")
    return TargetFigure(
        "94 % load: first audio p95; listeners with a stall", "<= 1.0 s; 0",
        "; ".join([f"{full.ttfa_p95_s:.2f} s, {full.stalled} of {full.accepted} texts", *others]),
        full.ttfa_p95_s <= 1.0 and not full.stalled,
    )  # fmt: skip


def _batch(found: Found, spans: Mapping[str, float]) -> list[TargetFigure | None]:
    live, hog = found.get(("fair", "batch beside", "live")), found.get(("fair", "batch beside", "hog"))
    if live is None or hog is None:
        return []
    share = hog.audio_s * RTF / SLOTS / spans["batch beside"]
    return [
        TargetFigure(
            f"{FULL} live beside batch: listeners with a stall; batch gets", f"0; >= {RESERVE:.0%}",
            f"{live.stalled}, {share:.1%}", not live.stalled and share >= RESERVE,
        )
    ]  # fmt: skip


def _hog(found: Found) -> list[TargetFigure | None]:
    light, alone = found.get(("fair", "hog 40", "light")), found.get(("fair", "no hog", "light"))
    if light is None or alone is None:
        return []
    ratio = light.ttfa_p95_s / alone.ttfa_p95_s
    others = _others(found, "hog 40", "light")
    return [
        TargetFigure(
            "hog of 40 books beside 10 light users: p95; stalls", "<= 1.2 s; 0",
            "; ".join([f"{light.ttfa_p95_s:.2f} s, {light.stalled}", *others]),
            light.ttfa_p95_s <= 1.2 and not light.stalled,
        ),
        TargetFigure(
            "light users' p95 with the hog / without", "<= 1.3",
            f"{ratio:.2f} ({light.ttfa_p95_s:.2f} / {alone.ttfa_p95_s:.2f} s)", ratio <= 1.3,
        ),
    ]  # fmt: skip


def _refused(found: Found) -> list[TargetFigure | None]:
    open_loop = found.get(("fair", "poisson 125%", "live"))
    if open_loop is None:
        return []
    share = open_loop.back_in / open_loop.back if open_loop.back else 1.0
    return [
        TargetFigure(
            "125 % offered: accepted listeners with a stall", "0",
            f"{open_loop.stalled} of {open_loop.accepted}", not open_loop.stalled,
        ),
        TargetFigure(
            "of those who came back after Retry-After, got in", ">= 90 %",
            f"{share:.0%} ({open_loop.back_in} of {open_loop.back})", share >= 0.9,
        ),
    ]  # fmt: skip


def _equals(found: Found, spans: Mapping[str, float]) -> TargetFigure | None:
    equal = found.get(("fair", "equal users", "equal"))
    if equal is None:
        return None
    return TargetFigure(
        "equal users at full load: Jain index", ">= 0.98",
        f"{equal.jain:.4f} over {spans['equal users']:.0f} s; largest difference {equal.difference_s:.1f} s of "
        f"{equal.audio_s:.0f} s of audio", equal.jain >= 0.98,
    )  # fmt: skip


def _many(found: Found) -> list[TargetFigure | None]:
    return [
        TargetFigure(
            f"{run}: chunks later than playback, p99", "<= 50 ms",
            f"{each.late_p99_ms:.0f} ms (negative: early); {each.stalled} stalled", each.late_p99_ms <= 50,
        )
        for (_, run, _), each in found.items()
        if run.endswith("at once")
    ]  # fmt: skip


def _others(found: Found, run: str, group: str) -> list[str]:
    """What the policies made of the same run that ours is compared with."""
    rows = [(policy, each) for (policy, r, g), each in found.items() if (r, g) == (run, group) and policy != "fair"]
    return [f"{policy} {each.ttfa_p95_s:.2f} s, {each.stalled}" for policy, each in sorted(rows)]
