"""The report: figures as JSON, and two kinds of charts beside them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.load import charts
from bench.load.figures import Summary
from bench.load.load_system import CHEAP_RTF, LISTENERS, RTF, Outcome
from bench.load.policies import POLICIES
from bench.table import machine

PICTURED = "hog 40"  #: the run whose timeline is drawn
Outcomes = Mapping[tuple[str, str], Outcome]  #: (policy, run)
Found = Mapping[tuple[str, str, str], Summary]  #: (policy, run, group)


def written(outcomes: Outcomes, found: Found, most: Mapping[str, int], failures: Sequence[str]) -> dict[str, Any]:
    """Everything that was measured with listeners, as JSON takes it."""
    runs = [
        {
            "policy": policy,
            "run": run,
            "about": outcome.run.about,
            "span_s": outcome.run.span_s,
            "measured": outcome.measured,
            "used": {name: asdict(used) for name, used in outcome.used.items()},
            "groups": {g: asdict(summary) for (p, r, g), summary in found.items() if (p, r) == (policy, run)},
        }
        for (policy, run), outcome in outcomes.items()
    ]
    engine = {"rtf": RTF, "cheap_rtf": CHEAP_RTF, "listeners": LISTENERS}
    return {"machine": machine(), "engine": engine, "runs": runs, "most": dict(most), "failures": list(failures)}


def write(path: Path, everything: Mapping[str, Any], outcomes: Outcomes, found: Found) -> None:
    """Write `everything` to `path`, draw beside it, and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(everything, indent=1, default=str) + "\n")
    print(f"all figures: {path}")
    curves = {policy: curve for policy in POLICIES if (curve := curve_of(found, policy))}
    if curves:
        picture = path.with_name(f"{path.stem}-first-audio.svg")
        charts.first_audio(curves, LISTENERS).save(picture)
        print(f"first audio over load: {picture}")
    for policy in POLICIES:
        if (policy, PICTURED) in outcomes:
            picture = path.with_name(f"{path.stem}-timeline-{policy}.svg")
            charts.timeline(outcomes[policy, PICTURED]).save(picture)
            print(f"who heard what when: {picture}")


def curve_of(found: Found, policy: str) -> list[tuple[float, float]]:
    """First audio p95 in s over listeners, where anything is known of it."""
    closed = [(run, each) for (p, run, _), each in found.items() if p == policy and run.startswith("closed ")]
    points = [(float(run.removeprefix("closed ")), each.ttfa_p95_s) for run, each in closed]
    return sorted((n, wait) for n, wait in points if wait == wait)  # nan: of no listener
