"""`python -m bench.rivals`: every rival on the same work, as a table and as JSON. Exit code 1 if one of them failed."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.broker import Profile
from bench.isolated import run_all
from bench.measure import Row
from bench.rivals import RAW, RIVALS
from bench.table import Json, Limits, as_json, as_text, machine
from bench.work import AUDIO_BYTES, SLEEP_MS, Work

SENTENCES = {"noop": 1000, "sleep": 300}  #: enough to be steady; both engines together take two minutes
RAW_TASKS = 3000  #: two to three seconds of them
RAW_FOR_EACH = 10  #: no more of them than this for each sentence: a short trial stays short


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line; exits with 2 on what is wrong with it."""
    parser = argparse.ArgumentParser(prog="python -m bench.rivals", description=__doc__)
    parser.add_argument("--sentences", type=_positive, help="instead of 1000 (noop) and 300 (sleep)")
    parser.add_argument("--workers", type=_positive, default=4, help="sentences spoken at once (default 4)")
    parser.add_argument("--audio-bytes", type=_positive, default=AUDIO_BYTES, help="of each sentence (default 100000)")
    parser.add_argument("--cost-ms", type=float, default=SLEEP_MS, help="of a sentence of the sleep engine")
    parser.add_argument("--engine", choices=SENTENCES, action="append", help="default: both")
    parser.add_argument("--only", choices=[RAW.name, *(entry.name for entry in RIVALS)], action="append")
    parser.add_argument("--redis-log", type=Profile, choices=list(Profile), default=Profile.NONE, help="default none")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON there instead of behind the table")
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{number}, expected 1 or more")
    return number


def works(options: argparse.Namespace) -> Iterator[Work]:
    """Yield the work of each engine that was asked for."""
    for engine in options.engine or SENTENCES:
        cost_ms = options.cost_ms if engine == "sleep" else 0.0
        yield Work(options.sentences or SENTENCES[engine], cost_ms, options.workers, options.audio_bytes)


def _say(row: Row) -> None:
    outcome = f"FAILED: {row.failure}" if row.failure else f"{row.total_s:.2f} s, {row.sentences_per_s:.0f}/s"
    print(f"{row.name}, {row.work.engine}: {outcome}", file=sys.stderr, flush=True)


def main(argv: Sequence[str]) -> int:
    """Run what was asked for, print it, and return the exit code."""
    options = arguments(argv)
    entries = [entry for entry in RIVALS if not options.only or entry.name in options.only]
    limit = Work(min(RAW_TASKS, RAW_FOR_EACH * (options.sentences or RAW_TASKS)), 0.0, options.workers, 0)
    raw = run_all([RAW], limit, options.redis_log, _say)[0]
    runs = [(limit, [raw])]
    runs += [(work, run_all(entries, work, options.redis_log, _say)) for work in works(options) if entries]
    _print(runs, raw.sentences_per_s, options.json)
    return 1 if any(row.failure for _, rows in runs for row in rows) else 0


def _print(runs: Sequence[tuple[Work, list[Row]]], raw_per_s: float, json_path: Path | None) -> None:
    results: list[Json] = []
    for work, rows in runs:
        limits = Limits(work, raw_per_s)
        results += [as_json(row, limits) for row in rows]
        print(as_text(rows, limits), end="\n\n")
    _write(json_path, {"machine": machine(), "rows": results})


def _write(path: Path | None, found: dict[str, object]) -> None:
    text = json.dumps(found, indent=None if path is None else 1)
    if path is None:
        print(text)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
