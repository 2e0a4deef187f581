"""`make bench`: ourselves, the limits and the rivals, all in one run, as tables and as JSON.

Figures of a noisy machine: compare within one run only. `--quick` runs smaller work, for a look.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import bigjob, latency, scaling
from bench.broker import Profile
from bench.isolated import Entry, run_all
from bench.measure import Row
from bench.rivals import RAW, RIVALS
from bench.speed import idle_jobs
from bench.table import Limits, as_json, as_text, machine
from bench.work import SLEEP_MS, Work

OURS = Entry("seriatim", "bench.ours:measure")
ROUND_TRIP = Entry("raw Celery, one by one", "bench.rivals.celery_raw:measure_round_trips")
PARTS = ("scaling", "throughput", "latency", "bigjob", "idle", "rivals")
#: sentences/s that we want at least, as a share of raw Celery tasks/s in the same run: hot slots need few messages
FLOOR = 0.9


def main(argv: Sequence[str]) -> int:
    """Run the parts that were asked for; returns 1 if something failed to run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, default=Path("bench/out/bench.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    found: dict[str, Any] = {"machine": machine()}
    for part in arguments.parts or PARTS:
        found[part] = RUN[part](quick=arguments.quick)
        print(flush=True)
    failures = [row for part in found.values() if isinstance(part, list) for row in part if row.get("failure")]
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(found, indent=1, default=str) + "\n")
    print(f"all figures: {arguments.json}")
    return 1 if failures else 0


def run_scaling(*, quick: bool) -> list[dict[str, Any]]:
    """Slots against one slot."""
    rows = scaling.measure((1, 2) if quick else (1, 2, 4, 8))
    print(f"scaling: tone at {scaling.COST_MS:.0f} ms a sentence, one process")
    for row in rows:
        print(f"  {row.slots} slots  {row.sentences_per_s:6.1f} sentences/s  efficiency {row.efficiency:.1%}")
    return [asdict(row) for row in rows]


def run_throughput(*, quick: bool) -> list[dict[str, Any]]:
    """An engine that costs nothing, beside raw Celery, for each way to log."""
    print("throughput: an engine that costs nothing, 4 slots, sentences of 20 kB, beside raw Celery no-op tasks")
    results = []
    for profile in Profile:
        raw = run_all([RAW], Work(500 if quick else 3000, 0.0, 4, 0), profile)[0]
        ours = run_all([OURS], Work(300 if quick else 2000, 0.0, 4, 20_000), profile)[0]
        _say(raw, ours)
        ratio = ours.sentences_per_s / raw.sentences_per_s if raw.sentences_per_s else 0.0
        print(
            f"  log {profile.value:<9} {ours.sentences_per_s:6.0f} sentences/s, "
            f"raw Celery {raw.sentences_per_s:6.0f} tasks/s, ratio {ratio:.2f} (target {FLOOR})"
        )
        results += [
            as_json(row, Limits(row.work, raw.sentences_per_s)) | {"profile": profile.value} for row in (raw, ours)
        ]
    return results


def run_latency(*, quick: bool) -> list[dict[str, Any]]:
    """First audio, less what the engine takes."""
    print(f"first audio later than the engine alone ({latency.JOBS} jobs of one sentence)")
    rows = []
    for profile in [Profile.NONE] if quick else [Profile.NONE, Profile.ALWAYS]:
        ours = latency.measure(profile)
        raw = run_all([ROUND_TRIP], Work(latency.JOBS, 0.0, 1, 0), profile)[0]
        _say(raw)
        ratio = f"{ours.p50_ms / raw.first_audio_ms:.2f}" if raw.first_audio_ms else "-"
        print(f"  log {ours.redis_log:<9} p50 {ours.p50_ms:5.1f} ms  p99 {ours.p99_ms:5.1f} ms", end="; ")
        print(f"a no-op task of raw Celery, there and back: p50 {raw.first_audio_ms:.1f} ms; ratio {ratio}")
        rows.append(asdict(ours) | {"raw_celery_p50_ms": raw.first_audio_ms, "failure": raw.failure})
    return rows


def run_bigjob(*, quick: bool) -> dict[str, Any]:
    """A book."""
    row = bigjob.measure(1_000 if quick else 10_000)
    print(
        f"a job of {row.sentences} sentences: enqueued in {row.enqueue_s:.2f} s, spoken in {row.total_s:.1f} s\n"
        f"  producer grew by {row.producer_growth_mb:.1f} MB; reassembler {row.reassembler_mb:.1f} MB, "
        f"grew by {row.reassembler_growth_mb:.1f} MB\n"
        f"  Redis: {row.bookkeeping_bytes:.0f} bytes of bookkeeping a sentence beside {row.text_bytes:.0f} of text; "
        f"at most {row.audio_most_ms / 1000:.1f} s of audio (window {row.window_ms / 1000:.0f} s)"
    )
    return asdict(row)


def run_idle(*, quick: bool) -> dict[str, Any]:
    """Jobs to which nothing happens."""
    row = idle_jobs.measure(300, 10.0) if quick else idle_jobs.measure()
    print(
        f"{row.jobs} open jobs whose readers wait: each takes {row.reassembler_ms:.3f} ms of processor a second in the "
        f"reassembler, {row.redis_ms:.3f} ms in Redis; one reassembler carries {row.carried:,.0f}"
    )
    return asdict(row)


def run_rivals(*, quick: bool) -> list[dict[str, Any]]:
    """The same work through Seriatim and each rival."""
    results = []
    raw = run_all([RAW], Work(500 if quick else 3000, 0.0, 4, 0), Profile.NONE)[0]
    for cost_ms, n in ((SLEEP_MS, 60 if quick else 300), (0.0, 100 if quick else 1000)):
        work = Work(n, cost_ms)
        rows = run_all([OURS, *RIVALS], work, Profile.NONE)
        limits = Limits(work, raw.sentences_per_s)
        _say(raw, *rows)
        print(as_text(rows, limits), end="\n\n")
        results += [as_json(row, limits) for row in rows]
    return results


def _say(*rows: Row) -> None:
    for row in rows:
        if row.failure:
            print(f"  FAILED {row.name}: {row.failure}")


RUN = {
    "scaling": run_scaling,
    "throughput": run_throughput,
    "latency": run_latency,
    "bigjob": run_bigjob,
    "idle": run_idle,
    "rivals": run_rivals,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
