"""`python -m tests.mutants`: plant each fault in a copy of the tree, and name the test that sees it, or none."""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.mutants.catalogue import HARMLESS, MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.planting import Unplantable, mutated
from tests.mutants.trial import TrialOutcome, TrialVerdict, try_out


def main() -> int:
    """Parse the command line and run. Returns 1 if a fault survived, 2 if one could not be tried."""
    options = _options()
    chosen = [mutant for mutant in MUTANTS if not options.only or any(part in mutant.name for part in options.only)]
    if not chosen:
        sys.exit(f"no fault has {' or '.join(options.only)} in its name; --list has them")
    if options.list:
        sys.stdout.writelines(f"{mutant.name:32} {mutant.why}\n" for mutant in chosen)
        return 0
    for mutant in chosen:
        mutated(mutant)
    began_s, outcomes = time.monotonic(), []
    with ThreadPoolExecutor(options.jobs) as threads:
        for outcome in threads.map(try_out, chosen):
            outcomes.append(outcome)
            sys.stdout.write(line(outcome) + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{totals(outcomes)} in {time.monotonic() - began_s:.0f} s\n")
    return status(outcomes)


def line(outcome: TrialOutcome) -> str:
    """One fault's line."""
    text = f"{outcome.verdict:9} {outcome.took_s:5.1f} s  {outcome.mutant.name:32} {outcome.by}"
    if outcome.verdict is TrialVerdict.SURVIVED:
        text += _excuse(outcome.mutant) or f"NO TEST SEES IT: {outcome.mutant.why}"
    return text.rstrip()


def totals(outcomes: list[TrialOutcome]) -> str:
    """The last line."""
    n = {verdict: sum(outcome.verdict is verdict for outcome in outcomes) for verdict in TrialVerdict}
    excused = sum(outcome.verdict is TrialVerdict.SURVIVED and bool(_excuse(outcome.mutant)) for outcome in outcomes)
    counts = f"{len(outcomes)} faults: {n[TrialVerdict.KILLED]} seen, {n[TrialVerdict.SURVIVED]} survived"
    counts += f" ({excused} harmless)"
    return counts + f", {n[TrialVerdict.BROKEN]} could not be tried" * bool(n[TrialVerdict.BROKEN])


def status(outcomes: list[TrialOutcome]) -> int:
    """The exit status."""
    if any(outcome.verdict is TrialVerdict.BROKEN for outcome in outcomes):
        return 2
    return int(any(outcome.verdict is TrialVerdict.SURVIVED and not _excuse(outcome.mutant) for outcome in outcomes))


def _excuse(mutant: Mutant) -> str:
    return "".join(f"harmless: {each.because}" for each in HARMLESS if each.mutant is mutant)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="those with NAME in their name")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unplantable as error:
        sys.exit(str(error))
